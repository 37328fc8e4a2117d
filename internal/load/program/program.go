package program

import (
	"time"

	"firedrill/internal/message"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// Program is what a run executes.
type Program struct {
	Scenario  *scenario.Scenario
	Recording plan.Recording
	Origins   []plan.Origin  // of the plan
	Needed    []string       // names of the origins that steps are sent to, sorted
	Secrets   []string       // names of the secrets that slots use, sorted
	Groups    []*Group       // one for each persona of the scenario, in its order; of a critical persona one for each journey that it walks
	Names     sample.Names   // Reasons is empty: a run fills it
	Profile   plan.Profile   // recorded load
	Notes     []string       // what a person should know about choices that were made
	Costly    map[string]int // costly endpoints: requests of one turn of each journey
}

// Group is the users of one persona.
type Group struct {
	Persona scenario.Persona // its name is the group's: "critical (student: hands in)"
	Index   uint16           // in Names.Personas
	Journey *Journey
	Others  []string // journeys that fit as well and were not taken, heaviest first
	Pool    string   // the persona of accounts that each user needs one of; "" = none is needed
	Users   int      // greatest number of users at a time

	Gathers []Gather // steps before which its users wait for each other

	Arrivals []time.Duration // executor as-recorded: the journey's share of the recorded session starts
}

// Gather is a rendezvous of a group's users. Of a step that is walked several
// times in an iteration, the first time counts.
type Gather struct {
	Step   int // index in Journey.Steps
	Within time.Duration
}

// Journey is a journey ready to walk.
type Journey struct {
	Name     string
	Persona  string
	Index    uint16 // in Names.Journeys
	Sessions int    // recorded
	Steps    []Step
	Loops    []Loop
	Picks    []Pick
	Values   []Value // what answers give, by index in a user's memory
	Sent     int     // how many sent values a user remembers
}

// Step is a request ready to be filled.
type Step struct {
	ID       string
	Name     string // of the endpoint
	Endpoint uint16 // in Names.Endpoints
	Class    plan.Class
	Category plan.Category
	Method   string
	Origin   string // name; the run maps it to a target
	Login    bool
	Logout   bool // left out by users who keep their session
	After    int  // index of the step that is waited for; -1: the iteration's start
	Parallel bool
	Think    plan.Think
	Override *scenario.Dist // instead of Think; nil = as recorded
	Coding   string         // content-coding of the request's body
	Expect   plan.Expect
	Template *message.Template
	Slots    []Slot // in the order of the template's values
	Remember []Sent // parts of the request that later steps send again

	Needs   []int // indexes of the steps whose answers or requests this one takes values from
	Answers []int // indexes into Journey.Values that this step's answer gives
	Lists   []int // indexes into Journey.Picks whose lists this step's answer holds
}

// Slot is a place in a request. Sources are tried in order, best first.
type Slot struct {
	At      string
	Sources []Source
}

// Source is where a value comes from, names resolved.
type Source struct {
	Kind   plan.SourceKind
	Index  int           // answer: Journey.Values; pick: Journey.Picks; slot: the sent value
	Prop   int           // pick: which property
	Newer  []Source      // answer: further ones, of which the latest counts
	Name   string        // account column, client name, secret, cookie
	Layout string        // clock
	Offset time.Duration // clock
	Client *Pattern      // client
	Expr   scenario.Expr // generator
	Text   string        // literal
	First  int           // count: in the first turn
	By     int           // count: for each turn more
	Parts  []Source      // join
	Apply  []string
}

// Value is a part of an answer that some later request needs.
type Value struct {
	Step int // index of the step that gives it
	Ref  message.Ref
	Keep bool // it comes from the log-in and outlives an iteration while the session lasts
}

// Sent is a part of a request that a later request repeats.
type Sent struct {
	Index int
	Slot  int         // which slot's value it is; -1: read it from the rendered request
	Ref   message.Ref // for Slot -1
}

// Loop is a run of steps that is walked several times.
type Loop struct {
	First, Last int
	Times       []int // one of these, drawn; never empty
	Fixed       bool  // the scenario said how many
}

// Pick is a choice from a list.
type Pick struct {
	Name   string
	Step   int // whose answer holds the list; -1 with a Parent
	Parent int // index of the pick whose element holds the list; -1: none
	Kids   []int
	List   message.Ref
	Props  []message.Ref // relative to the element; what slots and predicates need
	Used   []int         // props that slots use: they tell elements apart
	Where  []Where
	Order  string
	Index  int
	Unused bool
	Unlike []int // picks of the same list that never have the same element; each names the other
	Loop   int   // the loop at each turn of which it is drawn anew; -1: each iteration
}

// Where is a condition on a property.
type Where struct {
	Prop int
	Op   string
	Text string
}

// Has reports whether any step of the journey has the class.
func (j *Journey) Has(c plan.Class) bool {
	for i := range j.Steps {
		if j.Steps[i].Class == c {
			return true
		}
	}
	return false
}

// LoginSteps is the number of steps that log in; 0: the journey has no log-in.
func (j *Journey) LoginSteps() int {
	n := 0
	for i := range j.Steps {
		if j.Steps[i].Login {
			n++
		}
	}
	return n
}
