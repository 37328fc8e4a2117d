package scenario

import "time"

// Scenario is one file of scenarios/.
type Scenario struct {
	Name       string      // "grading-rush"; lower case, digits and hyphens
	About      string      // one line for people
	Aliases    []string    // other names it answers to
	Personas   []Persona   // in file order; at least one
	Thresholds []Threshold // in file order
	Critical   []string    // endpoint names or patterns that the run must have samples of
	Allow      []string    // classes beyond write that the scenario needs: "destructive", "costly" (still to be allowed by the person)
	Steps      *Steps      // each level of users is judged on its own; nil = the run as a whole
	Recovery   *Recovery   // the target must recover after a phase; nil = not judged
	Drift      *Drift      // what may change over the hours; nil = not judged
	File       string      // where it came from, for messages
	Source     []byte      // the file's text, kept with the run
	Notes      []string    // what Expand left out, for people
}

// Persona is one kind of virtual user of a scenario.
type Persona struct {
	Name     string   // key in the file
	Journey  Selector // which journey of the plan it walks
	Critical bool     // instead of Journey and Only: calls each critical endpoint once an iteration, in the journeys that have them
	Account  string   // pool of accounts; "" = Journey.Persona
	Login    Cadence
	Only     []string     // when set: send just these endpoints, in this order (with the log-in and what they depend on)
	Repeat   []Repeat     // loops whose turns the scenario decides
	Set      []Assignment // generated fields
	Think    *Dist        // overrides every recorded think time; nil = as recorded
	Gather   []Gather     // steps before which the persona's users wait for each other
	Retry    Retry        // what a user does who is told to come back later (429, 503 with Retry-After)
	Load     Load
	Line     int // line of its key in the file, for messages
}

// Selector finds a journey by evidence: all that is set must fit. Of several
// that fit, the one with the most recorded sessions is taken and the choice is said.
type Selector struct {
	Persona string   // "teacher"
	Has     []string // endpoints it must contain: "POST /api/v1/submissions/{id}/grade"; {names} of parameters do not matter; "*" is one segment; "…" any beginning
	Lacks   []string // endpoints that it must not contain
	Name    string   // exactly this journey
	Mark    string   // recorded under this mark
}

// Cadence says how often a virtual user logs in.
type Cadence string

// The cadences.
const (
	LoginOnce Cadence = "once"           // at the head of its first iteration; the session is kept
	LoginEach Cadence = "each-iteration" // a new browser each time: empty jar, no connections, log-in
)

// Repeat fixes the turns of the loop that holds a step.
type Repeat struct {
	Step  string // endpoint pattern, as in Selector.Has
	Times int
}

// Gather is a rendezvous: users who come to the step wait there until all of the
// persona's users that walk have come, and then go on at the same moment, which is
// the intended start of the step for each of them. The wait is no latency.
type Gather struct {
	Step   string        // endpoint pattern, as in Selector.Has; of a loop: its first turn
	Within time.Duration // the longest that the first to come waits for the others; default 30s
}

// Retry says how often a request is sent again that was answered with 429, or
// with 503 and Retry-After. Each attempt has a sample of its own. The zero value
// never sends again.
type Retry struct {
	Times   int           // most further attempts of one request
	Longest time.Duration // a longer Retry-After is not waited for; default 60s
}

// Steps judges each hold phase on its own by the scenario's thresholds that name
// no phase: the answer to "how many users does it carry?".
type Steps struct {
	MustHold int // a step of at most so many users that breaks fails the run; of more, it is the answer
}

// Recovery says that the target must be well again after a phase.
type Recovery struct {
	After      string        // the phase: its name, or what stands before the colon ("step 2")
	Within     time.Duration // from the end of that phase; default 60s
	Window     time.Duration // length of the sliding window that is judged; default 10s
	Keep       time.Duration // how long the windows must go on holding; default 30s
	Thresholds []Threshold   // what a recovered target satisfies
}

