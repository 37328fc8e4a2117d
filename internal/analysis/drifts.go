package analysis

import (
	"fmt"
	"math"
	"slices"
	"time"

	"firedrill/internal/analysis/drift"
	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Windows of a drift: as many as give each a sixtieth of the run or so, none shorter
// than what a 95th percentile needs; in a run too short for enough of these, shorter
// ones.
const (
	mostWindows  = 60
	goodWindow   = 10 * time.Second
	leastWindow  = time.Second
	wanted       = drift.Least + 2 // some hold too few answers
	leastSamples = 20              // of a window whose percentile is taken
)

// driftTally gathers numbers in equal windows of the phases that count.
type driftTally struct {
	size    time.Duration
	windows []driftWindow // by time
}

type driftWindow struct {
	stretch
	requests, failed int
	times            []int64              // response times, answered
	queries          map[uint16]*meanOver // by endpoint
}

type meanOver struct{ sum, n int64 }

// newDriftTally cuts the phases that count into windows; what is left of a phase
// behind its last whole window is not judged.
func newDriftTally(t *tally) *driftTally {
	var spans []stretch
	total := time.Duration(0)
	for i, p := range t.names.Phases {
		if t.counted[i] && p.To > p.From {
			spans = append(spans, stretch{p.From, p.To})
			total += p.To - p.From
		}
	}
	d := &driftTally{size: max(goodWindow, (total / mostWindows).Round(time.Second))}
	if total < wanted*goodWindow {
		d.size = max(leastWindow, (total / wanted).Truncate(time.Second))
	}
	for _, s := range spans {
		for at := s.from; at+d.size <= s.to; at += d.size {
			d.windows = append(d.windows, driftWindow{stretch: stretch{at, at + d.size}, queries: map[uint16]*meanOver{}})
		}
	}
	return d
}

func (d *driftTally) add(s *sample.Sample) {
	i, found := slices.BinarySearchFunc(d.windows, s.Intended, func(w driftWindow, at time.Duration) int {
		switch {
		case w.to <= at:
			return -1
		case at < w.from:
			return 1
		}
		return 0
	})
	if !found {
		return
	}
	w := &d.windows[i]
	w.requests++
	if s.Has(sample.Failed) {
		w.failed++
	}
	if s.Status == 0 {
		return
	}
	w.times = append(w.times, int64(s.ResponseTime()))
	if s.Queries >= 0 {
		if w.queries[s.Endpoint] == nil {
			w.queries[s.Endpoint] = &meanOver{}
		}
		w.queries[s.Endpoint].sum += int64(s.Queries)
		w.queries[s.Endpoint].n++
	}
}

// drifts judges how numbers change in the course of the run.
func (j *judge) drifts() {
	if j.manifest.Drift == nil {
		return
	}
	j.report.Drift = []verdict.Drift{}
	limits, d := j.manifest.Drift, j.tally.drift
	j.drift("p95 of response_time", "ms", limits.P95, true, func(w *driftWindow) (float64, bool) {
		if len(w.times) < leastSamples {
			return 0, false
		}
		metric.Sort(w.times)
		return metric.Percentile(w.times, 95) / 1e6, true
	})
	j.drift("errors", "", limits.Errors, false, func(w *driftWindow) (float64, bool) {
		return float64(w.failed) / float64(max(1, w.requests)), w.requests > 0
	})
	known := false
	for _, e := range j.report.Endpoints {
		i := uint16(j.endpoint(e.Name))
		seen := 0
		for _, w := range d.windows {
			if w.queries[i] != nil {
				seen++
			}
		}
		if seen < drift.Least {
			continue // too seldom to see a trend, and its budget judges it
		}
		known = true
		j.drift("queries of "+e.Name, "queries", limits.Queries, true, func(w *driftWindow) (float64, bool) {
			q := w.queries[i]
			if q == nil {
				return 0, false
			}
			return float64(q.sum) / float64(q.n), true
		})
	}
	if !known && limits.Queries >= 0 {
		j.report.Drift = append(j.report.Drift, verdict.Drift{What: "queries", Unit: "queries", Limit: &limits.Queries, Status: verdict.NoData})
	}
}

// drift judges one number. A limit below zero leaves it unjudged; share is whether
// the limit is a share of the start.
func (j *judge) drift(what, unit string, limit float64, share bool, of func(*driftWindow) (float64, bool)) {
	row := verdict.Drift{What: what, Unit: unit, Status: verdict.NoData}
	var x, y []float64
	for i := range j.tally.drift.windows {
		w := &j.tally.drift.windows[i]
		if w.to > j.tally.length {
			break // the run ended in it
		}
		if v, ok := of(w); ok {
			x, y = append(x, ((w.from+w.to)/2).Hours()), append(y, v)
		}
	}
	row.Windows = len(x)
	line, ok := drift.Fit(x, y)
	if ok {
		row.Start, row.End = line.At(x[0]), line.At(x[len(x)-1])
		row.SlopeHour, row.Low, row.High = line.Slope, line.Low, line.High
		row.Status = verdict.Info
	}
	if limit >= 0 {
		row.Limit = &limit
		growth := row.End - row.Start
		if share {
			growth = growthShare(row.Start, row.End, line.Mean)
		}
		switch {
		case !ok:
		case line.Rises() && growth > limit:
			row.Status = verdict.Fail
		case growth > limit && line.Effective < unclear(line):
			row.Status = verdict.NoData // no line, and too few values to see what else it is
		case growth > limit: // more than it may be, and no more than chance explains: neither shown nor ruled out
			row.Status = verdict.Info
		default:
			row.Status = verdict.Pass
		}
	}
	j.report.Drift = append(j.report.Drift, row)
}

// unclear is below how many independent values a growth beyond its limit is neither
// shown nor ruled out.
// Residuals of which neighbours go together are those of a jump or a curve; that is
// looked for where quarters are long enough (drift.Line.Step), and else by this.
func unclear(line drift.Line) float64 {
	if math.IsInf(line.StepLow, -1) && line.N >= fewWindows {
		return float64(line.N) / 2
	}
	return 4
}

// fewWindows is below how many windows chance alone lets neighbours go together.
const fewWindows = 20

// growthShare is the growth from start to end as a share of start. A line that
// begins at or below zero is measured by a tenth of its mean instead.
func growthShare(start, end, mean float64) float64 {
	if end <= start {
		return 0
	}
	return (end - start) / max(start, mean/10, 1e-9)
}

// driftFindings says what grew, and what could not be judged.
func (j *judge) driftFindings() {
	d := j.tally.drift
	for _, row := range j.report.Drift {
		switch {
		case row.Status == verdict.Fail:
			j.find(verdict.Fail, -1, row.What, fmt.Sprintf("%s: from %s to %s over %s%s", driftSubject(row), driftValue(row, row.Start), driftValue(row, row.End), verdict.Clock(d.spanned()), driftLimit(row)),
				fmt.Sprintf("the slope is %s an hour (95 %% interval %s to %s): look at what piles up, tables without an index, caches without a bound, connections or memory that are not given back",
					driftValue(row, row.SlopeHour), driftValue(row, row.Low), driftValue(row, row.High)))
		case row.Status == verdict.NoData && row.What == "queries":
			j.find(verdict.NoData, -1, row.What, "whether query counts grow is not known: no endpoint said often enough how many queries it caused", "send X-DB-Query-Count or Server-Timing, run longer, or set queries: none in the scenario's drift")
		case row.Status == verdict.NoData && row.Windows >= drift.Least:
			j.find(verdict.NoData, -1, row.What, fmt.Sprintf("whether %s drifts is not known: it went from %s to %s, but not along a line, and %d windows are too few to tell that from chance", row.What, driftValue(row, row.Start), driftValue(row, row.End), row.Windows),
				"run longer (--duration), and look at the timeline: when did it change?")
		case row.Status == verdict.NoData:
			j.find(verdict.NoData, -1, row.What, fmt.Sprintf("whether %s drifts is not known: a trend takes %d windows of %s with enough answers, and there are %d", row.What, drift.Least, verdict.Duration(d.size), row.Windows),
				"run longer (--duration): the more windows, the smaller the growth that can be told from noise")
		}
	}
}

// driftSubject says what grows.
func driftSubject(row verdict.Drift) string {
	switch row.Unit {
	case "ms":
		return row.What + " grows"
	case "":
		return "the share of failed requests grows"
	}
	return row.What + " grow"
}

// driftLimit says by how much it grew, and may: ", +25 %; the limit is 5 %".
func driftLimit(row verdict.Drift) string {
	if row.Unit == "" {
		return fmt.Sprintf(", +%.3g points; the limit is %.3g", 100*(row.End-row.Start), 100**row.Limit)
	}
	return fmt.Sprintf(", +%.0f %%; the limit is %.3g %%", 100*growthShare(row.Start, row.End, (row.Start+row.End)/2), 100**row.Limit)
}

// spanned is the time from the first window to the last.
func (d *driftTally) spanned() time.Duration {
	if len(d.windows) == 0 {
		return 0
	}
	return d.windows[len(d.windows)-1].to - d.windows[0].from
}

// driftValue writes a value of a drift, or a difference of two.
func driftValue(row verdict.Drift, v float64) string {
	switch row.Unit {
	case "ms":
		if v < 0 {
			return "−" + verdict.Milli(-v)
		}
		return verdict.Milli(v)
	case "":
		return fmt.Sprintf("%.2f %%", v*100)
	}
	return fmt.Sprintf("%.2f", v)
}
