package verdict

import "time"

// Version is the version of the JSON report.
const Version = 1

// Status of anything that is judged. No data is never a pass.
type Status string

// The statuses.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	NoData  Status = "no data"
	Info    Status = "info" // measured, nothing to judge it by
	Invalid Status = "invalid"
)

// Report is the verdict on one run.
type Report struct {
	Version     int           `json:"version"`
	Status      Status        `json:"status"`  // Pass, Fail or Invalid: what the exit code says
	Summary     string        `json:"summary"` // one sentence a person can act on
	Run         Run           `json:"run"`
	Invalid     []string      `json:"invalid,omitempty"` // why the run does not count
	Findings    []Finding     `json:"findings"`          // what broke, first to break first
	Thresholds  []Threshold   `json:"thresholds"`
	Categories  []Latency     `json:"categories"`
	Endpoints   []Latency     `json:"endpoints"`
	Concurrency []Concurrency `json:"concurrency"`
	Queries     []Queries     `json:"queries"`
	Steps       []Step        `json:"steps,omitempty"`    // one per level of users, where the scenario judges each
	Recovery    *Recovery     `json:"recovery,omitempty"` // where the scenario asks for it
	Drift       []Drift       `json:"drift,omitempty"`    // where the scenario asks for it
	Streams     []Stream      `json:"streams,omitempty"`  // one per endpoint that answered with event streams
	Generator   Generator     `json:"generator"`
	Errors      []ErrorCount  `json:"errors"`
	Iterations  []Iterations  `json:"iterations"`
	Timeline    []Second      `json:"timeline"` // one entry per second of the run
	Phases      []Phase       `json:"phases"`   // stretches of the run, by time
	Stalls      []Stall       `json:"stalls,omitempty"`
	Warnings    []string      `json:"warnings,omitempty"`
	Definitions []string      `json:"definitions"` // how the numbers are defined, in words
}

// Run says what was run.
type Run struct {
	ID          string        `json:"id"`
	File        string        `json:"file"`
	Scenario    string        `json:"scenario"`
	About       string        `json:"about,omitempty"`
	Environment string        `json:"environment"`
	Targets     []string      `json:"targets"` // "api = http://localhost:4000"
	Recording   string        `json:"recording"`
	Journeys    []string      `json:"journeys"`
	Started     time.Time     `json:"started"`
	Length      time.Duration `json:"length"`
	End         string        `json:"end"`                  // "completed", "interrupted", "aborted by threshold", "target died", "incomplete"
	Users       int           `json:"users"`                // greatest number of virtual users at once that got something done
	Idle        int           `json:"idle_users,omitempty"` // more of them that did not: refused at the log-in, or all their iterations failed at once
	Scale       string        `json:"scale,omitempty"`
	Speed       float64       `json:"speed"` // 1 = recorded think times
	Seed        uint64        `json:"seed"`
	Machine     string        `json:"machine"`
	Version     string        `json:"firedrill"`
	Requests    int           `json:"requests"`
	Failed      int           `json:"failed"`
	Dropped     int           `json:"dropped"` // starts that could not be made
	Starved     int           `json:"starved"`
}

// Phase is a stretch of the run. Baselines are judged by hold phases.
type Phase struct {
	Name string        `json:"name"`
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
	Hold bool          `json:"hold"`
}

// Stall is a stretch in which nothing was answered while requests were waiting.
type Stall struct {
	From  time.Duration `json:"from"`
	To    time.Duration `json:"to"`
	Users int           `json:"users"` // that waited
}

// Finding is something that broke or stands out, said so that a person can act.
type Finding struct {
	Status Status        `json:"status"`
	What   string        `json:"what"`   // "POST /api/v1/submissions/{id}/grade answered p95 1,240 ms; the target is 500 ms"
	Where  string        `json:"where"`  // endpoint, category or metric
	When   time.Duration `json:"when"`   // first seen, from the run's start; -1 = over the whole run
	Load   string        `json:"load"`   // "20 users"
	Advice string        `json:"advice"` // what to look at next
}

