package vuser

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/load/program"
	"firedrill/internal/load/wire"
	"firedrill/internal/message"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// fill makes the request. A *stop says what was missing.
func (u *User) fill(b *job, p planned, rng *rand.Rand) *stop {
	st := &u.run.Group.Journey.Steps[p.step]
	u.mu.Lock()
	defer u.mu.Unlock()
	b.values = b.values[:0]
	for k := range st.Slots {
		text, s := u.slot(&st.Slots[k], rng)
		if s != nil {
			return s
		}
		b.values = append(b.values, text)
	}
	m := st.Template.Render(b.values)
	u.remember(st, b.values, m)
	return u.head(b, p, m)
}

// slot is the value of a slot: of its best source that has one.
func (u *User) slot(slot *program.Slot, rng *rand.Rand) (string, *stop) {
	var first *stop
	for k := range slot.Sources {
		text, s := u.value(&slot.Sources[k], rng)
		if s == nil {
			return text, nil
		}
		if first == nil {
			first = s
		}
	}
	if first == nil {
		first = &stop{reason: "no source for " + slot.At, pick: -1}
	}
	first.outcome = sample.Broken
	if first.pick >= 0 {
		first.outcome = sample.Starved
		first.reason += " (account " + u.account.String() + ")"
	}
	return "", first
}

// value is the value of one source, transformed.
func (u *User) value(s *program.Source, rng *rand.Rand) (string, *stop) {
	text, missing := u.raw(s, rng)
	if missing != nil {
		return "", missing
	}
	if len(s.Apply) == 0 {
		return text, nil
	}
	text, err := message.Apply(text, s.Apply)
	if err != nil {
		return "", &stop{reason: err.Error(), pick: -1}
	}
	return text, nil
}

func (u *User) raw(s *program.Source, rng *rand.Rand) (string, *stop) {
	none := func(format string, a ...any) (string, *stop) {
		return "", &stop{reason: fmt.Sprintf(format, a...), pick: -1}
	}
	switch s.Kind {
	case plan.FromAnswer:
		return u.answer(s, rng)
	case plan.FromPick:
		return u.pick(s)
	case plan.FromAccount:
		if text, ok := u.account.Column(s.Name); ok {
			return text, nil
		}
		return none("account %s has no column %q", u.account, s.Name)
	case plan.FromClock:
		return clock(u.run.Clock.Now().Add(s.Offset), s.Layout), nil
	case plan.FromClient:
		return u.client(s, rng), nil
	case plan.FromGenerator:
		return s.Expr.DrawAt(rng, u.run.Clock.Now()), nil
	case plan.FromSecret:
		if text, ok := u.run.Secrets[s.Name]; ok {
			return text, nil
		}
		return none("the secret %q is not given", s.Name)
	case plan.FromJar:
		if text, ok := u.jar.get(s.Name); ok {
			return text, nil
		}
		return none("there is no cookie %q", s.Name)
	case plan.FromCount:
		return strconv.Itoa(s.First + s.By*int(u.it.turn)), nil
	case plan.FromSlot:
		if v := u.memory.sent[s.Index]; v.ok {
			return v.text, nil
		}
		return none("a value that an earlier request was to send")
	case plan.FromJoin:
		var all strings.Builder
		for i := range s.Parts {
			text, missing := u.value(&s.Parts[i], rng)
			if missing != nil {
				return "", missing
			}
			all.WriteString(text)
		}
		return all.String(), nil
	}
	return s.Text, nil // literal
}

// answer is the value of the latest of the answers that give it.
func (u *User) answer(s *program.Source, rng *rand.Rand) (string, *stop) {
	j := u.run.Group.Journey
	best := s
	for k := range s.Newer {
		if n := &s.Newer[k]; n.Kind == plan.FromAnswer && u.memory.values[n.Index].at > u.memory.values[best.Index].at {
			best = n
		}
	}
	v := u.memory.values[best.Index]
	if v.at == 0 {
		return "", &stop{reason: missing(j, j.Values[s.Index].Ref.String(), j.Values[s.Index].Step), pick: -1}
	}
	if best != s && len(best.Apply) > 0 {
		text, err := message.Apply(v.text, best.Apply)
		if err != nil {
			return "", &stop{reason: err.Error(), pick: -1}
		}
		return text, nil
	}
	return v.text, nil
}

// pick is a property of the chosen element.
func (u *User) pick(s *program.Source) (string, *stop) {
	j := u.run.Group.Journey
	e, stopped := u.memory.choose(j, s.Index)
	if stopped != nil {
		return "", stopped
	}
	if p := e.props[s.Prop]; p.ok {
		return p.text, nil
	}
	return "", &stop{reason: fmt.Sprintf("the chosen %s has no %s", j.Picks[s.Index].Name, j.Picks[s.Index].Props[s.Prop]), pick: -1}
}

