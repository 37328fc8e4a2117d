package load_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

func TestRefusedLogIns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(12)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 12, Duration: time.Hour, GracefulStop: 30 * s}
		out, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) {
			for i := range c.Accounts["teacher"] {
				c.Accounts["teacher"][i].Password = "wrong"
			}
		})
		check(t, "end", load.EndRefused, out.End)
		if out.Valid() || out.Length > s {
			t.Errorf("valid %v after %v", out.Valid(), out.Length)
		}
		if !strings.Contains(out.Detail, "persona grader: 10 log-ins and none succeeded: log-in refused: POST /api/v1/auth/login answered 401") || strings.Contains(out.Detail, "wrong") {
			t.Error(out.Detail)
		}
		if k.outcomes()[sample.LoginFailed] < 10 {
			t.Error(k.outcomes())
		}
	})
	synctest.Test(t, func(t *testing.T) { // one wrong password of many is no reason to stop
		a := newSchool(t)
		out, k := replay(t, a, gradingPlan(), rush(12), func(c *load.Config) { c.Accounts["teacher"][3].Password = "wrong" })
		check(t, "end", load.EndCompleted, out.End)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 11, sample.LoginFailed: 1}, k.outcomes())
	})
	synctest.Test(t, func(t *testing.T) { // nor are many, when some were let in
		a := newSchool(t)
		out, k := replay(t, a, gradingPlan(), rush(14), func(c *load.Config) {
			for i := 2; i < 14; i++ {
				c.Accounts["teacher"][i].Password = "wrong"
			}
		})
		check(t, "end", load.EndCompleted, out.End)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 2, sample.LoginFailed: 12}, k.outcomes())
	})
}

func refuse(*wire.Request, *wire.Response) (bool, error) {
	return true, &wire.Error{Kind: sample.Refused, Err: errors.New("connect: connection refused")}
}

func TestUnreachable(t *testing.T) {
	for users, most := range map[int]time.Duration{1: 4 * s, 40: 2 * s} {
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			a.answer = refuse
			sc := rush(users)
			sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: users, Duration: time.Hour}
			out, k := replay(t, a, gradingPlan(), sc, nil)
			check(t, "end", load.EndUnreachable, out.End)
			if out.Valid() || out.Length > most || !strings.Contains(out.Detail, "connection refused") {
				t.Errorf("%d users: %v, %q", users, out.Length, out.Detail)
			}
			for _, x := range k.samples {
				if x.Flags&sample.Interrupted == 0 && !x.Has(sample.Failed|sample.NotSent) {
					t.Errorf("%+v", x)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // fewer attempts than it takes to be sure
		a := newSchool(t)
		a.answer = refuse
		out, _ := replay(t, a, gradingPlan(), rush(2), nil)
		check(t, "end", load.EndUnreachable, out.End)
	})
}

func TestDied(t *testing.T) {
	for _, length := range []time.Duration{time.Hour, 33 * s} { // noticed while running, and at the end
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			a.list = 2000
			begin := time.Now()
			a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
				if time.Since(begin) > 30*s {
					return refuse(req, res)
				}
				return false, nil
			}
			sc := rush(20)
			sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 20, Duration: length}
			out, _ := replay(t, a, gradingPlan(), sc, nil)
			check(t, "end", load.EndDied, out.End)
			if !out.Valid() {
				t.Error("a target that died was measured")
			}
			if out.Died.At < 29*s || out.Died.At > 30*s || out.Died.Users != 20 || out.Died.Rate < 5 || out.Died.Rate > 40 {
				t.Errorf("%+v", out.Died)
			}
			if out.Length > 45*s {
				t.Errorf("noticed after %v", out.Length)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // neither are a few failures now and then
		a := newSchool(t)
		begin := time.Now()
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if int(time.Since(begin)/s)%20 >= 12 {
				return refuse(req, res)
			}
			return false, nil
		}
		sc := rush(1)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 100 * s}
		out, _ := replay(t, a, gradingPlan(), sc, nil)
		check(t, "end", load.EndCompleted, out.End)
	})
	synctest.Test(t, func(t *testing.T) { // nor is being slow
		a := newSchool(t)
		begin := time.Now()
		a.answer = func(*wire.Request, *wire.Response) (bool, error) {
			if time.Since(begin) > 10*s {
				return true, &wire.Error{Kind: sample.TimedOut, Sent: true, Err: context.DeadlineExceeded}
			}
			return false, nil
		}
		sc := rush(20)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 20, Duration: 60 * s}
		out, _ := replay(t, a, gradingPlan(), sc, nil)
		check(t, "end", load.EndCompleted, out.End)
	})
	synctest.Test(t, func(t *testing.T) { // a hiccup is not a death
		a := newSchool(t)
		begin := time.Now()
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if d := time.Since(begin); d > 10*s && d < 13*s {
				return refuse(req, res)
			}
			return false, nil
		}
		sc := rush(20)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 20, Duration: 40 * s}
		out, _ := replay(t, a, gradingPlan(), sc, nil)
		check(t, "end", load.EndCompleted, out.End)
	})
}

func TestEndedFromOutside(t *testing.T) {
	sc := rush(3)
	sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: time.Hour, GracefulStop: 30 * s}
	synctest.Test(t, func(t *testing.T) {
		soft, cancel := context.WithTimeout(t.Context(), 10*s)
		defer cancel()
		a := newSchool(t)
		out, k := run(t, a, compile(t, gradingPlan(), sc, load.Options{}), soft, t.Context(), nil)
		check(t, "end", load.EndInterrupted, out.End)
		if n := k.outcomes()[sample.Cut]; n != 0 || out.Length < 10*s || out.Length > 17*s {
			t.Errorf("running iterations are finished: %v, %v", out.Length, k.outcomes())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		abort := make(chan string)
		go func() {
			time.Sleep(4950 * time.Millisecond)
			abort <- "threshold broken"
		}()
		a := newSchool(t)
		out, k := run(t, a, compile(t, gradingPlan(), sc, load.Options{}), t.Context(), t.Context(), func(c *load.Config) { c.Abort = abort })
		check(t, "end", "threshold broken", out.End)
		check(t, "length", 4950*time.Millisecond, out.Length)
		check(t, "outcomes", map[sample.Outcome]int{sample.Cut: 3}, k.outcomes())
		cut := 0
		for _, x := range k.samples {
			if x.Has(sample.Interrupted) {
				cut++
				if x.Has(sample.Failed) || x.Error != sample.Canceled {
					t.Errorf("%+v", x)
				}
			}
		}
		check(t, "requests under way", 3, cut)
	})
}

func TestCostlyCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := gradingPlan()
		p.Journeys[0].Steps[5].Class = plan.Costly
		var refused *load.NotAllowedError
		if _, err := load.Compile(p, rush(3), load.Options{}); !errors.As(err, &refused) || !strings.Contains(refused.Hint(), "--allow costly") || refused.ExitCode() != 2 {
			t.Fatalf("%v", err)
		}
		a := newSchool(t)
		prog := compile(t, p, rush(3), load.Options{Allow: []plan.Class{plan.Costly}})
		out, _ := run(t, a, prog, t.Context(), t.Context(), func(c *load.Config) { c.CostlyCap = 4 })
		check(t, "end", load.EndCostly, out.End)
		check(t, "sent", 4, len(a.grades))
	})
}
