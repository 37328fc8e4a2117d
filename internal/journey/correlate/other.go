package correlate

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/plan"
	"firedrill/internal/redact"
)

// others are the hypotheses that need no answer: the account, the clock, the
// client's own invention, what was sent before.
func (ev *evidence) others(p *position) []*hypothesis {
	var list []*hypothesis
	for _, column := range []string{"login", "password"} {
		if h := ev.fromAccount(p, column); h != nil {
			list = append(list, h)
		}
	}
	if h := fromClock(p); h != nil {
		list = append(list, h)
	}
	if h := fromTurn(p); h != nil {
		list = append(list, h)
	}
	return list
}

// fromTurn: a counting parameter of a query in a loop, raised each turn by as much.
func fromTurn(p *position) *hypothesis {
	if !p.inQuery() || !compose.Counts(p.name) || distinctValues(p) < 2 {
		return nil
	}
	start, by := 0, 0
	values, turns := make([]int, len(p.obs)), make([]int, len(p.obs))
	for i, o := range p.obs {
		n, err := strconv.Atoi(o.value)
		if err != nil || strconv.Itoa(n) != o.value || len(o.visit.turns) == 0 {
			return nil
		}
		values[i], turns[i] = n, o.visit.turns[len(o.visit.turns)-1]
		if i > 0 && by == 0 && turns[i] != turns[0] {
			by = (values[i] - values[0]) / (turns[i] - turns[0])
			start = values[0] - by*turns[0]
		}
	}
	for i := range values {
		if by == 0 || values[i] != start+by*turns[i] {
			return nil
		}
	}
	return &hypothesis{kind: plan.FromCount, source: plan.Source{Kind: plan.FromCount, Value: strconv.Itoa(start), By: by}, cost: 1,
		why: "counts up with each turn", primary: true, found: all(len(p.obs))}
}

// fromAccount: what was logged in with.
func (ev *evidence) fromAccount(p *position, column string) *hypothesis {
	n := 0
	for _, o := range p.obs {
		s := ev.timelines[o.visit.session].session
		want := s.LoginRefs.LoginText
		at := s.Login >= 0 && s.Events[s.Login] == o.visit.event
		if column == "password" {
			want = s.LoginRefs.Password
		}
		if s.Login < 0 || want == "" || o.value != want {
			return nil
		}
		if column == "password" && !at && !endpoint.IsPassword(p.name) && !redact.IsToken(o.value) {
			return nil
		}
		if at && column == "login" && p.ref == s.LoginRefs.LoginRef || at && column == "password" && p.ref == s.LoginRefs.PasswordRef {
			n++
		} else if bitsOf(want) < 8 {
			return nil // "anna" may be anything
		}
	}
	if len(p.obs) == 0 {
		return nil
	}
	why := "the log-in's " + column
	if n == 0 {
		why = "equal to the log-in's " + column
	}
	return &hypothesis{kind: plan.FromAccount, source: plan.Source{Kind: plan.FromAccount, Column: column}, cost: 0.4, why: why, primary: true, found: all(len(p.obs))}
}

// all is a found list in which every observation is predicted.
func all(n int) [][]found {
	list := make([][]found, n)
	for i := range list {
		list[i] = []found{{}}
	}
	return list
}

// layouts are the ways to write a time that are looked for.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00", time.RFC3339, "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02T15:04", "2006-01-02 15:04", time.RFC1123, time.RFC1123Z, "2006-01-02", "01/02/2006", "02.01.2006",
}

// fromClock: the time of the request, or a fixed span from it.
func fromClock(p *position) *hypothesis {
	var layout string
	var offsets []time.Duration
	for i, o := range p.obs {
		if o.value == "" {
			return nil
		}
		at, l, ok := parseTime(o.value)
		if !ok || i > 0 && l != layout {
			return nil
		}
		layout = l
		offsets = append(offsets, at.Sub(o.visit.event.Start()))
	}
	if len(offsets) == 0 {
		return nil
	}
	grain := 2 * time.Minute
	if !strings.Contains(layout, "15") && !strings.HasPrefix(layout, "unix") {
		grain = 36 * time.Hour // a day, in any time zone
	}
	low, high := slices.Min(offsets), slices.Max(offsets)
	h := &hypothesis{kind: plan.FromClock, cost: 3, primary: true, found: all(len(p.obs)), source: plan.Source{Kind: plan.FromClock, Layout: layout}}
	switch {
	case max(low.Abs(), high.Abs()) <= grain:
		h.why = "the time of the request"
		return h
	case len(offsets) >= 2 && high-low <= grain && distinctValues(p) >= 2:
		unit := time.Minute
		if grain > time.Hour {
			unit = 24 * time.Hour
		}
		h.source.Offset = (low + (high-low)/2).Round(unit)
		h.cost, h.why = 5, "always the same span from the time of the request"
		return h
	}
	return nil
}

func distinctValues(p *position) int {
	seen := map[string]bool{}
	for _, o := range p.obs {
		seen[o.value] = true
	}
	return len(seen)
}

