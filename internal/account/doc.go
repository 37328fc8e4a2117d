// Package account is who virtual users log in as.
//
//	accounts.csv, a pattern ─▶ []Account ─▶ Pool ─▶ load: one for each virtual user
//
// An Account is a login, a password and any further columns. Accounts exist in
// memory only: they are read from a CSV file or made from a pattern, and never
// reach a plan, a run, a report or a log. Errors name a line and a column, never
// a password.
//
// An Account is a value and safe to share; a Pool belongs to one goroutine.
package account