// client is a value that the client invents; one with a name is the same for the
// whole iteration, since it is drawn from the iteration's seed and the name.
func (u *User) client(s *program.Source, rng *rand.Rand) string {
	if s.Name == "" {
		return s.Client.Draw(rng, u.run.Clock.Now())
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Name))
	return s.Client.Draw(rand.New(rand.NewPCG(u.it.seed, h.Sum64())), u.it.began)
}

func clock(t time.Time, layout string) string {
	switch layout {
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	case "unixms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "unixns":
		return strconv.FormatInt(t.UnixNano(), 10)
	}
	return t.UTC().Format(layout)
}

func missing(j *program.Journey, what string, step int) string {
	st := &j.Steps[step]
	return fmt.Sprintf("%s is not there: step %s (%s) did not give it", what, st.ID, st.Name)
}

func starved(j *program.Journey, pick, all, fit int) string {
	p := &j.Picks[pick]
	where := "the chosen element"
	for k := pick; k >= 0; k = j.Picks[k].Parent {
		if at := j.Picks[k].Step; at >= 0 {
			where = "step " + j.Steps[at].ID + " (" + j.Steps[at].Name + ")"
		}
	}
	return fmt.Sprintf("nothing left to choose: pick %q in %s of %s: %d elements, %d fit", p.Name, p.List, where, all, fit)
}

// remember keeps what later steps send again.
func (u *User) remember(st *program.Step, values []string, m message.Message) {
	var tree *message.Tree
	for _, r := range st.Remember {
		if r.Slot >= 0 {
			u.memory.sent[r.Index] = sentValue{values[r.Slot], true}
			continue
		}
		if tree == nil {
			tree = message.Parse(m)
		}
		leaf, ok := tree.Get(r.Ref)
		u.memory.sent[r.Index] = sentValue{strings.Clone(leaf.Text), ok}
	}
}

// head makes the wire's request of a rendered message: targets instead of
// recorded origins, the user's own cookies, the markers. u.mu is held.
func (u *User) head(b *job, p planned, m message.Message) *stop {
	st := &u.run.Group.Journey.Steps[p.step]
	b.req.Target, b.req.Body = m.Target, m.Body
	if st.Coding != "" && len(m.Body) > 0 {
		body, err := wire.Encode(st.Coding, m.Body)
		if err != nil {
			return &stop{outcome: sample.Broken, reason: err.Error(), pick: -1}
		}
		b.req.Body = body
	}
	h := b.req.Header[:0]
	b.cookie = b.cookie[:0]
	for _, f := range m.Header {
		switch {
		case equalFold(f.Name, "Cookie"):
			b.cookie = append(b.cookie, f.Value...)
			continue
		case equalFold(f.Name, "Origin"), equalFold(f.Name, "Referer"):
			f.Value = u.mapped(f.Value)
		case u.run.Markers && marker(f.Name):
			continue
		}
		h = append(h, wire.Field(f))
	}
	if u.run.Markers {
		h = u.mark(h, p.seq)
	}
	at := u.run.steps[p.step].at
	at.path = pathOf(m.Target)
	b.cookie = u.jar.header(b.cookie, at, u.run.Clock.Now())
	if len(b.cookie) > 0 {
		h = append(h, wire.Field{Name: "Cookie", Value: string(b.cookie)})
	}
	b.req.Header = h
	return nil
}

// mapped writes the target for the recorded origin that a URL begins with.
func (u *User) mapped(value string) string {
	for _, r := range u.run.rewrite {
		if rest, ok := strings.CutPrefix(value, r.from); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			return r.to + rest
		}
	}
	return value
}

func marker(name string) bool {
	return equalFold(name, "traceparent") || equalFold(name, "tracestate") || equalFold(name, "X-Request-Id") || equalFold(name, "X-Firedrill")
}

// mark adds the fields by which a target can tell and trace the run's requests.
func (u *User) mark(h []wire.Field, seq uint64) []wire.Field {
	id := TraceID(u.run.TraceKey, u.number, seq)
	t := hex.EncodeToString(id[:])
	return append(h,
		wire.Field{Name: "traceparent", Value: "00-" + t[:32] + "-" + t[32:48] + "-01"},
		wire.Field{Name: "X-Request-Id", Value: t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:32]},
		wire.Field{Name: "X-Firedrill", Value: u.run.RunID + "/" + strconv.FormatUint(uint64(u.number), 10) + "/" + strconv.FormatUint(seq, 10)},
	)
}

// TraceID is the trace id (16 bytes) and the span id (8 bytes) of a user's
// seq-th request (from 1) in the run whose key it is. They are made anew when
// they are needed and never stored.
func TraceID(key []byte, user uint32, seq uint64) (id [24]byte) {
	var b [12]byte
	binary.BigEndian.PutUint32(b[:4], user)
	binary.BigEndian.PutUint64(b[4:], seq)
	h := sha256.New()
	_, _ = h.Write(key)
	_, _ = h.Write(b[:])
	copy(id[:], h.Sum(nil))
	return id
}
