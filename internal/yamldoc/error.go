package yamldoc

import "fmt"

// Error is one thing that is wrong with a file.
type Error struct {
	File   string
	Line   int // from 1
	Column int // from 1, in characters
	Why    string
	Fix    string // what a person may do about it; may be empty
}

// Error is "file:line:column: why".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Why) }

// Hint says what to do.
func (e *Error) Hint() string { return e.Fix }

// ExitCode is that of a wrong file.
func (e *Error) ExitCode() int { return 2 }

// Trouble is what is wrong with the text of one scalar.
type Trouble struct {
	Offset int // in bytes from the start of the text
	Why    string
	Fix    string
}
