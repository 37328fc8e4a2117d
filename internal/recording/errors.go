package recording

import (
	"errors"
	"fmt"
)

// Errors of Writer.Append. The exchange was not stored and has been counted as lost,
// except after ErrClosed.
var (
	ErrClosed    = errors.New("the recording is closed")
	ErrQueueFull = errors.New("the recording cannot keep up")
	ErrFailed    = errors.New("the recording cannot be written any more")
)

// Causes under which a Writer itself counts losses.
const (
	LostQueueFull   = "recorder could not keep up"
	LostWriteFailed = "file could not be written"
	LostStopped     = "stopped before it was stored"
)

// FormatError says that a file is not a recording that can be read, and why.
type FormatError struct {
	Path string
	Why  string // "it is empty", …
	Fix  string // what to do
	Err  error  // the cause, or nil
}

func (e *FormatError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s cannot be read as a recording: %s: %v", e.Path, e.Why, e.Err)
	}
	return fmt.Sprintf("%s cannot be read as a recording: %s", e.Path, e.Why)
}

func (e *FormatError) Unwrap() error { return e.Err }
func (e *FormatError) Hint() string  { return e.Fix } // Hint says what to do.
func (e *FormatError) ExitCode() int { return 2 }     // ExitCode is that of a bad file.

// InUseError says that another process, or a Writer in this one, holds the file.
type InUseError struct{ Path string }

func (e *InUseError) Error() string { return e.Path + " is in use by another process" }
func (e *InUseError) ExitCode() int { return 2 } // ExitCode is that of a bad file.

// Hint says what to do.
func (e *InUseError) Hint() string {
	return "a recorder of another user, or another program, holds it: stop that one, then try again"
}

// ExistsError says that a recording would have been overwritten.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return e.Path + " exists already and is never overwritten" }
func (e *ExistsError) ExitCode() int { return 2 } // ExitCode is that of wrong usage.

// Hint says what to do.
func (e *ExistsError) Hint() string {
	return "choose another --out, or move the old recording (and its .key) away"
}

// OpenError says that a file could not be opened or made at all.
type OpenError struct {
	Path string
	Err  error
}

func (e *OpenError) Error() string { return fmt.Sprintf("open recording %s: %v", e.Path, e.Err) }
func (e *OpenError) Unwrap() error { return e.Err }
func (e *OpenError) ExitCode() int { return 2 } // ExitCode is that of a bad file.

// Hint says what to do.
func (e *OpenError) Hint() string {
	return "name a file that recorder wrote, e.g. recordings/staging.db"
}

// SetError says why several files cannot be read as one recording set.
type SetError struct{ Path, Why, Fix string }

func (e *SetError) Error() string {
	return fmt.Sprintf("%s does not fit the others: %s", e.Path, e.Why)
}
func (e *SetError) Hint() string  { return e.Fix } // Hint says what to do.
func (e *SetError) ExitCode() int { return 2 }     // ExitCode is that of wrong usage.

func damaged(path string, err error) *FormatError {
	return &FormatError{Path: path, Why: "it is damaged", Err: err,
		Fix: "use a copy of the file, or record again; `recorder check` lists what is wrong with it"}
}

func truncated(path string, err error) *FormatError {
	return &FormatError{Path: path, Why: "it is truncated", Err: err,
		Fix: "the end of the file is missing: copy it again from where it was recorded, once the recorder has stopped"}
}
