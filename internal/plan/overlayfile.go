package plan

import (
	"fmt"
	"strconv"
	"time"

	"firedrill/internal/scenario"
	"firedrill/internal/yamldoc"
)

// OverlayVersion is the format of overlay files that this program reads.
const OverlayVersion = 1

// ParseOverlay reads an overlay file. It is strict: whatever it does not
// understand is a *yamldoc.Error with line and column. file is for messages.
// Whether the names fit a plan only Apply can tell.
func ParseOverlay(file string, src []byte) (*Overlay, error) {
	root, bad := yamldoc.Parse(file, src)
	if bad == nil {
		bad = overlayShape().Conform(root)
	}
	if bad != nil {
		return nil, bad
	}
	o := &Overlay{Version: number(root.Get("version")), Journeys: map[string]JourneyOverlay{}, Endpoints: map[string]EndpointOverlay{}}
	if o.Version != OverlayVersion {
		return nil, root.Get("version").Errorf(fmt.Sprintf("version %d is not known", o.Version), fmt.Sprintf("this program reads version %d", OverlayVersion))
	}
	for _, p := range pairs(root.Get("journeys")) {
		o.Journeys[p.Key.Text] = JourneyOverlay{
			Rename: p.Value.Get("rename").String(), Persona: p.Value.Get("persona").String(),
			Weight: number(p.Value.Get("weight")), LeaveOut: yes(p.Value.Get("leave_out")),
		}
	}
	for _, p := range pairs(root.Get("endpoints")) {
		o.Endpoints[p.Key.Text] = EndpointOverlay{
			Category: Category(p.Value.Get("category").String()), Class: Class(p.Value.Get("class").String()),
			LeaveOut: yes(p.Value.Get("leave_out")), Think: p.Value.Get("think").String(),
		}
	}
	for _, n := range root.Get("categories").Each() {
		o.Categories = append(o.Categories, CategoryOverlay{Match: n.Get("match").String(), Category: Category(n.Get("category").String()), Class: Class(n.Get("class").String())})
	}
	for _, n := range root.Get("links").Each() {
		l := LinkOverlay{Journey: n.Get("journey").String(), Step: n.Get("step").String(), At: n.Get("at").String(), Forbid: yes(n.Get("forbid")), Found: n.Get("found").String()}
		if from := n.Get("from"); from != nil {
			s := source(from)
			l.From = &s
		}
		if (l.From == nil) == !l.Forbid {
			return nil, n.Errorf("a link either has from: or says forbid: true", "name where the value comes from, or that the source found is wrong")
		}
		o.Links = append(o.Links, l)
	}
	return o, nil
}

func pairs(n *yamldoc.Node) []yamldoc.Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

func number(n *yamldoc.Node) int {
	v, _ := strconv.Atoi(n.String())
	return v
}

func yes(n *yamldoc.Node) bool { return n.String() == "true" }

func source(n *yamldoc.Node) Source {
	s := Source{
		Kind: SourceKind(n.Get("kind").String()), Step: n.Get("step").String(), Part: n.Get("part").String(), Pick: n.Get("pick").String(),
		Column: n.Get("column").String(), Name: n.Get("name").String(), Layout: n.Get("layout").String(), Pattern: n.Get("pattern").String(),
		Expr: n.Get("expr").String(), Value: n.Get("value").String(), Apply: n.Get("apply").Strings(),
	}
	s.Offset, _ = time.ParseDuration(n.Get("offset").String())
	for _, p := range n.Get("parts").Each() {
		s.Parts = append(s.Parts, source(p))
	}
	for _, p := range n.Get("newer").Each() {
		s.Newer = append(s.Newer, source(p))
	}
	return s
}

