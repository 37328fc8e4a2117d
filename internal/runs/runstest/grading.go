package runstest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// Options say how a run went. The zero value is 20 graders for two minutes, of
// which the first ten seconds ramp, and nothing goes wrong.
type Options struct {
	Users      int           // default 20
	Length     time.Duration // default 2m
	Seed       uint64
	Slow       float64       // response times are multiplied by it from SlowFrom on; default 1
	SlowFrom   time.Duration //
	ErrorRate  float64       // share of grade requests that answer 503, from SlowFrom on
	Stall      time.Duration // nothing is answered for as long, from StallAt on
	StallAt    time.Duration
	DiesAt     time.Duration // the target refuses connections from then on; 0 = never
	StarvedAt  time.Duration // nothing is left to grade from then on; 0 = never
	NoQueries  bool          // answers do not say how many queries they caused
	GrowingN1  bool          // the gradebook's queries grow
	Killed     bool          // no ending
	Thresholds []scenario.Threshold
}

// The endpoints of a grader's iteration, in Names.Endpoints.
const (
	login = iota
	me
	courses
	gradebook
	grade
	export // of the category other
)

// Started is when every run of this package was started.
func Started() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// Manifest is that of a grading rush.
func Manifest(o Options) runs.Manifest {
	thresholds := o.Thresholds
	if thresholds == nil {
		thresholds = []scenario.Threshold{{Metric: "http_req_duration", Expr: "p(95)<1000"}, {Metric: "http_req_failed", Expr: "rate<0.02"}}
	}
	return runs.Manifest{
		ID: "testrun1", Started: Started(), Environment: "local", Recording: "school-day.db (4 sessions)", Seed: o.Seed, Scale: "20", Speed: 1,
		Scenario: runs.Scenario{Name: "grading-rush", About: "20 teachers grade at the end of term"},
		Targets:  []runs.Target{{Name: "api", URL: "http://localhost:4000"}},
		Journeys: []string{"grader walks teacher: POST /api/v1/submissions/{id}/grade (2 sessions)"},
		Personas: []runs.Persona{{Name: "grader", Journey: "teacher: POST /api/v1/submissions/{id}/grade", Users: o.Users, Executor: scenario.ConstantVUs}},
		Machine:  "2 CPUs, linux/amd64", Version: "v0.1.0", Thresholds: thresholds,
		Names: sample.Names{
			Personas: []string{"grader"},
			Journeys: []string{"teacher: POST /api/v1/submissions/{id}/grade"},
			Endpoints: []sample.Endpoint{
				login:     {Name: "POST /api/v1/auth/login", Category: "auth", Class: "write"},
				me:        {Name: "GET /api/v1/me", Category: "auth", Class: "read"},
				courses:   {Name: "GET /api/v1/courses", Category: "list", Class: "read"},
				gradebook: {Name: "GET /api/v1/courses/{id}/gradebook", Category: "gradebook", Class: "read"},
				grade:     {Name: "POST /api/v1/submissions/{id}/grade", Category: "write", Class: "write"},
				export:    {Name: "GET /metrics|export", Category: "other", Class: "read"},
			},
			Phases:  []sample.Phase{{Name: "ramp-up", To: 10 * time.Second}, {Name: "hold", From: 10 * time.Second, To: o.Length, Hold: true}},
			Reasons: []string{"", "no ungraded submission left"},
		},
	}
}

// Grading makes a run of graders: each logs in, opens the gradebook and grades
// ten submissions, again and again.
func Grading(o Options) *Run {
	if o.Users == 0 {
		o.Users = 20
	}
	if o.Length == 0 {
		o.Length = 2 * time.Minute
	}
	if o.Slow == 0 {
		o.Slow = 1
	}
	r := &Run{Head: Manifest(o)}
	if !o.Killed {
		r.End = &runs.Ending{End: runs.Completed, Length: o.Length, PeakUsers: o.Users, Names: r.Head.Names}
		if o.DiesAt > 0 {
			r.End.End = runs.TargetDied
		}
	}
	for vu := range o.Users {
		u := user{o: &o, run: r, vu: uint32(vu + 1), random: rand.New(rand.NewPCG(o.Seed, uint64(vu)))}
		u.now = time.Duration(float64(vu) / float64(o.Users) * float64(10*time.Second))
		r.Curve = append(r.Curve, sample.Users{At: u.now, Count: uint32(vu + 1)})
		u.walk()
	}
	r.Curve = append(r.Curve, sample.Users{At: o.Length})
	slices.SortStableFunc(r.Requests, func(a, b sample.Sample) int { return cmp.Compare(a.End, b.End) })
	for i := range r.Requests {
		r.Requests[i].Seq = uint64(i + 1)
	}
	slices.SortStableFunc(r.Turns, func(a, b sample.Iteration) int { return cmp.Compare(a.End, b.End) })
	return r
}

