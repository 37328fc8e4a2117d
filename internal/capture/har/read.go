package har

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"firedrill/internal/exchange"
)

// SyntaxError says where a file is not a HAR.
type SyntaxError struct {
	File         string
	Line, Column int // from 1; the column counts bytes
	Why          string
}

// Error is "file:line:column: why".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Why)
}

// Hint says what a HAR is and where it comes from.
func (e *SyntaxError) Hint() string {
	return `a HAR is saved by the Network tab of a browser's developer tools ("Save all as HAR with content"), by Playwright or by mitmproxy`
}

// ExitCode is that of wrong input.
func (e *SyntaxError) ExitCode() int { return 2 }

// Archive is a HAR file that is open for reading.
type Archive struct {
	Creator   string         // program that made it, with its version
	Sanitized bool           // no request has a cookie or a log-in: its maker left them out
	Skipped   map[string]int // entries that are no traffic, by cause

	name   string
	file   io.ReaderAt
	size   int64
	close  func() error
	places []place // by the end of the exchange
	conns  map[string]uint64
}

// place is where an entry stands in the file.
type place struct {
	from, to int64
	end      time.Time
}

// maxEntry bounds one entry: what is longer cannot be an exchange of ours.
const maxEntry = 256 << 20

// Open opens a file and reads through it once. The error is a *SyntaxError or of
// the system.
func Open(path string) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	a, err := New(path, f, info.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	a.close = f.Close
	return a, nil
}

// New reads through size bytes of file once; name is for messages. The error is a
// *SyntaxError or of the reader.
func New(name string, file io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{name: name, file: file, size: size, close: func() error { return nil }, Skipped: map[string]int{}, conns: map[string]uint64{}}
	if err := a.scan(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(a.places, func(x, y place) int { return x.end.Compare(y.end) })
	return a, nil
}

// Len is the number of exchanges.
func (a *Archive) Len() int { return len(a.places) }

// Close closes the file.
func (a *Archive) Close() error { return a.close() }

// Exchanges gives them in the order in which they were over, as a recorder would
// have seen them; Seq is 0. It may be asked for again.
func (a *Archive) Exchanges() iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		for _, p := range a.places {
			raw := make([]byte, p.to-p.from)
			if _, err := a.file.ReadAt(raw, p.from); err != nil {
				yield(nil, fmt.Errorf("read %s: %w", a.name, err))
				return
			}
			var e entry
			if err := json.Unmarshal(raw, &e); err != nil {
				yield(nil, a.fail(p.from, err))
				return
			}
			x, err := a.exchange(&e)
			if err != nil {
				yield(nil, a.fail(p.from, err))
				return
			}
			if !yield(x, nil) {
				return
			}
		}
	}
}

// scan finds the entries and what is to be known of the file as a whole.
func (a *Archive) scan() error {
	const bom = "\xef\xbb\xbf"
	buffered := bufio.NewReaderSize(io.NewSectionReader(a.file, 0, a.size), 1<<16)
	skipped := int64(0)
	if head, _ := buffered.Peek(len(bom)); string(head) == bom {
		n, _ := buffered.Discard(len(bom))
		skipped = int64(n)
	}
	d := json.NewDecoder(buffered)
	var made creator
	s := &scanner{Archive: a, Decoder: d, offset: skipped}
	found := false
	err := s.object(func(key string) error {
		if key != "log" {
			return s.skip()
		}
		found = true
		return s.object(func(key string) error {
			switch key {
			case "entries":
				return s.array(s.entry)
			case "creator":
				return d.Decode(&made)
			}
			return s.skip()
		})
	})
	if err == nil && !found {
		err = errors.New(`there is no "log" in it`)
	}
	if err != nil {
		return a.fail(skipped+d.InputOffset(), err)
	}
	a.Creator = strings.TrimSpace(made.Name + " " + made.Version)
	a.Sanitized = s.entries > 0 && !s.secrets
	return nil
}

// scanner walks through a file without keeping it.
type scanner struct {
	*Archive
	*json.Decoder
	offset  int64 // of the decoder's beginning in the file
	entries int
	secrets bool // some request has a cookie or a log-in
}

func (s *scanner) object(member func(key string) error) error {
	if err := s.delimiter('{'); err != nil {
		return err
	}
	for s.More() {
		key, err := s.Token()
		if err != nil {
			return err
		}
		if err := member(key.(string)); err != nil { // a member's name is a string, or Token fails
			return err
		}
	}
	_, err := s.Token()
	return err
}

func (s *scanner) array(element func() error) error {
	if err := s.delimiter('['); err != nil {
		return err
	}
	for s.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := s.Token()
	return err
}

func (s *scanner) delimiter(want json.Delim) error {
	t, err := s.Token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("something else stands where %q should begin", want.String())
	}
	return nil
}

func (s *scanner) skip() error {
	var dropped json.RawMessage
	return s.Decode(&dropped)
}

// entry notes where an entry stands.
func (s *scanner) entry() error {
	var raw json.RawMessage
	if err := s.Decode(&raw); err != nil {
		return err
	}
	to := s.offset + s.InputOffset()
	p := place{from: to - int64(len(raw)), to: to}
	if len(raw) > maxEntry {
		s.Skipped["longer than 256 MiB"]++
		return nil
	}
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return &within{p.from, err}
	}
	s.entries++
	if why := e.skipped(); why != "" {
		s.Skipped[why]++
		return nil
	}
	started, err := parseTime(e.Started)
	if err != nil {
		return &within{p.from, err}
	}
	p.end = started.Add(e.length())
	s.places = append(s.places, p)
	for _, h := range e.Request.Headers {
		s.secrets = s.secrets || strings.EqualFold(h.Name, "Cookie") || strings.EqualFold(h.Name, "Authorization")
	}
	s.secrets = s.secrets || len(e.Request.Cookies) > 0
	return nil
}

// within is an error of the entry that begins at an offset.
type within struct {
	at  int64
	err error
}

func (w *within) Error() string { return w.err.Error() }

// fail gives an error its place.
func (a *Archive) fail(at int64, err error) error {
	var w *within
	if errors.As(err, &w) {
		at, err = w.at, w.err
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	why := err.Error()
	switch {
	case errors.As(err, &syntax):
		if w != nil {
			at += syntax.Offset - 1
		}
		why = "not JSON: " + syntax.Error()
	case errors.As(err, &kind):
		why = fmt.Sprintf("%s is a %s, which a HAR does not have there", cmp.Or(kind.Field, "an entry"), kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		why = "the file ends in the middle: it was not saved whole"
	}
	e := &SyntaxError{File: a.name, Line: 1, Column: 1, Why: why}
	e.Line, e.Column = a.position(at)
	return e
}

// position turns an offset into line and column, both from 1.
func (a *Archive) position(at int64) (line, column int) {
	line, column = 1, 1
	buf := make([]byte, 64<<10)
	for from := int64(0); from < at; {
		n, err := a.file.ReadAt(buf[:min(int64(len(buf)), at-from)], from)
		if lines := bytes.Count(buf[:n], []byte("\n")); lines > 0 {
			line += lines
			column = n - bytes.LastIndexByte(buf[:n], '\n')
		} else {
			column += n
		}
		from += int64(n)
		if err != nil || n == 0 {
			break
		}
	}
	return line, column
}

// parseTime reads ISO 8601 with a zone, and without one as UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("startedDateTime is no time of ISO 8601") // what stands there may be anything: it is not repeated
}
