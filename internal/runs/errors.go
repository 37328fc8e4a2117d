package runs

import "fmt"

// FormatError says why a file cannot be read as a run, and what to do.
type FormatError struct {
	File string
	Why  string
	Fix  string
	Err  error // what lies beneath; may be nil

	UnderWay bool // it is being written: nothing is wrong with it
}

func (e *FormatError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.File, e.Why, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Why)
}

// Unwrap is what lies beneath.
func (e *FormatError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *FormatError) Hint() string { return e.Fix }

// ExitCode is that of a wrong file.
func (e *FormatError) ExitCode() int { return 2 }

// ExistsError says that a run file would have been overwritten.
type ExistsError struct{ File string }

func (e *ExistsError) Error() string {
	return e.File + " exists already; a run file is never overwritten"
}

// Hint says what to do.
func (e *ExistsError) Hint() string { return "give another name with --out, or move the file away" }

// ExitCode is that of wrong usage.
func (e *ExistsError) ExitCode() int { return 2 }