func overlayShape() *yamldoc.Shape {
	one, most := 1.0, 1e6
	text := func(doc string) *yamldoc.Shape { return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc} }
	flag := func(doc string) *yamldoc.Shape { return &yamldoc.Shape{Kind: yamldoc.Bool, Doc: doc} }
	class := &yamldoc.Shape{Kind: yamldoc.Text, Words: []string{string(Read), string(Write), string(Destructive), string(Costly)}, Doc: "What a request does to the application."}
	category := &yamldoc.Shape{Kind: yamldoc.Text, Words: categoryWords(), Doc: "The kind of endpoint that latency targets are set for."}
	think := &yamldoc.Shape{Kind: yamldoc.Text, Doc: "A think time such as uniform(3s, 8s).", Check: func(t string) *yamldoc.Trouble {
		if _, err := scenario.ParseDist(t); err != nil {
			return &yamldoc.Trouble{Why: err.Error(), Fix: "write 3s, uniform(3s, 8s), exponential(5s) or lognormal(4s, 9s)"}
		}
		return nil
	}}
	return &yamldoc.Shape{Kind: yamldoc.Map, Doc: "What a person decided about a plan.", Fields: []yamldoc.Field{
		{Key: "version", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Integer, Doc: "1"}},
		{Key: "journeys", Shape: &yamldoc.Shape{Kind: yamldoc.Map, Doc: "By name, as `replayer plan` lists them.", Elem: &yamldoc.Shape{Kind: yamldoc.Map, What: "changes of a journey", Fields: []yamldoc.Field{
			{Key: "rename", Shape: text("Another name.")}, {Key: "persona", Shape: text("Another persona.")},
			{Key: "weight", Shape: &yamldoc.Shape{Kind: yamldoc.Integer, Min: &one, Max: &most, Doc: "Replaces the recorded number of sessions."}},
			{Key: "leave_out", Shape: flag("Do not replay it.")},
		}}}},
		{Key: "endpoints", Shape: &yamldoc.Shape{Kind: yamldoc.Map, Doc: "By name.", Elem: &yamldoc.Shape{Kind: yamldoc.Map, What: "changes of an endpoint", Fields: []yamldoc.Field{
			{Key: "category", Shape: category}, {Key: "class", Shape: class}, {Key: "leave_out", Shape: flag("Do not send it.")}, {Key: "think", Shape: think},
		}}}},
		{Key: "categories", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: &yamldoc.Shape{Kind: yamldoc.Map, What: "{match: PATTERN, category: NAME}", Fields: []yamldoc.Field{
			{Key: "match", Required: true, Shape: text("GET /api/v1/courses/*/gradebook")}, {Key: "category", Required: true, Shape: category}, {Key: "class", Shape: class},
		}}}},
		{Key: "links", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: &yamldoc.Shape{Kind: yamldoc.Map, What: "{step: STEP, at: PART, from: SOURCE}", Fields: []yamldoc.Field{
			{Key: "journey", Shape: text("Its name; without it all journeys.")}, {Key: "step", Required: true, Shape: text("A step's id or endpoint.")},
			{Key: "at", Required: true, Shape: text("A part of the request, such as path[3] or json.course.id.")}, {Key: "from", Shape: sourceShape(2)},
			{Key: "forbid", Shape: flag("The source that was found is wrong.")}, {Key: "found", Shape: text("How it was found.")},
		}}}},
	}}
}

func categoryWords() []string {
	var list []string
	for _, c := range []Category{Auth, List, Detail, Update, Gradebook, Analytics, AI, Search, Upload, Stream, Other} {
		list = append(list, string(c))
	}
	return list
}

// sourceShape is the shape of a source; depth is how often sources may lie inside sources.
func sourceShape(depth int) *yamldoc.Shape {
	text := func(doc string) *yamldoc.Shape { return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc} }
	fields := []yamldoc.Field{
		{Key: "kind", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, Words: []string{"answer", "pick", "account", "clock", "client", "generator", "secret", "jar", "slot", "literal", "join"}, Doc: "Where the value comes from."}},
		{Key: "step", Shape: text("A step's id.")}, {Key: "part", Shape: text("A part of the answer, such as json.items[2].id.")}, {Key: "pick", Shape: text("A pick's name.")},
		{Key: "column", Shape: text("Of the account.")}, {Key: "name", Shape: text("Of a cookie, a secret or a client's value.")}, {Key: "layout", Shape: text("Of a time.")},
		{Key: "offset", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Doc: "From now, e.g. 168h.", Check: func(t string) *yamldoc.Trouble {
			if _, err := time.ParseDuration(t); err != nil {
				return &yamldoc.Trouble{Why: fmt.Sprintf("%q is no duration", t), Fix: "write it as 90s, 5m or 168h"}
			}
			return nil
		}}},
		{Key: "pattern", Shape: text("uuid, hex:32, …")}, {Key: "value", Shape: text("The constant.")},
		{Key: "expr", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Doc: "A generator such as int(60, 99).", Check: func(t string) *yamldoc.Trouble {
			if _, err := scenario.ParseExpr(t); err != nil {
				return &yamldoc.Trouble{Why: err.Error(), Fix: "write int(60, 99), oneof(a, b), text(12), phrase, uuid, now or const(TEXT)"}
			}
			return nil
		}}},
		{Key: "apply", Shape: &yamldoc.Shape{Kind: yamldoc.List, Doc: "Transforms, in order.", Elem: text("pct-decode, upper, prefix:quiz-, …")}},
	}
	if depth > 0 {
		inner := &yamldoc.Shape{Kind: yamldoc.List, Elem: sourceShape(depth - 1)}
		fields = append(fields, yamldoc.Field{Key: "parts", Shape: inner}, yamldoc.Field{Key: "newer", Shape: inner})
	}
	return &yamldoc.Shape{Kind: yamldoc.Map, What: "a source such as {kind: answer, step: s03, part: json.id}", Fields: fields}
}
