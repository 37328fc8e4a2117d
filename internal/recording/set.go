package recording

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"firedrill/internal/exchange"
)

// Set reads several files of one recording set as one recording. Its methods may
// be called from several goroutines.
type Set struct {
	readers []*Reader
	seqs    []uint64 // what is added to the numbers of each file, so that they stay unique
	conns   []uint64
}

// OpenSet opens the files of a recording set; one file is a set too. Files that
// were not made with one pseudonym key are *SetError: their values would not match.
func OpenSet(paths ...string) (*Set, error) {
	if len(paths) == 0 {
		return nil, &SetError{Path: "nothing", Why: "no file was named", Fix: "name a recording, e.g. recordings/staging.db"}
	}
	s := new(Set)
	var seq, conn uint64
	seen := map[string]bool{}
	for _, path := range paths {
		if clean := filepath.Clean(path); seen[clean] {
			return nil, errors.Join(&SetError{Path: path, Why: "it is named twice", Fix: "name each file once"}, s.Close())
		} else {
			seen[clean] = true
		}
		r, err := Open(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.readers = append(s.readers, r)
		if first := s.readers[0].manifest; r.manifest.KeyID != first.KeyID || r.manifest.Set != first.Set {
			return nil, errors.Join(&SetError{Path: path,
				Why: fmt.Sprintf("it was recorded with key %s, %s with key %s", r.manifest.KeyID, paths[0], first.KeyID),
				Fix: "name only files of one recording set (recorder --key continues one)"}, s.Close())
		}
		s.seqs, s.conns = append(s.seqs, seq), append(s.conns, conn)
		seq += r.counts.Exchanges
		conn += r.counts.Conns
	}
	return s, nil
}

// Manifest is that of the oldest file, with the targets and losses of all, closed
// when all are, ended when the last was.
func (s *Set) Manifest() Manifest {
	oldest := slices.MinFunc(s.readers, func(a, b *Reader) int { return a.manifest.Created.Compare(b.manifest.Created) })
	m := oldest.Manifest()
	m.Losses = s.Losses()
	for _, r := range s.readers {
		for _, t := range r.manifest.Targets {
			if !slices.Contains(m.Targets, t) {
				m.Targets = append(m.Targets, t)
			}
		}
		m.Closed = m.Closed && r.manifest.Closed
		if r.manifest.Ended.After(m.Ended) {
			m.Ended = r.manifest.Ended
		}
	}
	return m
}

// Losses is what was not captured, by cause, over all files.
func (s *Set) Losses() map[string]int {
	all := map[string]int{}
	for _, r := range s.readers {
		for cause, n := range r.manifest.Losses {
			all[cause] += n
		}
	}
	return all
}

// Len is how many exchanges there are in all files.
func (s *Set) Len() int {
	n := 0
	for _, r := range s.readers {
		n += r.Len()
	}
	return n
}

// Exchanges yields the exchanges of all files in the order of Start, as
// Reader.Exchanges does. Seq and Conn are those of the file plus what makes them
// unique in the set, in the order in which the files were named.
func (s *Set) Exchanges() iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		var index []entry
		for i, r := range s.readers {
			part, err := r.sorted()
			if err != nil {
				yield(nil, err)
				return
			}
			index = slices.Grow(index, len(part))
			for _, e := range part {
				e.file = i
				index = append(index, e)
			}
		}
		if len(s.readers) > 1 {
			slices.SortFunc(index, entry.compare)
		}
		for _, e := range index {
			if !yield(s.get(e.file, e.seq)) {
				return
			}
		}
	}
}

// Get returns the exchange with this Seq, as Exchanges numbers them; fs.ErrNotExist
// when there is none.
func (s *Set) Get(seq uint64) (*exchange.Exchange, error) {
	file := len(s.readers) - 1
	for file > 0 && s.seqs[file] >= seq {
		file--
	}
	return s.get(file, seq-s.seqs[file])
}

func (s *Set) get(file int, seq uint64) (*exchange.Exchange, error) {
	x, err := s.readers[file].Get(seq)
	if err != nil {
		return nil, err
	}
	x.Seq += s.seqs[file]
	if x.Conn != 0 {
		x.Conn += s.conns[file]
	}
	return x, nil
}

// Close releases every file.
func (s *Set) Close() error {
	var errs []error
	for _, r := range s.readers {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}
