package plan

import (
	"time"

	"firedrill/internal/exchange"
)

// Version is the format of the plans this program writes.
const Version = 1

// Plan is everything that can be replayed from one recording set.
type Plan struct {
	Version   int        `json:"version"`
	Recording Recording  `json:"recording"`
	Origins   []Origin   `json:"origins"`
	Endpoints []Endpoint `json:"endpoints"` // sorted by Name
	Journeys  []Journey  `json:"journeys"`  // heaviest first
	Profile   Profile    `json:"profile"`
	LeftOut   []LeftOut  `json:"left_out,omitempty"`
	Warnings  []Warning  `json:"warnings,omitempty"`
}

// Recording says what the plan was made from.
type Recording struct {
	Name      string        `json:"name"`      // base name of the file or set
	Set       string        `json:"set"`       // recording-set id
	Exchanges int           `json:"exchanges"` //
	Sessions  int           `json:"sessions"`
	From      time.Time     `json:"from"`
	Length    time.Duration `json:"length"`
	Lost      int           `json:"lost,omitempty"` // exchanges that the recorder counted as not captured
}

// Origin is one scheme and authority seen in the recording. Steps name it by Name;
// an environment maps the name to the URL that is contacted.
type Origin struct {
	Name string `json:"name"` // the recorder's target name, else the host
	URL  string `json:"url"`  // "https://api.staging.example.org": seen, never contacted
}

// Class says what a request does to the application.
type Class string

// The classes, mildest first.
const (
	Read        Class = "read"
	Write       Class = "write"
	Destructive Class = "destructive" // deletes, resets, revokes
	Costly      Class = "costly"      // spends money or minutes: AI generation
)

// Category is the kind of endpoint that latency targets are set for.
type Category string

// The categories of the baselines. Gradebook, Analytics and AI are set by
// `categories:` patterns; the others are learned from the traffic.
const (
	Auth      Category = "auth"
	List      Category = "list"
	Detail    Category = "detail"
	Update    Category = "write" // create / update
	Gradebook Category = "gradebook"
	Analytics Category = "analytics"
	AI        Category = "ai"
	Search    Category = "search"
	Upload    Category = "upload"
	Stream    Category = "stream"
	Other     Category = "other" // fits none: listed, never judged silently
)

// Endpoint is a kind of request: method and path template at one origin.
type Endpoint struct {
	Name     string   `json:"name"` // unique: "POST /api/v1/submissions/{id}/grade"; prefixed "origin:" only where two origins share one
	Origin   string   `json:"origin"`
	Method   string   `json:"method"`
	Template string   `json:"template"` // "/api/v1/submissions/{id}/grade"
	Category Category `json:"category"`
	Class    Class    `json:"class"`
	Why      string   `json:"why"`   // the evidence for category and class
	Count    int      `json:"count"` // recorded requests
}

// Journey is what sessions of one shape have in common.
type Journey struct {
	Name       string   `json:"name"`        // unique, stable under more traffic of the same shape: "teacher: POST /api/v1/submissions/{id}/grade"
	Persona    string   `json:"persona"`     // "teacher", "student", "admin", "anonymous", …
	PersonaWhy string   `json:"persona_why"` // "role: teacher in GET /api/v1/me"
	Marks      []string `json:"marks,omitempty"`
	Sessions   int      `json:"sessions"`         // recorded sessions merged into it
	Login      []int    `json:"login"`            // indexes of the steps that log in, ascending; empty: no log-in was recorded
	Logout     []int    `json:"logout,omitempty"` // indexes of the steps that log out and all after them: left out while a virtual user keeps its session
	Steps      []Step   `json:"steps"`
	Picks      []Pick   `json:"picks,omitempty"`
	Loops      []Loop   `json:"loops,omitempty"` // disjoint or nested, outer before inner
}

