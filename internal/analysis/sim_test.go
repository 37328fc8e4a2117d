package analysis_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// target is a school that works on so many requests at a time, first come, first
// served, and users who ask, wait for the answer and think. It makes samples.
type target struct {
	servers int
	levels  []level // one after the other, each a hold phase
	seed    uint64
	slow    func(endpoint int, at time.Duration) float64 // times the usual service; nil = 1
	stall   stretch                                      // nothing is worked on in it
}

type level struct {
	users int
	lasts time.Duration
}

type stretch struct{ from, to time.Duration }

// The endpoints of a target, with how long one request is worked on as a rule.
var (
	atHome = []sample.Endpoint{
		{Name: "GET /api/v1/me", Category: "auth"}, {Name: "GET /api/v1/courses", Category: "list"}, {Name: "GET /api/v1/courses/{id}", Category: "detail"},
		{Name: "GET /api/v1/courses/{id}/gradebook", Category: "gradebook"}, {Name: "POST /api/v1/submissions/{id}/grade", Category: "write"},
	}
	takes  = []float64{2, 5, 3, 30, 6} // milliseconds
	counts = []int32{2, 4, 3, 33, 5}   // database queries
)

const gradebook = 3

// run lets the users work through the levels and gives what was measured.
func (t target) run(thresholds ...scenario.Threshold) *runstest.Run {
	r := &runstest.Run{Head: runstest.Manifest(runstest.Options{Thresholds: thresholds})}
	r.Head.Scenario = runs.Scenario{Name: "stress", About: "how many does it carry"}
	r.Head.Names.Endpoints = atHome
	r.Head.Names.Phases = nil
	most := 0
	at := time.Duration(0)
	for i, l := range t.levels {
		r.Head.Names.Phases = append(r.Head.Names.Phases, sample.Phase{Name: fmt.Sprintf("step %d: %d users", i+1, l.users), From: at, To: at + l.lasts, Hold: true})
		r.Curve = append(r.Curve, sample.Users{At: at, Count: uint32(l.users)})
		most = max(most, l.users)
		at += l.lasts
	}
	r.Head.Names.Phases = append(r.Head.Names.Phases, sample.Phase{Name: "wind-down", From: at})
	r.Curve = append(r.Curve, sample.Users{At: at})
	r.End = &runs.Ending{End: runs.Completed, Length: at, PeakUsers: most, Names: r.Head.Names}
	t.work(r, most, at)
	slices.SortStableFunc(r.Requests, func(a, b sample.Sample) int { return cmp.Compare(a.End, b.End) })
	return r
}

// work fills in the requests of a run of the given length.
func (t target) work(r *runstest.Run, most int, length time.Duration) {
	random := rand.New(rand.NewPCG(t.seed, 7))
	phase := func(at time.Duration) (int, int) {
		for i, p := range r.Head.Names.Phases[:len(t.levels)] {
			if at < p.To {
				return i, t.levels[i].users
			}
		}
		return len(t.levels), 0
	}
	free := make([]time.Duration, max(1, t.servers))
	next := make([]time.Duration, most) // when each user asks
	for k := range next {
		next[k] = time.Duration(random.Int64N(int64(2 * time.Second)))
	}
	for {
		k := 0
		for i := range next {
			if next[i] < next[k] {
				k = i
			}
		}
		at := next[k]
		if at >= length {
			return
		}
		i, users := phase(at)
		if k >= users { // not there yet, or no more
			next[k] += time.Second
			continue
		}
		endpoint := random.IntN(len(atHome))
		took := takes[endpoint] * math.Exp(random.NormFloat64()*0.2)
		if t.slow != nil {
			took *= t.slow(endpoint, at)
		}
		server := 0
		for s := range free {
			if free[s] < free[server] {
				server = s
			}
		}
		begin := max(at, free[server])
		if begin >= t.stall.from && begin < t.stall.to {
			begin = t.stall.to
		}
		end := begin + time.Duration(took*float64(time.Millisecond))
		free[server] = end
		s := sample.Sample{VU: uint32(k + 1), Endpoint: uint16(endpoint), Phase: uint16(i), Status: 200, Intended: at, Start: at, Sent: at, FirstByte: end, End: end,
			Queries: counts[endpoint], QueryTime: time.Duration(counts[endpoint]) * 100 * time.Microsecond, BytesIn: 1000, Flags: sample.CheckStatus}
		r.Requests = append(r.Requests, s)
		next[k] = end + time.Duration((0.5+random.Float64())*float64(time.Second))
	}
}

// flow is a run of one hold phase in which so many requests a second are answered,
// each as the function says.
func flow(length time.Duration, perSecond int, of func(i int, s *sample.Sample)) *runstest.Run {
	r := &runstest.Run{Head: runstest.Manifest(runstest.Options{Length: length})}
	r.Head.Scenario.Name = "soak"
	r.Head.Thresholds = nil
	r.Head.Names.Phases = []sample.Phase{{Name: "hold", To: length, Hold: true}, {Name: "wind-down", From: length}}
	r.Curve = []sample.Users{{Count: 10}, {At: length}}
	r.End = &runs.Ending{End: runs.Completed, Length: length, PeakUsers: 10, Names: r.Head.Names}
	gap := time.Second / time.Duration(perSecond)
	for i := range int(length / gap) {
		at := time.Duration(i) * gap
		s := sample.Sample{VU: 1, Endpoint: 2, Status: 200, Intended: at, Start: at, Sent: at, FirstByte: at + 20*time.Millisecond, End: at + 20*time.Millisecond, Queries: -1, QueryTime: -1}
		of(i, &s)
		r.Requests = append(r.Requests, s)
	}
	slices.SortStableFunc(r.Requests, func(a, b sample.Sample) int { return cmp.Compare(a.End, b.End) })
	return r
}

// answer lets a sample take so long.
func answer(s *sample.Sample, took time.Duration) { s.FirstByte, s.End = s.Sent+took, s.Sent+took }
