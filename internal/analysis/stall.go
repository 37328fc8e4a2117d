package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// A stall is a stretch of at least stallLeast in which nothing was answered while
// several requests were waiting, each of which took far longer than its kind does.
const (
	stallLeast  = time.Second
	stallFactor = 3   // times its endpoint's median
	maxStalls   = 500 // more are not looked at
)

// stallFinder collects candidates while samples pass by in the order of their ends.
type stallFinder struct {
	lastEnd time.Duration
	open    []*stall
	over    []*stall
}

type stall struct {
	from, to time.Duration
	waiting  []waiting // requests that were under way in it, and ended after it
}

type waiting struct {
	endpoint, persona uint16
	start             time.Duration
	took              time.Duration
}

// add takes a sample that is judged.
func (f *stallFinder) add(s *sample.Sample) {
	if gap := s.End - f.lastEnd; f.lastEnd > 0 && gap >= stallLeast && len(f.over)+len(f.open) < maxStalls {
		f.open = append(f.open, &stall{from: f.lastEnd, to: s.End})
	}
	f.lastEnd = max(f.lastEnd, s.End)
	keep := f.open[:0]
	for _, st := range f.open {
		if s.Start < st.to && s.End >= st.to {
			st.waiting = append(st.waiting, waiting{s.Endpoint, s.Persona, s.Start, s.ResponseTime()})
		}
		if s.End > st.to+2*(st.to-st.from)+10*time.Second { // what waited has long been answered
			f.over = append(f.over, st)
			continue
		}
		keep = append(keep, st)
	}
	f.open = keep
}

// stallFound is a stall that counts.
type stallFound struct {
	from, length time.Duration
	users        int     // that waited
	iterations   float64 // that they would have made meanwhile
	requests     float64
}

// found judges the candidates, by time, once all medians are known.
func (t *tally) found() []stallFound {
	var list []stallFound
	for _, st := range append(t.stalls.over, t.stalls.open...) {
		if f, ok := t.judgeStall(st); ok {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b stallFound) int { return cmp.Compare(a.from, b.from) })
	return list
}

func (t *tally) judgeStall(st *stall) (stallFound, bool) {
	f := stallFound{from: st.from, length: st.to - st.from}
	through := 0
	for _, w := range st.waiting {
		if int(w.endpoint) >= len(t.endpoints) || int(w.persona) >= len(t.personas) {
			continue
		}
		times := t.endpoints[w.endpoint].times
		if len(times) == 0 {
			continue // nobody knows what is usual for it
		}
		median := time.Duration(metric.Percentile(times, 50))
		if w.took < stallFactor*median {
			continue
		}
		f.users++
		if w.start <= st.from+f.length/2 {
			through++
		}
		p := &t.personas[w.persona]
		if one := p.medianLength(); one > 0 {
			lost := float64(w.took-median) / float64(one)
			f.iterations += lost
			f.requests += lost * float64(p.steps) / float64(p.completed)
		}
	}
	return f, through >= 2 && f.users >= max(2, t.users.peak/10)
}

// lost says how many requests and iterations were not made, in words with their verb.
func lost(requests, iterations float64) string {
	n := int(math.Round(requests))
	if n < 1 {
		return "less than one request was"
	}
	of, verb := "less than one iteration", "were"
	if iterations >= 1 {
		of = verdict.Count(int(math.Round(iterations)), "iteration")
	}
	if n == 1 {
		verb = "was"
	}
	return fmt.Sprintf("about %s (%s) %s", verdict.Count(n, "request"), of, verb)
}

// stallRows are the stalls that count, by time, for those who draw the run.
func (j *judge) stallRows() []verdict.Stall {
	var rows []verdict.Stall
	for _, f := range j.cause.stalls {
		rows = append(rows, verdict.Stall{From: f.from, To: f.from + f.length, Users: f.users})
	}
	return rows
}
