package runs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"firedrill/internal/sample"
)

func TestBucketsAreThoseOfHDR(t *testing.T) {
	h := hdrhistogram.New(1, top, 3)
	random := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		v := int64(1) << random.IntN(32)
		v = min(top, v+random.Int64N(v))
		low := bucketOf(v)
		if low > v || !h.ValuesAreEquivalent(low, v) || low > 0 && h.ValuesAreEquivalent(low-1, v) {
			t.Fatalf("bucketOf(%d) = %d is not the lowest of its bucket", v, low)
		}
	}
	if bucketOf(-5) != 0 || bucketOf(1<<60) != bucketOf(top) {
		t.Error("out of range")
	}
}

// FuzzSecond: no input panics, and what decodes survives the round trip.
func FuzzSecond(f *testing.F) {
	f.Add(appendSecond(nil, &Second{At: 3, Endpoint: 2, Requests: 5, Failed: 1, Bars: []Bar{{10, 2}, {2048, 3}}}))
	f.Add([]byte{0x2a, 0x01, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again Second
		if decodeSecond(b, &s) != nil {
			return
		}
		if err := decodeSecond(appendSecond(nil, &s), &again); err != nil || !reflect.DeepEqual(s, again) {
			t.Fatalf("%+v became %+v, %v", s, again, err)
		}
		last := int64(0)
		for _, bar := range s.Bars {
			if bar.Value < last || bar.Value > top {
				t.Fatalf("bars do not rise: %+v", s.Bars)
			}
			last = bar.Value
		}
	})
}

// FuzzBlock: no input panics, and records are inside of the block.
func FuzzBlock(f *testing.F) {
	f.Add(appendRecord(appendRecord(nil, fieldDrop, []byte("a")), fieldSample, []byte("bc")))
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		_ = eachRecord(b, fieldSample, func(r []byte) (bool, error) { total += len(r); return true, nil })
		if total > len(b) {
			t.Fatalf("%d bytes of records in %d", total, len(b))
		}
	})
}

// TestProducersWaitAboveTheBound lets a producer run into full buffers.
func TestProducersWaitAboveTheBound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	synctest.Test(t, func(t *testing.T) {
		w, err := Create(path, Manifest{})
		if err != nil {
			t.Fatal(err)
		}
		w.buffered.Store(MaxBuffered) // as if a slow disk had let it come to this
		taken := false
		go func() {
			w.Sample(&sample.Sample{})
			taken = true
		}()
		synctest.Wait()
		if taken || w.Waits() != 1 {
			t.Errorf("taken: %v, waits: %d", taken, w.Waits())
		}
		w.buffered.Add(-MaxBuffered)
		w.wake <- struct{}{}
		synctest.Wait()
		if !taken {
			t.Error("the producer still waits")
		}
		if err := w.Finish(Ending{}); err != nil {
			t.Fatal(err)
		}
	})
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if e, _ := r.Ending(); e.Generator.Waits != 1 {
		t.Errorf("%d waits were written", e.Generator.Waits)
	}
}

// TestAFailingDiskIsSaid closes the database under the writer.
func TestAFailingDiskIsSaid(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "run.db"), Manifest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	w.Sample(&sample.Sample{})
	if err := w.Flush(t.Context()); err == nil {
		t.Error("Flush said nothing")
	}
	select {
	case <-w.Broken():
	case <-time.After(10 * time.Second):
		t.Fatal("Broken was not closed")
	}
	if err := w.Finish(Ending{}); err == nil {
		t.Error("Finish said nothing")
	}
	if _, err := os.Stat(w.Path()); err != nil {
		t.Error(err)
	}
}

func BenchmarkWriterSample(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run.db"), Manifest{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := sample.Sample{VU: rand.Uint32(), Status: 200, Start: time.Second, Sent: time.Second, FirstByte: 2 * time.Second, End: 2 * time.Second, BytesIn: 4000, Queries: 7}
		for pb.Next() {
			s.End += time.Microsecond
			w.Sample(&s)
		}
	})
	b.StopTimer()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if info, err := os.Stat(w.Path()); err == nil {
		b.ReportMetric(float64(info.Size())/float64(b.N), "file-bytes/op")
	}
	b.ReportMetric(float64(w.Waits()), "waits")
}

// BenchmarkWriterSampleWithRoom is what a producer pays while the disk keeps up.
func BenchmarkWriterSampleWithRoom(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run.db"), Manifest{})
	if err != nil {
		b.Fatal(err)
	}
	s := sample.Sample{VU: 1, Status: 200}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Sample(&s)
		if i%20_000 == 0 {
			b.StopTimer()
			if err := w.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	b.StopTimer()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkReadSamples(b *testing.B) {
	path := filepath.Join(b.TempDir(), "run.db")
	w, err := Create(path, Manifest{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		at := time.Duration(i) * time.Millisecond
		w.Sample(&sample.Sample{VU: uint32(i % 50), Status: 200, Intended: at, Start: at, Sent: at + 50, FirstByte: at + 9000, End: at + 10_000, BytesIn: 4000, Queries: 7})
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range r.Samples() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 100_000 {
			b.Fatal(n)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/sample")
}
