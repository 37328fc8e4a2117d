package gor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"firedrill/internal/exchange"
)

// SyntaxError says where a file is not GoReplay's.
type SyntaxError struct {
	File         string
	Line, Column int // from 1, of the record's first line
	Why          string
}

// Error is "file:line:column: why".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Why)
}

// Hint says what the file should be.
func (e *SyntaxError) Hint() string {
	return "a .gor file is written by gor --output-file; with --input-raw-track-response it holds the answers too"
}

// ExitCode is that of wrong input.
func (e *SyntaxError) ExitCode() int { return 2 }

const (
	separator  = "\n🐵🙈🙉\n"
	maxRecord  = 256 << 20
	maxWaiting = 64 << 20
)

// The kinds of record.
const (
	kindRequest  = "1"
	kindAnswer   = "2"
	kindReplayed = "3"
)

// File is a file that is open for reading, once.
type File struct {
	Unanswered int            // requests without an answer, after Exchanges
	Skipped    map[string]int // records that are no traffic, by cause, after Exchanges

	name    string
	in      *bufio.Reader
	close   func() error
	line    int
	waiting map[string]*record // requests, by exchange
	order   []string           // of waiting, oldest first; those that are gone stay in it
	held    int                // bytes of waiting
}

// record is one of the file.
type record struct {
	kind, id string
	at       time.Time
	payload  []byte
	line     int
}

// Open opens a file; one whose name ends in .gz is decompressed.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, errors.Join(&SyntaxError{File: path, Line: 1, Column: 1, Why: "it is not compressed with gzip, as its name says"}, f.Close())
		}
		r = z
	}
	file := New(path, r)
	file.close = f.Close
	return file, nil
}

// New reads from r; name is for messages.
func New(name string, r io.Reader) *File {
	return &File{Skipped: map[string]int{}, name: name, in: bufio.NewReaderSize(r, 64<<10), close: func() error { return nil }, line: 1, waiting: map[string]*record{}}
}

// Close closes the file.
func (f *File) Close() error { return f.close() }

// Exchanges gives each request with its answer once the answer was met. Seq is 0.
// Errors are *SyntaxError or of the reader, and end it.
func (f *File) Exchanges() iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		for {
			r, err := f.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !f.take(r, yield) {
				return
			}
		}
		for _, id := range f.order {
			if q := f.waiting[id]; q != nil && !f.give(q, nil, yield) {
				return
			}
		}
	}
}

// take handles one record; it is false when nobody wants more.
func (f *File) take(r *record, yield func(*exchange.Exchange, error) bool) bool {
	switch r.kind {
	case kindRequest:
		if f.waiting[r.id] != nil {
			f.Skipped["request recorded twice"]++
			return true
		}
		f.waiting[r.id] = r
		f.order = append(f.order, r.id)
		f.held += len(r.payload)
		for f.held > maxWaiting && len(f.order) > 1 {
			oldest := f.order[0]
			f.order = f.order[1:]
			if q := f.waiting[oldest]; q != nil && !f.give(q, nil, yield) {
				return false
			}
		}
	case kindAnswer:
		q := f.waiting[r.id]
		if q == nil {
			f.Skipped["answer without its request"]++
			return true
		}
		return f.give(q, r, yield)
	case kindReplayed:
		f.Skipped["answer to a replay"]++
	}
	return true
}

// give makes an exchange of a request and its answer, if there is one.
func (f *File) give(q, a *record, yield func(*exchange.Exchange, error) bool) bool {
	delete(f.waiting, q.id)
	f.held -= len(q.payload)
	if len(f.order) > 2*len(f.waiting)+64 {
		f.order = slices.DeleteFunc(f.order, func(id string) bool { return f.waiting[id] == nil })
	}
	x, why := exchangeOf(q, a)
	if why != "" {
		f.Skipped[why]++
		return true
	}
	if a == nil {
		f.Unanswered++
	}
	return yield(x, nil)
}

// next reads a record, or io.EOF.
func (f *File) next() (*record, error) {
	first := f.line
	raw, err := f.until(separator)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		if err == io.EOF {
			return nil, io.EOF
		}
		return f.next()
	}
	for raw[0] == '\n' { // an empty line before a record means nothing
		raw, first = raw[1:], first+1
	}
	head, payload, _ := bytes.Cut(raw, []byte("\n"))
	parts := strings.Fields(string(head))
	fail := func(why string) (*record, error) {
		return nil, &SyntaxError{File: f.name, Line: first, Column: 1, Why: why}
	}
	if len(parts) < 3 || !slices.Contains([]string{kindRequest, kindAnswer, kindReplayed}, parts[0]) {
		return fail("a record should begin here: kind (1, 2 or 3), id and time")
	}
	nanos, parseErr := strconv.ParseInt(parts[2], 10, 64)
	if parseErr != nil || nanos < 0 {
		return fail("the third word of a record should be a time in nanoseconds")
	}
	return &record{kind: parts[0], id: parts[1], at: time.Unix(0, nanos).UTC(), payload: payload, line: first}, nil
}

// until reads up to the separator, which is left out, or the end (io.EOF, with
// what stood before it).
func (f *File) until(separator string) ([]byte, error) {
	var all []byte
	for {
		piece, err := f.in.ReadSlice('\n')
		all = append(all, piece...)
		f.line += bytes.Count(piece, []byte("\n"))
		switch {
		case err == bufio.ErrBufferFull, err == nil:
		case err == io.EOF:
			return bytes.TrimSuffix(all, []byte(strings.TrimSuffix(separator, "\n"))), io.EOF
		default:
			return nil, err
		}
		if rest, ok := bytes.CutSuffix(all, []byte(separator)); ok {
			return rest, nil
		}
		if len(all) > maxRecord {
			return nil, &SyntaxError{File: f.name, Line: f.line, Column: 1, Why: "a record is longer than 256 MiB"}
		}
	}
}
