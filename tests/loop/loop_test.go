package loop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/app"
	"firedrill/examples/school/pgtest"
	"firedrill/internal/cli"
	"firedrill/internal/drill"
	"firedrill/internal/environment"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
	"firedrill/tests/stage"
)

const rush = `name: rush
personas:
  grader:
    journey: {persona: teacher, has: "POST /api/v1/submissions/{id}/grade"}
    login: each-iteration
    repeat: {step: "POST /api/v1/submissions/{id}/grade", times: 10}
    set: {grade: "int(60, 99)", feedback: phrase}
    think: uniform(20ms, 60ms)
    load: {executor: per-vu-iterations, vus: 20, iterations: 1, max_duration: 2m}
thresholds:
  http_req_failed: ["rate==0"]
`

const quiz = `name: quiz
personas:
  student:
    journey: {persona: student, has: "POST /api/v1/attempts/{id}/answers"}
    login: each-iteration
    repeat: {step: "POST /api/v1/attempts/{id}/answers", times: 20}
    think: uniform(10ms, 30ms)
    load: {executor: shared-iterations, vus: 35, iterations: 35, max_duration: 2m}
thresholds:
  http_req_failed: ["rate==0"]
`

// rehearsalGround is a school with a doorman and a recording of its people.
type rehearsalGround struct {
	school    *app.School
	doorman   *doorman
	dir       string
	recording string
}

func newGround(t *testing.T, o app.Options) *rehearsalGround {
	t.Helper()
	g := &rehearsalGround{doorman: newDoorman(), dir: t.TempDir()}
	o.Wrap = g.doorman.wrap
	school, err := app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { school.Close() })
	g.school = school
	g.recording = filepath.Join(g.dir, "day.db")
	g.record(t)
	return g
}

// record lets people of other accounts than the replay's use the school.
func (g *rehearsalGround) record(t *testing.T) {
	t.Helper()
	g.doorman.record(true)
	defer g.doorman.record(false)
	err := stage.Record(t.Context(), g.recording, g.school.URL(),
		stage.Grades("teacher41@test.local", 3), stage.Grades("teacher42@test.local", 5), stage.Browses("teacher43@test.local"),
		stage.TakesQuiz("student401@test.local"), stage.TakesQuiz("student402@test.local"))
	if err != nil {
		t.Fatal(err)
	}
}

// replay runs a scenario's text with a seed and returns the run's file.
func (g *rehearsalGround) replay(t *testing.T, scenario string, seed uint64) string {
	t.Helper()
	file := filepath.Join(g.dir, "scenario.yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	accounts := filepath.Join(g.dir, "accounts.csv")
	rows := "persona,login,password\n"
	for i := 1; i <= 40; i++ {
		rows += fmt.Sprintf("teacher,teacher%d@test.local,password\nstudent,student%d@test.local,password\n", i, i)
	}
	if err := os.WriteFile(accounts, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(g.dir, fmt.Sprintf("run-%s-%d.db", strings.Fields(scenario)[1], seed))
	os.Remove(run)
	var talk strings.Builder
	result, err := drill.Replay(t.Context(), drill.ReplayOptions{
		PlanOptions: drill.PlanOptions{Recording: g.recording, Talk: &talk},
		Scenario:    file,
		Accounts:    accounts,
		Targets:     []environment.Target{{Name: "api", URL: g.school.URL()}},
		Seed:        &seed,
		Out:         run,
		Markers:     true,
		LateLimit:   5 * time.Second, // these tests are about what is sent; the machine may be busy
		Results:     &talk,
	})
	held := result.Report != nil
	for _, th := range thresholdsOf(result.Report) {
		held = held && th.Status == verdict.Pass
	}
	if err != nil && (!held || cli.Code(err) != cli.Broken) { // a latency baseline may break on a busy machine; that is not what these tests are about
		t.Fatalf("replaying: %v\n%s", err, talk.String())
	}
	return result.File
}

func thresholdsOf(r *verdict.Report) []verdict.Threshold {
	if r == nil {
		return nil
	}
	return r.Thresholds
}

// databases runs a test on SQLite and, where it can be had, on PostgreSQL.
func databases(t *testing.T, run func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { run(t, "") })
	t.Run("postgres", func(t *testing.T) { run(t, pgtest.Start(t)) })
}

func TestEveryGradeIsUnderItsOwnTeacher(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		g := newGround(t, app.Options{DB: dsn})
		before := graded(t, g.school)
		g.doorman.forget()
		run := g.replay(t, rush, 11)
		for _, leak := range g.doorman.leaks {
			t.Error(leak)
		}
		given := map[string]int{}
		for id, s := range graded(t, g.school) {
			if _, old := before[id]; old {
				continue
			}
			if s.grader != s.teacher {
				t.Errorf("submission %s of a course of %s was graded by %s", id, s.teacher, s.grader)
			}
			if s.grade < 60 || s.grade > 99 || s.feedback == "" {
				t.Errorf("submission %s got grade %d, feedback %q", id, s.grade, s.feedback)
			}
			given[s.grader]++
		}
		want := map[string]int{}
		for i := 1; i <= 20; i++ {
			want[fmt.Sprintf("teacher%d@test.local", i)] = 10
		}
		if diff := cmp.Diff(want, given); diff != "" {
			t.Errorf("grades by teacher (-want +got):\n%s", diff)
		}
		checkSamples(t, run, g.doorman.requests)
	})
}