// Step is one request of a journey.
type Step struct {
	ID       string    `json:"id"`       // unique in its journey and stable: "s03"
	Endpoint string    `json:"endpoint"` // Endpoint.Name
	Category Category  `json:"category"` // its endpoint's; auth for steps of the log-in
	Class    Class     `json:"class"`
	Request  Request   `json:"request"`
	Slots    []Slot    `json:"slots,omitempty"`
	Literals []Literal `json:"literals,omitempty"` // values that look dynamic and could not be explained, riskiest first
	Expect   Expect    `json:"expect"`
	After    int       `json:"after"`              // index of the step whose end the user waited for; -1: the iteration's start. In later turns of a loop, where After lies before the loop, the loop's last step is meant
	Think    Think     `json:"think"`              // from that end to this request
	Parallel bool      `json:"parallel,omitempty"` // sent while the step before it in the list was still under way
}

// Request is the recorded request: what is not replaced by a slot is sent as it stands here.
// Cookie, Host, Content-Length, conditional and hop-by-hop fields are not in Header: the virtual user has its own.
// Origin and Referer begin with an Origin.URL of the plan, for which the virtual user writes the target it contacts;
// the path in a Referer holds no recorded id.
type Request struct {
	Method string           `json:"method"`
	Origin string           `json:"origin"` // Origin.Name
	Target string           `json:"target"` // path and query
	Header []exchange.Field `json:"header"`
	Body   []byte           `json:"body,omitempty"` // decoded; the content-coding, if any, is in Header and is applied anew
}

// Slot is a place in a request that is filled anew for each virtual user.
type Slot struct {
	At         string   `json:"at"` // message ref in the request
	From       Source   `json:"from"`
	Confidence float64  `json:"confidence"` // 0..1
	Reason     string   `json:"reason"`
	Others     []Source `json:"others,omitempty"` // runners-up, best first
}

// SourceKind says where a value comes from.
type SourceKind string

// The kinds of source and the fields of Source that each uses.
const (
	FromAnswer    SourceKind = "answer"    // Step, Part: a part of that step's latest answer
	FromPick      SourceKind = "pick"      // Pick, Part: a property of the picked element; Part "" = the element itself
	FromAccount   SourceKind = "account"   // Column: of the virtual user's account
	FromClock     SourceKind = "clock"     // Layout, Offset: now plus Offset, in Go layout or "unix", "unixms", "unixns"
	FromClient    SourceKind = "client"    // Name, Pattern: invented by the client; one Name keeps its value for an iteration, no Name: a fresh one for each request
	FromGenerator SourceKind = "generator" // Expr: a scenario's `set:` expression
	FromSecret    SourceKind = "secret"    // Name: a named constant of the environment
	FromJar       SourceKind = "jar"       // Name: the value of a cookie that the virtual user holds (double-submit tokens)
	FromSlot      SourceKind = "slot"      // Step, Part: what was sent there, in this iteration (values reused by the client)
	FromCount     SourceKind = "count"     // Value, By: a whole number, and By more for each turn of the innermost loop that came before (pages)
	FromLiteral   SourceKind = "literal"   // Value
	FromJoin      SourceKind = "join"      // Parts: their values, one after the other: "quiz-" + id + "-q3"
)

// Source says where a slot's value comes from and how it is written there.
type Source struct {
	Kind    SourceKind    `json:"kind"`
	Step    string        `json:"step,omitempty"` // Step.ID
	Part    string        `json:"part,omitempty"` // message ref in that step's answer (answer) or request (slot); relative to the element (pick)
	Pick    string        `json:"pick,omitempty"` // Pick.Name
	Column  string        `json:"column,omitempty"`
	Name    string        `json:"name,omitempty"`
	Layout  string        `json:"layout,omitempty"`
	Offset  time.Duration `json:"offset,omitempty"`
	Pattern string        `json:"pattern,omitempty"` // "uuid", "hex:32", "digits:10", "alnum:21", …
	Expr    string        `json:"expr,omitempty"`
	Value   string        `json:"value,omitempty"`
	By      int           `json:"by,omitempty"`
	Parts   []Source      `json:"parts,omitempty"` // of a join
	Apply   []string      `json:"apply,omitempty"` // transforms, in order: "pct-decode", "upper", "prefix:Bearer ", "suffix:…", "sha256-base64url", …

	// Newer are further answers that give the same thing anew (a token refreshed, the next page's cursor): of this
	// source and those, the one whose step answered last in this session is taken. Kind answer only.
	Newer []Source `json:"newer,omitempty"`
}

