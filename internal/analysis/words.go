package analysis

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/verdict"
)

// number writes n with thousands separated: 12,345.
func number(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is "1 user", "20 users".
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return number(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return number(n) + " " + noun + "s"
}

// were is "1 request was", "20 requests were".
func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return count(n, noun) + " were"
}

// times is "once", "twice", "20 times".
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return number(n) + " times"
}

// milli writes milliseconds as people do: 3.4 ms, 240 ms, 1,240 ms.
func milli(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " ms"
	}
	return number(int(math.Round(v))) + " ms"
}

// duration writes a length of time: 340 ms, 2.3 s, 4m30s.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return milli(ms(d))
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return clock(d)
}

// clock writes a moment of the run: 0:42, 12:05, 1:02:03.
func clock(d time.Duration) string {
	s := int(max(0, d).Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// list joins words: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
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
		return milli(v)
	case "":
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + unit
}

// percent writes a share: 0.4 %, 12 %.
func percent(part, of int) string {
	if of == 0 {
		return "0 %"
	}
	p := 100 * float64(part) / float64(of)
	if p > 0 && p < 10 {
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// summary is the verdict in one sentence.
func summary(r *verdict.Report) string {
	what := fmt.Sprintf("%s ran %s for %s against %s: %s, %s failed", count(r.Run.Users, "user"), or(r.Run.Scenario, "the recording"),
		clock(r.Run.Length), or(r.Run.Environment, "the target"), count(r.Run.Requests, "request"), number(r.Run.Failed))
	switch r.Status {
	case verdict.Invalid:
		more := ""
		if n := len(r.Invalid) - 1; n > 0 {
			more = fmt.Sprintf(" (and %s more)", number(n))
		}
		return "Not valid: " + r.Invalid[0] + more + "."
	case verdict.Fail:
		broke := 0
		for _, f := range r.Findings {
			if f.Status == verdict.Fail || f.Status == verdict.NoData {
				broke++
			}
		}
		more := ""
		if broke > 1 {
			more = fmt.Sprintf(", and %s more", number(broke-1))
		}
		return fmt.Sprintf("Failed: %s%s. %s.", r.Findings[0].What, more, what)
	}
	held := 0
	for _, c := range r.Categories {
		if c.Status == verdict.Pass {
			held++
		}
	}
	return fmt.Sprintf("Passed: %s; %s and %s held.", what, count(len(r.Thresholds), "threshold"), count(held, "latency baseline"))
}

// definitions say in words how the numbers are defined.
func definitions() []string {
	return []string{
		"Response time runs from when a request should have started (the schedule, or the end of the answer before it plus the think time) to the last byte of its answer; connecting and TLS are in it. Baselines are judged by it.",
		"http_req_duration is sending + waiting + receiving, as in k6; service p95 is its 95th percentile.",
		"Percentiles are computed from all values by linear interpolation between closest ranks (Hyndman and Fan, type 7), as stats.Percentile, NumPy and spreadsheets do. They are of answered requests; those without an answer are counted as failed.",
		"Baselines and the concurrency table are judged by hold phases, in which the number of users is steady; thresholds by the whole run.",
		"A request failed when there was no answer in time, or its status class was another than the recorded or expected one, 429 included.",
		"A threshold broke at the first evaluation (every 2 s) that failed and was followed by no other result to the end.",
		"Database queries are counted by what the application says in its answers. Unknown is never zero.",
		"No data is a failure, not a pass.",
	}
}
