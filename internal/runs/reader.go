package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"google.golang.org/protobuf/encoding/protowire"

	"firedrill/internal/sample"
)

// Reader reads one run. One goroutine at a time.
type Reader struct {
	db       *bolt.DB
	path     string
	decoder  *zstd.Decoder
	manifest Manifest
	names    *sample.Names // as last written while the run lasted; may be nil
	ending   *Ending
}

// lockWait is how long Open waits for a run that is being written.
const lockWait = 200 * time.Millisecond

// Open opens a run file for reading. Errors: *FormatError for a file that is no
// run, was cut short or damaged, comes from a newer program, or is being written;
// those of the file system otherwise.
func Open(path string) (*Reader, error) {
	if err := inspect(path); err != nil {
		return nil, err
	}
	r := &Reader{path: path}
	err := r.guard(func() error { return r.open() })
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Reader) open() (err error) {
	r.db, err = bolt.Open(r.path, 0o444, &bolt.Options{ReadOnly: true, Timeout: lockWait, NoStatistics: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return &FormatError{File: r.path, Why: "is being written by a run that is under way", Fix: "wait until the run has ended", UnderWay: true}
	}
	if err != nil {
		return r.damaged(err)
	}
	r.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
	if err != nil {
		return err
	}
	return r.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || string(meta.Get(keyKind)) != string(kindRun) {
			return &FormatError{File: r.path, Why: "is a bbolt file, but not a run of firedrill", Fix: "recordings are read by \"recorder sessions\"; run files are in runs/"}
		}
		format, err := strconv.Atoi(string(meta.Get(keyFormat)))
		if err != nil || format < 1 {
			return r.damaged(fmt.Errorf("format number %q", meta.Get(keyFormat)))
		}
		if format > Format {
			return &FormatError{File: r.path, Why: fmt.Sprintf("has format %d; this program reads formats up to %d", format, Format), Fix: "install the newer firedrill that wrote it"}
		}
		if err := json.Unmarshal(meta.Get(keyManifest), &r.manifest); err != nil {
			return r.damaged(fmt.Errorf("manifest: %w", err))
		}
		if text := meta.Get(keyNames); text != nil {
			r.names = &sample.Names{}
			if err := json.Unmarshal(text, r.names); err != nil {
				return r.damaged(fmt.Errorf("names: %w", err))
			}
		}
		if text := meta.Get(keyEnding); text != nil {
			r.ending = &Ending{}
			if err := json.Unmarshal(text, r.ending); err != nil {
				return r.damaged(fmt.Errorf("ending: %w", err))
			}
		}
		for _, b := range [][]byte{bucketSamples, bucketIterations, bucketEvents, bucketSeconds} {
			if tx.Bucket(b) == nil {
				return r.damaged(fmt.Errorf("bucket %q is missing", b))
			}
		}
		return nil
	})
}

// guard turns the panics of bbolt on damaged pages, and faults of the mapped
// memory when the file is cut while it is open, into errors.
func (r *Reader) guard(read func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if p := recover(); p != nil {
			err = r.damaged(fmt.Errorf("%v", p))
		}
	}()
	return read()
}

func (r *Reader) damaged(err error) error {
	return &FormatError{File: r.path, Why: "is damaged", Fix: "copy it again from where it was made, or run the scenario again", Err: err}
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.decoder != nil {
		r.decoder.Close()
	}
	if r.db == nil {
		return nil
	}
	return r.db.Close()
}

// Path is the file that is read.
func (r *Reader) Path() string { return r.path }

// Manifest is what was to be run.
func (r *Reader) Manifest() Manifest { return r.manifest }

// Ending is how the run ended; false when it was killed.
func (r *Reader) Ending() (Ending, bool) {
	if r.ending == nil {
		return Ending{}, false
	}
	return *r.ending, true
}

// Names are the texts that indexes in samples stand for: the ending's, else those
// last set, else the manifest's.
func (r *Reader) Names() sample.Names {
	if r.ending != nil && len(r.ending.Names.Endpoints) > 0 {
		return r.ending.Names
	}
	if r.names != nil {
		return *r.names
	}
	return r.manifest.Names
}

// Samples yields every sample, nearly in the order of their ends: a commit's are
// in order. The pointer is valid until the next is asked for.
func (r *Reader) Samples() iter.Seq2[*sample.Sample, error] {
	return records(r, bucketSamples, fieldSample, sample.DecodeSample)
}

// Iterations yields the outcome of every iteration that ended.
func (r *Reader) Iterations() iter.Seq2[*sample.Iteration, error] {
	return records(r, bucketIterations, fieldIteration, sample.DecodeIteration)
}

// Drops yields starts that could not be made.
func (r *Reader) Drops() iter.Seq2[*sample.Drop, error] {
	return records(r, bucketEvents, fieldDrop, sample.DecodeDrop)
}

// Users yields changes of the number of virtual users.
func (r *Reader) Users() iter.Seq2[*sample.Users, error] {
	return records(r, bucketEvents, fieldUsers, sample.DecodeUsers)
}

// Seconds yields the one-second histograms per endpoint, or parts of them.
func (r *Reader) Seconds() iter.Seq2[*Second, error] {
	return records(r, bucketSeconds, fieldSecond, decodeSecond)
}

// records yields the records of one kind from the blocks of a bucket. An error
// is yielded once and ends the sequence. Only the mapped file is read under
// guard, so that a panic of the consumer stays the consumer's.
func records[T any](r *Reader, bucket []byte, field protowire.Number, decode func([]byte, *T) error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		tx, err := r.db.Begin(false)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = tx.Rollback() }() // read-only: always succeeds
		var value T
		next := r.blocks(tx, bucket)
		for stopped := false; !stopped; {
			block, err := next()
			if err == nil && block == nil {
				return
			}
			if err == nil {
				err = eachRecord(block, field, func(record []byte) (bool, error) {
					if err := decode(record, &value); err != nil {
						return false, err
					}
					stopped = !yield(&value, nil)
					return !stopped, nil
				})
				if err != nil {
					err = r.damaged(err)
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// blocks gives the decompressed blocks of a bucket, one at a time; nil behind the
// last. A block is valid until the next.
func (r *Reader) blocks(tx *bolt.Tx, bucket []byte) func() ([]byte, error) {
	var cursor *bolt.Cursor
	buf := []byte{}
	return func() (block []byte, err error) {
		err = r.guard(func() (err error) {
			var key, packed []byte
			if cursor == nil {
				cursor = tx.Bucket(bucket).Cursor()
				key, packed = cursor.First()
			} else {
				key, packed = cursor.Next()
			}
			if key == nil {
				return nil
			}
			if buf, err = r.decoder.DecodeAll(packed, buf[:0]); err != nil {
				return r.damaged(err)
			}
			block = buf
			return nil
		})
		return block, err
	}
}
