package writer_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/writer"
)

func lasts(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// refused wants a *BusyError and gives it.
func refused(t *testing.T, g *writer.Gate, teacher int64) *writer.BusyError {
	t.Helper()
	var busy *writer.BusyError
	leave, err := g.Enter(teacher, func() time.Duration {
		t.Error("the length of a text that is refused was asked for")
		return 0
	})
	if !errors.As(err, &busy) || leave != nil {
		t.Fatalf("teacher %d was let in: %v", teacher, err)
	}
	return busy
}

func enter(t *testing.T, g *writer.Gate, teacher int64, d time.Duration) (leave func()) {
	t.Helper()
	leave, err := g.Enter(teacher, lasts(d))
	if err != nil {
		t.Fatalf("teacher %d was refused: %v", teacher, err)
	}
	return leave
}

func TestOneMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := writer.NewGate(2, 10)
		enter(t, g, 1, time.Second)()
		time.Sleep(20*time.Second + time.Millisecond)
		enter(t, g, 1, time.Second)()
		if busy := refused(t, g, 1); busy.Limit != writer.PerMinute || busy.Retry != 40*time.Second { // 39.999 rounded up
			t.Errorf("%+v", busy)
		}
		enter(t, g, 2, time.Second)() // somebody else's minute
		time.Sleep(39*time.Second + 998*time.Millisecond)
		if busy := refused(t, g, 1); busy.Retry != time.Second {
			t.Errorf("a millisecond before: %+v", busy)
		}
		time.Sleep(time.Millisecond)
		enter(t, g, 1, time.Second)() // refusals were not counted
		if busy := refused(t, g, 1); busy.Retry != 21*time.Second {
			t.Errorf("the second of the minute: %+v", busy)
		}
	})
}

func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := writer.NewGate(10, 2)
		first, second := enter(t, g, 1, 9*time.Second), enter(t, g, 2, 4500*time.Millisecond)
		if busy := refused(t, g, 3); busy.Limit != writer.Concurrent || busy.Retry != 5*time.Second {
			t.Errorf("%+v", busy)
		}
		time.Sleep(5 * time.Second) // the second is late
		if busy := refused(t, g, 3); busy.Retry != time.Second {
			t.Errorf("late: %+v", busy)
		}
		second()
		third := enter(t, g, 3, time.Second)
		refused(t, g, 1)
		first()
		third()
		enter(t, g, 1, time.Second)()
	})
}

// TestFifteenTeachers is what the defaults were chosen for: half an hour of fifteen teachers who generate all the time,
// once with a pause of 10 to 20 s between two texts, once with a text begun every 10 to 20 s. Who is refused comes back
// when told to.
func TestFifteenTeachers(t *testing.T) {
	for name, between := range map[string]func(r *rand.Rand, took time.Duration) time.Duration{
		"pauses": func(r *rand.Rand, _ time.Duration) time.Duration {
			return 10*time.Second + time.Duration(r.Int64N(10e9))
		},
		"begins": func(r *rand.Rand, took time.Duration) time.Duration {
			return 10*time.Second + time.Duration(r.Int64N(10e9)) - took
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, w := writer.NewGate(writer.DefaultPerMinute, writer.DefaultConcurrent), writer.New(1, writer.DefaultTime)
				var mu sync.Mutex
				asked, refusals := 0, map[string]int{}
				var wg sync.WaitGroup
				end := time.Now().Add(30 * time.Minute)
				for teacher := range int64(15) {
					wg.Go(func() {
						r := rand.New(rand.NewPCG(2, uint64(teacher)))
						time.Sleep(time.Duration(r.Int64N(20e9)))
						for time.Now().Before(end) {
							var length time.Duration
							leave, err := g.Enter(teacher, func() time.Duration {
								s, _ := w.Write(writer.Quiz, "x", 45)
								length = s.Total
								return length
							})
							mu.Lock()
							asked++
							var busy *writer.BusyError
							if errors.As(err, &busy) {
								refusals[busy.Limit]++
							}
							mu.Unlock()
							if busy != nil {
								time.Sleep(busy.Retry)
								continue
							}
							time.Sleep(length)
							leave()
							time.Sleep(between(r, length))
						}
					})
				}
				wg.Wait()
				share := float64(refusals[writer.Concurrent]) / float64(asked)
				t.Logf("%d of %d refused: %.1f %%", refusals[writer.Concurrent], asked, 100*share)
				if share == 0 || share >= 0.1 || refusals[writer.PerMinute] > 0 || asked < 15*30*2 {
					t.Errorf("of %d were refused %v", asked, refusals)
				}
			})
		})
	}
}

func TestScripts(t *testing.T) {
	w, again, other := writer.New(1, 4*time.Second), writer.New(1, 4*time.Second), writer.New(2, 4*time.Second)
	var sum time.Duration
	const n = 300
	for i := range n {
		kind := writer.Kinds[i%len(writer.Kinds)]
		s, number := w.Write(kind, "the tides", 90)
		same, _ := again.Write(kind, "the tides", 90)
		if diff := cmp.Diff(s, same); diff != "" {
			t.Fatalf("one seed, two texts: %s", diff)
		}
		if different, _ := other.Write(kind, "the tides", 90); different.Text() == s.Text() {
			t.Error("two seeds, one text")
		}
		if number != uint64(i+1) || len(s.Pieces) < 40 || len(s.Pieces) > 90 || s.First != s.Total*15/100 {
			t.Errorf("text %d has number %d, %d pieces, begins at %v of %v", i+1, number, len(s.Pieces), s.First, s.Total)
		}
		if s.Total < 2400*time.Millisecond || s.Total > 6*time.Second {
			t.Errorf("text %d takes %v", i+1, s.Total)
		}
		sum += s.Total
		before := s.First
		for _, p := range s.Pieces {
			if p.At < before || p.Text == "" {
				t.Fatalf("a piece %q at %v after %v", p.Text, p.At, before)
			}
			before = p.At
		}
		if gap := s.Total - before; gap < 0 || gap > time.Microsecond {
			t.Errorf("the last piece comes %v before the end", gap)
		}
		if text := s.Text(); !strings.Contains(text, "the tides") || strings.Contains(text, "{topic}") {
			t.Errorf("%q", text)
		}
	}
	if mean := sum / n; mean < 4*time.Second || mean > 4400*time.Millisecond { // 4.2 s ± 3.3 σ
		t.Errorf("texts take %v on average", mean)
	}
}

func BenchmarkWrite(b *testing.B) {
	b.ReportAllocs()
	w := writer.New(1, writer.DefaultTime)
	for b.Loop() {
		w.Write(writer.LessonPlan, "the tides", 45)
	}
}
