package planfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/plan"
	"firedrill/internal/planfile"
)

func samplePlan() *plan.Plan {
	return &plan.Plan{
		Version:   plan.Version,
		Recording: plan.Recording{Name: "day.db", Set: "s1", Exchanges: 3, From: time.Unix(1, 5).UTC(), Length: time.Minute},
		Origins:   []plan.Origin{{Name: "api", URL: "http://localhost:4000"}},
		Endpoints: []plan.Endpoint{{Name: "GET /me", Method: "GET", Template: "/me", Category: plan.Auth, Class: plan.Read}},
		Journeys: []plan.Journey{
			{Name: "teacher: a", Steps: []plan.Step{{ID: "s01", Request: plan.Request{
				Method: "POST", Header: []exchange.Field{{Name: "X-A", Value: "b"}}, Body: bytes.Repeat([]byte{0, 255, 'x'}, 50_000),
			}, Slots: []plan.Slot{{At: "path[1]", From: plan.Source{Kind: plan.FromPick, Pick: "p"}, Confidence: 0.5}}}}},
			{Name: "teacher: b", Picks: []plan.Pick{{Name: "p", List: "json.items", Order: "any"}}},
		},
		Profile: plan.Profile{Mix: map[string]int{"GET /me": 3}},
	}
}

func TestSavedPlansComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.plan")
	key := planfile.Key{Set: "s1", Exchanges: 3, Rules: "{}"}
	if _, ok := planfile.Load(path, key); ok {
		t.Fatal("a plan came out of no file")
	}
	want := samplePlan()
	for range 2 { // the second replaces the first
		if err := planfile.Save(path, key, want); err != nil {
			t.Fatal(err)
		}
	}
	got, ok := planfile.Load(path, key)
	if !ok {
		t.Fatal("the plan does not come back")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-saved +loaded):\n%s", diff)
	}
	for why, other := range map[string]planfile.Key{
		"another recording": {Set: "s2", Exchanges: 3, Rules: "{}"},
		"it has grown":      {Set: "s1", Exchanges: 4, Rules: "{}"},
		"other edits":       {Set: "s1", Exchanges: 3, Rules: "{ }"},
	} {
		if _, ok := planfile.Load(path, other); ok {
			t.Errorf("%s: the stale plan was used", why)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A damaged cache is made again; it is never a reason to fail.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "seed.plan")
	key := planfile.Key{Set: "s1", Exchanges: 3}
	small := samplePlan()
	small.Journeys[0].Steps[0].Request.Body = nil
	if err := planfile.Save(path, key, small); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), byte(0), uint32(len(whole)))
	f.Add(uint32(3), byte(0xff), uint32(len(whole)))
	f.Add(uint32(20), byte(1), uint32(len(whole)))
	f.Add(uint32(60), byte(1), uint32(len(whole)))
	f.Add(uint32(100), byte(7), uint32(len(whole)))
	f.Add(uint32(100), byte(0), uint32(len(whole)/2))
	f.Fuzz(func(t *testing.T, at uint32, flip byte, size uint32) {
		broken := bytes.Clone(whole)
		broken[int(at)%len(broken)] ^= flip
		broken = broken[:min(int(size), len(broken))]
		file := filepath.Join(t.TempDir(), "x.plan")
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		p, ok := planfile.Load(file, key)
		if whole := bytes.Equal(broken, whole); ok != whole {
			t.Fatalf("loaded: %v, undamaged: %v", ok, whole)
		}
		if diff := cmp.Diff(small, p); ok && diff != "" {
			t.Errorf("another plan came back:\n%s", diff)
		}
	})
}
