package program_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

func TestPlansThatDoNotHoldTogether(t *testing.T) {
	for name, edit := range map[string]func(*plan.Journey){
		"step of an answer": func(j *plan.Journey) { j.Steps[5].Slots[1].From.Step = "s99" },
		"part of an answer": func(j *plan.Journey) { j.Steps[5].Slots[1].From.Part = "json.[" },
		"place of a slot":   func(j *plan.Journey) { j.Steps[5].Slots[1].At = "json.nowhere" },
		"no ref":            func(j *plan.Journey) { j.Steps[5].Slots[1].At = "!!" },
		"pick":              func(j *plan.Journey) { j.Steps[5].Slots[0].From.Pick = "nothing" },
		"list":              func(j *plan.Journey) { j.Picks[0].List = "" },
		"order":             func(j *plan.Journey) { j.Picks[0].Order = "sideways" },
		"predicate":         func(j *plan.Journey) { j.Picks[0].Where[0].Op = "~" },
		"number":            func(j *plan.Journey) { j.Picks[0].Where[0].Op, j.Picks[0].Where[0].Text = ">", "many" },
		"parent":            func(j *plan.Journey) { j.Picks[0].Parent = "nobody" },
		"circle":            func(j *plan.Journey) { j.Picks[0].Parent, j.Picks[1].Parent = "course", "submission" },
		"step of a pick":    func(j *plan.Journey) { j.Picks[0].Step = "s99" },
		"origin":            func(j *plan.Journey) { j.Steps[5].Request.Origin = "elsewhere" },
		"transform":         func(j *plan.Journey) { j.Steps[5].Slots[1].From.Apply = []string{"rot13"} },
		"source":            func(j *plan.Journey) { j.Steps[5].Slots[1].From.Kind = "thin air" },
		"client pattern": func(j *plan.Journey) {
			j.Steps[5].Slots[1].From = plan.Source{Kind: plan.FromClient, Pattern: "dice:3"}
		},
		"count": func(j *plan.Journey) {
			j.Steps[5].Slots[1].From = plan.Source{Kind: plan.FromCount, Value: "one", By: 1}
		},
		"clock":               func(j *plan.Journey) { j.Steps[5].Slots[1].From = plan.Source{Kind: plan.FromClock} },
		"generator":           func(j *plan.Journey) { j.Steps[5].Slots[1].From = plan.Source{Kind: plan.FromGenerator, Expr: "int("} },
		"two steps of one id": func(j *plan.Journey) { j.Steps[5].ID = "s04" },
		"loop":                func(j *plan.Journey) { j.Loops = []plan.Loop{{First: 5, Last: 99, Times: []int{1}}} },
		"part of a join": func(j *plan.Journey) {
			j.Steps[5].Slots[1].From = plan.Source{Kind: plan.FromJoin, Parts: []plan.Source{from("s99", "json.x")}}
		},
	} {
		p := day()
		edit(&p.Journeys[0])
		_, err := program.Compile(p, one(scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}}), program.Options{})
		var e *program.PlanError
		if !errors.As(err, &e) || e.Journey != "teacher: grades" || e.Hint() == "" || e.Unwrap() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := day() // a wrong runner-up is left out
	p.Journeys[0].Steps[5].Slots[1].Others = []plan.Source{from("s99", "json.x"), from("s02", "json.csrf")}
	g := compile(t, p, scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}})
	if n := len(g.Journey.Steps[5].Slots[1].Sources); n != 2 {
		t.Errorf("%d sources", n)
	}
}

func TestLoads(t *testing.T) {
	stages := []scenario.Stage{{Duration: s, Target: 0}}
	for why, l := range map[string]scenario.Load{
		"not known":            {Executor: "sometimes", VUs: 1, Duration: s},
		"no virtual user":      {Executor: scenario.ConstantVUs, Duration: s},
		"no virtual user ":     {Executor: scenario.RampingVUs, Stages: stages},
		"no iteration":         {Executor: scenario.SharedIterations, VUs: 1, MaxDuration: s},
		"the rate is not":      {Executor: scenario.ConstantArrivalRate, PreAllocatedVUs: 1, Duration: s},
		"it lasts no time":     {Executor: scenario.ConstantVUs, VUs: 1},
		"it asks for no virtu": {Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: s},
	} {
		_, err := program.Compile(day(), one(scenario.Persona{Journey: scenario.Selector{Name: "student"}, Load: l}), program.Options{})
		var e *program.ExecutorError
		if !errors.As(err, &e) || e.ExitCode() != 2 || !strings.Contains(err.Error(), strings.TrimSpace(why)) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestSharesOfRecordedArrivals(t *testing.T) {
	p := day()
	p.Profile = plan.Profile{Journeys: map[string]int{"student": 1, "teacher: grades": 3}}
	for i := range 8 {
		p.Profile.Arrivals = append(p.Profile.Arrivals, time.Duration(i)*s)
	}
	seen := map[time.Duration]bool{}
	for name, want := range map[string]int{"student": 2, "teacher: grades": 6} {
		g := compile(t, p, scenario.Persona{Journey: scenario.Selector{Name: name}, Load: scenario.Load{Executor: scenario.AsRecorded}})
		if len(g.Arrivals) != want || g.Users != want {
			t.Errorf("%s: %v", name, g.Arrivals)
		}
		for _, at := range g.Arrivals {
			if seen[at] {
				t.Errorf("%v twice", at)
			}
			seen[at] = true
		}
	}
}

func TestPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	now := time.UnixMilli(1_700_000_000_000)
	for pattern, want := range map[string]string{
		"uuid": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, "ulid": `^01HF7YAT00[0-9A-HJKMNP-TV-Z]{16}$`,
		"hex:32": `^[0-9a-f]{32}$`, "HEX:4": `^[0-9A-F]{4}$`, "digits:10": `^[1-9][0-9]{9}$`, "digits:1": `^[0-9]$`, "alnum:21": `^[0-9A-Za-z]{21}$`,
		"lower:8": `^[0-9a-z]{8}$`, "upper:8": `^[0-9A-Z]{8}$`, "alpha:3": `^[A-Za-z]{3}$`, "base64url:43": `^[0-9A-Za-z_-]{43}$`, "base64:8": `^[0-9A-Za-z+/]{8}$`, "base64:6": `^[0-9A-Za-z+/]{4}==$`,
	} {
		p, err := program.ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(want)
		seen := map[string]bool{}
		for range 50 {
			v := p.Draw(r, now)
			if !re.MatchString(v) {
				t.Errorf("%s: %q", pattern, v)
			}
			seen[v] = true
		}
		if len(seen) < 5 {
			t.Errorf("%s: %d different values", pattern, len(seen))
		}
	}
	for _, bad := range []string{"", "hex", "hex:", "hex:0", "hex:-1", "hex:99999", "uuid:4", "words:3"} {
		if _, err := program.ParsePattern(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
