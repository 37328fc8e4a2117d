package journey

import (
	"fmt"

	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// check makes sure that the parts which a plan names can be read and filled: an
// overlay may have named anything. Errors are *plan.InvalidError.
func check(p *plan.Plan) error {
	for i := range p.Journeys {
		j := &p.Journeys[i]
		for _, pick := range j.Picks {
			parse := message.ParseRef
			if pick.Parent != "" {
				parse = message.ParseRel
			}
			if _, err := parse(pick.List); err != nil {
				return invalid(j, "pick "+pick.Name, err)
			}
			for _, w := range pick.Where {
				if _, err := message.ParseRel(w.Part); err != nil {
					return invalid(j, "pick "+pick.Name, err)
				}
			}
		}
		for k := range j.Steps {
			if err := checkStep(j, &j.Steps[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func invalid(j *plan.Journey, where string, err error) error {
	return &plan.InvalidError{Where: fmt.Sprintf("journey %q, %s", j.Name, where), Why: err.Error()}
}

func checkStep(j *plan.Journey, s *plan.Step) error {
	refs := make([]message.Ref, 0, len(s.Slots))
	for _, slot := range s.Slots {
		ref, err := message.ParseRef(slot.At)
		if err != nil {
			return invalid(j, "step "+s.ID, err)
		}
		refs = append(refs, ref)
		for _, src := range append([]plan.Source{slot.From}, slot.Others...) {
			if err := checkSource(src); err != nil {
				return invalid(j, "step "+s.ID+", "+slot.At, err)
			}
		}
	}
	tree := message.Parse(message.Message{Method: s.Request.Method, Target: s.Request.Target, Header: s.Request.Header, Body: s.Request.Body})
	if _, err := tree.Compile(refs); err != nil {
		return invalid(j, "step "+s.ID, err)
	}
	return nil
}

func checkSource(s plan.Source) error {
	for _, t := range s.Apply {
		if err := message.ValidTransform(t); err != nil {
			return err
		}
	}
	for _, inner := range append(append([]plan.Source(nil), s.Parts...), s.Newer...) {
		if err := checkSource(inner); err != nil {
			return err
		}
	}
	var err error
	switch s.Kind {
	case plan.FromAnswer, plan.FromSlot:
		_, err = message.ParseRef(s.Part)
	case plan.FromPick:
		_, err = message.ParseRel(s.Part)
	}
	return err
}
