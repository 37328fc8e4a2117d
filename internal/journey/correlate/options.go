package correlate

import "firedrill/internal/plan"

// Options of Find.
type Options struct {
	Endpoints   []plan.Endpoint   // by number
	Origins     map[string]string // URL → name
	MaxSessions int               // how many sessions of a journey are evidence; 0 = 12
	MaxTurns    int               // how many requests per step and session; 0 = 40
}
