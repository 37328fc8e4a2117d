package scenario

import (
	"errors"
	"fmt"
	"strings"

	"firedrill/internal/yamldoc"
)

// language is the shape of a scenario file: what Parse accepts and what
// docs/scenario.schema.json is made from.
func language() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Doc: "A rehearsal: who, how many, when, and judged how.", Fields: []yamldoc.Field{
		{Key: "name", Required: true, Shape: nameShape("The name that --scenario takes: lower case, digits and hyphens.")},
		{Key: "about", Shape: free("One line for people.")},
		{Key: "aliases", Shape: list("Other names that it answers to.", nameShape("A name."), 0)},
		{Key: "personas", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Map, Elem: personaShape(), Least: 1, Key: checkKey, What: "a mapping of personas by name",
			Doc: "The kinds of virtual users, by a name of your choice."}},
		{Key: "thresholds", Shape: thresholdsShape()},
		{Key: "critical", Shape: list("Endpoints that the run must have samples of; without them it fails.", endpointShape(), 0)},
		{Key: "allow", Shape: list("Classes of requests beyond reading and writing that the scenario needs; a person still has to allow them with --allow.",
			&yamldoc.Shape{Kind: yamldoc.Text, Words: []string{"destructive", "costly"}}, 0)},
		{Key: "steps", Shape: stepsShape()},
		{Key: "recovery", Shape: recoveryShape()},
		{Key: "drift", Shape: driftShape()},
	}}
}

func personaShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "persona", What: "a persona with journey and load", Doc: "One kind of virtual user.", Fields: []yamldoc.Field{
		{Key: "journey", Required: true, Unless: "critical", Shape: journeyShape()},
		{Key: "critical", Without: []string{"journey", "only", "repeat", "rendezvous"}, Shape: &yamldoc.Shape{Kind: yamldoc.Bool, Words: []string{"true"},
			Doc: "Instead of a journey: call each critical endpoint once an iteration, those of the scenario and of the environment."}},
		{Key: "account", Shape: free("The pool of accounts that these users log in from; default: the journey's persona.")},
		{Key: "login", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Words: []string{string(LoginOnce), string(LoginEach)},
			Doc: "How often a user logs in: once, or each-iteration with a new browser. Default once."}},
		{Key: "only", Shape: list("Send just these endpoints, in this order, with the log-in and what they depend on.", stepShape(), 1)},
		{Key: "repeat", Shape: &yamldoc.Shape{What: "{step: ENDPOINT, times: N} or a list of such", Doc: "How many turns the loop that holds a step makes.",
			OneOf: []*yamldoc.Shape{repeatShape(), {Kind: yamldoc.List, Elem: repeatShape(), Least: 1}}}},
		{Key: "set", Shape: &yamldoc.Shape{Kind: yamldoc.Map, Elem: exprShape(), Least: 1, What: "fields with their generators, such as {grade: \"int(60, 99)\"}", Doc: "Generated fields: the last name of a part (grade) or a whole reference (json.answers[0].text), and a generator."}},
		{Key: "think", Shape: distShape("a think time", "Overrides every recorded think time; default: as recorded.")},
		{Key: "rendezvous", Shape: &yamldoc.Shape{What: "{step: ENDPOINT, within: 30s} or a list of such", Doc: "Steps before which the users wait for each other, to go on at the same moment. The wait is no latency.",
			OneOf: []*yamldoc.Shape{gatherShape(), {Kind: yamldoc.List, Elem: gatherShape(), Least: 1}}}},
		{Key: "retry", Shape: &yamldoc.Shape{Kind: yamldoc.Map, Name: "retry", What: "{times: 2, longest: 60s}", Doc: "Send again what was answered with 429, or with 503 and Retry-After, when the answer says.", Fields: []yamldoc.Field{
			{Key: "times", Required: true, Shape: whole("Most further attempts of one request.", 1, maxRetries)},
			{Key: "longest", Shape: durationShape("A longer Retry-After is not waited for; default 60s.")},
		}}},
		{Key: "load", Required: true, Shape: loadShape()},
	}}
}

func journeyShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "journey", What: "{persona: NAME, has: ENDPOINT}", Least: 1,
		Doc: "Which recorded journey is walked, by evidence: all that is given must fit.", Fields: []yamldoc.Field{
			{Key: "persona", Shape: free("Who was recorded: teacher, student, admin.")},
			{Key: "has", Shape: oneOrMore("Endpoints that it contains.", endpointShape())},
			{Key: "lacks", Shape: oneOrMore("Endpoints that it must not contain.", endpointShape())},
			{Key: "name", Shape: free("Exactly this journey, as `replayer plan` lists it.")},
			{Key: "mark", Shape: free("Recorded under this mark (`recorder mark`).")},
		}}
}

func repeatShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "repeat", What: "{step: ENDPOINT, times: N}", Fields: []yamldoc.Field{
		{Key: "step", Required: true, Shape: stepShape()},
		{Key: "times", Required: true, Shape: whole("How many turns.", 1, maxCount)},
	}}
}

func gatherShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "rendezvous", What: "{step: ENDPOINT, within: 30s}", Fields: []yamldoc.Field{
		{Key: "step", Required: true, Shape: stepShape()},
		{Key: "within", Shape: durationShape("The longest that the first to come waits for the others; default 30s.")},
	}}
}

func loadShape() *yamldoc.Shape {
	users, iterations := whole("Virtual users.", 1, maxCount), whole("Iterations: of all users together (shared-iterations), of each (per-vu-iterations).", 1, maxCount)
	rate := &yamldoc.Shape{Kind: yamldoc.Decimal, Min: ptr(0), Max: ptr(maxCount)}
	stage := &yamldoc.Shape{Kind: yamldoc.Map, Name: "stage", What: "{duration: 2m, target: 30}", Doc: "One leg of a ramp: linearly to the target within the duration.", Fields: []yamldoc.Field{
		{Key: "duration", Required: true, Shape: durationShape("How long; 0s jumps.")},
		{Key: "target", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Decimal, Min: ptr(0), Max: ptr(maxCount), Doc: "Users, or arrivals per time_unit."}},
	}}
	var names []string
	for _, c := range executorCases() {
		names = append(names, c.Value)
	}
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "load", What: "{executor: constant-vus, vus: 20, duration: 10m}", Doc: "How many and when: k6's executors, by their names and meaning.",
		Cases: &yamldoc.Cases{By: "executor", Always: []string{"start_time", "graceful_stop"}, Of: executorCases()},
		Fields: []yamldoc.Field{
			{Key: "executor", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, Words: names, What: "one of " + strings.Join(names, ", ")}},
			{Key: "vus", Shape: users},
			{Key: "duration", Shape: durationShape("How long, at least 1s.")},
			{Key: "iterations", Shape: iterations},
			{Key: "max_duration", Shape: durationShape("The longest that the iterations may take; default 10m.")},
			{Key: "start_vus", Shape: whole("Users at the beginning of a ramp; default 1.", 0, maxCount)},
			{Key: "stages", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: stage, Least: 1, What: "a list of stages such as {duration: 2m, target: 30}", Doc: "The legs of a ramp."}},
			{Key: "rate", Shape: rate, Doc: "Iterations started per time_unit."},
			{Key: "start_rate", Shape: rate, Doc: "Iterations started per time_unit at the beginning of a ramp; default 0."},
			{Key: "time_unit", Shape: durationShape("What rates and their targets are per; default 1s.")},
			{Key: "pre_allocated_vus", Shape: users, Doc: "Users that stand ready before the start."},
			{Key: "max_vus", Shape: users, Doc: "The most users that may be made; default pre_allocated_vus."},
			{Key: "arrivals", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Words: []string{"even", "poisson"}, Doc: "Even gaps between arrivals (default), or a Poisson process of the same rate."}},
			{Key: "pacing", Shape: distShape("a time", "From the start of one iteration of a user to that of the next; default: one follows the other at once.")},
			{Key: "start_offset", Shape: distShape("a time", "How long after its place is there a user begins; default: at once.")},
			{Key: "speed", Shape: &yamldoc.Shape{Kind: yamldoc.Decimal, Min: ptr(0.01), Max: ptr(1000), Doc: "The pauses between recorded arrivals are divided by it; default 1."}},
			{Key: "copies", Shape: whole("So many sessions for each recorded one; default 1.", 1, maxCount)},
			{Key: "start_time", Shape: durationShape("When this persona begins, from the start of the run; default 0s.")},
			{Key: "graceful_stop", Shape: durationShape("How long iterations may go on after the end; default 30s.")},
			{Key: "graceful_ramp_down", Shape: durationShape("How long a user that is ramped down may finish its iteration; default 30s.")},
		}}
}

