package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/verdict"
)

// prepareRecovery makes windows of what a recovered target satisfies.
func (j *judge) prepareRecovery() error {
	r := j.manifest.Recovery
	if r == nil {
		return nil
	}
	list, err := metric.ParseAll(j.manifest.Scenario.Name, r.Thresholds)
	if err != nil {
		return fmt.Errorf("thresholds of the recovery: %w", err)
	}
	for _, t := range list {
		if !t.Metric.HasWindows() {
			return fmt.Errorf("thresholds of the recovery: %s is a number of the moment and has no windows", t.Metric.Name)
		}
		if t.Window == 0 {
			t.Window = max(time.Second, r.Window.Round(time.Second))
		}
		j.ofReturn = append(j.ofReturn, t)
	}
	return nil
}

// recoveryPhase is the index of the phase after which the target shall recover:
// the last that fits the name; −1 without one.
func (j *judge) recoveryPhase() int {
	found := -1
	if r := j.manifest.Recovery; r != nil {
		for i, p := range j.names.Phases {
			if short, _, _ := strings.Cut(p.Name, ":"); p.Name == r.After || short == r.After {
				found = i
			}
		}
	}
	return found
}

// recovery judges how long the target took to be well again. A moment is a good one
// when every threshold holds in its window that begins there; the target has
// recovered at the first good moment that is followed by good ones for Keep.
func (j *judge) recovery() {
	r := j.manifest.Recovery
	if r == nil {
		return
	}
	row := &verdict.Recovery{After: r.After, Within: r.Within, Status: verdict.NoData}
	j.report.Recovery = row
	phase := j.recoveryPhase()
	if phase < 0 || len(j.ofReturn) == 0 {
		row.Broke = []string{fmt.Sprintf("the run has no phase %q", r.After)}
		if phase >= 0 {
			row.Broke = []string{"there is no threshold to judge it by"}
		}
		return
	}
	row.After, row.Ended = j.names.Phases[phase].Name, j.tally.phaseEnd(phase)
	first := time.Duration(-1) // of the good moments that have lasted until now
	last := row.Ended          // behind the last moment that could be judged
	for at := (row.Ended + time.Second - 1).Truncate(time.Second); ; at += time.Second {
		good, known := j.goodAt(at)
		if !known {
			break
		}
		last = at + time.Second
		switch {
		case !good:
			first = -1
			if at <= row.Ended+r.Within {
				row.Broke = j.brokeAtMoment(at)
			}
		case first < 0:
			first = at
		}
		if first >= 0 && at-first >= r.Keep {
			took := first - row.Ended
			row.Took = &took
			break
		}
	}
	unseen := ""
	if row.Took != nil {
		unseen = j.unseen(stretch{first, first + r.Keep})
	}
	switch {
	case unseen != "" && *row.Took <= r.Within:
		row.Took, row.Broke = nil, []string{fmt.Sprintf("%s had no data in the %s in which the rest was well again", unseen, verdict.Duration(r.Keep))}
	case row.Took != nil && *row.Took <= r.Within:
		row.Status, row.Broke = verdict.Pass, nil
	case row.Took != nil:
		row.Status = verdict.Fail
	case first >= 0 && first-row.Ended <= r.Within:
		row.Broke = []string{fmt.Sprintf("the run ended %s after it was well again: too soon to see whether it stays so", verdict.Duration(last-first))}
	case last-row.Ended <= r.Within:
		row.Broke = append(row.Broke, fmt.Sprintf("the run ended %s after the phase: too soon to see whether it recovers", verdict.Duration(last-row.Ended)))
	default:
		row.Status = verdict.Fail
	}
}

// window is the position of a threshold's window that begins at a moment (a whole
// second); nil when the run has none, or ends the load within it.
func (j *judge) window(i int, at time.Duration) *metric.Window {
	list, size := j.returns[i], j.ofReturn[i].Window
	k := int(at / time.Second)
	if k >= len(list) || at+size > j.loadEnd() {
		return nil
	}
	return &list[k]
}

