package app

import (
	"context"
	"fmt"
	"net/http"

	"firedrill/examples/school/sqlcount"
	"firedrill/examples/school/store"
)

var workRoutes = []route{
	{alias: "grade", pattern: "POST /api/v1/submissions/{id}/grade", roles: teacherOnly, handle: grade},
	{alias: "submit", pattern: "POST /api/v1/assignments/{id}/submissions", roles: studentOnly, handle: submit},
	{alias: "start-attempt", pattern: "POST /api/v1/quizzes/{id}/attempts", roles: studentOnly, handle: startAttempt},
	{alias: "answer", pattern: "POST /api/v1/attempts/{id}/answers", roles: studentOnly, handle: answer},
	{alias: "submit-attempt", pattern: "POST /api/v1/attempts/{id}/submit", roles: studentOnly, handle: submitAttempt},
	{alias: "notification-read", pattern: "POST /api/v1/notifications/{id}/read", handle: readNotification},
}

// The bounds of what people write.
const (
	maxFeedback = 2000
	maxContent  = 20000
)

// grade grades a submission: {"grade": 0..100, "feedback": "1 to 2000 characters"}.
func grade(c *call) (reply, error) {
	var in struct {
		Grade    *int    `json:"grade"`
		Feedback *string `json:"feedback"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	fields := map[string]string{}
	switch {
	case in.Grade == nil:
		fields["grade"] = "is required"
	case *in.Grade < 0 || *in.Grade > 100:
		fields["grade"] = "must be a whole number from 0 to 100"
	}
	if why := text(in.Feedback, 1, maxFeedback); why != "" {
		fields["feedback"] = why
	}
	if len(fields) > 0 {
		return reply{}, invalid(fields)
	}
	return ok(c.store.Grade(c.r.Context(), c.user, c.r.PathValue("id"), *in.Grade, *in.Feedback))
}

// submit hands in work: {"content": "1 to 20000 characters", "attachments": ["upl_…"]}, with at most ten uploads.
func submit(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Content     *string
		Attachments []string
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.text("content", in.Content, 1, maxContent)
	if len(in.Attachments) > store.MostAttachments {
		wrong["attachments"] = fmt.Sprintf("must be at most %d", store.MostAttachments)
	}
	for i := range in.Attachments {
		wrong.text("attachments", &in.Attachments[i], 1, 100)
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return created(c.store.Submit(c.r.Context(), c.user, id, *in.Content, in.Attachments...))
}

// startAttempt has no body.
func startAttempt(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return created(c.store.StartAttempt(c.r.Context(), c.user, id, c.o.AttemptLimit))
}

// answer chooses an option: {"question_id": 1, "option_id": 2}.
func answer(c *call) (reply, error) {
	var in struct {
		Question *int64 `json:"question_id"`
		Option   *int64 `json:"option_id"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	fields := map[string]string{}
	for name, v := range map[string]*int64{"question_id": in.Question, "option_id": in.Option} {
		switch {
		case v == nil:
			fields[name] = "is required"
		case *v < 1 || *v >= 1<<31:
			fields[name] = "is not an id"
		}
	}
	if len(fields) > 0 {
		return reply{}, invalid(fields)
	}
	t, err := c.store.Answer(c.r.Context(), c.user, c.r.PathValue("id"), *in.Question, *in.Option)
	return ok(struct {
		Attempt  string `json:"attempt_id"`
		Question int64  `json:"question_id"`
		Option   int64  `json:"option_id"`
		Answered int    `json:"answered"`
		Of       int    `json:"of"`
	}{t.ID, *in.Question, *in.Option, t.Answered, store.Questions}, err)
}

// submitAttempt has no body.
func submitAttempt(c *call) (reply, error) {
	return ok(c.store.SubmitAttempt(c.r.Context(), c.user, c.r.PathValue("id")))
}

// readNotification has no body.
func readNotification(c *call) (reply, error) {
	return reply{status: http.StatusNoContent}, c.store.MarkRead(c.r.Context(), c.user.ID, c.r.PathValue("id"))
}

// opsRoutes are for whoever runs the school.
var opsRoutes = []route{
	{alias: "reset", pattern: "POST /admin/reset", side: opsSide, open: true, handle: reset},
	{alias: "truth", pattern: "GET /admin/truth", side: opsSide, open: true, handle: truth},
	{alias: "health", pattern: "GET /healthz", side: opsSide, open: true, handle: health},
}

func reset(c *call) (reply, error) {
	// Uncounted, and to the end: a school that is half empty helps nobody.
	return reply{status: http.StatusNoContent}, c.store.Reset(context.WithoutCancel(sqlcount.WithMeter(c.r.Context(), nil)))
}

func truth(c *call) (reply, error) {
	return ok(c.store.Truth(c.r.Context(), c.r.URL.Query().Get("all") == "true"))
}

func health(*call) (reply, error) { return ok(map[string]string{"status": "ok"}, nil) }
