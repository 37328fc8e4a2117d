package load

import "testing"

func TestParseStat(t *testing.T) {
	for text, want := range map[string][2]uint64{
		"cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 1 1 1\n": {81, 531},
		"cpu 1 2 3 4\n":             {6, 10},
		"cpu 1 2 3\n":               {},
		"intr 1 2 3 4 5\n":          {},
		"cpu 1 2 x 4 5 6 7 8\n":     {},
		"":                          {},
		"cpu 1 2 3 4 5 6 7 8 9 9 9": {27, 36},
	} {
		if busy, total := parseStat([]byte(text)); busy != want[0] || total != want[1] {
			t.Errorf("%q: %d of %d, want %v", text, busy, total, want)
		}
	}
	if busy, total := machineCPU(); busy == 0 || busy > total {
		t.Errorf("%d of %d", busy, total)
	}
}
