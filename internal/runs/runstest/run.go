package runstest

import (
	"iter"

	"firedrill/internal/runs"
	"firedrill/internal/sample"
)

// Run is a run in memory; it has the methods of *runs.Reader that analysis uses.
type Run struct {
	Head     runs.Manifest
	End      *runs.Ending // nil = killed
	Requests []sample.Sample
	Turns    []sample.Iteration
	Missed   []sample.Drop
	Curve    []sample.Users
}

// Manifest is Head.
func (r *Run) Manifest() runs.Manifest { return r.Head }

// Ending is End.
func (r *Run) Ending() (runs.Ending, bool) {
	if r.End == nil {
		return runs.Ending{}, false
	}
	return *r.End, true
}

// Names are Head's.
func (r *Run) Names() sample.Names { return r.Head.Names }

// Samples yields Requests.
func (r *Run) Samples() iter.Seq2[*sample.Sample, error] { return each(r.Requests) }

// Iterations yields Turns.
func (r *Run) Iterations() iter.Seq2[*sample.Iteration, error] { return each(r.Turns) }

// Drops yields Missed.
func (r *Run) Drops() iter.Seq2[*sample.Drop, error] { return each(r.Missed) }

// Users yields Curve.
func (r *Run) Users() iter.Seq2[*sample.Users, error] { return each(r.Curve) }

func each[T any](list []T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for i := range list {
			v := list[i] // a reader's are not to be kept either
			if !yield(&v, nil) {
				return
			}
		}
	}
}

// Feed gives everything to a writer of runs, by kind.
func (r *Run) Feed(w *runs.Writer) {
	for i := range r.Requests {
		w.Sample(&r.Requests[i])
	}
	for _, it := range r.Turns {
		w.Iteration(it)
	}
	for _, d := range r.Missed {
		w.Drop(d)
	}
	for _, u := range r.Curve {
		w.Users(u.At, u.Persona, int(u.Count))
	}
}

// Save writes the run to a file, with its ending unless it was killed.
func (r *Run) Save(path string) error {
	w, err := runs.Create(path, r.Head)
	if err != nil {
		return err
	}
	r.Feed(w)
	if r.End == nil {
		return w.Close()
	}
	return w.Finish(*r.End)
}
