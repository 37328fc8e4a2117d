package app

import (
	"slices"
	"strings"
	"time"

	"firedrill/examples/school/store"
)

// insightRoutes find and add up.
var insightRoutes = []route{
	{alias: "search", pattern: "GET /api/v1/search", handle: search},
	{alias: "analytics", pattern: "GET /api/v1/analytics/overview", roles: adminOnly, handle: overview},
	{alias: "analytics-courses", pattern: "GET /api/v1/analytics/courses", roles: adminOnly, handle: courseFigures},
	{alias: "analytics-engagement", pattern: "GET /api/v1/analytics/engagement", roles: adminOnly, handle: engagement},
}

func search(c *call) (reply, error) {
	v, wrong := c.r.URL.Query(), fields{}
	words, kind := strings.TrimSpace(v.Get("q")), v.Get("type")
	wrong.text("q", &words, 2, 200)
	if kind != "" && !slices.Contains(store.Kinds, kind) {
		wrong["type"] = "must be " + strings.Join(store.Kinds[:len(store.Kinds)-1], ", ") + " or " + store.Kinds[len(store.Kinds)-1]
	}
	page := c.number("page", 1, 1, 10000, wrong)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return ok(c.store.Search(c.r.Context(), c.user, words, kind, page, c.faults.Naive(c.route.alias)))
}

func overview(c *call) (reply, error) { return ok(c.store.Overview(c.r.Context())) }

func courseFigures(c *call) (reply, error) {
	subject, wrong := c.r.URL.Query().Get("subject"), fields{}
	wrong.text("subject", &subject, 0, 40)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return listed(c.store.CourseFigures(c.r.Context(), subject, c.faults.Naive(c.route.alias)))
}

// mostDays is how long a time engagement can be asked for.
const mostDays = 366

func engagement(c *call) (reply, error) {
	v, wrong := c.r.URL.Query(), fields{}
	day := func(name string) (t time.Time) {
		if v.Get(name) == "" {
			return t
		}
		t, err := time.Parse(store.DayFormat, v.Get(name))
		if err != nil || t.Year() < 1970 || t.Year() > 9999 {
			wrong[name] = "must be like 2025-10-31"
		}
		return t
	}
	from, to, by := day("from"), day("to"), v.Get("by")
	switch {
	case from.IsZero() != to.IsZero():
		wrong["from"] = "goes with to: both or neither"
	case to.Before(from):
		wrong["to"] = "must not be before from"
	case to.Sub(from) > mostDays*24*time.Hour:
		wrong["to"] = "must be within 366 days of from"
	}
	if by == "" {
		by = "day"
	}
	if by != "day" && by != "week" {
		wrong["by"] = "must be day or week"
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return ok(c.store.Engagement(c.r.Context(), from, to, by))
}
