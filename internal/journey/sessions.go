package journey

import (
	"iter"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/plan"
)

// SessionSummary is one recorded session for people to look at. It holds no
// values but the pseudonym of the account.
type SessionSummary struct {
	Persona    string
	PersonaWhy string
	Account    string // what was logged in with: a pseudonym; "" without a log-in
	Start      time.Time
	Length     time.Duration
	Marks      []string
	Requests   int
	Failed     int      // answers of status 400 and above
	Endpoints  []string // names in order of first request, each once
	Seqs       []uint64 // of the exchanges, by start
}

// Sessions tells who used the application when. Requests that are no part of a
// journey (static files, …) are counted by cause in leftOut.
func Sessions(exchanges iter.Seq2[*exchange.Exchange, error], opts Options) (list []SessionSummary, leftOut []plan.LeftOut, err error) {
	c, err := collect(exchanges, opts)
	if err != nil {
		return nil, nil, err
	}
	endpoints := c.table.Endpoints(opts.Categories)
	for _, s := range c.sessions {
		sum := SessionSummary{Persona: s.Persona, PersonaWhy: s.PersonaWhy, Account: s.Account, Start: s.Start(), Length: s.End().Sub(s.Start()), Marks: s.Labels(), Requests: len(s.Events)}
		seen := map[int]bool{}
		for _, e := range s.Events {
			if e.Status() >= 400 {
				sum.Failed++
			}
			if !seen[e.Endpoint] {
				seen[e.Endpoint] = true
				sum.Endpoints = append(sum.Endpoints, endpoints[e.Endpoint].Name)
			}
			sum.Seqs = append(sum.Seqs, e.X.Seq)
		}
		list = append(list, sum)
	}
	return list, c.leftOut(), nil
}
