// Package command is the commands of recorder, one file each: flags → options →
// one call into drill → exit code.
//
// What was recorded goes to standard output, talk to standard error.
package command
