package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The exit codes, the same for all three commands.
const (
	OK          = 0   // passed
	Internal    = 1   // an error of ours or of the machine
	Usage       = 2   // wrong usage or file
	InvalidRun  = 3   // the run is not valid: no verdict
	Broken      = 99  // a threshold or baseline was broken, or had no data
	Interrupted = 130 // ended by a signal before it was done
)

// precedence: when several codes apply, the first of these wins.
var precedence = []int{Usage, Internal, Interrupted, InvalidRun, Broken, OK}

// ExitStatus is the paragraph that every command's help ends with.
const ExitStatus = `Exit status (when several apply, the first listed wins):
  2    wrong usage or file; the message says where and what to do
  1    an error of firedrill or of this machine
  130  interrupted
  3    the run is not valid: target unreachable at the start, generator
       overloaded, starved, no samples
  99   a threshold or baseline was broken, or had no data
  0    passed`

// Coded is an error with an exit code and, where a person can act, a hint.
type Coded struct {
	Code int
	Err  error
	Tip  string
}

func (e *Coded) Error() string { return e.Err.Error() }
func (e *Coded) Unwrap() error { return e.Err }

// ExitCode is the code that the process ends with.
func (e *Coded) ExitCode() int { return e.Code }

// Hint says what to do; "" when there is nothing to say.
func (e *Coded) Hint() string { return e.Tip }

// Usagef is an error of wrong usage or input (2).
func Usagef(format string, args ...any) *Coded {
	return &Coded{Code: Usage, Err: fmt.Errorf(format, args...)}
}

// Invalidf says that a run is not valid (3).
func Invalidf(format string, args ...any) *Coded {
	return &Coded{Code: InvalidRun, Err: fmt.Errorf(format, args...)}
}

// Brokenf says that a threshold or baseline was broken or had no data (99).
func Brokenf(format string, args ...any) *Coded {
	return &Coded{Code: Broken, Err: fmt.Errorf(format, args...)}
}

// Interruptedf says that a signal ended the work early (130).
func Interruptedf(format string, args ...any) *Coded {
	return &Coded{Code: Interrupted, Err: fmt.Errorf(format, args...)}
}

// With adds a hint.
func (e *Coded) With(format string, args ...any) *Coded {
	e.Tip = fmt.Sprintf(format, args...)
	return e
}

// Code is the exit code for err: of all codes in its tree, the one that takes
// precedence. nil is OK; an error without any code is Internal.
func Code(err error) int {
	if err == nil {
		return OK
	}
	codes := collect(err, nil)
	if len(codes) == 0 {
		return Internal
	}
	for _, c := range precedence {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return codes[0]
}

// collect gathers one code for each branch of the error's tree; a branch that
// has none is Internal when another branch has one.
func collect(err error, codes []int) []int {
	if coded, ok := err.(interface{ ExitCode() int }); ok {
		return append(codes, coded.ExitCode())
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); inner != nil {
			return collect(inner, codes)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			codes = collect(inner, codes)
		}
		return codes
	}
	if errors.Is(err, context.Canceled) {
		return append(codes, Interrupted)
	}
	return append(codes, Internal)
}

// hints gathers every hint in the error's tree, outermost first, each once.
func hints(err error) []string {
	var found []string
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" && !slices.Contains(found, h.Hint()) {
			found = append(found, h.Hint())
		}
		switch wrapped := err.(type) {
		case interface{ Unwrap() error }:
			walk(wrapped.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range wrapped.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return found
}
