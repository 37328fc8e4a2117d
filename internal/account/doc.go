// Package account is who virtual users log in as.
//
// An Account is a login, a password and any further columns. Accounts exist in
// memory only: they are read from a CSV file or made from a pattern, and never
// reach a plan, a run, a report or a log.
package account
