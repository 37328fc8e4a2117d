package drill

import (
	"fmt"
	"io"

	"firedrill/internal/verdict"
)

// writeSummary prints what a person wants to know at once after a run; the
// report has the rest.
func writeSummary(w io.Writer, v *verdict.Report) error {
	out := &lines{w: w}
	if fast := speedText(v.Run.Speed, v.Run.Users); fast != "" {
		out.put("At %s.", fast)
	}
	out.put("%s", v.Summary)
	out.put("")
	for _, t := range v.Thresholds {
		out.put("  %s %s", sign(t.Status), thresholdText(t))
	}
	for _, it := range v.Iterations {
		out.put("  %s: %s", it.Persona, iterationsText(it))
	}
	for i, f := range v.Findings {
		if i == 5 {
			out.put("  … and %d more", len(v.Findings)-i)
			break
		}
		out.put("  %s %s", sign(f.Status), f.What)
	}
	for _, warning := range v.Warnings {
		out.put("  note: %s", warning)
	}
	out.put("\nanalyze report %s    shows percentiles, baselines and queries", v.Run.File)
	return out.err
}

func sign(s verdict.Status) string {
	switch s {
	case verdict.Pass:
		return "✓"
	case verdict.Fail, verdict.Invalid:
		return "✗"
	case verdict.NoData:
		return "?"
	}
	return "·"
}

func iterationsText(it verdict.Iterations) string {
	text := verdict.Count(it.Completed, "iteration") + " completed"
	for _, more := range []struct {
		n    int
		what string
	}{
		{it.Cut, "cut off by the end of the run"},
		{it.Broken, "broken off by a failed step"},
		{it.Starved, "starved"},
		{it.Refused, "refused at the log-in"},
		{it.Dropped, "could not be started"},
	} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}
