package analysis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/verdict"
)

// list joins words: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// phaseWords is a phase's name within a sentence: "step 2 (532 users)".
func phaseWords(name string) string {
	if short, load, ok := strings.Cut(name, ": "); ok {
		return short + " (" + load + ")"
	}
	return name
}

// few joins at most so many words, and says how many more there are.
func few(words []string, most int) string {
	if len(words) > most+1 {
		words = append(slices.Clone(words[:most]), verdict.Number(len(words)-most)+" more")
	}
	return list(words)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// value writes a measured value with its unit.
func value(v float64, unit string) string {
	switch unit {
	case "ms":
		return verdict.Milli(v)
	case "":
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + unit
}

// summary is the verdict in a sentence or two that a person can act on.
func (j *judge) summary() string {
	r := j.report
	what := fmt.Sprintf("%s ran %s for %s against %s: %s, %s failed", verdict.Count(r.Run.Users, "user"), or(r.Run.Scenario, "the recording"),
		verdict.Clock(r.Run.Length), or(r.Run.Environment, "the target"), verdict.Count(r.Run.Requests, "request"), verdict.Number(r.Run.Failed))
	if n := r.Run.Idle; n > 0 {
		what = strings.Replace(what, " ran ", fmt.Sprintf(" (%s got nothing done) ran ", verdict.Number(n)+" more"), 1)
	}
	switch r.Status {
	case verdict.Invalid:
		more := ""
		if n := len(r.Invalid) - 1; n > 0 {
			more = fmt.Sprintf(" (and %s more)", verdict.Number(n))
		}
		return "Not valid: " + r.Invalid[0] + more + "."
	case verdict.Fail:
		return fmt.Sprintf("Failed: %s. %s.", j.failure(), what)
	}
	judged, held := 0, 0
	for _, t := range r.Thresholds {
		if t.Status == verdict.Pass {
			judged++
		}
	}
	for _, c := range r.Categories {
		if c.Status == verdict.Pass {
			held++
		}
	}
	text := what
	var parts []string
	if judged > 0 {
		parts = append(parts, verdict.Count(judged, "threshold"))
	}
	if held > 0 {
		parts = append(parts, verdict.Count(held, "latency baseline"))
	}
	trends := 0
	for _, d := range r.Drift {
		if d.Status == verdict.Pass {
			trends++
		}
	}
	if trends > 0 {
		parts = append(parts, verdict.Count(trends, "trend"))
	}
	if len(parts) > 0 {
		text += "; " + list(parts) + " held"
	}
	for _, answer := range []string{recovered(r.Recovery), j.answer()} {
		if answer != "" {
			text = answer + ". " + text
		}
	}
	return "Passed: " + text + "."
}

// answer is what a scenario of steps was run for; "" for others.
func (j *judge) answer() string {
	if j.manifest.Steps == nil {
		return ""
	}
	return j.carries()
}

// failure says what broke first, how much more did, and who is to be looked at.
func (j *judge) failure() string {
	broke := 0
	for _, f := range j.found {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			broke++
		}
	}
	first, culprit := j.found[0], j.cause.culprit
	text, slow := first.What, first.latency
	if i := j.brokenStep(); i >= 0 && j.mustHold(i) && !first.cause {
		text = j.carries() + "; it must carry " + verdict.Count(j.manifest.Steps.MustHold, "user")
		culprit, slow = j.cause.steps[i], isLatency(j.brokenIn(i)[0].state.Threshold)
	}
	if broke > 1 {
		text += fmt.Sprintf(" (and %s)", verdict.Count(broke-1, "more finding"))
	}
	if culprit != nil && slow {
		text += ". Look first at " + j.accuse(culprit)
	}
	return text
}

// definitions say in words how the numbers are defined.
func definitions() []string {
	return []string{
		"Response time runs from when a request should have started (the schedule, or the end of the answer before it plus the think time) to the last byte of its answer; connecting and TLS are in it. Baselines are judged by it.",
		"http_req_duration is sending + waiting + receiving, as in k6; service p95 is its 95th percentile.",
		"Percentiles are computed from all values by linear interpolation between closest ranks (Hyndman and Fan, type 7), as stats.Percentile, NumPy and spreadsheets do. They are of answered requests; those without an answer are counted as failed.",
		"Baselines and the concurrency table are judged by hold phases, in which the number of users is steady; thresholds by the whole run, unless they name a phase.",
		"A user counts who got something done: a request past the log-in that was answered or timed out, or a whole iteration. Whoever is refused at the log-in is no load.",
		"A request failed when there was no answer in time, or its status class was another than the recorded or expected one, 429 included.",
		"A threshold broke at the first evaluation (every 2 s) that failed and was followed by no other result to the end. One with a window (over 30s) is judged by its worst window, slid by seconds, and broke at the end of the first that failed.",
		"Database queries are counted by what the application says in its answers. Unknown is never zero.",
		"No data is a failure, not a pass.",
	}
}
