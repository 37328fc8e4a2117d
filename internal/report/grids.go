package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/verdict"
)

// thresholds are the report's, each once: a scenario and an environment may both
// ask for the same.
func thresholds(r *verdict.Report) []verdict.Threshold {
	var once []verdict.Threshold
	for _, t := range r.Thresholds {
		same := func(o verdict.Threshold) bool {
			return o.Metric == t.Metric && o.Expr == t.Expr && o.Window == t.Window && o.Status == t.Status
		}
		if !slices.ContainsFunc(once, same) {
			once = append(once, t)
		}
	}
	return once
}

// condition is a threshold's expression with its window.
func condition(t verdict.Threshold) string {
	if t.Window > 0 && !strings.Contains(t.Expr, " over ") {
		return t.Expr + " over " + t.Window.String()
	}
	return t.Expr
}

func thresholdGrid(r *verdict.Report) grid {
	g := grid{title: "Thresholds", note: "What the scenario asks for. samples: how many were judged; broke at: from then on it was broken to the end.",
		head: append(right(left("metric", "condition"), "measured", "samples", "broke at"), column{name: "verdict"})}
	if len(r.Steps) > 0 {
		g.note = "What the scenario asks of the steps that must hold: the worst of them stands here. samples: how many were judged; broke at: from then on it was broken to the end."
	}
	for _, t := range thresholds(r) {
		verdictCell := mark(t.Status)
		if t.Status == verdict.Info {
			verdictCell.text = "not judged"
		}
		g.rows = append(g.rows, []cell{code(t.Metric), code(condition(t)), plain("%s", measured(t)), number(t.Samples), plain("%s", moment(t.BrokeAt)), verdictCell})
	}
	return g
}

// stepGrid has one row per level of users.
func stepGrid(r *verdict.Report) grid {
	g := grid{title: "Steps", note: "Each level of users judged alone by the thresholds, while it is held. must hold: the run fails if this step breaks.",
		head: append(right(left("step", "must hold"), "users", "requests", "p50", "p95", "p99", "errors"), left("verdict", "what broke")...)}
	for _, s := range r.Steps {
		must := plain("–")
		if s.MustHold {
			must.text = "yes"
		}
		row := []cell{plain("%s", s.Name), must, number(s.Users), number(s.Requests), plain("–"), plain("–"), plain("–"), plain("–"), mark(s.Status), plain("%s", or(strings.Join(s.Broke, "; "), "–"))}
		if s.Requests > 0 {
			row[4], row[5], row[6], row[7] = milli(s.P50MS), milli(s.P95MS), milli(s.P99MS), plain("%s", share(s.ErrorRate))
		}
		g.rows = append(g.rows, row)
	}
	return g
}

func milli(v float64) cell { return plain("%s", verdict.Milli(v)) }

