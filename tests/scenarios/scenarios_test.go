package scenarios_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/app"
	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/store"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// drill is how a scenario is run here.
type drill struct {
	name     string
	flags    []string
	school   app.Options
	users    int  // at the peak, all of which must come
	expects  int  // a status that may be refused with: 429 of the machine that writes; 0 none
	drifting bool // drift cannot be known of a run so short
	also     bool // in every run of the tests, not only in thorough ones; those that write most on PostgreSQL too
	check    func(t *testing.T, g *ground, o outcome)
}

func drills() []drill {
	return []drill{
		{name: "smoke", flags: []string{"--duration", "4s"}, users: 2, also: true, check: checkSmoke},
		{name: "school-day", flags: []string{"--duration", "14s"}, users: 133, check: checkDay},
		{name: "stress", flags: []string{"--duration", "15s"}, users: 500, check: checkStress},
		{name: "spike", flags: []string{"--duration", "16s"}, users: 532, check: checkSpike},
		{name: "soak", flags: []string{"--duration", "10s"}, users: 133, drifting: true, check: checkDay},
		// A class of 20 questions at 2 to 5 seconds takes more than a minute: here they think ten times as fast.
		{name: "concurrent-quiz", flags: []string{"--duration", "30s", "--speed", "10"}, users: 35, also: true, check: checkQuiz},
		{name: "grading-rush", flags: []string{"--duration", "8s", "--speed", "10"}, users: 20, also: true, check: checkRush},
		{name: "opening-day", flags: []string{"--duration", "15s"}, users: 222, also: true, check: checkOpening},
		{name: "ai-gateway", flags: []string{"--duration", "12s", "--speed", "4", "--allow", "costly"}, users: 15, expects: 429,
			school: app.Options{AITime: 800 * time.Millisecond, AIPerMinute: 1000}, check: checkAI},
	}
}

// thorough is whether everything is tried, which takes minutes: where the tests
// require PostgreSQL. Otherwise it is the customer's first four on SQLite.
func thorough() bool {
	return slices.Contains(strings.Split(os.Getenv(pgtest.Require), ","), "postgres")
}

// TestOnSQLite: each scenario, at its full number of users, on a healthy school.
func TestOnSQLite(t *testing.T) {
	for _, d := range drills() {
		if thorough() || d.also {
			t.Run(d.name, func(t *testing.T) { t.Parallel(); d.run(t, "") })
		}
	}
}

// TestOnPostgres: the same on PostgreSQL.
func TestOnPostgres(t *testing.T) {
	for _, d := range drills() {
		if thorough() || d.name == "concurrent-quiz" || d.name == "grading-rush" {
			t.Run(d.name, func(t *testing.T) { t.Parallel(); d.run(t, pgtest.Start(t)) })
		}
	}
}

func (d drill) run(t *testing.T, dsn string) {
	d.school.DB = dsn
	g := newGround(t, d.school)
	before := g.truth(t)
	o := g.rehearse(t, d.name, d.flags...)
	o.before = before
	d.healthy(t, o)
	d.counts(t, g, o)
	if t.Failed() {
		t.Log(o.talk)
	}
	d.check(t, g, o)
}

// healthy: nothing broke but time, which is the machine's.
func (d drill) healthy(t *testing.T, o outcome) {
	r := o.report
	for _, th := range r.Thresholds {
		timed := strings.HasPrefix(th.Metric, "http_req_duration")
		if th.Status != verdict.Pass && !(timed && th.Status == verdict.Fail) {
			t.Errorf("%s %s: %s, measured %v of %d", th.Metric, th.Expr, th.Status, th.Measured, th.Samples)
		}
	}
	for _, e := range r.Errors {
		if d.expects == 0 || !strings.Contains(e.What, fmt.Sprint(d.expects)) {
			t.Errorf("%s: %s, %d times from %s on", e.Endpoint, e.What, e.Count, e.First)
		}
	}
	for _, it := range r.Iterations {
		if it.Starved+it.Refused+it.Dropped > 0 || it.Broken > 0 && d.expects == 0 {
			t.Errorf("%+v", it)
		}
	}
	for _, row := range r.Drift {
		if row.Status != verdict.Pass && !d.drifting {
			t.Errorf("drift: %+v", row)
		}
	}
	for _, row := range r.Queries {
		if row.Known == 0 || row.Status == verdict.Fail || row.Grows != "" {
			t.Errorf("queries: %+v", row)
		}
	}
	if r.Run.Users != d.users && !(d.name == "smoke" && r.Run.Users > d.users) { // one for each journey that has critical endpoints
		t.Errorf("%d users at the peak, want %d", r.Run.Users, d.users)
	}
	if r.Run.End != "completed" || len(r.Run.Journeys) == 0 {
		t.Errorf("it ended as %q", r.Run.End)
	}
}

