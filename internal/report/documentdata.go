package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"firedrill/internal/verdict"
)

// measuredRun is what a scenario's block keeps of its run in a comment that nobody
// sees, so that the tables over all scenarios can be made without the run files.
type measuredRun struct {
	Scenario   string            `json:"scenario"`
	Run        string            `json:"run"`
	Started    time.Time         `json:"started"`
	Users      int               `json:"users"`
	Categories []measuredLatency `json:"categories,omitempty"`
	Queries    []measuredQueries `json:"queries,omitempty"`
	Streams    []verdict.Stream  `json:"streams,omitempty"`
}

type measuredLatency struct {
	Name     string  `json:"name"`
	Requests int     `json:"requests"`
	P50MS    float64 `json:"p50_ms"`
	P95MS    float64 `json:"p95_ms"`
	P99MS    float64 `json:"p99_ms"`
}

type measuredQueries struct {
	Endpoint string  `json:"endpoint"`
	Median   float64 `json:"median"`
	Max      int     `json:"max"`
	Budget   *int    `json:"budget,omitempty"`
}

const dataMark = "<!-- firedrill:data "

// measuredOf is what is kept of a report. Times are rounded to a hundredth of a
// millisecond; a run that was pushed past its load on purpose keeps none.
func measuredOf(r *verdict.Report) measuredRun {
	round := func(v float64) float64 { return math.Round(v*100) / 100 }
	m := measuredRun{Scenario: or(r.Run.Scenario, "recording"), Run: r.Run.ID, Started: r.Run.Started.UTC(), Users: r.Run.Users}
	for _, c := range r.Categories {
		if c.Requests > 0 && c.MaxMS > 0 && len(r.Steps) == 0 && r.Recovery == nil {
			m.Categories = append(m.Categories, measuredLatency{c.Name, c.Requests, round(c.P50MS), round(c.P95MS), round(c.P99MS)})
		}
	}
	for _, q := range r.Queries {
		if q.Known > 0 {
			m.Queries = append(m.Queries, measuredQueries{q.Endpoint, q.Median, q.Max, q.Budget})
		}
	}
	for _, s := range r.Streams {
		for _, v := range []*float64{&s.FirstP50MS, &s.FirstP95MS, &s.GapP95MS, &s.GapP99MS, &s.GapMaxMS, &s.EventsPerSecond, &s.BytesPerSecond, &s.PerMinute, &s.PerUserMinute, &s.RetryAfterP50} {
			*v = round(*v)
		}
		m.Streams = append(m.Streams, s)
	}
	return m
}

// comment is the run as one line. encoding/json escapes > in names, so nothing in
// it ends the comment.
func (m measuredRun) comment() string {
	text, err := json.Marshal(m)
	if err != nil {
		return "" // numbers that are no numbers: the block stands without
	}
	return dataMark + string(text) + markTail + "\n"
}

// measuredIn reads a block's comment; false when there is none that can be read,
// as in blocks of an older firedrill.
func measuredIn(block string) (measuredRun, bool) {
	var m measuredRun
	for line := range strings.Lines(block) {
		text, ok := markName(strings.TrimSpace(line), dataMark)
		if ok && json.Unmarshal([]byte(text), &m) == nil {
			return m, true
		}
	}
	return m, false
}

// measuredAll are the runs of all scenarios' blocks, in the document's order.
func measuredAll(parts []part) []measuredRun {
	var all []measuredRun
	for _, p := range parts {
		if !strings.HasPrefix(p.block, scenarioMark) {
			continue
		}
		if m, ok := measuredIn(p.text); ok {
			all = append(all, m)
		}
	}
	return all
}