// Threshold is a judged threshold of the scenario. Where each step is judged on its
// own it stands as in the worst of the steps that must hold, and is Info where none must.
type Threshold struct {
	Metric   string        `json:"metric"`
	Expr     string        `json:"expr"`
	Window   time.Duration `json:"window,omitempty"` // length of the sliding window ("over 30s"); 0 = the whole run
	Measured *float64      `json:"measured"`         // in the unit of the expression, of a window the worst; nil = no data
	Unit     string        `json:"unit"`             // "ms", "", "/s"
	Samples  int           `json:"samples"`
	Status   Status        `json:"status"`
	BrokeAt  time.Duration `json:"broke_at"` // first live evaluation that failed and stayed failed to the end; of a window the end of the first that failed; -1 = never
}

// Latency is one row of response times: a category or an endpoint. Percentiles
// are of hold phases, by Hyndman-Fan 7, of requests that were answered. Of a
// scenario of steps only those that must hold are meant, of one with a recovery
// neither the flood nor the time to recover from it, and all phases where none holds.
type Latency struct {
	Name         string   `json:"name"`
	Category     string   `json:"category,omitempty"` // of an endpoint
	Critical     bool     `json:"critical,omitempty"` // an endpoint that the scenario or environment lists under critical:
	Requests     int      `json:"requests"`           // in hold phases
	All          int      `json:"all"`                // ramps included
	Failed       int      `json:"failed"`
	P50MS        float64  `json:"p50_ms"`
	P95MS        float64  `json:"p95_ms"`
	P99MS        float64  `json:"p99_ms"`
	MaxMS        float64  `json:"max_ms"`
	ServiceP95MS float64  `json:"service_p95_ms"` // p95 of http_req_duration
	Target       *Target  `json:"target,omitempty"`
	Status       Status   `json:"status"`
	Broke        []string `json:"broke,omitempty"` // "p95", …
	Checks       Checks   `json:"checks"`
}

// Target is a latency baseline, in milliseconds.
type Target struct {
	P50MS float64 `json:"p50_ms"`
	P95MS float64 `json:"p95_ms"`
	P99MS float64 `json:"p99_ms"`
}

// Checks counts passed checks out of Requests with all phases included.
type Checks struct {
	Of       int `json:"of"`
	Status   int `json:"status"`
	Under500 int `json:"under_500ms"`
	Under1s  int `json:"under_1s"`
}

// Concurrency is one row of the concurrency table.
type Concurrency struct {
	Name    string   `json:"name"` // "grading rush"
	Users   int      `json:"users"`
	Passes  string   `json:"passes_when"` // "p95 < 1 s, errors < 2 %"
	P95MS   *float64 `json:"p95_ms"`
	Errors  *float64 `json:"error_rate"`    // 0..1
	Reached int      `json:"users_reached"` // that got something done
	Status  Status   `json:"status"`        // NoData where this run says nothing about it
	Why     string   `json:"why,omitempty"` // why it says nothing, where the scenario is the one
}

// Queries is the query count of one endpoint.
type Queries struct {
	Endpoint  string  `json:"endpoint"`
	Known     int     `json:"known"`   // requests with data
	Unknown   int     `json:"unknown"` // requests without
	Median    float64 `json:"median"`
	P95       float64 `json:"p95"`
	Max       int     `json:"max"`
	TimeMS    float64 `json:"time_p50_ms"` // median database time; -1 = unknown
	Source    string  `json:"source"`
	Exactness string  `json:"exactness"`
	Budget    *int    `json:"budget,omitempty"`
	Status    Status  `json:"status"`
	Grows     string  `json:"grows,omitempty"` // what an N+1 suspicion rests on
}

// Step is one level of users of a scenario that judges each on its own.
type Step struct {
	Name      string   `json:"name"`                 // of the phase: "step 2: 100 users"
	Users     int      `json:"users"`                // greatest number of users in it that got something done
	Idle      int      `json:"idle_users,omitempty"` // more of them that did not
	MustHold  bool     `json:"must_hold"`            // that it broke fails the run
	Requests  int      `json:"requests"`
	P50MS     float64  `json:"p50_ms"` // of response_time
	P95MS     float64  `json:"p95_ms"`
	P99MS     float64  `json:"p99_ms"`
	ErrorRate float64  `json:"error_rate"`
	Broke     []string `json:"broke,omitempty"` // "http_req_duration p(95)<1000: 1,240 ms at 4:31"
	Status    Status   `json:"status"`
}

