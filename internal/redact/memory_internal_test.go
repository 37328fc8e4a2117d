package redact

import (
	"hash/maphash"
	"strconv"
	"testing"
)

func TestMemoryIsBoundedAndForgetsTheOldest(t *testing.T) {
	m := newMemory[int](maphash.MakeSeed(), 160)
	m.put("keep", -1)
	for i := range 10_000 {
		m.get("keep")
		if !m.put(strconv.Itoa(i), i) {
			t.Fatalf("%d was there", i)
		}
	}
	if v, ok := m.get("keep"); !ok || v != -1 {
		t.Error("what is asked for all the time was forgotten")
	}
	if v, ok := m.get("9999"); !ok || v != 9999 {
		t.Error("the newest was forgotten")
	}
	if _, ok := m.get("0"); ok {
		t.Error("the oldest is still there")
	}
	kept := 0
	for i := range m.shard {
		s := &m.shard[i]
		kept += len(s.at)
		forward, n := s.head, 0
		for ; forward >= 0; forward = s.slots[forward].next {
			n++
		}
		if n != len(s.at) || len(s.slots) > s.max {
			t.Errorf("shard %d: %d in the list, %d in the map, %d slots of %d", i, n, len(s.at), len(s.slots), s.max)
		}
	}
	if kept > 160 {
		t.Errorf("%d kept", kept)
	}
	if m.put("9999", 5) {
		t.Error("a value that is there was put again")
	}
}

func TestLooks(t *testing.T) {
	for v, want := range map[string]bool{
		"V1StGXR8Z5jdHi6BmyT0":                     true,
		"8xk2m9q4w7z1p5t3r6y0a2b4":                 true,
		"0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33": true,
		"q83vEjRWeJCrze8SNFZ4kA==":                 true,
		"aGVsbG8/d29ybGQ+Zm9vYmFy0123ab":           true,
		"short1A2b3C":                              false,
		"introduction-to-algebra-2026-part-2":      false,
		"requestAnimationFrameHandlerForWindow":    false,
		"getUserByIdAndNameOrEmail":                false,
		"step1_part2_q3_a4_b5_c6":                  false,
		"507f1f77bcf86cd799439011":                 false,
		"01ARZ3NDEKTSV4RRFFQ69G5FAV":               false,
		"550e8400-e29b-41d4-a716-446655440000":     false,
		"/api/v1/courses/17/submissions/9/grade":   false,
		"main.3f9a1c7d8e2b4a6f1234.js":             false,
		"12345678901234567890123":                  false,
		"2026-11-23T10-11-12-123456Z":              false,
		"covid19vaccination2021info":               false,
	} {
		if opaque(v) != want {
			t.Errorf("opaque(%q) = %v", v, !want)
		}
	}
	for v, want := range map[string]bool{"S3cretPass": true, "abc12345": true, "password": false, "12345678": false, "Password": false, "a b1c2d3e4": false, "abc123": false, "2026-11-23T10:11": false, "aBcDeFgH": true} {
		if made(v) != want {
			t.Errorf("made(%q) = %v", v, !want)
		}
	}
}
