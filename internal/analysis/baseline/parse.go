package baseline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/plan"
	"firedrill/internal/yamldoc"
)

// Parse reads a baselines file over the built-in baselines. file is for
// messages. The error is a *yamldoc.Error with line and column.
func Parse(file string, src []byte) (Baselines, error) {
	b := Default()
	if err := b.read(file, src); err != nil {
		return Baselines{}, err
	}
	return b, nil
}

// categories are those that can have a target.
func categories() []string {
	all := []plan.Category{plan.Auth, plan.List, plan.Detail, plan.Update, plan.Gradebook, plan.Analytics, plan.AI, plan.Search, plan.Upload, plan.Stream, plan.Other}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = string(c)
	}
	return names
}

// read applies a file to b.
func (b *Baselines) read(file string, src []byte) error {
	b.File = file
	root, bad := yamldoc.Parse(file, src)
	if bad != nil {
		return bad
	}
	if err := isMap(root, "the file", "write latency:, concurrency: or queries:"); err != nil {
		return err
	}
	sections := []string{"latency", "concurrency", "queries"}
	for _, p := range root.Pairs {
		if !slices.Contains(sections, p.Key.Text) {
			return unknown(p.Key, "section", sections)
		}
		if p.Value.Kind == yamldoc.Null {
			continue
		}
		if err := isMap(p.Value, p.Key.Text, "write one line for each"); err != nil {
			return err
		}
		for _, row := range p.Value.Pairs {
			var err error
			switch p.Key.Text {
			case "latency":
				err = b.latency(row)
			case "concurrency":
				err = b.concurrency(row)
			default:
				err = b.budget(row)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func isMap(n *yamldoc.Node, what, fix string) error {
	if n.Kind != yamldoc.Map {
		return n.Errorf(fmt.Sprintf("%s should be a mapping, not %s", what, n.Kind), fix)
	}
	return nil
}

func unknown(key *yamldoc.Node, what string, known []string) error {
	return key.Errorf(fmt.Sprintf("unknown %s %q", what, key.Text), yamldoc.DidYouMean(key.Text, known))
}

// none is whether a row is set to be not judged.
func none(n *yamldoc.Node) bool { return n.Text == "none" }

func (b *Baselines) latency(row yamldoc.Pair) error {
	name := row.Key.Text
	if known := categories(); !slices.Contains(known, name) {
		return unknown(row.Key, "category", known)
	}
	at := slices.IndexFunc(b.Latency, func(l Latency) bool { return l.Category == name })
	if none(row.Value) {
		if at >= 0 {
			b.Latency = slices.Delete(b.Latency, at, at+1)
		}
		return nil
	}
	l := Latency{Category: name}
	err := fields(row, map[string]func(*yamldoc.Node) error{
		"p50": into(&l.P50), "p95": into(&l.P95), "p99": into(&l.P99),
	})
	if err != nil {
		return err
	}
	if l.P50 > l.P95 || l.P95 > l.P99 {
		return row.Value.Errorf("the targets do not rise: p50 ≤ p95 ≤ p99", "a higher percentile is never faster")
	}
	if at >= 0 {
		b.Latency[at] = l
		return nil
	}
	b.Latency = append(b.Latency, l)
	return nil
}

func (b *Baselines) concurrency(row yamldoc.Pair) error {
	at := slices.IndexFunc(b.Concurrency, func(c Concurrency) bool { return c.Name == row.Key.Text })
	if none(row.Value) {
		if at >= 0 {
			b.Concurrency = slices.Delete(b.Concurrency, at, at+1)
		}
		return nil
	}
	c := Concurrency{Name: row.Key.Text}
	err := fields(row, map[string]func(*yamldoc.Node) error{
		"scenario": func(n *yamldoc.Node) error { c.Scenario = n.Text; return nil },
		"users":    func(n *yamldoc.Node) (err error) { c.Users, err = count(n, 1); return },
		"p95":      into(&c.P95),
		"errors":   func(n *yamldoc.Node) (err error) { c.Errors, err = share(n); return },
	})
	if err != nil {
		return err
	}
	if at >= 0 {
		b.Concurrency[at] = c
		return nil
	}
	b.Concurrency = append(b.Concurrency, c)
	return nil
}

func (b *Baselines) budget(row yamldoc.Pair) error {
	name := row.Key.Text
	at := slices.IndexFunc(b.Queries, func(q Budget) bool { return q.Endpoint == name })
	if none(row.Value) {
		if at >= 0 {
			b.Queries = slices.Delete(b.Queries, at, at+1)
		}
		return nil
	}
	most, err := count(row.Value, 0)
	if err != nil {
		return err
	}
	if at >= 0 {
		b.Queries[at].Max = most
		return nil
	}
	b.Queries = append(b.Queries, Budget{name, most})
	return nil
}

// fields reads a row's mapping; every field must be there and no other may be.
func fields(row yamldoc.Pair, read map[string]func(*yamldoc.Node) error) error {
	names := make([]string, 0, len(read))
	for name := range read {
		names = append(names, name)
	}
	slices.Sort(names)
	if err := isMap(row.Value, row.Key.Text, "write {"+strings.Join(names, ": …, ")+": …} or none"); err != nil {
		return err
	}
	for _, p := range row.Value.Pairs {
		set, ok := read[p.Key.Text]
		if !ok {
			return unknown(p.Key, "field", names)
		}
		if err := set(p.Value); err != nil {
			return err
		}
	}
	for _, name := range names {
		if row.Value.Get(name) == nil {
			return row.Value.Errorf(fmt.Sprintf("%s is missing in %s", name, row.Key.Text), "write "+name+": …")
		}
	}
	return nil
}

// into reads a duration into d.
func into(d *time.Duration) func(*yamldoc.Node) error {
	return func(n *yamldoc.Node) error {
		v, err := time.ParseDuration(n.Text)
		if err != nil || v <= 0 {
			return n.Errorf(fmt.Sprintf("%q is not a length of time", n.Text), "write for example 500ms or 1.5s")
		}
		*d = v
		return nil
	}
}

// count reads a whole number that is not below least.
func count(n *yamldoc.Node, least int) (int, error) {
	v, err := strconv.Atoi(n.Text)
	if err != nil || v < least || v > 1_000_000 || n.Kind != yamldoc.Integer {
		return 0, n.Errorf(fmt.Sprintf("%q is not a whole number from %d to 1000000", n.Text, least), "write for example 20")
	}
	return v, nil
}

// share reads a percentage into 0..1.
func share(n *yamldoc.Node) (float64, error) {
	text, ok := strings.CutSuffix(n.Text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || !(v >= 0 && v <= 100) {
		return 0, n.Errorf(fmt.Sprintf("%q is not a share", n.Text), "write for example 5%")
	}
	return v / 100, nil
}