// Recovery is how long a target took to be well again after a phase.
type Recovery struct {
	After  string         `json:"after"`           // the phase
	Ended  time.Duration  `json:"ended"`           // when it did, from the run's start
	Within time.Duration  `json:"within"`          //
	Took   *time.Duration `json:"took,omitempty"`  // from Ended to the beginning of the first window that held and kept holding; nil: never
	Broke  []string       `json:"broke,omitempty"` // what still broke when the time was over
	Status Status         `json:"status"`
}

// Drift is the trend of one number over the hold phases: a line is fitted to its
// values in equal windows.
type Drift struct {
	What      string   `json:"what"` // "p95 of response_time", "errors", "queries of GET /api/v1/courses"
	Unit      string   `json:"unit"` // "ms", "" for shares, "queries"
	Windows   int      `json:"windows"`
	Start     float64  `json:"start"` // of the fitted line
	End       float64  `json:"end"`
	SlopeHour float64  `json:"slope_per_hour"`
	Low       float64  `json:"slope_low"` // 95 % interval of the slope
	High      float64  `json:"slope_high"`
	Limit     *float64 `json:"limit,omitempty"` // greatest growth from Start to End, as Unit or as a share; nil: not judged
	Status    Status   `json:"status"`
}

// Stream is how an endpoint's event streams came. Counts are of the whole run; times
// are in milliseconds, of hold phases, or of the whole run where no stream began in one.
type Stream struct {
	Endpoint        string  `json:"endpoint"`
	Streams         int     `json:"streams"` // complete ones
	Truncated       int     `json:"truncated"`
	FirstP50MS      float64 `json:"first_event_p50_ms"` // from the intended start
	FirstP95MS      float64 `json:"first_event_p95_ms"`
	GapP95MS        float64 `json:"gap_p95_ms"` // of all gaps between events
	GapP99MS        float64 `json:"gap_p99_ms"`
	GapMaxMS        float64 `json:"gap_max_ms"`
	Stalls          int     `json:"stalls"`            // gaps of 2 s and more
	EventsPerSecond float64 `json:"events_per_second"` // median over streams, from the first event to the last
	BytesPerSecond  float64 `json:"bytes_per_second"`
	PerMinute       float64 `json:"per_minute"`          // complete streams per minute of the run
	PerUserMinute   float64 `json:"per_user_and_minute"` // of those personas that ask for them
	RateLimited     int     `json:"rate_limited"`        // 429 at the same endpoint
	RetryAfterP50   float64 `json:"retry_after_p50_s"`   // as the answers said; -1: they did not
}

// Generator is how the load generator itself fared: it must not be what was measured.
type Generator struct {
	LateP50MS   float64 `json:"late_p50_ms"` // how late requests began
	LateP95MS   float64 `json:"late_p95_ms"`
	LateP99MS   float64 `json:"late_p99_ms"`
	LateMaxMS   float64 `json:"late_max_ms"`
	CPU         float64 `json:"cpu"`         // share of all CPUs that firedrill itself used, 0..1; -1: not measured
	MachineCPU  float64 `json:"machine_cpu"` // share of all CPUs that everybody used; -1: not measured
	GCPauseMS   float64 `json:"gc_pause_max_ms"`
	Sockets     int     `json:"sockets"`       // greatest number open at once
	SocketLimit int     `json:"socket_limit"`  // file descriptors allowed; 0: unknown
	ClockStepMS float64 `json:"clock_step_ms"` // greatest step of the wall clock against the monotonic one
	Kept        bool    `json:"kept_up"`
}

// ErrorCount is one kind of failure at one endpoint.
type ErrorCount struct {
	Endpoint string        `json:"endpoint"`
	What     string        `json:"what"` // "503", "timed out", "401 where 200 was recorded"
	Count    int           `json:"count"`
	First    time.Duration `json:"first"`
}

// Iterations counts outcomes of one persona.
type Iterations struct {
	Persona   string   `json:"persona"`
	Started   int      `json:"started"`
	Completed int      `json:"completed"`
	Broken    int      `json:"broken"`
	Starved   int      `json:"starved"`
	Cut       int      `json:"cut"`
	Refused   int      `json:"login_failed"`
	Dropped   int      `json:"dropped"`
	Reasons   []string `json:"reasons,omitempty"`
}

// Second is one second of the run.
type Second struct {
	At       int     `json:"at"` // seconds from the start
	Users    int     `json:"users"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	P50MS    float64 `json:"p50_ms"`
	P95MS    float64 `json:"p95_ms"`
}
