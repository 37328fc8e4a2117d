package runs

import (
	"time"

	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// Format is the version of the files this program writes. It counts changes
// that an older reader could not skip.
const Format = 1

// Manifest is what was to be run: all that a report needs besides the samples.
type Manifest struct {
	Format      int                  `json:"format"`
	ID          string               `json:"id"` // also in the file's name: "x7k2"
	Started     time.Time            `json:"started"`
	Scenario    Scenario             `json:"scenario"`
	Environment string               `json:"environment"`
	Targets     []Target             `json:"targets"`
	Recording   string               `json:"recording"` // what the plan was made from, for people
	Journeys    []string             `json:"journeys"`  // how each persona's was chosen, for people
	Personas    []Persona            `json:"personas"`
	Seed        uint64               `json:"seed"`
	Scale       string               `json:"scale,omitempty"` // as typed: "20", "3x"
	Speed       float64              `json:"speed"`           // 1 = think times as recorded
	Machine     string               `json:"machine"`         // "8 CPUs, linux/amd64"
	Version     string               `json:"firedrill"`
	Thresholds  []scenario.Threshold `json:"thresholds"`
	Critical    []string             `json:"critical,omitempty"` // endpoints that must have samples
	Steps       *scenario.Steps      `json:"steps,omitempty"`
	Recovery    *scenario.Recovery   `json:"recovery,omitempty"`
	Drift       *scenario.Drift      `json:"drift,omitempty"`
	Names       sample.Names         `json:"names"` // as known at the start; Ending.Names is newer
	Warnings    []string             `json:"warnings,omitempty"`
}

// Scenario says which scenario was run.
type Scenario struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	About   string   `json:"about,omitempty"`
	File    string   `json:"file,omitempty"`
	Source  string   `json:"source,omitempty"` // the file's text
}

// Target is where the requests of one origin went.
type Target struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Persona is one kind of virtual user of the run.
type Persona struct {
	Name     string            `json:"name"`
	Journey  string            `json:"journey"`
	Users    int               `json:"users"` // at its peak
	Executor scenario.Executor `json:"executor"`
}

// Closed reports whether its users wait for answers before they go on, so that a
// stall of the target lowers the load.
func (p Persona) Closed() bool {
	return p.Executor != scenario.ConstantArrivalRate && p.Executor != scenario.RampingArrivalRate && p.Executor != scenario.AsRecorded
}

// How a run can end. A file without an Ending is Incomplete.
const (
	Completed   = "completed"
	Interrupted = "interrupted"
	Aborted     = "aborted by threshold"
	TargetDied  = "target died"
	Unreachable = "target unreachable" // from the start
	Refused     = "log-in refused"     // for all
	CostlyCap   = "cap on costly requests reached"
	Incomplete  = "incomplete"
)

// Ending is how a run ended. It is written last.
type Ending struct {
	End       string        `json:"end"`              // Completed, Interrupted, Aborted, …
	Detail    string        `json:"detail,omitempty"` // one sentence more about End, for people
	Length    time.Duration `json:"length"`
	PeakUsers int           `json:"peak_users"`
	Names     sample.Names  `json:"names"` // all that samples refer to
	Invalid   []string      `json:"invalid,omitempty"`
	Warnings  []string      `json:"warnings,omitempty"`
	Generator Generator     `json:"generator"`
}

// Generator is what the load generator found out about itself.
type Generator struct {
	Overloaded  bool          `json:"overloaded"`         // it could not keep up: the run is not valid
	Why         string        `json:"why,omitempty"`      // "92 % of both CPUs", …
	LateP50     time.Duration `json:"late_p50,omitempty"` // of requests: start − intended start
	LateP95     time.Duration `json:"late_p95,omitempty"`
	LateP99     time.Duration `json:"late_p99"`
	LateMax     time.Duration `json:"late_max,omitempty"`
	LateLimit   time.Duration `json:"late_limit,omitempty"`  // what 1 in 20 was allowed to be, where somebody chose it
	CPU         float64       `json:"cpu"`                   // share of all CPUs that the generator used, 0..1; 0 = not measured
	MachineCPU  float64       `json:"machine_cpu,omitempty"` // share of all CPUs that everybody used; 0 = not measured
	GCPauseMax  time.Duration `json:"gc_pause_max,omitempty"`
	Sockets     int           `json:"sockets,omitempty"`      // greatest number of connections at once
	SocketLimit int           `json:"socket_limit,omitempty"` // file descriptors allowed; 0 = unknown
	ClockStep   time.Duration `json:"clock_step,omitempty"`   // greatest step of the wall clock against the monotonic one
	Waits       int64         `json:"waits,omitempty"`        // producers that waited for this file; set by Finish
}
