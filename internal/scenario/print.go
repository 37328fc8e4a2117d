package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// YAML prints the scenario as a file that Parse reads back as the same scenario
// (but for File, Source and positions), with every default spelled out.
func (s *Scenario) YAML() []byte {
	p := &printer{}
	p.line(0, "name: %s", yamlQuote(s.Name))
	p.text(0, "about", s.About)
	p.words(0, "aliases", s.Aliases)
	p.line(0, "personas:")
	for _, x := range s.Personas {
		p.persona(x)
	}
	p.thresholds(0, s.Thresholds)
	p.words(0, "critical", s.Critical)
	p.words(0, "allow", s.Allow)
	p.judges(s)
	return []byte(p.b.String())
}

type printer struct{ b strings.Builder }

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) text(depth int, key, value string) {
	if value != "" {
		p.line(depth, "%s: %s", key, yamlQuote(value))
	}
}

func (p *printer) words(depth int, key string, values []string) {
	if len(values) == 0 {
		return
	}
	p.line(depth, "%s:", key)
	for _, v := range values {
		p.line(depth, "- %s", yamlQuote(v))
	}
}

func (p *printer) count(depth int, key string, v int) {
	if v != 0 {
		p.line(depth, "%s: %d", key, v)
	}
}

func (p *printer) persona(x Persona) {
	p.line(1, "%s:", yamlQuote(x.Name))
	if x.Critical {
		p.line(2, "critical: true")
	} else {
		p.line(2, "journey:")
		p.text(3, "persona", x.Journey.Persona)
		p.words(3, "has", x.Journey.Has)
		p.words(3, "lacks", x.Journey.Lacks)
		p.text(3, "name", x.Journey.Name)
		p.text(3, "mark", x.Journey.Mark)
	}
	p.text(2, "account", x.Account)
	p.line(2, "login: %s", x.Login)
	p.words(2, "only", x.Only)
	if len(x.Repeat) > 0 {
		p.line(2, "repeat:")
		for _, r := range x.Repeat {
			p.line(2, "- {step: %s, times: %d}", yamlQuote(r.Step), r.Times)
		}
	}
	if len(x.Set) > 0 {
		p.line(2, "set:")
		for _, a := range x.Set {
			p.line(3, "%s: %s", yamlQuote(a.Field), yamlQuote(a.Expr.String()))
		}
	}
	p.dist(2, "think", x.Think)
	if len(x.Gather) > 0 {
		p.line(2, "rendezvous:")
		for _, g := range x.Gather {
			p.line(2, "- {step: %s, within: %s}", yamlQuote(g.Step), FormatDuration(g.Within))
		}
	}
	if x.Retry.Times > 0 {
		p.line(2, "retry: {times: %d, longest: %s}", x.Retry.Times, FormatDuration(x.Retry.Longest))
	}
	p.line(2, "load:")
	p.load(x.Load)
}

func (p *printer) load(l Load) {
	p.line(3, "executor: %s", l.Executor)
	p.count(3, "vus", l.VUs)
	p.count(3, "iterations", l.Iterations)
	p.duration("duration", l.Duration)
	p.duration("max_duration", l.MaxDuration)
	if l.Executor == RampingVUs {
		p.line(3, "start_vus: %d", l.StartVUs)
	}
	if l.Rate != 0 {
		p.line(3, "rate: %s", plainNumber(l.Rate))
	}
	if l.StartRate != 0 {
		p.line(3, "start_rate: %s", plainNumber(l.StartRate))
	}
	p.duration("time_unit", l.TimeUnit)
	if len(l.Stages) > 0 {
		p.line(3, "stages:")
		for _, s := range l.Stages {
			p.line(3, "- {duration: %s, target: %s}", FormatDuration(s.Duration), plainNumber(s.Target))
		}
	}
	p.count(3, "pre_allocated_vus", l.PreAllocatedVUs)
	p.count(3, "max_vus", l.MaxVUs)
	if l.Poisson {
		p.line(3, "arrivals: poisson")
	}
	p.dist(3, "pacing", l.Pacing)
	p.dist(3, "start_offset", l.StartOffset)
	if l.Speed != 0 {
		p.line(3, "speed: %s", plainNumber(l.Speed))
	}
	p.count(3, "copies", l.Copies)
	p.duration("start_time", l.StartTime)
	p.line(3, "graceful_stop: %s", FormatDuration(l.GracefulStop))
	if l.Executor == RampingVUs {
		p.line(3, "graceful_ramp_down: %s", FormatDuration(l.GracefulRampDown))
	}
}

func (p *printer) duration(key string, d time.Duration) {
	if d != 0 {
		p.line(3, "%s: %s", key, FormatDuration(d))
	}
}

func (p *printer) dist(depth int, key string, d *Dist) {
	if d != nil {
		p.text(depth, key, d.String())
	}
}

func (p *printer) judges(s *Scenario) {
	if s.Steps != nil {
		p.line(0, "steps: {must_hold: %d}", s.Steps.MustHold)
	}
	if r := s.Recovery; r != nil {
		p.line(0, "recovery:")
		p.text(1, "after", r.After)
		p.line(1, "within: %s", FormatDuration(r.Within))
		p.line(1, "window: %s", FormatDuration(r.Window))
		p.line(1, "keep: %s", FormatDuration(r.Keep))
		p.thresholds(1, r.Thresholds)
	}
	if d := s.Drift; d != nil {
		p.line(0, "drift: {p95: %s, errors: %s, queries: %s}", yamlQuote(formatPercent(d.P95)), yamlQuote(formatPercent(d.Errors)), yamlQuote(formatPercent(d.Queries)))
	}
}

// thresholds prints those of one metric together; Parse yields them so.
func (p *printer) thresholds(depth int, all []Threshold) {
	if len(all) > 0 {
		p.line(depth, "thresholds:")
	}
	var last string
	for i, t := range all {
		if i == 0 || t.Metric != last {
			p.line(depth+1, "%s:", yamlQuote(t.Metric))
		}
		last = t.Metric
		switch {
		case t.MinSamples != 0:
			p.line(depth+1, "- {threshold: %s, min_samples: %d, abort_on_fail: %t, delay_abort_eval: %s}", yamlQuote(t.Expr), t.MinSamples, t.AbortOnFail, FormatDuration(t.DelayAbortEval))
		case t.AbortOnFail || t.DelayAbortEval != 0:
			p.line(depth+1, "- {threshold: %s, abort_on_fail: %t, delay_abort_eval: %s}", yamlQuote(t.Expr), t.AbortOnFail, FormatDuration(t.DelayAbortEval))
		default:
			p.line(depth+1, "- %s", yamlQuote(t.Expr))
		}
	}
}

// yamlQuote writes a text in double quotes unless it is a plain word, which YAML
// cannot mistake for anything else.
func yamlQuote(s string) string {
	plain := s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_-") == "" && s[0] != '-' && s[0] != '_'
	switch s {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n": // YAML 1.1 counts as well
		plain = false
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
