package pace

import (
	"container/heap"
	"context"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Precise is a clock whose waits end within some ten microseconds of their time
// also when the process is idle. Go's timers wake an idle process through
// epoll_wait, which counts whole milliseconds; here one timer of the kernel
// (timerfd), set to the earliest time that anybody waits for, makes a descriptor
// ready, for which the same epoll_wait wakes at once. Nothing spins, and no
// thread is held.
//
// It is safe for concurrent use. In a testing/synctest bubble use System.
type Precise struct {
	fd   int
	file *os.File
	base time.Time // an instant, and the kernel's monotonic clock at it
	mono time.Duration

	mu       sync.Mutex
	sleepers sleepers
	closed   bool
	loop     sync.WaitGroup
}

// NewPrecise is a clock that is to be closed after its last use.
func NewPrecise() (*Precise, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("clock_gettime", err)
	}
	p := &Precise{fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), base: time.Now(), mono: time.Duration(now.Nano())}
	p.loop.Go(p.wake)
	return p, nil
}

// Now is time.Now.
func (p *Precise) Now() time.Time { return time.Now() }

// SleepUntil waits; see Clock.
func (p *Precise) SleepUntil(ctx context.Context, at time.Time) error {
	if !at.After(time.Now()) {
		return ctx.Err()
	}
	s := &sleeper{at: at, woken: make(chan struct{})}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return System{}.SleepUntil(ctx, at)
	}
	heap.Push(&p.sleepers, s)
	if s.index == 0 {
		p.set()
	}
	p.mu.Unlock()
	select {
	case <-s.woken:
		return nil
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		if s.index >= 0 {
			heap.Remove(&p.sleepers, s.index)
		}
		return ctx.Err()
	}
}

// set sets the kernel's timer to the earliest sleeper, of whom there is one. p.mu
// is held. A time that has passed makes it fire at once.
func (p *Precise) set() {
	at := max(1, p.mono+p.sleepers[0].at.Sub(p.base)) // 0 would stop it
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(at))}
	// It cannot fail: the descriptor is open while p.closed is not set, and the value is in range.
	_ = unix.TimerfdSettime(p.fd, unix.TFD_TIMER_ABSTIME, &spec, nil)
}

// wake wakes whose time has come, until the clock is closed.
func (p *Precise) wake() {
	var expirations [8]byte
	for {
		if _, err := p.file.Read(expirations[:]); err != nil {
			return
		}
		p.mu.Lock()
		now := time.Now()
		for len(p.sleepers) > 0 && !p.sleepers[0].at.After(now) {
			close(heap.Pop(&p.sleepers).(*sleeper).woken)
		}
		if len(p.sleepers) > 0 && !p.closed {
			p.set()
		}
		p.mu.Unlock()
	}
}

// Close gives the clock up. Nobody is to wait on it any more; who does all the
// same, waits with a timer of Go's from then on.
func (p *Precise) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.file.Close()
	p.loop.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sleepers {
		time.AfterFunc(time.Until(s.at), func() { close(s.woken) })
		s.index = -1
	}
	p.sleepers = nil
}

// sleeper is one wait.
type sleeper struct {
	at    time.Time
	woken chan struct{}
	index int // in the heap; -1: not any more
}

// sleepers is a heap, the earliest first.
type sleepers []*sleeper

func (q sleepers) Len() int           { return len(q) }
func (q sleepers) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q sleepers) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *sleepers) Push(x any) {
	s := x.(*sleeper)
	s.index = len(*q)
	*q = append(*q, s)
}

func (q *sleepers) Pop() any {
	old := *q
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	s.index = -1
	return s
}