// categoriesBlock has each category's targets beside the worst that a scenario's
// newest run measured. r says what the targets are.
func categoriesBlock(all []measuredRun, r *verdict.Report) string {
	g := grid{head: right(left("category"), "target p50", "p50", "target p95", "p95", "target p99", "p99")}
	g.head = append(g.head, left("verdict", "slowest in", "measured")...)
	for _, c := range r.Categories {
		row := []cell{plain("%s", title(c.Name)), plain("–"), plain("–"), plain("–"), plain("–"), plain("–"), plain("–"), plain("not measured"), plain("–"), plain("–")}
		if c.Target != nil {
			row[1], row[3], row[5] = milli(c.Target.P50MS), milli(c.Target.P95MS), milli(c.Target.P99MS)
		}
		if worst, of := slowestOf(all, c.Name); of != nil {
			row[2], row[4], row[6] = milli(worst.P50MS), milli(worst.P95MS), milli(worst.P99MS)
			row[7] = plain("no target")
			if t := c.Target; t != nil {
				row[7] = mark(verdict.Pass)
				for i, over := range []bool{worst.P50MS > t.P50MS, worst.P95MS > t.P95MS, worst.P99MS > t.P99MS} {
					if over {
						row[2+2*i].status, row[7] = verdict.Fail, mark(verdict.Fail)
					}
				}
			}
			row[8], row[9] = plain("%s, %s", of.Scenario, verdict.Count(of.Users, "user")), plain("%s", of.Started.Format("2006-01-02"))
		}
		g.rows = append(g.rows, row)
	}
	return section("## Response times by category", "Each target beside what the newest run of each scenario measured; the slowest stands here, the others below. Scenarios that push past the load on purpose (steps, spikes) are left out.", g)
}

// slowestOf is the measurement of a category with the greatest p95, and its run;
// nil when no run has it.
func slowestOf(all []measuredRun, category string) (worst measuredLatency, of *measuredRun) {
	for i := range all {
		for _, c := range all[i].Categories {
			if c.Name == category && (of == nil || c.P95MS > worst.P95MS) {
				worst, of = c, &all[i]
			}
		}
	}
	return worst, of
}

// queriesBlock has each endpoint's budget beside the most queries that a request
// caused in any scenario.
func queriesBlock(all []measuredRun) string {
	type most struct {
		measuredQueries
		of     measuredRun
		newest time.Time // of the runs that have it: its budget counts
	}
	found := map[string]*most{}
	var names []string
	for _, m := range all {
		for _, q := range m.Queries {
			e, ok := found[q.Endpoint]
			if !ok {
				names = append(names, q.Endpoint)
				found[q.Endpoint] = &most{q, m, m.Started}
				continue
			}
			budget := e.Budget
			if m.Started.After(e.newest) {
				budget, e.newest = q.Budget, m.Started
			}
			if q.Max > e.Max {
				e.measuredQueries, e.of = q, m
			}
			e.Budget = budget
		}
	}
	slices.Sort(names)
	g := grid{head: append(right(left("endpoint"), "budget", "most", "median"), left("verdict", "most in", "measured")...)}
	for _, name := range names {
		q := found[name]
		row := []cell{code(name), plain("–"), number(q.Max), plain("%g", q.Median), plain("no budget"), plain("%s", q.of.Scenario), plain("%s", q.of.Started.Format("2006-01-02"))}
		if q.Budget != nil {
			row[1], row[4] = number(*q.Budget), mark(verdict.Pass)
			if q.Max > *q.Budget {
				row[4], row[2].status = mark(verdict.Fail), verdict.Fail
			}
		}
		g.rows = append(g.rows, row)
	}
	if len(g.rows) == 0 {
		return "## Database queries\n\nNo answer has said yet how many database queries it caused.\n"
	}
	return section("## Database queries", "How many queries one request may cause, and the most that one did in the newest run of any scenario.", g)
}

// streamsBlock is how event streams came, by scenario; "" without any.
func streamsBlock(all []measuredRun) string {
	g := grid{head: append(right(left("endpoint", "scenario"), "complete", "truncated", "first event p50", "p95", "gap p95", "p99", "max", "stalls", "events/s", "per minute", "per user and minute", "429"), column{name: "measured"})}
	for _, m := range all {
		for _, s := range m.Streams {
			row := []cell{code(s.Endpoint), plain("%s", m.Scenario), number(s.Streams), number(s.Truncated), milli(s.FirstP50MS), milli(s.FirstP95MS), milli(s.GapP95MS), milli(s.GapP99MS), milli(s.GapMaxMS),
				number(s.Stalls), plain("%.3g", s.EventsPerSecond), plain("%.3g", s.PerMinute), plain("%.3g", s.PerUserMinute), number(s.RateLimited), plain("%s", m.Started.Format("2006-01-02"))}
			if s.Streams+s.Truncated == 0 {
				for i := 4; i <= 10; i++ {
					row[i] = plain("–")
				}
			}
			g.rows = append(g.rows, row)
		}
	}
	if len(g.rows) == 0 {
		return ""
	}
	return section("## AI generation, as event streams", "first event: from when the request should have started; gap: the wait between two events; stalls: gaps of 2 s and more; truncated: broken off before the end.", g)
}

func section(heading, note string, g grid) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", heading, prose(note))
	markdownTable(&b, g)
	return b.String()
}