// counts holds the run against what the school saw: every request is a sample, and
// but for those that the end of the run cut off, every sample is a request.
func (d drill) counts(t *testing.T, g *ground, o outcome) {
	all, _ := o.samples(t)
	cut, unknown := 0, 0
	for _, s := range all {
		switch {
		case s.Has(sample.Interrupted):
			cut++
		case s.Queries < 0:
			unknown++
		}
		if s.Has(sample.Stale) || s.Has(sample.Unexpected) {
			t.Errorf("sample %d: flags %v, status %d", s.Seq, s.Flags, s.Status)
		}
	}
	if seen := g.door.requests; seen > len(all) || seen < len(all)-cut {
		t.Errorf("the school saw %d requests; %d samples, %d of them cut off", seen, len(all), cut)
	}
	if unknown > 0 {
		t.Errorf("%d samples have no query count although the school says it on each answer", unknown)
	}
}

// truth is what the school says has happened.
func (g *ground) truth(t *testing.T) store.Truth {
	t.Helper()
	truth, err := g.school.Truth(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// completed counts the iterations that a persona finished.
func (o outcome) completed(persona string) (n int) {
	for _, it := range o.report.Iterations {
		if it.Persona == persona || strings.HasPrefix(it.Persona, persona+" (") {
			n += it.Completed
		}
	}
	return n
}

func (o outcome) started(persona string) (n int) {
	for _, it := range o.report.Iterations {
		if it.Persona == persona || strings.HasPrefix(it.Persona, persona+" (") {
			n += it.Started
		}
	}
	return n
}

func checkSmoke(t *testing.T, g *ground, o outcome) {
	if n := o.completed("teacher"); n < 1 {
		t.Errorf("the teacher completed %d iterations", n)
	}
	judged := 0
	for _, th := range o.report.Thresholds {
		if strings.HasPrefix(th.Metric, "http_req_duration{endpoint:") {
			judged++
			if th.Samples == 0 {
				t.Errorf("%s has no samples", th.Metric)
			}
		}
	}
	if judged < 10 {
		t.Errorf("%d critical endpoints were judged, want the scenario's 4 and the environment's", judged)
	}
	for shape := range g.door.at {
		if method, _, _ := strings.Cut(shape, " "); method != "GET" && shape != "POST /login" && shape != "POST /logout" {
			t.Errorf("smoke writes: %s", shape)
		}
	}
}

// checkDay: what was handed in is somebody's who was there, under an assignment of one of their courses.
func checkDay(t *testing.T, g *ground, o outcome) {
	for _, persona := range []string{"teachers", "students", "admins"} {
		if o.started(persona) == 0 { // whether one can be completed in so short a run is the machine's
			t.Errorf("no iteration of %s was begun", persona)
		}
	}
	handed := 0
	for _, s := range g.since(t, o.before) {
		handed++
		if !strings.HasPrefix(s.Student, "student") || s.Status != "submitted" {
			t.Errorf("%+v", s)
		}
	}
	if answered := o.answered(t, "POST /api/v1/assignments/{id}/submissions", 201); handed < answered || answered == 0 {
		t.Errorf("%d submissions were handed in, %d were answered", handed, answered)
	}
	if g.door.at["POST /api/v1/uploads"] == 0 {
		t.Error("no file was uploaded")
	}
}

func checkStress(t *testing.T, g *ground, o outcome) {
	var users []int
	for _, s := range o.report.Steps {
		users = append(users, s.Users)
		if s.MustHold != (s.Users <= 133) || s.Requests == 0 {
			t.Errorf("%+v", s)
		}
	}
	if d := cmp.Diff([]int{50, 100, 133, 250, 500}, users); d != "" {
		t.Errorf("users of the steps (-want +got):\n%s", d)
	}
	checkDay(t, g, o)
}

func checkSpike(t *testing.T, g *ground, o outcome) {
	r := o.report.Recovery
	if r == nil || r.After == "" || r.Status == verdict.NoData {
		t.Fatalf("recovery %+v", r)
	}
	var holds []string
	for _, p := range o.report.Phases {
		if p.Hold {
			holds = append(holds, p.Name)
		}
	}
	if d := cmp.Diff([]string{"step 1: 133 users", "step 2: 532 users", "step 3: 133 users"}, holds); d != "" {
		t.Error(d)
	}
	checkDay(t, g, o)
}

// checkQuiz: 35 students, each with one attempt of their own, begun at the bell, with 20 answers, handed in.
func checkQuiz(t *testing.T, g *ground, o outcome) {
	attempts := map[string]int{}
	for _, a := range g.truth(t).Attempts {
		attempts[a.Student]++
		if a.Answers != 20 || a.Score < 0 {
			t.Errorf("the attempt of %s has %d answers, score %d", a.Student, a.Answers, a.Score)
		}
	}
	for student, n := range attempts {
		if n != 1 {
			t.Errorf("%s took it %d times", student, n)
		}
	}
	if len(attempts) != 35 || o.completed("quiz-student") != 35 {
		t.Errorf("%d students took the quiz, %d iterations were completed, want 35", len(attempts), o.completed("quiz-student"))
	}
	all, names := o.samples(t)
	var bells []time.Duration
	for _, s := range all {
		if names.Endpoints[s.Endpoint].Name == "POST /api/v1/quizzes/{id}/attempts" {
			bells = append(bells, s.Intended)
		}
	}
	slices.Sort(bells)
	if len(bells) != 35 || bells[0] != bells[34] {
		t.Errorf("%d attempts were to begin from %s to %s, want all at one moment", len(bells), bells[0], bells[len(bells)-1])
	}
}

// checkRush: every grade is given by the teacher of the course, within what the scenario says.
func checkRush(t *testing.T, g *ground, o outcome) {
	given := map[string]int{}
	for _, s := range g.since(t, o.before) {
		if s.Grader == nil || *s.Grader != s.Teacher {
			t.Errorf("submission %s of a course of %s was graded by %v", s.ID, s.Teacher, s.Grader)
			continue
		}
		if s.Grade == nil || *s.Grade < 60 || *s.Grade > 99 || s.Feedback == nil || *s.Feedback == "" {
			t.Errorf("submission %s got %v, %v", s.ID, s.Grade, s.Feedback)
		}
		given[*s.Grader]++
	}
	for i := 1; i <= 20; i++ {
		if n := given[fmt.Sprintf("teacher%d@test.local", i)]; n < 10 {
			t.Errorf("teacher%d graded %d submissions, want at least one pile of 10", i, n)
		}
	}
	if len(given) != 20 {
		t.Errorf("%d teachers graded, want 20", len(given))
	}
}

func checkOpening(t *testing.T, g *ground, o outcome) {
	for persona, least := range map[string]int{"admins": 1, "teachers": 1, "students": 50} {
		if n := o.completed(persona); n < least {
			t.Errorf("%s completed %d iterations, want at least %d", persona, n, least)
		}
	}
	logins := g.door.at["POST /login"]
	if students := o.completed("students"); logins < 222 || logins < students {
		t.Errorf("%d log-ins for 222 users and %d visits of students: each visit is a new browser", logins, students)
	}
	for _, shape := range []string{"POST /api/v1/courses", "POST /api/v1/courses/*/enrolments", "POST /api/v1/unit_plans", "POST /api/v1/courses/*/assignments"} {
		if g.door.at[shape] == 0 {
			t.Errorf("nobody did %s", shape)
		}
	}
	if n := len(g.since(t, o.before)); n != 0 {
		t.Errorf("%d submissions on opening day: the students only look around", n)
	}
}

// checkAI: whole streams came, each teacher saved what was written for her, and whoever was told to come later did.
func checkAI(t *testing.T, g *ground, o outcome) {
	if len(o.report.Streams) != 1 {
		t.Fatalf("streams of %d endpoints, want 1", len(o.report.Streams))
	}
	s := o.report.Streams[0]
	if s.Endpoint != "POST /api/v1/ai/generate" || s.Streams < 15 || s.Truncated > 0 || s.PerUserMinute < 1 || s.EventsPerSecond <= 0 {
		t.Errorf("%+v", s)
	}
	all, names := o.samples(t)
	refused, again := 0, 0
	for _, x := range all {
		if names.Endpoints[x.Endpoint].Name != s.Endpoint {
			continue
		}
		if x.Status == 429 {
			refused++
			if x.RetryAfter <= 0 {
				t.Errorf("sample %d: 429 that says nothing of when to come again", x.Seq)
			}
		}
		if x.Has(sample.Retried) {
			again++
		}
	}
	if s.RateLimited != refused || again > refused {
		t.Errorf("429: %d in the verdict, %d samples, %d further attempts", s.RateLimited, refused, again)
	}
	if o.answered(t, "POST /api/v1/ai/generations/{id}/save", 201) == 0 {
		t.Error("nobody kept a text")
	}
}

// since are the submissions that are new, or graded, after before.
func (g *ground) since(t *testing.T, before store.Truth) (all []store.TrueSubmission) {
	t.Helper()
	old := map[string]bool{}
	for _, s := range before.Submissions {
		old[s.ID+fmt.Sprint(s.Grade != nil)] = true
	}
	for _, s := range g.truth(t).Submissions {
		if !old[s.ID+fmt.Sprint(s.Grade != nil)] {
			all = append(all, s)
		}
	}
	return all
}

// answered counts the answers of a status at an endpoint.
func (o outcome) answered(t *testing.T, endpoint string, status uint16) (n int) {
	t.Helper()
	all, names := o.samples(t)
	for _, s := range all {
		if names.Endpoints[s.Endpoint].Name == endpoint && s.Status == status && !s.Has(sample.Interrupted) {
			n++
		}
	}
	return n
}