// share writes 0..1 as a percentage: 0 %, 0.4 %, 12 %.
func share(v float64) string {
	p := math.Abs(100 * v)
	if p > 0 && p < 1 {
		return strconv.FormatFloat(100*v, 'g', 2, 64) + " %"
	}
	if p > 0 && p < 10 {
		return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(100*v, 'f', 0, 64) + " %"
}

func recoveryGrid(r *verdict.Report) grid {
	g := grid{title: "Recovery", note: "How long the target took to be well again after the load had gone. took: from the end of the phase to the first window that held and kept holding.",
		head: append(right(left("after"), "ended at", "allowed", "took"), left("verdict", "what still broke")...)}
	if v := r.Recovery; v != nil {
		took := "never"
		if v.Took != nil {
			took = verdict.Duration(*v.Took)
		}
		if v.Status == verdict.NoData {
			took = "–"
		}
		g.rows = [][]cell{{plain("%s", v.After), plain("%s", moment(v.Ended)), plain("%s", verdict.Duration(v.Within)), plain("%s", took), mark(v.Status), plain("%s", or(strings.Join(v.Broke, "; "), "–"))}}
	}
	return g
}

// driftGrid has one row per trend.
func driftGrid(r *verdict.Report) grid {
	g := grid{title: "Drift", note: "A line fitted through equal windows of the hold phases: where it starts and ends, and its slope with the interval that holds it with 95 % certainty. An interval with 0 in it is no trend.",
		head: append(right(left("what"), "start", "end", "growth", "limit", "per hour", "95 % interval", "windows"), column{name: "verdict"})}
	for _, d := range r.Drift {
		growth, limit := "–", "–"
		switch {
		case d.Windows == 0:
		case d.Unit == "":
			growth = signed(100*(d.End-d.Start)) + " %"
		case d.Start > 0:
			growth = signed(100*(d.End-d.Start)/d.Start) + " %"
		}
		if d.Limit != nil {
			limit = fmt.Sprintf("%.3g %%", 100**d.Limit)
		}
		g.rows = append(g.rows, []cell{plain("%s", d.What), plain("%s", drifted(d.Start, d.Unit)), plain("%s", drifted(d.End, d.Unit)), plain("%s", growth), plain("%s", limit),
			plain("%s", drifted(d.SlopeHour, d.Unit)), plain("%s to %s", drifted(d.Low, d.Unit), drifted(d.High, d.Unit)), number(d.Windows), mark(d.Status)})
	}
	return g
}

func signed(v float64) string {
	if math.Abs(v) < 0.05 {
		return "0"
	}
	return fmt.Sprintf("%+.1f", v)
}

// drifted writes a value of a trend, which may be negative.
func drifted(v float64, unit string) string {
	switch unit {
	case "ms":
		if v < 0 {
			return "−" + verdict.Milli(-v)
		}
		return verdict.Milli(v)
	case "":
		return strings.Replace(share(v), "-", "−", 1)
	}
	return strings.Replace(strconv.FormatFloat(v, 'g', 3, 64), "-", "−", 1)
}

// streamGrid is how event streams came.
func streamGrid(r *verdict.Report) grid {
	g := grid{title: "Event streams", note: "first event: from when the request should have started; gap: the wait between two events; stalls: gaps of 2 s and more; truncated: broken off before the end.",
		head: right(left("endpoint"), "complete", "truncated", "first event p50", "p95", "gap p95", "p99", "max", "stalls", "events/s", "bytes/s")}
	for _, s := range r.Streams {
		row := []cell{code(s.Endpoint), number(s.Streams), number(s.Truncated), milli(s.FirstP50MS), milli(s.FirstP95MS), milli(s.GapP95MS), milli(s.GapP99MS), milli(s.GapMaxMS), number(s.Stalls),
			plain("%.3g", s.EventsPerSecond), plain("%s", verdict.Number(int(math.Round(s.BytesPerSecond))))}
		if s.Streams+s.Truncated == 0 {
			for i := 3; i < len(row); i++ {
				row[i] = plain("–")
			}
		}
		if s.Truncated > 0 {
			row[2].status = verdict.Fail
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// generationGrid is how many streams there were, and how many were refused.
func generationGrid(r *verdict.Report) grid {
	g := grid{title: "Generations", note: "Complete streams per minute of the run, and for each user that asks for them. asked to wait: median of Retry-After in the 429 answers.",
		head: right(left("endpoint"), "per minute", "per user and minute", "answered 429", "asked to wait")}
	for _, s := range r.Streams {
		wait := "–"
		if s.RateLimited > 0 && s.RetryAfterP50 >= 0 {
			wait = fmt.Sprintf("%.3g s", s.RetryAfterP50)
		}
		g.rows = append(g.rows, []cell{code(s.Endpoint), plain("%.3g", s.PerMinute), plain("%.3g", s.PerUserMinute), number(s.RateLimited), plain("%s", wait)})
	}
	return g
}

// generatorGrid is how firedrill itself fared.
func generatorGrid(r *verdict.Report) grid {
	v := r.Generator
	g := grid{title: "The load generator itself", note: "It kept up: the times above are the target's, not its own.", head: left("what", "measured")}
	if v == (verdict.Generator{}) {
		return g
	}
	if !v.Kept {
		g.note = "It could not keep up: the times above are partly its own."
	}
	cpu := func(v float64) cell {
		if v < 0 {
			return plain("not measured")
		}
		return plain("%s", share(v))
	}
	sockets := plain("%s", verdict.Number(v.Sockets))
	if v.SocketLimit > 0 {
		sockets.text += " of " + verdict.Number(v.SocketLimit) + " allowed"
	}
	late := plain("p50 %s, p95 %s, p99 %s, max %s", verdict.Milli(v.LateP50MS), verdict.Milli(v.LateP95MS), verdict.Milli(v.LateP99MS), verdict.Milli(v.LateMaxMS))
	g.rows = [][]cell{{plain("requests began late by"), late}}
	if v.CPU < 0 && v.MachineCPU < 0 && v.Sockets == 0 {
		return g // a run of a firedrill that did not look at more
	}
	g.rows = append(g.rows, [][]cell{
		{plain("CPU that firedrill used"), cpu(v.CPU)},
		{plain("CPU that all programs used"), cpu(v.MachineCPU)},
		{plain("longest pause for garbage"), milli(v.GCPauseMS)},
		{plain("connections open at once"), sockets},
		{plain("greatest step of the clock"), milli(v.ClockStepMS)},
	}...)
	return g
}

// carried is the greatest number of users up to which every step held; 0: none did.
func carried(steps []verdict.Step) int {
	broke := math.MaxInt
	for _, s := range steps {
		if s.Status == verdict.Fail || s.Status == verdict.NoData && s.Requests > 0 {
			broke = min(broke, s.Users)
		}
	}
	most := 0
	for _, s := range steps {
		if s.Status == verdict.Pass && s.Users < broke {
			most = max(most, s.Users)
		}
	}
	return most
}

// Key is the one figure of a run that a list of runs shows: what it carries, what
// broke first, or what was measured. It holds no control characters.
func Key(r *verdict.Report) string { return clean(key(r)) }

func key(r *verdict.Report) string {
	switch {
	case r.Status == verdict.Invalid && len(r.Invalid) > 0:
		return r.Invalid[0]
	case len(r.Steps) > 0 && carried(r.Steps) > 0:
		return "carries " + verdict.Count(carried(r.Steps), "user")
	case r.Status == verdict.Fail && len(r.Findings) > 0:
		return r.Findings[0].What
	case r.Recovery != nil && r.Recovery.Took != nil:
		return "recovered in " + verdict.Duration(*r.Recovery.Took)
	case len(r.Streams) > 0:
		return fmt.Sprintf("%.3g generations per user and minute", r.Streams[0].PerUserMinute)
	}
	for _, t := range r.Thresholds {
		if t.Measured != nil && t.Unit == "ms" {
			return fmt.Sprintf("%s %s: %s", t.Metric, condition(t), measured(t))
		}
	}
	return fmt.Sprintf("%s, %s failed", verdict.Count(r.Run.Requests, "request"), failed(r.Run.Failed, r.Run.Requests))
}

// atMoment says when something was seen.
func atMoment(when time.Duration) string {
	if when < 0 {
		return "over the whole run"
	}
	return "at " + verdict.Clock(when)
}
