package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/store"
)

// questions are searches with what makes them worth asking.
var questions = []string{
	"lesson", "LESSON graphs", "gra mis", "essay 2", "2", "teacher1 test local", "teacher1@test.local", "a letter to the editor",
	"straße", "größe ÄRGER", "o'neil \"quoted\" AND near(x) * ^ : & | ! <->", "zz", "10a", "'", "café", "日本", strings.Repeat("x", 100), "unicode61", "3e5",
}

// find is what Search should find of it.
func find(of []store.Findable, text, kind string) map[string]bool {
	out := map[string]bool{}
	words := store.Words(text)
	for _, d := range of {
		all := len(words) > 0 && (kind == "" || kind == d.Kind)
		for _, w := range words {
			all = all && slices.ContainsFunc(d.Words, func(v string) bool { return strings.HasPrefix(v, w) })
		}
		if all {
			out[d.ID] = true
		}
	}
	return out
}

// searching asks all questions of everybody, and sees that what is found is what should be. It gives all answers.
func searching(t *testing.T, s *store.Store) map[string][]store.Hit {
	t.Helper()
	teacher := person(t, s, "teacher2")
	courses, err := s.Courses(t.Context(), teacher, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Words that no seed has: other alphabets, signs that mean something to one of the databases, a very long one.
	unit, err := s.CreateUnit(t.Context(), teacher, courses[0].ID, "Straße, Größe, ÄRGER", `O'Neil "quoted" and near x; café, 日本語, 3e5 `+strings.Repeat("x", 90), 7)
	if err != nil {
		t.Fatal(err)
	}
	all, some := map[string][]store.Hit{}, 0
	for _, name := range []string{"teacher1", "teacher2", "student1", "admin1"} {
		u := person(t, s, name)
		findable, err := s.Findable(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range questions {
			for _, kind := range []string{"", store.KindUnit, store.KindPerson} {
				want := find(findable, text, kind)
				got, list := map[string]bool{}, []store.Hit(nil)
				for page, pages := 1, 1; page <= pages; page++ {
					h, err := s.Search(t.Context(), u, text, kind, page, false)
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					pages = h.Pages
					list = append(list, h.Results...)
					if h.Total != len(want) {
						t.Errorf("%s looks for %q in %q: total %d, want %d", name, text, kind, h.Total, len(want))
					}
				}
				for i, h := range list {
					got[fmt.Sprint(h.Type, h.ID)] = true
					if h.ID == unit.ID { // drawn anew in each database
						list[i].ID, list[i].URL = 0, ""
					}
					if len(h.Snippet) > 200 {
						t.Errorf("%q is no snippet", h.Snippet)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" || len(got) != len(list) {
					t.Errorf("%s looks for %q in %q: %d results: %s", name, text, kind, len(list), diff)
				}
				all[name+" "+kind+" "+text] = list
				some += len(list)
			}
		}
	}
	if some < 500 {
		t.Errorf("only %d results: nothing was tried", some)
	}
	return all
}

func TestSearch(t *testing.T) { searching(t, open(t, "", small, false)) }

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"": {}, " — ": {}, "Lesson 3: graphs that mislead.": {"lesson", "3", "graphs", "that", "mislead"}, "a@b.C": {"a", "b", "c"}, "Größe2x": {"größe2x"},
		strings.Repeat("ü", 61): {strings.Repeat("ü", 60)},
	} {
		if diff := cmp.Diff(want, store.Words(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
