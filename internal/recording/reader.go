package recording

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"firedrill/internal/exchange"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Reader reads one recording. Its methods may be called from several goroutines.
type Reader struct {
	path     string // as it was named, for messages
	file     string // that is read: path, or a copy of it
	live     bool   // path is being written
	db       *bolt.DB
	code     *coder
	manifest Manifest
	counts   counts

	indexOnce sync.Once
	index     []entry // by start, then seq
	indexErr  error
}

// entry places an exchange: which file of a set, when it started, its number there.
type entry struct {
	start int64
	seq   uint64
	file  int
}

func (a entry) compare(b entry) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.file, b.file), cmp.Compare(a.seq, b.seq))
}

// Open opens a recording for reading. Of one that is being written it reads a copy,
// made when it was opened; where its Writer gives none (it is another user's) that
// is *InUseError. One that is no recording, is empty, truncated,
// damaged or newer than this program is *FormatError; one that cannot be opened
// is *OpenError.
func Open(path string) (*Reader, error) {
	if err := probe(path); err != nil {
		return nil, err
	}
	r := &Reader{path: path, file: path}
	if err := guard(path, r.open); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Reader) open() (err error) {
	if r.code == nil {
		if r.code, err = newReadCoder(); err != nil {
			return err
		}
	}
	db, err := bolt.Open(r.file, 0, &bolt.Options{ReadOnly: true, Timeout: lockTime, NoStatistics: true})
	if errors.Is(err, berrors.ErrTimeout) && !r.live {
		return r.openCopy()
	}
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return &InUseError{Path: r.path}
	case errors.Is(err, berrors.ErrVersionMismatch):
		return &FormatError{Path: r.path, Why: "its database has another version", Fix: "use the firedrill that recorded it, or a newer one", Err: err}
	case errors.Is(err, fs.ErrPermission):
		return &OpenError{Path: r.path, Err: err}
	case err != nil:
		return damaged(r.path, err)
	}
	r.db = db
	return db.View(func(tx *bolt.Tx) error {
		info, err := os.Stat(r.file)
		if err != nil {
			return &OpenError{Path: r.path, Err: err}
		}
		// Asked before any page is touched: a page beyond the end of a mapped file is a fault.
		if info.Size() < tx.Size() {
			return truncated(r.path, fmt.Errorf("%d of %d bytes are there", info.Size(), tx.Size()))
		}
		r.manifest, r.counts, err = readMeta(tx, r.path)
		return err
	})
}

// lockTime is how long Open waits for a file that is locked.
const lockTime = 200 * time.Millisecond

// openCopy opens a copy of a file that is being written.
func (r *Reader) openCopy() error {
	copied, err := fetch(r.path)
	if err != nil {
		return &InUseError{Path: r.path}
	}
	r.file, r.live = copied, true
	return r.open()
}

// Live reports whether the recording was being written when it was opened.
func (r *Reader) Live() bool { return r.live }

// probe looks at a file without mapping it, for the errors that deserve a plain sentence.
func probe(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return &OpenError{Path: path, Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return &OpenError{Path: path, Err: err}
	case info.IsDir():
		return &OpenError{Path: path, Err: errors.New("it is a folder")}
	case info.Size() == 0:
		return &FormatError{Path: path, Why: "it is empty", Fix: "the recorder was stopped before it had written anything: remove the file and record again"}
	}
	head := make([]byte, 1<<16+metaEnd)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return &OpenError{Path: path, Err: err}
	}
	if IsDatabase(head[:n]) {
		if info.Size() < 2<<12 {
			return truncated(path, fmt.Errorf("only %d bytes are left", info.Size()))
		}
		return nil
	}
	return &FormatError{Path: path, Why: "it is not a recording", Fix: "name a file that recorder wrote, e.g. recordings/staging.db"}
}

// metaEnd is where the magic number of a meta page ends: it follows a page header
// of 16 bytes.
const metaEnd = 16 + 4

// IsDatabase reports whether the beginning of a file is that of a bbolt database,
// which every recording and run is: a meta page stands at its head and, should
// that be damaged, at the second page; page sizes are powers of two.
func IsDatabase(head []byte) bool {
	const magic = 0xED0CDAED
	for _, at := range []int{0, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16} {
		if len(head) < at+metaEnd {
			break
		}
		word := head[at+16 : at+metaEnd]
		if binary.LittleEndian.Uint32(word) == magic || binary.BigEndian.Uint32(word) == magic {
			return true
		}
	}
	return false
}

// guard runs f and turns what damage does to a mapped database (assertions of
// bbolt, faults of the mapping) into an error.
func guard(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(path, fmt.Errorf("%v", p))
		}
	}()
	return f()
}

// Manifest says what the recording is; its Losses are the file's.
func (r *Reader) Manifest() Manifest { return r.manifest.clone() }

// Losses is what was not captured, by cause.
func (r *Reader) Losses() map[string]int { return maps.Clone(r.manifest.Losses) }

// Len is how many exchanges there are.
func (r *Reader) Len() int { return int(r.counts.Exchanges) }

// Wire is how many bytes of bodies went over the wire in them.
func (r *Reader) Wire() int64 { return r.counts.Wire }

// Exchanges yields every exchange in the order of Start. Each is the caller's to
// keep. A value that cannot be read is yielded as (nil, error) and the sequence
// goes on with the next; an error of the file as a whole ends it.
func (r *Reader) Exchanges() iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		index, err := r.sorted()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, e := range index {
			if !yield(r.Get(e.seq)) {
				return
			}
		}
	}
}

// Get returns the exchange with this Seq; fs.ErrNotExist when there is none.
func (r *Reader) Get(seq uint64) (x *exchange.Exchange, err error) {
	err = guard(r.path, func() error {
		return r.db.View(func(tx *bolt.Tx) error {
			key := keyOf(seq)
			value := tx.Bucket([]byte(bucketExchanges)).Get(key)
			if value == nil {
				return fmt.Errorf("%s: exchange %d: %w", r.path, seq, fs.ErrNotExist)
			}
			if x, err = r.code.unpack(key, value); err != nil {
				return damaged(r.path, fmt.Errorf("exchange %d: %w", seq, err))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// sorted makes the index on first use.
func (r *Reader) sorted() ([]entry, error) {
	r.indexOnce.Do(func() {
		r.indexErr = guard(r.path, func() error {
			return r.db.View(func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketExchanges)).ForEach(func(key, value []byte) error {
					start, err := startOf(value)
					if err != nil || len(key) != 8 {
						return damaged(r.path, fmt.Errorf("key %x: %w", key, cmp.Or(err, errors.New("not 8 bytes"))))
					}
					r.index = append(r.index, entry{start: start, seq: binary.BigEndian.Uint64(key)})
					return nil
				})
			})
		})
		slices.SortFunc(r.index, entry.compare)
	})
	return r.index, r.indexErr
}

// Close releases the file, and removes the copy of one that is being written.
func (r *Reader) Close() error {
	if r.code != nil {
		r.code.close()
	}
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	if r.live {
		err = errors.Join(err, os.Remove(r.file))
	}
	return err
}