// executorCases says which keys go with which executor.
func executorCases() []yamldoc.Case {
	return []yamldoc.Case{
		{Value: string(ConstantVUs), Required: []string{"vus", "duration"}, Optional: []string{"pacing", "start_offset"}},
		{Value: string(RampingVUs), Required: []string{"stages"}, Optional: []string{"start_vus", "graceful_ramp_down", "pacing", "start_offset"}},
		{Value: string(SharedIterations), Required: []string{"vus", "iterations"}, Optional: []string{"max_duration", "pacing", "start_offset"}},
		{Value: string(PerVUIterations), Required: []string{"vus", "iterations"}, Optional: []string{"max_duration", "pacing", "start_offset"}},
		{Value: string(ConstantArrivalRate), Required: []string{"rate", "duration", "pre_allocated_vus"}, Optional: []string{"time_unit", "max_vus", "arrivals"}},
		{Value: string(RampingArrivalRate), Required: []string{"stages", "pre_allocated_vus"}, Optional: []string{"start_rate", "time_unit", "max_vus", "arrivals"}},
		{Value: string(AsRecorded), Optional: []string{"vus", "duration", "speed", "copies"}},
	}
}

func thresholdsShape() *yamldoc.Shape {
	expr := &yamldoc.Shape{Kind: yamldoc.Text, What: `an expression such as "p(95)<1000"`, Example: `"p(95)<%s"`, Pattern: `\S`, Check: notEmpty}
	detailed := &yamldoc.Shape{Kind: yamldoc.Map, What: "{threshold: EXPRESSION, abort_on_fail: true}", Fields: []yamldoc.Field{
		{Key: "threshold", Required: true, Shape: expr},
		{Key: "min_samples", Shape: whole("With fewer observations, in the run or in a window of \"over\", there is no data; default 1.", 1, maxSamples)},
		{Key: "abort_on_fail", Shape: &yamldoc.Shape{Kind: yamldoc.Bool, Doc: "End the run as soon as it is broken."}},
		{Key: "delay_abort_eval", Shape: durationShape("Do not end the run earlier than this.")},
	}}
	entry := &yamldoc.Shape{Name: "threshold", OneOf: []*yamldoc.Shape{expr, detailed}}
	return &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, Key: notEmpty, What: `metrics with their expressions, such as {http_req_failed: "rate<0.01"}`, Doc: `k6's thresholds: a metric, with a selector such as http_req_duration{endpoint:GET /api/v1/me} where wanted, and its expressions. Times are in milliseconds. "over 30s" behind an expression judges each stretch of that length; {each:critical} stands for one threshold per critical endpoint.`,
		Elem: &yamldoc.Shape{What: `an expression such as "p(95)<1000", or a list of such`, OneOf: []*yamldoc.Shape{{Kind: yamldoc.List, Elem: entry, Least: 1}, expr, detailed}}}
}

func nameShape(doc string) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc, What: "a name such as grading-rush", Pattern: `^[a-z0-9]+(-[a-z0-9]+)*$`, Check: checkName}
}

func endpointShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Name: "endpoint", What: `an endpoint such as "POST /api/v1/submissions/{id}/grade"`, Pattern: `^(([^ :]+:)?([A-Z]+|\*) )?(…|\.\.\.)?/[^ ?#]*$`,
		Doc: "Method and path. {names} of parameters do not matter, * is one segment, … any beginning.", Check: checked(CheckEndpoint)}
}

func stepShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Name: "step", What: `a step such as "POST /api/v1/submissions/{id}/grade"`, Pattern: `^(([^ :]+:)?([A-Z]+|\*) )?(…|\.\.\.)?/[^ #]*$`,
		Doc: "As an endpoint; a query (?unread=true) must be part of what was recorded.", Check: checked(CheckStep)}
}

func exprShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Name: "expression", What: "a generator such as int(60, 99) or phrase", Example: "const(%s)", Pattern: `^ *((int|float|oneof|text|const|file) *\(.*\)|phrase|uuid|now) *$`,
		Doc: "int(LOW, HIGH), float(LOW, HIGH), oneof(a, b, c), text(WORDS), phrase, uuid, now, const(TEXT) or file(BYTES, TYPE).", Check: checked(func(s string) error { _, err := ParseExpr(s); return err })}
}

func distShape(what, doc string) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, What: what + " such as 3s or uniform(3s, 8s)", Example: "%ss", Pattern: `^ *([0-9.+][0-9a-zµμ.]*|(uniform|exponential|lognormal) *\(.*\)) *$`,
		Doc: doc + " 3s, uniform(3s, 8s), exponential(MEAN) or lognormal(MEDIAN, P95).", Check: checked(func(s string) error { _, err := ParseDist(s); return err })}
}

func durationShape(doc string) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc, What: "a duration such as 30s or 10m", Example: "%ss", Pattern: `^[+]?([0-9.]+(ns|us|µs|μs|ms|s|m|h))+$|^0$`,
		Check: func(s string) *yamldoc.Trouble { _, t := readDuration(s, maxDuration); return t }}
}

func free(doc string) *yamldoc.Shape { return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc} }

func whole(doc string, low, high float64) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Integer, Doc: doc, Min: ptr(low), Max: ptr(high)}
}

func list(doc string, of *yamldoc.Shape, least int) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.List, Elem: of, Least: least, Set: true, Doc: doc, What: "a list, each entry " + or(of.What, "a word")}
}

func oneOrMore(doc string, of *yamldoc.Shape) *yamldoc.Shape {
	return &yamldoc.Shape{Doc: doc, What: of.What + ", or a list of such", OneOf: []*yamldoc.Shape{of, {Kind: yamldoc.List, Elem: of, Least: 1, Set: true}}}
}

// maxCount is the most users, iterations, turns or arrivals that a file may ask for.
const maxCount = 1_000_000

// maxRetries bounds the further attempts of one request, maxSamples what a
// threshold may wait for.
const (
	maxRetries = 100
	maxSamples = 1_000_000_000
)

func ptr(v float64) *float64 { return &v }

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// checked makes a shape's check of a parser.
func checked(parse func(string) error) func(string) *yamldoc.Trouble {
	return func(text string) *yamldoc.Trouble {
		err := parse(text)
		if err == nil {
			return nil
		}
		var s *SyntaxError
		if errors.As(err, &s) {
			return &yamldoc.Trouble{Offset: s.Offset, Why: s.Why, Fix: s.Fix}
		}
		return &yamldoc.Trouble{Why: err.Error()}
	}
}

func notEmpty(text string) *yamldoc.Trouble {
	if strings.TrimSpace(text) == "" {
		return &yamldoc.Trouble{Why: "empty text", Fix: `write a metric and its expressions, such as http_req_duration: ["p(95)<1000"]`}
	}
	return nil
}

func checkName(text string) *yamldoc.Trouble {
	const fix = "use lower case letters, digits, and single hyphens between them"
	if text == "" {
		return &yamldoc.Trouble{Why: "the name is empty", Fix: fix}
	}
	for i, r := range text {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' && i > 0 && i < len(text)-1 && text[i-1] != '-') {
			return &yamldoc.Trouble{Offset: i, Why: fmt.Sprintf("%q cannot stand here in the name %q", r, text), Fix: fix}
		}
	}
	return nil
}

// checkKey is checkName with underscores, for the names of personas.
func checkKey(text string) *yamldoc.Trouble {
	t := checkName(strings.ReplaceAll(text, "_", "x"))
	if t != nil {
		t.Why = fmt.Sprintf("%q is not a name for a persona", text)
	}
	return t
}