// loadEnd is when the scheduled load ends: where the last phase begins, when that
// is open, else the end of the run.
func (j *judge) loadEnd() time.Duration {
	if n := len(j.names.Phases); n > 0 {
		if p := j.names.Phases[n-1]; p.To <= p.From && p.From > 0 {
			return min(p.From, j.tally.length)
		}
	}
	return j.tally.length
}

// goodAt is whether every threshold holds in the window that begins at a moment.
// Nothing at all is not good: a target that answers nobody has not recovered,
// whatever is asked of it; but what only some requests are asked (a selector) need
// not be seen in each window.
func (j *judge) goodAt(at time.Duration) (good, known bool) {
	good = true
	for i, t := range j.ofReturn {
		w := j.window(i, at)
		if w == nil {
			return false, false
		}
		if w.Status == verdict.Fail || w.Status == verdict.NoData && len(t.Selector.Tags) == 0 || !j.answeredIn(at, t.Window) {
			good = false
		}
	}
	return good, true
}

// answeredIn is whether any request was answered in a window that begins at a moment.
func (j *judge) answeredIn(at, size time.Duration) bool {
	list := j.tally.seconds
	from, to := min(int(at/time.Second), len(list)), min(int((at+size)/time.Second), len(list))
	return slices.ContainsFunc(list[from:max(from, to)], func(s second) bool { return len(s.times) > 0 })
}

// unseen is a threshold of which no window that begins in a stretch of the run had
// data; "": all had some. What was not seen has not recovered.
func (j *judge) unseen(s stretch) string {
	for i, t := range j.ofReturn {
		seen := false
		for at := s.from.Truncate(time.Second); at <= s.to && !seen; at += time.Second {
			w := j.window(i, at)
			seen = w != nil && w.Status != verdict.NoData
		}
		if !seen {
			return t.Name + " " + t.Expr
		}
	}
	return ""
}

// brokeAtMoment says what breaks in the windows that begin at a moment.
func (j *judge) brokeAtMoment(at time.Duration) []string {
	var list []string
	for i, t := range j.ofReturn {
		w := j.window(i, at)
		expr, _, _ := strings.Cut(t.Expr, " over")
		switch {
		case w.Status == verdict.Fail:
			list = append(list, fmt.Sprintf("%s %s: %s at %s", t.Name, expr, value(w.Value, t.Unit()), verdict.Clock(at)))
		case !j.answeredIn(at, t.Window), w.Status == verdict.NoData && len(t.Selector.Tags) == 0:
			list = append(list, fmt.Sprintf("%s %s: nothing was answered at %s", t.Name, expr, verdict.Clock(at)))
		}
	}
	return list
}

// recoveryFinding says that the target did not recover in time, or why nobody knows.
func (j *judge) recoveryFinding() {
	r := j.report.Recovery
	if r == nil {
		return
	}
	within, after := verdict.Duration(r.Within), phaseWords(r.After)
	switch {
	case r.Status == verdict.NoData:
		j.find(verdict.NoData, -1, r.After, "whether the target recovers after "+after+" is not known: "+list(r.Broke), "run longer after the phase (--duration), or shorten within: and keep: of the scenario's recovery")
	case r.Status == verdict.Fail && r.Took != nil:
		j.find(verdict.Fail, r.Ended+r.Within, r.After, fmt.Sprintf("the target recovered only %s after %s ended; it had %s (%s)", verdict.Duration(*r.Took), after, within, list(r.Broke)),
			"look at what it was still working off: queues without a limit, retries, connections that were not given back")
	case r.Status == verdict.Fail:
		j.find(verdict.Fail, r.Ended+r.Within, r.After, fmt.Sprintf("the target did not recover within %s after %s ended: %s", within, after, list(r.Broke)),
			"look at what does not come back by itself: a full queue or pool, a leak, a lock that is held, a process that was killed")
	}
}

// recovered says how long it took: "recovered 23.0 s after step 2 ended"; "" where
// it is not judged or was not in time.
func recovered(r *verdict.Recovery) string {
	if r == nil || r.Status != verdict.Pass {
		return ""
	}
	if *r.Took < time.Second {
		return "was well as soon as " + phaseWords(r.After) + " ended"
	}
	return fmt.Sprintf("recovered %s after %s ended (it had %s)", verdict.Duration(*r.Took), phaseWords(r.After), verdict.Duration(r.Within))
}
