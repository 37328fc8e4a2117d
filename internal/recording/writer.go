package recording

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"sync"
	"time"

	"firedrill/internal/exchange"

	bolt "go.etcd.io/bbolt"
)

// Options tunes a Writer; the zero value is the recorder's.
type Options struct {
	QueueBytes int64         // values waiting to be committed; default 64 MiB
	Patience   time.Duration // how long Append waits for room before the exchange is lost; default 2 s
	Linger     time.Duration // how long a commit waits for company; default 10 ms
	BatchCount int           // exchanges that a commit does not wait beyond; default 256
	BatchBytes int64         // the same in bytes; default 1 MiB
	MaxSize    int           // bytes that the file may reach; 0 = no limit
}

func (o Options) withDefaults() Options {
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	if o.Linger <= 0 {
		o.Linger = 10 * time.Millisecond
	}
	if o.BatchCount <= 0 {
		o.BatchCount = 256
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = 1 << 20
	}
	return o
}

// Stats is a Writer's account of itself.
type Stats struct {
	Exchanges uint64         // committed to the file
	Queued    int            // accepted and not yet committed
	Wire      int64          // bytes of committed bodies, as transferred
	Stored    int64          // bytes of committed values
	Losses    map[string]int // by cause
}

// Writer appends exchanges to a new file. Every method may be called from any goroutine.
type Writer struct {
	db   *bolt.DB
	code *coder
	opt  Options
	live *copier // nil where no socket could be made

	wake    chan struct{} // something is queued
	full    chan struct{} // a batch is full: do not linger
	closing chan struct{} // Close was called
	failing chan struct{} // a commit failed; err says why
	done    chan struct{} // the committing goroutine has ended

	mu       sync.Mutex
	manifest Manifest
	before   *Manifest // of the recording that this one takes the place of; nil: of none
	queue    []pending
	bytes    int64         // of queue and of the batch being committed
	room     chan struct{} // closed and replaced when bytes goes down
	counts   counts
	closed   bool
	err      error // the first commit that failed

	once     sync.Once
	closeErr error
}

// pending is a packed exchange that waits for its commit.
type pending struct {
	value []byte
	wire  int64
	conn  uint64
}

// Create makes the recording path with manifest m; the folder must exist. It
// never overwrites: *ExistsError. The caller must Close the Writer.
func Create(path string, m Manifest, opt Options) (*Writer, error) {
	opt = opt.withDefaults()
	code, err := newWriteCoder()
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, &ExistsError{Path: path}
	}
	// It gets its name when it is a recording: whoever kills this process before
	// leaves a nameless beginning, and never a file that is none.
	place := path + ".new"
	os.Remove(place) // such a beginning
	first := true
	db, err := bolt.Open(place, 0o600, &bolt.Options{
		Timeout:        time.Second,
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
		MaxSize:        opt.MaxSize,
		NoStatistics:   true,
		OpenFile: func(_ string, flag int, mode fs.FileMode) (*os.File, error) {
			if first {
				first = false
				flag |= os.O_EXCL
			}
			return os.OpenFile(place, flag, mode) // again for each copy, under the name that it has then
		},
	})
	if err != nil {
		return nil, &OpenError{Path: path, Err: err}
	}
	m = m.clone()
	m.Format, m.Closed, m.Ended = Format, false, time.Time{}
	if m.Created.IsZero() {
		m.Created = time.Now()
	}
	m.Created = m.Created.UTC().Round(0)
	w := &Writer{
		db: db, code: code, opt: opt, manifest: m,
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1),
		closing: make(chan struct{}), failing: make(chan struct{}), done: make(chan struct{}),
		room: make(chan struct{}), counts: counts{Losses: map[string]int{}},
	}
	if err := db.Update(w.layOut); err != nil {
		return nil, &OpenError{Path: path, Err: errors.Join(err, db.Close(), os.Remove(place))}
	}
	if err := give(place, path); err != nil {
		err = errors.Join(err, db.Close(), os.Remove(place))
		if errors.Is(err, fs.ErrExist) {
			return nil, &ExistsError{Path: path}
		}
		return nil, &OpenError{Path: path, Err: err}
	}
	place = path
	w.live, _ = newCopier(db, path) // reading while it grows is a service, not a condition
	go w.run()
	return w, nil
}

// give gives a file the name that it shall have, and never takes that of another.
func give(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		os.Remove(from) // where an open file cannot lose a name, the next recording removes it
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to) // a file system without hard links
}

// layOut makes the buckets of a new file.
func (w *Writer) layOut(tx *bolt.Tx) error {
	meta, err := tx.CreateBucket([]byte(bucketMeta))
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte(bucketExchanges)); err != nil {
		return err
	}
	return errors.Join(
		meta.Put([]byte(keyKind), []byte(kind)),
		meta.Put([]byte(keyFormat), []byte(strconv.Itoa(Format))),
		putJSON(tx, keyManifest, w.manifest),
		putJSON(tx, keyCounts, w.counts),
	)
}