// Pick is a choice from a list in an answer: the element is drawn once (per turn
// of the innermost loop that holds all its uses) and all slots that name it use
// properties of the same element.
type Pick struct {
	Name   string      `json:"name"`             // unique in its journey: "submission"
	Step   string      `json:"step,omitempty"`   // whose answer holds the list; empty with Parent
	Parent string      `json:"parent,omitempty"` // a pick whose element holds the list
	List   string      `json:"list"`             // message ref of the list, relative to Parent's element where there is one
	Where  []Predicate `json:"where,omitempty"`  // all must hold
	Order  string      `json:"order"`            // "any" (drawn at random), "next" (in order, one per turn), "index" (always Index)
	Index  int         `json:"index,omitempty"`
	Unused bool        `json:"unused,omitempty"` // never an element that this virtual user took before: things that are worked off
	Unlike []string    `json:"unlike,omitempty"` // picks before this one, from the same list: never the element that one of them has now
	Reason string      `json:"reason"`
	Seen   int         `json:"seen"` // recorded picks that this explains
}

// Predicate is a condition on a property of a list's element.
type Predicate struct {
	Part string `json:"part"` // relative message ref: "status"
	Op   string `json:"op"`   // "==", "!=", ">" (of numbers), "present", "absent" (absent includes null)
	Text string `json:"text,omitempty"`
}

// Loop is a run of steps that was recorded several times in a row.
type Loop struct {
	First int   `json:"first"` // index of its first step
	Last  int   `json:"last"`  // index of its last step, inclusive
	Times []int `json:"times"` // recorded turns, one number per session, ascending
}

// Literal is a value that looks dynamic and stays as recorded.
type Literal struct {
	At   string  `json:"at"`
	Risk float64 `json:"risk"` // 0..1, how likely it is to be somebody's
	Why  string  `json:"why"`
}

// Expect is the shape of the recorded answer; it holds no text of one.
type Expect struct {
	Status      []int    `json:"status"`                 // recorded statuses, most frequent first; empty: any 2xx or 3xx
	ContentType string   `json:"content_type,omitempty"` // media type only
	Redirect    string   `json:"redirect,omitempty"`     // path template of Location
	Shape       []string `json:"shape,omitempty"`        // what all recorded answers have: message.Tree.Shape
	Bytes       int64    `json:"bytes,omitempty"`        // median decoded size
	Stream      bool     `json:"stream,omitempty"`       // an event stream
}

// Think is a think time: how long a person took. Zero value: none.
type Think struct {
	Quantiles []time.Duration `json:"quantiles,omitempty"` // recorded values at equal steps of probability, min to max; at most 21; one value = constant
	N         int             `json:"n,omitempty"`         // recorded transitions behind it
	Capped    int             `json:"capped,omitempty"`    // how many of them were longer than the idle cap and left out
}

// Profile is the recorded load, for comparison with what was replayed.
type Profile struct {
	Mix         map[string]int  `json:"mix"`         // requests per endpoint name
	Arrivals    []time.Duration `json:"arrivals"`    // session starts from Recording.From, ascending
	Journeys    map[string]int  `json:"journeys"`    // sessions per journey name
	Concurrency []int           `json:"concurrency"` // sessions under way, sampled each minute
}

// LeftOut counts recorded requests that are not replayed, by cause.
type LeftOut struct {
	What  string `json:"what"` // "static files", "health checks", "beacons", …
	Count int    `json:"count"`
	Why   string `json:"why"`
}

// Warning is something a person should know about the plan.
type Warning struct {
	Journey string `json:"journey,omitempty"`
	Step    string `json:"step,omitempty"`
	Text    string `json:"text"`
}