// parseTime reads a time in any of the layouts; one without a zone is taken as UTC.
func parseTime(v string) (time.Time, string, bool) {
	if digits(v) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return time.Time{}, "", false
		}
		switch len(v) {
		case 10:
			return time.Unix(n, 0), "unix", true
		case 13:
			return time.UnixMilli(n), "unixms", true
		case 19:
			return time.Unix(0, n), "unixns", true
		}
		return time.Time{}, "", false
	}
	if len(v) < 10 || len(v) > 40 {
		return time.Time{}, "", false
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, v); err == nil && t.Format(l) == v {
			return t, l, true
		}
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, time.RFC3339, true
	}
	return time.Time{}, "", false
}

// literalCost is what it costs that the values are constants, or typed by somebody.
func (ev *evidence) literalCost(p *position) float64 {
	seen := map[string]bool{}
	cost := 1.0
	for _, o := range p.obs {
		if seen[o.value] {
			continue
		}
		seen[o.value] = true
		b := bitsOf(o.value)
		if p.lineage.id {
			b = max(b, 5) + 6
		}
		cost += b
	}
	return cost
}

// constant reports whether all recorded values are equal.
func constant(p *position) bool { return distinctValues(p) == 1 }

// clientNames are names of values that clients make up.
func clientMade(name string) bool {
	n := letters(name)
	for _, w := range []string{"idempotency", "requestid", "correlationid", "clientid", "clientrequest", "clientuuid", "traceid", "deviceid", "clientmutation", "messageid", "transactionid", "tempid", "localid", "random", "instanceid", "dedupe", "uploaduuid"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return n == "nonce" || n == "uuid" || n == "rid" || n == "cid"
}

// fromClient: unguessable, and first seen in this request.
func (ev *evidence) fromClient(p *position) *hypothesis {
	pattern := ""
	perSession := map[int]map[string]bool{}
	for i, o := range p.obs {
		pt, ok := patternOf(o.value)
		token := redact.IsToken(o.value)
		if !ok && !(token && clientMade(p.name)) {
			return nil
		}
		if token {
			pt = "uuid"
		}
		if i > 0 && pt != pattern {
			return nil
		}
		pattern = pt
		t := ev.timelines[o.visit.session]
		for _, h := range t.hits[o.value] {
			if before(h.visit, o.visit) {
				return nil // an answer had it
			}
		}
		if perSession[o.visit.session] == nil {
			perSession[o.visit.session] = map[string]bool{}
		}
		perSession[o.visit.session][o.value] = true
	}
	if len(p.obs) == 0 || len(perSession) > 1 && constant(p) {
		return nil
	}
	h := &hypothesis{kind: plan.FromClient, cost: 8, primary: true, found: all(len(p.obs)), source: plan.Source{Kind: plan.FromClient, Pattern: pattern}}
	if clientMade(p.name) {
		h.cost = 4
	}
	fresh := true
	for s, values := range perSession {
		n := 0
		for _, o := range p.obs {
			if o.visit.session == s {
				n++
			}
		}
		fresh = fresh && len(values) == n
	}
	if !fresh {
		h.source.Name = letters(p.name)
		if h.source.Name == "" {
			h.source.Name = "made"
		}
	}
	h.why = "unguessable and first seen in this request: the client makes it up"
	return h
}

// patternOf describes an unguessable value so that another of its kind can be made.
func patternOf(v string) (string, bool) {
	n := itoa(len(v))
	switch endpoint.Classify(v) {
	case endpoint.UUID:
		return "uuid", true
	case endpoint.ULID:
		return "ulid", true
	case endpoint.Hex:
		if len(v) >= 12 {
			return "hex:" + n, true
		}
	case endpoint.Opaque:
		if len(v) >= 10 && !redact.IsToken(v) && !strings.ContainsAny(v, "./+=~") {
			return "alnum:" + n, true
		}
	}
	return "", false
}

// risk is how likely a literal is to be somebody's, and why it is thought to be one at all.
func (ev *evidence) risk(p *position) (float64, string) {
	v := p.obs[0].value
	people := min(ev.accounts, ev.seenBy(p))
	var risk float64
	var why string
	switch {
	case strings.Contains(v, "fd~"):
		return 1, "a secret of the recorded user that no answer gave"
	case redact.IsEmailToken(v):
		return 0.8, "an e-mail address that is not the log-in's"
	case endpoint.Unguessable(v):
		risk, why = 0.8, "unguessable, and no earlier answer held it"
	case p.lineage.id && p.lineage.noun != "":
		risk, why = 0.6, "identifies a "+p.lineage.noun+", and no earlier answer held it"
	default:
		if _, _, ok := parseTime(v); ok {
			risk, why = 0.3, "a time that has nothing to do with when it was sent"
			break
		}
		if bitsOf(v) < 24 || strings.Contains(v, " ") {
			return 0, ""
		}
		risk, why = 0.25, "no earlier answer held it"
	}
	if constant(p) && people > 1 {
		risk *= math.Pow(0.5, float64(people-1))
		why += "; equal for " + itoa(people) + " accounts"
	}
	return risk, why
}

// seenBy is how many sessions recorded a position.
func (ev *evidence) seenBy(p *position) int {
	seen := map[int]bool{}
	for _, o := range p.obs {
		seen[o.visit.session] = true
	}
	return len(seen)
}
