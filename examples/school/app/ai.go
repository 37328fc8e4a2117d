package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"firedrill/examples/school/sqlcount"
	"firedrill/examples/school/store"
	"firedrill/examples/school/writer"
)

var aiRoutes = []route{
	{alias: "ai", pattern: "POST /api/v1/ai/generate", roles: teacherOnly, handle: generate},
	{alias: "generation", pattern: "GET /api/v1/ai/generations/{id}", roles: teacherOnly, handle: generationShow},
	{alias: "generation-save", pattern: "POST /api/v1/ai/generations/{id}/save", roles: teacherOnly, handle: generationSave},
}

// generate streams a text: {"kind": "lesson_plan", "quiz" or "feedback", "topic": "2 to 200 characters", "minutes":
// 5..240 or left out for 45, "unit_plan_id": a unit of the teacher's own, or left out}. The events are start, delta many
// times, and done. What the request costs the database is spent before the first of them; the text is kept afterwards,
// as a queue's worker would do it, and not counted.
func generate(c *call) (reply, error) {
	var in struct {
		Kind, Topic *string
		Unit        *int64 `json:"unit_plan_id"`
		Minutes     *int
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	if in.Kind == nil || !slices.Contains(writer.Kinds, *in.Kind) {
		wrong["kind"] = "must be lesson_plan, quiz or feedback"
	}
	wrong.text("topic", in.Topic, 2, 200)
	if in.Unit != nil {
		wrong.id("unit_plan_id", in.Unit)
	}
	g := store.Generation{ID: store.NewGenerationID(), Minutes: 45, UnitPlanID: in.Unit}
	if in.Minutes != nil {
		wrong.number("minutes", in.Minutes, 5, 240)
		g.Minutes = *in.Minutes
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	g.Kind, g.Topic = *in.Kind, *in.Topic
	script, leave, err := c.admit(g)
	if err != nil {
		return reply{}, err
	}
	if err := c.store.StartGeneration(c.r.Context(), c.user, g); err != nil {
		leave()
		return reply{}, err
	}
	c.header.Set("X-Accel-Buffering", "no")
	c.sender = func(out *events) ([]byte, error) {
		defer leave()
		return c.write(out, g, script)
	}
	return reply{status: http.StatusOK, kind: "text/event-stream"}, nil
}

// script is a text with what shall go wrong with it.
type script struct {
	writer.Script
	gap time.Duration // before piece len/2
	cut int           // pieces that are sent; all of them when it is not to break off
}

// admit asks for a place at the gate; 429 says when to ask again.
func (c *call) admit(g store.Generation) (s script, leave func(), err error) {
	var busy *writer.BusyError
	if leave, err = c.gate.Enter(c.user.ID, func() time.Duration {
		var n uint64
		s.Script, n = c.writer.Write(g.Kind, g.Topic, g.Minutes)
		s.gap, s.cut = c.faults.Gap(n), len(s.Pieces)
		if c.faults.Cuts() {
			s.cut = len(s.Pieces) * 2 / 3
		}
		return s.Total + s.gap
	}); errors.As(err, &busy) {
		c.header.Set("Retry-After", strconv.Itoa(int(busy.Retry.Seconds())))
		return s, nil, newProblem(http.StatusTooManyRequests, "rate_limited_"+busy.Limit, "The writing machine is busy: "+busy.Error()+".")
	}
	return s, leave, err
}

// write sends the events of a text at their times and keeps it; the last event is returned, unsent.
func (c *call) write(out *events, g store.Generation, s script) (last []byte, err error) {
	text, status := "", store.GenerationBroken
	defer func() {
		ctx := context.WithoutCancel(sqlcount.WithMeter(c.r.Context(), nil))
		if kept := c.store.EndGeneration(ctx, g.ID, status, text, s.cut); kept != nil {
			c.o.Logger.Error("a text was not kept", "generation", g.ID, "error", kept)
		}
	}()
	if err := out.until(s.First); err != nil {
		return nil, err
	}
	if err := out.send("start", map[string]string{"id": g.ID, "model": writer.Model}); err != nil {
		return nil, err
	}
	late := time.Duration(0)
	for i, p := range s.Pieces[:s.cut] {
		if i == len(s.Pieces)/2 {
			late = s.gap
		}
		if err := out.until(p.At + late); err != nil {
			return nil, err
		}
		if err := out.send("delta", map[string]string{"text": p.Text}); err != nil {
			return nil, err
		}
		text += p.Text
	}
	if s.cut < len(s.Pieces) {
		return nil, errInjected
	}
	status = store.GenerationDone
	return event("done", map[string]any{"id": g.ID, "tokens": len(s.Pieces), "finish": "stop"})
}

func generationShow(c *call) (reply, error) {
	return ok(c.store.Generation(c.r.Context(), c.user, c.r.PathValue("id")))
}

// generationSave: {"unit_plan_id": 1} makes a lesson of a text.
func generationSave(c *call) (reply, error) {
	var in struct {
		Unit *int64 `json:"unit_plan_id"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.id("unit_plan_id", in.Unit)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	v, err := c.store.SaveGeneration(c.r.Context(), c.user, c.r.PathValue("id"), *in.Unit)
	return created(map[string]int64{"lesson_id": v.ID, "unit_plan_id": *in.Unit}, err)
}
