package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/store"
)

var small = store.Seed{Number: 7, Teachers: 3, Students: 40}

func open(t *testing.T, db string, seed store.Seed, fresh bool) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DB: db, Seed: seed, Fresh: fresh})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// person logs somebody in.
func person(t *testing.T, s *store.Store, name string) store.User {
	t.Helper()
	u, err := s.LogIn(t.Context(), name+"@test.local", store.Password)
	if err != nil {
		t.Fatalf("log-in of %s: %v", name, err)
	}
	return u
}

// fingerprint of all that is seeded: what people see, and the secrets by what they open.
func fingerprint(t *testing.T, s *store.Store) string {
	t.Helper()
	truth, err := s.Truth(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%v", s.Dump(t.Context()))
	return fmt.Sprintf("%d submissions, %x", len(truth.Submissions), h.Sum(nil)[:8])
}

// TestOnPostgreSQL does on PostgreSQL what the other tests do on SQLite: one cluster for all.
func TestOnPostgreSQL(t *testing.T) {
	db := pgtest.Start(t)
	t.Run("seed", func(t *testing.T) {
		if pg, lite := fingerprint(t, open(t, db, small, false)), fingerprint(t, open(t, "", small, false)); pg != lite {
			t.Errorf("PostgreSQL holds %s, SQLite %s", pg, lite)
		}
	})
	t.Run("earlier start", func(t *testing.T) { keepsAndRefuses(t, db) })
	t.Run("at once", func(t *testing.T) { atOnce(t, open(t, db, small, true)) })
	t.Run("search", func(t *testing.T) {
		pg, lite := searching(t, open(t, db, small, true)), searching(t, open(t, "", small, false))
		if diff := cmp.Diff(pg, lite, cmp.AllowUnexported(store.Hit{})); diff != "" {
			t.Errorf("the databases find different things: %s", diff)
		}
	})
}

func TestSeedMakesOneSchool(t *testing.T) {
	first := fingerprint(t, open(t, "", small, false))
	if again := fingerprint(t, open(t, "", small, false)); again != first {
		t.Errorf("one seed, two schools: %s and %s", first, again)
	}
	other := small
	other.Number++
	if again := fingerprint(t, open(t, "", other, false)); again == first {
		t.Errorf("another seed makes the same school")
	}
}

func TestSeedHoldsWhatScenariosNeed(t *testing.T) {
	for _, seed := range []store.Seed{{1, 1, 1}, {1, 1, 60}, {1, 5, 30}, {1, 50, 500}} {
		t.Run(seed.String(), func(t *testing.T) {
			s := open(t, "", seed, false)
			ids := map[int64]string{}
			for _, mail := range seed.Accounts(store.RoleTeacher) {
				u := person(t, s, strings.TrimSuffix(mail, "@test.local"))
				d, err := s.TeacherDashboard(t.Context(), u)
				if err != nil {
					t.Fatal(err)
				}
				if d.ToGrade < store.Ungraded || len(d.Courses) < 3 {
					t.Errorf("%s has %d to grade in %d courses", mail, d.ToGrade, len(d.Courses))
				}
				for _, c := range d.Courses {
					if owner := ids[c.ID]; owner != "" {
						t.Errorf("course %d belongs to %s and %s", c.ID, owner, mail)
					}
					ids[c.ID] = mail
				}
			}
			for _, mail := range seed.Accounts(store.RoleStudent)[:min(20, seed.Students)] {
				d, err := s.StudentDashboard(t.Context(), person(t, s, strings.TrimSuffix(mail, "@test.local")))
				if err != nil {
					t.Fatal(err)
				}
				if len(d.Courses) == 0 || len(d.Quizzes) == 0 || len(d.Upcoming) == 0 {
					t.Errorf("%s has %d courses, %d quizzes, %d assignments to come", mail, len(d.Courses), len(d.Quizzes), len(d.Upcoming))
				}
			}
		})
	}
}

func TestDatabaseOfAnEarlierStart(t *testing.T) {
	keepsAndRefuses(t, "file:"+filepath.Join(t.TempDir(), "a b#c?d%e.db"))
}

func keepsAndRefuses(t *testing.T, db string) {
	submit := func(s *store.Store) store.Submission {
		u := person(t, s, "student1")
		d, err := s.StudentDashboard(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Submit(t.Context(), u, d.Upcoming[0].ID, "kept")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	s := open(t, db, small, false)
	before := fingerprint(t, s)
	v := submit(s)
	again := open(t, db, small, false)
	if got, err := again.Submission(t.Context(), person(t, again, "student1"), v.ID); err != nil || got.Content != "kept" {
		t.Errorf("a second start lost the work: %v, %v", got.Content, err)
	}
	other := small
	other.Students++
	_, err := store.Open(t.Context(), store.Options{DB: db, Seed: other})
	var mismatch *store.MismatchError
	if !errors.As(err, &mismatch) || mismatch.Has != small.String() {
		t.Errorf("another school was opened: %v", err)
	}
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fingerprint(t, s); got != before {
		t.Errorf("after reset %s, seeded %s", got, before)
	}
	submit(s)
	s.Close()
	again.Close()
	if got := fingerprint(t, open(t, db, small, true)); got != before {
		t.Errorf("fresh made %s, seeded %s", got, before)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		why  string
		o    store.Options
		want error
	}{
		{"no teachers", store.Options{Seed: store.Seed{Students: 1}}, store.ErrSeed},
		{"too many students", store.Options{Seed: store.Seed{Teachers: 1, Students: 20001}}, store.ErrSeed},
		{"a database that nobody knows", store.Options{DB: "mysql://x", Seed: small}, store.ErrDatabase},
	} {
		if _, err := store.Open(t.Context(), c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.why, err, c.want)
		}
	}
	if _, err := store.Open(t.Context(), store.Options{DB: "file:" + filepath.Join(t.TempDir(), "no", "such", "dir.db"), Seed: small}); err == nil {
		t.Error("a file in a directory that there is not was opened")
	}
}

// TestAtOnce: what two clients do at the same moment happens once, or in an order.
func TestAtOnce(t *testing.T) { atOnce(t, open(t, "", small, false)) }

const crowd = 8

func together(f func() error) (errs []error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range crowd {
		wg.Go(func() {
			err := f()
			mu.Lock()
			errs = append(errs, err)
			mu.Unlock()
		})
	}
	wg.Wait()
	return errs
}

// onlyN wants n to have gone through, and all others to have failed with one error.
func onlyN(t *testing.T, what string, errs []error, n int, others error) {
	t.Helper()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if !errors.Is(err, others) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if good != n {
		t.Errorf("%s: %d of %d went through, want %d", what, good, len(errs), n)
	}
}

func atOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	teacher, student := person(t, s, "teacher1"), person(t, s, "student1")
	courses, err := s.Courses(ctx, teacher, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	book, err := s.Gradebook(ctx, teacher, courses[0].ID, store.Submitted, false)
	if err != nil {
		t.Fatal(err)
	}
	onlyN(t, "grading one submission", together(func() error {
		_, err := s.Grade(ctx, teacher, book.Submissions[0].ID, 80, "good")
		return err
	}), 1, store.ErrGraded)

	d, err := s.StudentDashboard(ctx, student)
	if err != nil {
		t.Fatal(err)
	}
	quiz, assignment := d.Quizzes[0].ID, d.Upcoming[0].ID
	onlyN(t, "starting two attempts", together(func() error {
		_, err := s.StartAttempt(ctx, student, quiz, 2)
		return err
	}), 2, store.ErrLimit)

	onlyN(t, "handing in", together(func() error {
		_, err := s.Submit(ctx, student, assignment, "mine")
		return err
	}), crowd, nil)
	truth, err := s.Truth(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	versions, latest := map[int]bool{}, 0
	for _, v := range truth.Submissions {
		if v.AssignmentID == assignment {
			versions[v.Version] = true
			if v.Latest {
				latest = v.Version
			}
		}
	}
	if len(versions) != crowd || latest == 0 {
		t.Errorf("%d versions, latest %d", len(versions), latest)
	}

	token, err := s.NewRefresh(ctx, student.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var next string
	errs := together(func() error {
		_, n, err := s.Rotate(ctx, token, time.Hour)
		if err == nil {
			next = n
		}
		if errors.Is(err, store.ErrNotFound) { // the family is gone already
			err = store.ErrReused
		}
		return err
	})
	onlyN(t, "rotating one token", errs, 1, store.ErrReused)
	if _, _, err := s.Rotate(ctx, next, time.Hour); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the family of a reused token lives on: %v", err)
	}
}

func TestPassword(t *testing.T) {
	stored := store.HashPassword("geheim", []byte("sixteen bytes of"))
	if !strings.HasPrefix(stored, "pbkdf2-sha256$4096$") || strings.Contains(stored, "geheim") {
		t.Errorf("stored as %s", stored)
	}
	for _, c := range []struct {
		stored, password string
		want             bool
	}{
		{stored, "geheim", true},
		{stored, "Geheim", false},
		{stored, "", false},
		{"", "", false}, // nobody's password is not the empty one
		{"pbkdf2-sha256$x$AA$AA", "geheim", false},
		{"pbkdf2-sha256$1$AA$", "geheim", false},
		{"plain", "plain", false},
	} {
		if got := store.VerifyPassword(c.stored, c.password); got != c.want {
			t.Errorf("VerifyPassword(%q, %q) = %v", c.stored, c.password, got)
		}
	}
}

func TestIDsAreUnguessable(t *testing.T) {
	s := open(t, "", small, false)
	student := person(t, s, "student1")
	d, err := s.StudentDashboard(t.Context(), student)
	if err != nil {
		t.Fatal(err)
	}
	attempt := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	submission := regexp.MustCompile(`^[0-9A-Za-z]{22}$`)
	seen := map[string]bool{}
	for range 20 {
		a, err := s.StartAttempt(t.Context(), student, d.Quizzes[0].ID, 0)
		if err != nil || !attempt.MatchString(a.ID) || seen[a.ID] {
			t.Fatalf("attempt %q, %v", a.ID, err)
		}
		v, err := s.Submit(t.Context(), student, d.Upcoming[0].ID, "x")
		if err != nil || !submission.MatchString(v.ID) || seen[v.ID] {
			t.Fatalf("submission %q, %v", v.ID, err)
		}
		seen[a.ID], seen[v.ID] = true, true
	}
}

func TestInstantInJSON(t *testing.T) {
	for _, i := range []store.Instant{0, store.Instant(store.Epoch.UnixMilli()), 1} {
		b, err := i.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back store.Instant
		if err := back.UnmarshalJSON(b); err != nil || back != i {
			t.Errorf("%d → %s → %d, %v", i, b, back, err)
		}
	}
	b, _ := store.Instant(store.Epoch.UnixMilli()).MarshalJSON()
	if diff := cmp.Diff(`"2025-10-31T15:00:00.000Z"`, string(b)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		s, err := store.Open(context.Background(), store.Options{Seed: store.Seed{Number: 1, Teachers: 50, Students: 500}})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
