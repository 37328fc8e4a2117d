// Package command is the commands of analyze, one file each: flags → options →
// one call into drill → exit code.
//
// What a person asked for goes to standard output, talk to standard error.
package command
