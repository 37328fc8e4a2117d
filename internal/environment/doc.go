// Package environment is what firedrill.yaml says: per environment the targets,
// the recording, the accounts, and what may be contacted.
//
//	firedrill.yaml ─▶ environment.File ─▶ drill
//
// It is plain data, parsed strictly (an unknown key is an error with file, line
// and column). Nothing here reads the process's environment variables or other
// files: values such as "env:STAGING_API_KEY" are resolved by drill.
package environment