// user is one grader.
type user struct {
	o      *Options
	run    *Run
	vu     uint32
	random *rand.Rand
	now    time.Duration
	number uint32
}

// walk makes iterations until the run is over.
func (u *user) walk() {
	for ; u.now < u.o.Length; u.number++ {
		it := sample.Iteration{VU: u.vu, Iteration: u.number, Intended: u.now, Start: u.now, Phase: u.phase(u.now)}
		for _, e := range []uint16{login, me, courses, gradebook} {
			if u.request(e, 0) {
				it.Steps++
			}
			u.think(200*time.Millisecond, time.Second)
		}
		if u.number == 0 && u.vu == 1 {
			u.request(export, 0)
		}
		for turn := range uint16(10) {
			if u.o.StarvedAt > 0 && u.now >= u.o.StarvedAt {
				it.Outcome, it.Reason = sample.Starved, 1
				break
			}
			u.think(3*time.Second, 8*time.Second)
			if u.now >= u.o.Length {
				break
			}
			if u.request(grade, turn) {
				it.Steps++
			}
		}
		it.End = min(u.now, u.o.Length)
		if u.now >= u.o.Length {
			it.Outcome = sample.Cut
		}
		u.run.Turns = append(u.run.Turns, it)
		u.think(time.Second, 2*time.Second)
	}
}

func (u *user) think(low, high time.Duration) {
	u.now += low + time.Duration(u.random.Int64N(int64(high-low)))
}

func (u *user) phase(at time.Duration) uint16 {
	if at < 10*time.Second {
		return 0
	}
	return 1
}

// request makes one sample and moves on to its end; false when the run was over.
func (u *user) request(endpoint, turn uint16) bool {
	o := u.o
	if u.now >= o.Length {
		return false
	}
	s := sample.Sample{VU: u.vu, Iteration: u.number, Turn: turn, Endpoint: endpoint, Step: endpoint, Phase: u.phase(u.now), Queries: -1, QueryTime: -1,
		Status: 200, Intended: u.now, Start: u.now + 40*time.Microsecond, BytesOut: 420, BytesIn: 2300, Flags: sample.Reused}
	if endpoint <= me {
		s.Flags |= sample.Login
	}
	took := time.Duration(math.Exp(u.random.NormFloat64()*0.35+math.Log(typical[endpoint])) * float64(time.Millisecond))
	took = took.Truncate(10 * time.Microsecond) // the same on every processor
	slow := u.now >= o.SlowFrom
	if slow {
		took = time.Duration(float64(took) * o.Slow)
	}
	if until := o.StallAt + o.Stall; u.now < until && u.now+took > o.StallAt {
		took += until - max(u.now, o.StallAt)
	}
	s.Sending = 30 * time.Microsecond
	s.Sent = s.Start + s.Sending
	s.FirstByte = s.Start + took - 200*time.Microsecond
	s.End = s.Start + took
	u.answer(&s, slow)
	u.run.Requests = append(u.run.Requests, s)
	u.now = s.End
	return true
}

// answer sets what came back.
func (u *user) answer(s *sample.Sample, slow bool) {
	o := u.o
	switch {
	case o.DiesAt > 0 && s.Start >= o.DiesAt:
		s.Status, s.Error, s.Sent, s.FirstByte, s.BytesIn = 0, sample.Refused, 0, 0, 0
		s.End = s.Start + 300*time.Microsecond
		s.Flags |= sample.Failed | sample.NotSent
		return
	case slow && s.Endpoint == grade && u.random.Float64() < o.ErrorRate:
		s.Status = 503
		s.Flags |= sample.Failed
	default:
		s.Flags |= sample.CheckStatus
	}
	if d := s.ResponseTime(); d < 500*time.Millisecond {
		s.Flags |= sample.CheckUnder500 | sample.CheckUnder1s
	} else if d < time.Second {
		s.Flags |= sample.CheckUnder1s
	}
	if !o.NoQueries && s.Endpoint != export {
		s.Queries = queries[s.Endpoint]
		if o.GrowingN1 && s.Endpoint == gradebook {
			s.Queries += int32(s.Iteration) * 11
		}
		s.QueryTime = time.Duration(s.Queries) * 180 * time.Microsecond
	}
}

// typical are median response times in milliseconds, and queries their counts.
var (
	typical = [...]float64{login: 62, me: 9, courses: 22, gradebook: 140, grade: 31, export: 5}
	queries = [...]int32{login: 3, me: 2, courses: 4, gradebook: 7, grade: 5, export: 0}
)