// Drift says how much may change from the beginning to the end of the hold phases.
// A limit below zero is not judged.
type Drift struct {
	P95     float64 // growth of the 95th percentile of response_time, as a share: 0.10 = 10 %; default 0.10
	Errors  float64 // growth of the share of failed requests, in points: 0.01 = 1 point; default 0.01
	Queries float64 // growth of the mean database queries of an endpoint, as a share; default 0.05
}

// Assignment gives a request field a generated value wherever the field occurs.
type Assignment struct {
	Field string // last name of the part: "grade"; or a whole message ref: "json.answers[0].text"
	Expr  Expr
}

// Executor is one of k6's executors, by its name and meaning.
type Executor string

// The executors.
const (
	ConstantVUs         Executor = "constant-vus"
	RampingVUs          Executor = "ramping-vus"
	SharedIterations    Executor = "shared-iterations"
	PerVUIterations     Executor = "per-vu-iterations"
	ConstantArrivalRate Executor = "constant-arrival-rate"
	RampingArrivalRate  Executor = "ramping-arrival-rate"
	AsRecorded          Executor = "as-recorded"
)

// Load is how many and when. Which fields count depends on Executor, as in k6.
type Load struct {
	Executor         Executor
	VUs              int           // constant-vus, shared-iterations, per-vu-iterations
	Duration         time.Duration // constant-vus, constant-arrival-rate
	Iterations       int           // shared-iterations (of all), per-vu-iterations (of each)
	MaxDuration      time.Duration // shared-, per-vu-iterations; default 10m
	StartVUs         int           // ramping-vus
	Stages           []Stage       // ramping-vus, ramping-arrival-rate
	Rate             float64       // arrivals per TimeUnit; constant-arrival-rate
	StartRate        float64       // ramping-arrival-rate
	TimeUnit         time.Duration // default 1s
	PreAllocatedVUs  int           // arrival rates
	MaxVUs           int           // arrival rates; default PreAllocatedVUs
	StartTime        time.Duration // offset from the run's start
	Poisson          bool          // arrival rates: a Poisson process of that rate instead of even gaps
	Pacing           *Dist         // constant-vus, ramping-vus, per-vu-, shared-iterations: from the intended start of one iteration to that of the next; an iteration that takes longer is followed at once, and counted; nil = no pacing
	StartOffset      *Dist         // the same executors: a user begins so long after its place is there; nil = at once
	Speed            float64       // as-recorded: the pauses between arrivals are divided by it; 0 = 1
	Copies           int           // as-recorded: so many sessions for each recorded one; 0 = 1
	GracefulStop     time.Duration // default 30s
	GracefulRampDown time.Duration // default 30s
}

// Stage is one leg of a ramp: linearly to Target within Duration.
type Stage struct {
	Duration time.Duration
	Target   float64 // users, or arrivals per TimeUnit
}

// Peak is the greatest number of virtual users that the load asks for.
func (l Load) Peak() int {
	switch l.Executor {
	case RampingVUs:
		peak := l.StartVUs
		for _, s := range l.Stages {
			peak = max(peak, int(s.Target))
		}
		return peak
	case ConstantArrivalRate, RampingArrivalRate:
		return max(l.PreAllocatedVUs, l.MaxVUs)
	default:
		return l.VUs
	}
}

// Length is how long the load lasts from its StartTime, without graceful stops.
// For iteration executors it is MaxDuration.
func (l Load) Length() time.Duration {
	switch l.Executor {
	case RampingVUs, RampingArrivalRate:
		var d time.Duration
		for _, s := range l.Stages {
			d += s.Duration
		}
		return d
	case SharedIterations, PerVUIterations:
		return l.MaxDuration
	default:
		return l.Duration
	}
}

// Threshold is one condition on a metric: k6's `metric{tag:value}: ["expr"]`.
type Threshold struct {
	Metric         string        // with selector: `http_req_duration{endpoint:GET /me}`
	Expr           string        // "p(95)<500"
	MinSamples     int           // fewer observations (in a window, or in the run) are no data; 0 = 1
	AbortOnFail    bool          //
	DelayAbortEval time.Duration //
	Line, Column   int           // of Expr in the file
}
