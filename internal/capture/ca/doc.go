// Package ca makes certificates for the hosts that a recording forward proxy
// stands in for: one certificate authority per installation, one leaf per host.
//
//	browser ─TLS─▶ proxy (leaf from ca) ─TLS─▶ application
//
// The authority's key never leaves the folder it was made in, which only its
// owner can read: whoever has it can stand in for every site to whoever trusts
// the certificate. It is made on first use and never shipped.
//
// An Authority may be used from any number of goroutines; a leaf is made once
// however many connections ask for it at the same moment.
package ca