func TestAClassTakesOneQuiz(t *testing.T) {
	for _, auth := range []string{app.AuthSession, app.AuthJWT} {
		t.Run(auth, func(t *testing.T) {
			g := newGround(t, app.Options{Auth: auth})
			g.doorman.forget()
			g.replay(t, quiz, 3)
			for _, leak := range g.doorman.leaks {
				t.Error(leak)
			}
			truth, err := g.school.Truth(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			done := map[string]int{}
			for _, a := range truth.Attempts {
				if strings.HasPrefix(a.Student, "student40") {
					continue
				}
				if a.Score < 0 || a.Answers != 20 {
					t.Errorf("the attempt of %s has %d answers, score %d", a.Student, a.Answers, a.Score)
				}
				done[a.Student]++
			}
			if len(done) != 35 {
				t.Errorf("%d students took the quiz, want 35", len(done))
			}
		})
	}
}

func TestOneSeedMakesOneRun(t *testing.T) {
	g := newGround(t, app.Options{})
	var walks []map[string][]string
	for range 2 {
		if err := g.school.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.doorman.forget()
		g.replay(t, rush, 42)
		walks = append(walks, g.doorman.walks)
	}
	if len(walks[0]) != 20 {
		t.Fatalf("%d users were seen, want 20", len(walks[0]))
	}
	if diff := cmp.Diff(walks[0], walks[1]); diff != "" {
		t.Errorf("two runs with one seed differ (-first +second):\n%s", diff)
	}
	g.doorman.forget()
	if err := g.school.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.replay(t, rush, 43)
	if cmp.Equal(walks[0], g.doorman.walks) {
		t.Error("another seed made the same run")
	}
}

type gradedWork struct {
	teacher, grader, feedback string
	grade                     int
}

func graded(t *testing.T, s *app.School) map[string]gradedWork {
	t.Helper()
	truth, err := s.Truth(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]gradedWork{}
	for _, s := range truth.Submissions {
		if s.Grader == nil || s.Grade == nil || s.Feedback == nil {
			continue
		}
		all[s.ID] = gradedWork{s.Teacher, *s.Grader, *s.Feedback, *s.Grade}
	}
	return all
}

// checkSamples holds the run file against what the school saw.
func checkSamples(t *testing.T, file string, seen int) {
	t.Helper()
	if err := runs.Check(file); err != nil {
		t.Error(err)
	}
	r, err := runs.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, unknown := 0, 0
	for s, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if s.Has(sample.Failed) {
			t.Errorf("sample %d failed: status %d, %s", s.Seq, s.Status, s.Error)
		}
		if s.Queries < 0 {
			unknown++
		}
	}
	if n != seen {
		t.Errorf("the run has %d samples, the school saw %d requests", n, seen)
	}
	if unknown > 0 {
		t.Errorf("%d samples have no query count although the school says it on each answer", unknown)
	}
}
