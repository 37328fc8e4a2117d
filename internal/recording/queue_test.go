package recording

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"firedrill/internal/exchange"
)

// stalled is a Writer whose disk has stopped: a transaction of the test holds the
// database until go on is called.
func stalled(t *testing.T, opt Options) (w *Writer, goOn func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.db")
	w, err := Create(path, Manifest{}, opt)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	goOn = func() { tx.Rollback() }
	t.Cleanup(func() {
		goOn()
		w.Close()
		report, err := Check(path)
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("check: %v %v", err, report.Problems)
		}
	})
	return w, goOn
}

func incompressible(n int) *exchange.Exchange {
	data := make([]byte, n)
	rand.Read(data)
	return &exchange.Exchange{Start: time.Unix(1, 0), Failure: &exchange.Failure{Stage: "dial", Reason: "refused"},
		Request: exchange.Request{Body: exchange.Body{Data: data}}}
}

func TestAFullQueuePushesBackAndThenCounts(t *testing.T) {
	w, goOn := stalled(t, Options{QueueBytes: 10_000, Patience: 30 * time.Millisecond})
	for range 2 {
		if err := w.Append(t.Context(), incompressible(4000)); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := w.Append(t.Context(), incompressible(4000)); !errors.Is(err, ErrQueueFull) {
		t.Fatalf("err = %v, want ErrQueueFull", err)
	}
	if waited := time.Since(began); waited < 30*time.Millisecond {
		t.Errorf("gave up after %v, before its patience was over", waited)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Append(ctx, incompressible(4000)); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want context.Canceled", err)
	}
	if l := w.Stats().Losses; l[LostQueueFull] != 1 || l[LostStopped] != 1 {
		t.Errorf("losses %v", l)
	}
	goOn()
	if err := w.Append(t.Context(), incompressible(4000)); err != nil {
		t.Errorf("the disk works again, and Append says %v", err)
	}
	w.Close()
	// The losses fell into the middle of a commit.
	if s := w.Stats(); s.Exchanges != 3 || s.Losses[LostQueueFull] != 1 || s.Losses[LostStopped] != 1 {
		t.Errorf("%d exchanges are stored, want 3; losses %v", s.Exchanges, s.Losses)
	}
}

func TestAnExchangeLargerThanTheQueueIsStoredAlone(t *testing.T) {
	w, goOn := stalled(t, Options{QueueBytes: 1000})
	goOn()
	if err := w.Append(t.Context(), incompressible(50_000)); err != nil {
		t.Fatal(err)
	}
}

func TestAppendThatWaitsGetsTheRoom(t *testing.T) {
	w, goOn := stalled(t, Options{QueueBytes: 5000, Patience: 10 * time.Second})
	if err := w.Append(t.Context(), incompressible(4000)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- w.Append(t.Context(), incompressible(4000)) }()
	select {
	case err := <-done:
		t.Fatalf("Append did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	goOn()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// FuzzUnpack: any value is answered with an exchange or an error, and what pack
// made comes back.
func FuzzUnpack(f *testing.F) {
	zip, err := newWriteCoder()
	if err != nil {
		f.Fatal(err)
	}
	unzip, err := newReadCoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(zip.pack(incompressible(10)))
	f.Add(zip.pack(&exchange.Exchange{Start: time.Unix(5, 5), Target: "api api api api api api api api api api api api"}))
	f.Add([]byte{codingZstd1, 0, 0, 0, 0, 0, 0, 0, 0, 0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, value []byte) {
		x, err := unzip.unpack(keyOf(7), value)
		if err != nil {
			return
		}
		y, err := unzip.unpack(keyOf(7), zip.pack(x))
		if err != nil || y.Seq != 7 || !y.Start.Equal(x.Start) || y.Request.Target != x.Request.Target {
			t.Fatalf("%+v came back as %+v: %v", x, y, err)
		}
	})
}
