package correlate

import (
	"testing"

	"firedrill/internal/message"
)

// Every variant gives the value back; pieces lie inside it and do not overlap the wrong way.
func FuzzVariants(f *testing.F) {
	for _, s := range []string{"quiz-17-q303", "fd~WankD7Y0IYxbFrh8N6__lQ", "a%2Fb==", "document-17.pdf", "17:42", "3bca33ba-865a-4f34-865d-f8e30b376ef7/x", "", "Ann", "aGVsbG8x/x+17=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		list := variants(v, nil)
		if list[0].value != v || len(list[0].apply) != 0 || list[0].cost != 0 {
			t.Fatalf("the value itself is not first: %+v", list[0])
		}
		for _, w := range list {
			got, err := message.Apply(w.value, w.apply)
			if err != nil || got != v {
				t.Fatalf("%q with %q gives %q, not %q: %v", w.value, w.apply, got, v, err)
			}
		}
		for _, p := range pieces(v) {
			if p.from < 0 || p.to > len(v) || p.from >= p.to {
				t.Fatalf("piece %v of %q", p, v)
			}
		}
		out := outermost(pieces(v))
		for i := 1; i < len(out); i++ {
			if out[i].from < out[i-1].to {
				t.Fatalf("pieces overlap: %v of %q", out, v)
			}
		}
		if b := bitsOf(v); b < 0 || b > 100 {
			t.Fatalf("%q says %v bits", v, b)
		}
	})
}

func TestStrength(t *testing.T) {
	for v, want := range map[string]strength{
		"": weak, "1": weak, "17": weak, "true": weak, "open": weak, "812": medium, "40312": medium, "homework": weak, "submitted": weak, "a long title": medium,
		"fd~WankD7Y0IYxbFrh8N6__lQ": strong, "3bca33ba-865a-4f34-865d-f8e30b376ef7": strong, "uaaaaaaaaaa@example.test": strong, "100035176001": strong,
	} {
		if got := strengthOf(v); got != want {
			t.Errorf("%q: %v (%.1f bits), not %v", v, got, bitsOf(v), want)
		}
	}
}

func TestFits(t *testing.T) {
	course := func(ref string) lineage {
		return named(message.MustRef(ref).Name(), containersOf(message.MustRef(ref), message.MustRef(ref).Name()), "grade")
	}
	user := lineage{noun: "course", id: true, own: true} // /courses/{id}
	for ref, want := range map[string]int{
		"json.courses[2].id": 3, "json.course.id": 3, "json.data[1].course_id": 2, "json.quizzes[0].courseId": 2, "json.course": 2,
		"json.quizzes[0].id": 0, "json.courses[0].title": 0, "json.id": 0,
	} {
		if got := fits(user, course(ref)); got != want {
			t.Errorf("courses/{id} ← %s: %d, not %d (%+v)", ref, got, want, course(ref))
		}
	}
	header := lineage{name: "xcsrftoken"}
	for name, want := range map[string]int{"csrf_token": 2, "authenticity_token": 2, "x-csrf-token": 2, "title": 0} {
		if got := fits(header, named(name, nil, "")); got != want {
			t.Errorf("X-CSRF-Token ← %s: %d, not %d", name, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for v, want := range map[string]string{
		"1795424402": "unix", "1795424402050": "unixms", "2026-11-23": "2006-01-02", "2026-11-23T09:00:02Z": "2006-01-02T15:04:05.999999999Z07:00",
		"2026-11-23T09:00:02.050Z": "2006-01-02T15:04:05.000Z07:00", "Mon, 23 Nov 2026 09:00:02 GMT": "Mon, 02 Jan 2006 15:04:05 MST", "17": "", "Algebra I is": "", "12345678901": "",
	} {
		_, layout, ok := parseTime(v)
		if layout != want || ok != (want != "") {
			t.Errorf("%q: %q", v, layout)
		}
	}
}
