package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"

	"firedrill/internal/sample"
)

// MaxBuffered is how many bytes may wait for the disk before producers wait, too:
// some 370,000 samples, which is many seconds of a full generator.
const MaxBuffered = 64 << 20

// How often the Writer commits, and at how many bytes it does not wait that long.
const (
	commitEvery = time.Second
	commitEarly = 4 << 20
)

const shards = 16 // a power of two

// shard is one buffer, for the producers whose users fall into it.
type shard struct {
	mu      sync.Mutex
	samples []sample.Sample
	taken   []sample.Sample // the committing goroutine's: what it took last
	_       [64]byte        // keeps neighbours out of one cache line
}

// Writer writes one run. See the package comment.
type Writer struct {
	db       *bolt.DB
	path     string
	manifest Manifest
	encoder  *zstd.Encoder
	next     atomic.Uint64 // the last Seq that was given out

	shards   [shards]shard
	buffered atomic.Int64 // bytes in shards and not yet committed
	waits    atomic.Int64 // times that a producer waited
	room     *sync.Cond   // buffered went down, or the Writer failed
	roomMu   sync.Mutex

	other      sync.Mutex // guards the four below
	iterations []sample.Iteration
	drops      []sample.Drop
	users      []sample.Users
	names      *sample.Names // to be written; nil when unchanged

	wake   chan struct{} // much is buffered: commit now
	stop   chan struct{}
	done   chan struct{} // the committing goroutine has ended
	failed atomic.Pointer[error]
	broken chan struct{} // closed when failed is set
	closed sync.Once
	blocks uint64          // number of the next block; the committing goroutine's
	reuse  []sample.Sample // memory of the last batch; the committing goroutine's
}

// Create makes the file of a run; it must not exist. Its directory is made. The
// file is complete, with its manifest, before it appears under its name.
// Errors: *ExistsError, and those of the file system.
func Create(path string, m Manifest) (*Writer, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, &ExistsError{path}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of runs: %w", err)
	}
	m.Format = Format
	if err := initialise(path, m); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	db, err := bolt.Open(path, 0o644, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<18))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &Writer{db: db, path: path, manifest: m, encoder: enc, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), broken: make(chan struct{})}
	w.room = sync.NewCond(&w.roomMu)
	go w.run()
	return w, nil
}

// initialise writes the file's head under another name and renames it.
func initialise(path string, m Manifest) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".run-*.tmp")
	if err != nil {
		return err
	}
	name := temp.Name()
	defer func() { _ = os.Remove(name) }() // gone already when all went well
	if err := temp.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(name, 0o644, &bolt.Options{Timeout: time.Second, NoStatistics: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, b := range [][]byte{bucketMeta, bucketSamples, bucketIterations, bucketEvents, bucketSeconds} {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if err := errors.Join(meta.Put(keyKind, kindRun), meta.Put(keyFormat, []byte(strconv.Itoa(Format)))); err != nil {
			return err
		}
		return putJSON(meta, keyManifest, m)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Chmod(name, 0o644); err != nil {
		return err
	}
	return os.Rename(name, path)
}

func putJSON(b *bolt.Bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, text)
}

// Path is the file that is written.
func (w *Writer) Path() string { return w.path }

const sampleSize = int64(unsafe.Sizeof(sample.Sample{}))

// Sample takes a copy. A sample without Seq gets the next one. After Close it is dropped.
func (w *Writer) Sample(s *sample.Sample) {
	if w.buffered.Add(sampleSize) > MaxBuffered {
		w.await()
	}
	seq := s.Seq
	if seq == 0 {
		seq = w.next.Add(1)
	}
	part := &w.shards[s.VU%shards]
	part.mu.Lock()
	part.samples = append(part.samples, *s)
	part.samples[len(part.samples)-1].Seq = seq
	part.mu.Unlock()
	if w.buffered.Load() > commitEarly {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// await waits until there is room, or writing failed.
func (w *Writer) await() {
	w.waits.Add(1)
	w.roomMu.Lock()
	defer w.roomMu.Unlock()
	for w.buffered.Load() > MaxBuffered && w.failed.Load() == nil {
		w.room.Wait()
	}
}

// Iteration takes the outcome of one.
func (w *Writer) Iteration(it sample.Iteration) {
	w.other.Lock()
	defer w.other.Unlock()
	w.iterations = append(w.iterations, it)
}

// Drop takes starts that could not be made.
func (w *Writer) Drop(d sample.Drop) {
	w.other.Lock()
	defer w.other.Unlock()
	w.drops = append(w.drops, d)
}

// Users takes the number of virtual users of a persona from at on.
func (w *Writer) Users(at time.Duration, persona uint16, n int) {
	w.other.Lock()
	defer w.other.Unlock()
	w.users = append(w.users, sample.Users{At: at, Persona: persona, Count: uint32(max(0, n))})
}

// SetNames replaces the manifest's names, which have grown. It is written before
// any sample that is taken after it, so that a killed run's indexes have names.
func (w *Writer) SetNames(names sample.Names) {
	w.other.Lock()
	defer w.other.Unlock()
	w.names = &names
}

// Waits is how often a producer had to wait for the disk.
func (w *Writer) Waits() int64 { return w.waits.Load() }

// Broken is closed when writing failed (a full disk); Close says why. What comes
// after is dropped, so the run should be ended.
func (w *Writer) Broken() <-chan struct{} { return w.broken }

// run commits until stop is closed.
func (w *Writer) run() {
	defer close(w.done)
	tick := time.NewTicker(commitEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.wake:
		case <-w.stop:
			w.flush()
			return
		}
		w.flush()
	}
}

// flush commits what is buffered.
func (w *Writer) flush() {
	b := w.take()
	if w.failed.Load() == nil {
		if err := w.commit(b); err != nil {
			err = fmt.Errorf("write %s: %w", w.path, err)
			w.failed.Store(&err)
			close(w.broken)
		}
	}
	w.buffered.Add(-int64(len(b.samples)) * sampleSize)
	w.roomMu.Lock()
	w.room.Broadcast()
	w.roomMu.Unlock()
}

// Flush commits what was taken before it, synced. The next commit would do it
// within a second; tests and the end of a phase call it.
func (w *Writer) Flush(ctx context.Context) error {
	for w.pending() {
		select {
		case w.wake <- struct{}{}:
		case <-w.done:
			return w.err()
		case <-w.broken:
			return w.err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.err()
}

// pending is whether something is not yet committed.
func (w *Writer) pending() bool {
	if w.buffered.Load() > 0 {
		return true
	}
	w.other.Lock()
	defer w.other.Unlock()
	return len(w.iterations)+len(w.drops)+len(w.users) > 0 || w.names != nil
}

func (w *Writer) err() error {
	if p := w.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// Finish writes how the run ended, after all that was measured, and closes the file.
func (w *Writer) Finish(e Ending) error {
	var err error
	w.closed.Do(func() {
		close(w.stop)
		<-w.done
		e.Generator.Waits = w.waits.Load()
		err = w.err()
		if err == nil {
			err = w.db.Update(func(tx *bolt.Tx) error { return putJSON(tx.Bucket(bucketMeta), keyEnding, e) })
		}
		err = errors.Join(err, w.encoder.Close(), w.db.Close())
	})
	return err
}

// Close commits what is buffered and closes the file without an ending: the
// report will say that the run is incomplete. After Finish it does nothing.
func (w *Writer) Close() error {
	var err error
	w.closed.Do(func() {
		close(w.stop)
		<-w.done
		err = errors.Join(w.err(), w.encoder.Close(), w.db.Close())
	})
	return err
}
