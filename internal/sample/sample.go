package sample

import "time"

// Flags are facts about a sample.
type Flags uint32

// The flags.
const (
	Failed        Flags = 1 << iota // no answer, time-out, or a status class other than recorded or expected, 429 included
	RateLimited                     // status 429
	Login                           // part of the log-in
	Relogin                         // part of a log-in that was repeated because the session had ended
	Retried                         // a further attempt of a request whose earlier attempt has a sample of its own
	Reused                          // sent over a connection that was open already
	Stream                          // the answer was an event stream
	Truncated                       // the answer broke off
	Stale                           // sent with at least one value that is known to be the recording's
	Unexpected                      // the status was the expected one but the answer's shape was not
	CheckStatus                     // check passed: status as expected
	CheckUnder500                   // check passed: answered under 500 ms
	CheckUnder1s                    // check passed: answered under 1 s
	NotSent                         // the attempt failed before anything was sent (dial, TLS)
	Interrupted                     // cut off by the end of the run; not judged
)

// ErrorKind classes what went wrong below HTTP. None: an answer came.
type ErrorKind uint8

// The kinds of error.
const (
	None ErrorKind = iota
	Refused
	Reset
	TimedOut
	NoHost
	TLS
	Protocol
	BrokeOff
	Canceled
	OtherError
)

// String is the kind's name in reports.
func (k ErrorKind) String() string {
	names := [...]string{"none", "connection refused", "connection reset", "timed out", "host not found", "TLS failed", "protocol error", "answer broke off", "canceled", "other error"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Sample is one attempt of one request.
type Sample struct {
	Seq       uint64 // 1-based within the run, in order of completion
	VU        uint32 // virtual user, from 1
	Iteration uint32 // of that user, from 0
	Step      uint16 // index of the step in its journey
	Turn      uint16 // turn of the innermost loop, from 0
	Attempt   uint8  // 0 = first
	Persona   uint16 // Names.Personas
	Journey   uint16 // Names.Journeys
	Endpoint  uint16 // Names.Endpoints
	Phase     uint16 // Names.Phases, by Intended
	Status    uint16 // 0 = no answer
	Error     ErrorKind
	Flags     Flags

	Intended  time.Duration // when it should have started
	Start     time.Duration // when the generator turned to it (before connecting)
	Sent      time.Duration // when the last byte of the request was written; 0 = never
	FirstByte time.Duration // when the first byte of the answer came; 0 = never
	End       time.Duration // when the last byte came, or it failed

	DNS, Connect, TLS time.Duration // durations; 0 on a reused connection
	Sending           time.Duration // duration of writing the request

	BytesOut, BytesIn int64 // on the wire, heads included

	Queries   int32         // database queries that the answer reported; -1 = unknown, never 0 for unknown
	QueryTime time.Duration // database time that the answer reported; -1 = unknown

	Events     uint32        // stream: events received
	FirstEvent time.Duration // stream: when the first non-empty event came, from the run's start; 0 = none
	MaxGap     time.Duration // stream: the longest gap between two events
	Gaps       []uint32      // stream: the gaps between its events in microseconds, in order, at most MaxGaps of them; nil for others

	RetryAfter time.Duration // how long the answer (429, 503) said to wait; 0 = it did not say
}

// MaxGaps is how many gaps of one stream are kept; of a longer stream they are the first.
const MaxGaps = 4096

// Stall is from which length on a gap between two events of a stream counts as a stall.
const Stall = 2 * time.Second

// Stalls counts the stream's gaps that are stalls.
func (s *Sample) Stalls() int {
	n := 0
	for _, g := range s.Gaps {
		if time.Duration(g)*time.Microsecond >= Stall {
			n++
		}
	}
	return n
}

// ResponseTime is what a person waited: from the intended start to the end.
func (s *Sample) ResponseTime() time.Duration { return s.End - s.Intended }

// Waiting is the time from the last byte sent to the first byte received; 0 without an answer.
func (s *Sample) Waiting() time.Duration {
	if s.FirstByte == 0 || s.Sent == 0 {
		return 0
	}
	return max(0, s.FirstByte-s.Sent)
}

// Receiving is the time from the first to the last byte of the answer.
func (s *Sample) Receiving() time.Duration {
	if s.FirstByte == 0 {
		return 0
	}
	return s.End - s.FirstByte
}

// Duration is what k6 calls http_req_duration: sending, waiting and receiving.
func (s *Sample) Duration() time.Duration { return s.Sending + s.Waiting() + s.Receiving() }

// Has reports whether all flags of f are set.
func (s *Sample) Has(f Flags) bool { return s.Flags&f == f }

// Iteration is the outcome of one iteration of a virtual user.
type Iteration struct {
	VU        uint32
	Iteration uint32
	Persona   uint16
	Phase     uint16
	Intended  time.Duration // when it should have started
	Start     time.Duration
	End       time.Duration
	Outcome   Outcome
	Steps     uint32 // requests sent
	Lost      uint32 // steps left out because an earlier one failed
	Reason    uint16 // Names.Reasons; starved and failed iterations say why
	Missed    uint32 // pacing: starts of its user that came due while it still ran and were left out
}

// Outcome is how an iteration ended.
type Outcome uint8

// The outcomes.
const (
	Completed   Outcome = iota // all steps were sent
	Broken                     // a step failed that later steps needed
	Starved                    // a choice had nothing to choose from
	Cut                        // cut off by the end of the run
	LoginFailed                // the log-in was refused
)

// Drop is a start that was scheduled and could not be made (no free user, or the
// pool of iterations was not used up in time). It carries no latency.
type Drop struct {
	At      time.Duration
	Persona uint16
	Count   uint32
}

// Users is a change of the number of virtual users of one persona: from At on
// there are Count of them.
type Users struct {
	At      time.Duration
	Persona uint16
	Count   uint32
}

// Names are the texts that indexes in samples stand for.
type Names struct {
	Personas  []string   `json:"personas"`
	Journeys  []string   `json:"journeys"`
	Endpoints []Endpoint `json:"endpoints"`
	Phases    []Phase    `json:"phases"`
	Reasons   []string   `json:"reasons,omitempty"`
}

// Endpoint is an endpoint as the run knew it.
type Endpoint struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Class    string `json:"class"`
}

// Phase is a stretch of the run. Baselines are judged by Hold phases.
type Phase struct {
	Name  string        `json:"name"` // "ramp-up", "hold", "ramp-down", "step 2: 100 users"
	From  time.Duration `json:"from"`
	To    time.Duration `json:"to"`
	Hold  bool          `json:"hold"`
	Users int           `json:"users,omitempty"` // scheduled in a hold; 0: not known, or starts come at a rate
}
