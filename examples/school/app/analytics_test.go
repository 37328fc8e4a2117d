package app_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/store"
)

// analytics: what SQL computes is what Go computes from the rows.
func (f *fixture) analytics(t *testing.T) {
	truth := get[store.Truth](visitor(t, f.s.URL()).get("/admin/truth?all=true"))
	courses := map[int64]store.Course{}
	for _, c := range get[items[store.Course]](f.admin.get("/api/v1/courses?per_page=200")).Items {
		courses[c.ID] = c
	}
	if len(truth.Submissions) < 3*store.Ungraded || len(truth.Attempts) == 0 {
		t.Fatalf("%d submissions and %d attempts are too few to tell", len(truth.Submissions), len(truth.Attempts))
	}
	t.Run("overview", func(t *testing.T) { f.overview(t, truth, courses) })
	t.Run("courses", func(t *testing.T) { f.courseFigures(t, truth, courses) })
	t.Run("engagement", func(t *testing.T) { f.engagement(t, truth) })
}

func dayOf(i store.Instant) string { return i.Time().Format(store.DayFormat) }

func (f *fixture) overview(t *testing.T, truth store.Truth, courses map[int64]store.Course) {
	var newest store.Instant
	subjects := map[string]*store.SubjectFigures{}
	for _, c := range courses {
		if subjects[c.Subject] == nil {
			subjects[c.Subject] = &store.SubjectFigures{Subject: c.Subject}
		}
		subjects[c.Subject].Courses++
	}
	points := map[string]float64{}
	for _, s := range truth.Submissions {
		newest = max(newest, s.SubmittedAt)
		if v := subjects[courses[s.CourseID].Subject]; s.Latest {
			v.Submissions++
			if s.Grade != nil {
				v.Graded++
				points[v.Subject] += float64(*s.Grade)
			} else {
				v.Waiting++
			}
		}
	}
	want := store.Overview{AsOf: dayOf(newest), Users: []store.RoleCount{{Role: "admin", Count: store.Admins}, {Role: "student", Count: 40}, {Role: "teacher", Count: 3}}}
	for _, v := range subjects {
		if v.Graded > 0 {
			mean := math.Round(100*points[v.Subject]/float64(v.Graded)) / 100
			v.Mean = &mean
		}
		want.Subjects = append(want.Subjects, *v)
	}
	slices.SortFunc(want.Subjects, func(a, b store.SubjectFigures) int {
		if a.Subject < b.Subject {
			return -1
		}
		return 1
	})
	for i := range store.OverviewDays {
		want.PerDay = append(want.PerDay, store.DayCount{Day: newest.Time().AddDate(0, 0, i-store.OverviewDays+1).Format(store.DayFormat)})
	}
	active := map[string]bool{}
	for _, s := range truth.Submissions {
		for i := range want.PerDay {
			d := &want.PerDay[i]
			if dayOf(s.SubmittedAt) == d.Day {
				d.Submitted++
			}
			if s.GradedAt != 0 && dayOf(s.GradedAt) == d.Day {
				d.Graded++
			}
		}
		if dayOf(s.SubmittedAt) >= want.AsOf {
			active[s.Student] = true
		}
		if s.GradedAt != 0 && dayOf(s.GradedAt) >= want.AsOf {
			active[*s.Grader] = true
		}
	}
	for i := range 10 {
		want.Scores = append(want.Scores, store.ScoreBucket{From: 10 * i, To: 10*i + 9})
	}
	want.Scores[9].To = 100
	for _, a := range truth.Attempts {
		if dayOf(a.StartedAt) >= want.AsOf {
			active[a.Student] = true
		}
		if a.Score >= 0 {
			want.Scores[min(a.Score/10, 9)].Attempts++
		}
	}
	want.ActiveToday = len(active)
	if diff := cmp.Diff(want, get[store.Overview](f.admin.get("/api/v1/analytics/overview"))); diff != "" {
		t.Error(diff)
	}
}