// Append stores x after those appended before it; nothing of x is kept. Its Seq
// is not used: the file numbers what it holds from 1. When the queue is full it
// waits for room, up to Options.Patience; then, and when ctx ends first or the
// file cannot be written any more, the exchange is counted as lost and the error
// is ErrQueueFull, ctx's or ErrFailed. After Close it is ErrClosed.
func (w *Writer) Append(ctx context.Context, x *exchange.Exchange) error {
	p := pending{value: w.code.pack(x), wire: x.Request.Body.Size, conn: x.Conn}
	if x.Response != nil {
		p.wire += x.Response.Body.Size
	}
	size := int64(len(p.value))
	var patience *time.Timer
	for {
		w.mu.Lock()
		switch {
		case w.closed:
			w.mu.Unlock()
			return ErrClosed
		case w.err != nil:
			w.counts.Losses[LostWriteFailed]++
			w.mu.Unlock()
			return ErrFailed
		case w.bytes == 0 || w.bytes+size <= w.opt.QueueBytes:
			w.enqueue(p)
			w.mu.Unlock()
			return nil
		}
		room := w.room
		w.mu.Unlock()
		if patience == nil {
			patience = time.NewTimer(w.opt.Patience)
			defer patience.Stop()
		}
		select {
		case <-room:
		case <-patience.C:
			w.Lose(LostQueueFull, 1)
			return ErrQueueFull
		case <-ctx.Done():
			w.Lose(LostStopped, 1)
			return ctx.Err()
		}
	}
}

// enqueue is called with mu held.
func (w *Writer) enqueue(p pending) {
	w.queue = append(w.queue, p)
	w.bytes += int64(len(p.value))
	if len(w.queue) == 1 {
		signal(w.wake)
	}
	if len(w.queue) >= w.opt.BatchCount || w.bytes >= w.opt.BatchBytes {
		signal(w.full)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Lose counts n exchanges that were not captured, by cause.
func (w *Writer) Lose(cause string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.Losses[cause] += n
}

// Stats returns the counts of this moment.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Stats{Exchanges: w.counts.Exchanges, Queued: len(w.queue), Wire: w.counts.Wire, Stored: w.counts.Stored,
		Losses: maps.Clone(w.counts.Losses)}
}

// Failed is closed when the file cannot be written any more; Err says why.
func (w *Writer) Failed() <-chan struct{} { return w.failing }

// Err is the first error of a commit, nil while all is well.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close commits what is queued, marks the file as closed and releases it. It
// returns the first error of any commit. Calling it again returns the same.
func (w *Writer) Close() error {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		close(w.closing)
		<-w.done
		w.live.close()
		w.mu.Lock()
		failed, n, m, before := w.err, w.snapshot(nil), w.manifest, w.before
		w.mu.Unlock()
		m.Closed, m.Ended = failed == nil, time.Now().UTC().Round(0)
		if before != nil {
			m.Closed, m.Ended = before.Closed && failed == nil, before.Ended
		}
		err := w.db.Update(func(tx *bolt.Tx) error {
			return errors.Join(putJSON(tx, keyManifest, m), putJSON(tx, keyCounts, n))
		})
		w.code.close()
		w.closeErr = errors.Join(failed, err, w.db.Close())
	})
	return w.closeErr
}

// run is the goroutine that owns the database. A commit begins when the first
// exchange has waited for Linger, or when a batch is full: commits of one are
// what makes a store slow, and waiting longer gains nothing.
func (w *Writer) run() {
	defer close(w.done)
	linger := time.NewTimer(w.opt.Linger)
	defer linger.Stop()
	for closing := false; ; {
		if !closing {
			select {
			case <-w.wake:
			case <-w.closing:
				closing = true
			}
		}
		if !closing && !w.ready() {
			linger.Reset(w.opt.Linger)
			select {
			case <-linger.C:
			case <-w.full:
			case <-w.closing:
				closing = true
			}
		}
		batch := w.take()
		if len(batch) > 0 {
			w.commit(batch)
		} else if closing {
			return
		}
	}
}

// ready says whether a full batch waits.
func (w *Writer) ready() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue) >= w.opt.BatchCount || w.bytes >= w.opt.BatchBytes
}

// take removes one batch from the queue's head; what remains wakes the next turn.
func (w *Writer) take() []pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	var size int64
	n := 0
	for n < len(w.queue) && n < w.opt.BatchCount && (n == 0 || size < w.opt.BatchBytes) {
		size += int64(len(w.queue[n].value))
		n++
	}
	batch := w.queue[:n:n]
	if w.queue = w.queue[n:]; len(w.queue) == 0 {
		w.queue = nil
	} else {
		signal(w.wake)
	}
	return batch
}

// snapshot is the counts with batch added; called with mu held.
func (w *Writer) snapshot(batch []pending) counts {
	n := w.counts
	n.Losses = maps.Clone(n.Losses)
	for _, p := range batch {
		n.Exchanges++
		n.Wire += p.wire
		n.Stored += int64(len(p.value))
		n.Conns = max(n.Conns, p.conn)
	}
	return n
}

func (w *Writer) commit(batch []pending) {
	w.mu.Lock()
	first, after, failed := w.counts.Exchanges+1, w.snapshot(batch), w.err
	w.mu.Unlock()
	err := failed
	if err == nil {
		err = w.db.Update(func(tx *bolt.Tx) error {
			bucket := tx.Bucket([]byte(bucketExchanges))
			bucket.FillPercent = 0.95 // keys only grow: half-empty pages would stay so
			for i, p := range batch {
				if err := bucket.Put(keyOf(first+uint64(i)), p.value); err != nil {
					return err
				}
			}
			return putJSON(tx, keyCounts, after)
		})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range batch {
		w.bytes -= int64(len(p.value))
	}
	close(w.room)
	w.room = make(chan struct{})
	if err != nil {
		w.counts.Losses[LostWriteFailed] += len(batch)
		if w.err == nil {
			w.err = err
			close(w.failing)
		}
		return
	}
	after.Losses = w.counts.Losses // may have grown meanwhile
	w.counts = after
}