func (f *fixture) courseFigures(t *testing.T, truth store.Truth, courses map[int64]store.Course) {
	want, took, points := map[int64]*store.CourseFigures{}, map[int64][]int64{}, map[int64]float64{}
	for id, c := range courses {
		want[id] = &store.CourseFigures{ID: id, Title: c.Title, Subject: c.Subject, Year: c.Year, Teacher: c.Teacher, Students: c.Students}
	}
	for _, s := range truth.Submissions {
		if !s.Latest {
			continue
		}
		v := want[s.CourseID]
		v.Submissions++
		if s.Grade != nil {
			v.Graded++
			points[v.ID] += float64(*s.Grade)
			took[v.ID] = append(took[v.ID], int64(s.GradedAt-s.SubmittedAt))
		}
	}
	const day = 24 * 60 * 60 * 1000
	for id, v := range want {
		if v.Graded > 0 {
			mean := math.Round(100*points[id]/float64(v.Graded)) / 100
			slices.Sort(took[id])
			n := len(took[id])
			median := math.Round(100*float64(took[id][(n-1)/2]+took[id][n/2])/2/day) / 100
			v.Mean, v.DaysToGrade = &mean, &median
		}
	}
	rows := get[items[store.CourseFigures]](f.admin.get("/api/v1/analytics/courses")).Items
	if len(rows) != len(courses) {
		t.Errorf("%d rows for %d courses", len(rows), len(courses))
	}
	subject, of := rows[0].Subject, 0
	for i, v := range rows {
		if diff := cmp.Diff(*want[v.ID], v, cmp.AllowUnexported(store.CourseFigures{})); diff != "" {
			t.Errorf("%s: %s", v.Title, diff)
		}
		if i > 0 && rows[i-1].Title > v.Title {
			t.Errorf("%s comes before %s", rows[i-1].Title, v.Title)
		}
		if v.Subject == subject {
			of++
		}
	}
	if some := get[items[store.CourseFigures]](f.admin.get("/api/v1/analytics/courses?subject=" + subject)).Items; len(some) != of || some[0].Subject != subject {
		t.Errorf("%d courses of %s, want %d", len(some), subject, of)
	}
}

func (f *fixture) engagement(t *testing.T, truth store.Truth) {
	for _, by := range []string{"day", "week"} {
		name := func(i store.Instant) string {
			at := i.Time()
			if by == "week" {
				at = at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
			}
			return at.Format(store.DayFormat)
		}
		from, to := "2025-10-08", "2025-10-29" // a Wednesday both
		periods, who := map[string]*store.Period{}, map[string]map[string]bool{}
		at := func(i store.Instant, person string) *store.Period {
			if d := dayOf(i); d < from || d > to {
				return &store.Period{}
			}
			p := name(i)
			if periods[p] == nil {
				periods[p], who[p] = &store.Period{From: p}, map[string]bool{}
			}
			who[p][person] = true
			return periods[p]
		}
		for _, s := range truth.Submissions {
			at(s.SubmittedAt, s.Student).Submissions++
			if s.GradedAt != 0 {
				at(s.GradedAt, *s.Grader).Grades++
			}
		}
		for _, a := range truth.Attempts {
			at(a.StartedAt, a.Student).Attempts++
		}
		want := store.Engagement{From: from, To: to, By: by}
		for d, _ := time.Parse(store.DayFormat, "2025-10-01"); d.Format(store.DayFormat) <= to; d = d.AddDate(0, 0, 1) {
			p := d.Format(store.DayFormat)
			if v := periods[p]; v != nil {
				for person := range who[p] {
					if person[0] == 't' {
						v.Teachers++
					} else {
						v.Students++
					}
				}
				want.Items = append(want.Items, *v)
			}
		}
		if len(want.Items) < 3 {
			t.Fatalf("%d periods are too few to tell", len(want.Items))
		}
		if diff := cmp.Diff(want, get[store.Engagement](f.admin.get("/api/v1/analytics/engagement?from="+from+"&to="+to+"&by="+by))); diff != "" {
			t.Errorf("by %s: %s", by, diff)
		}
	}
}
