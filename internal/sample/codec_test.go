package sample_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"

	"firedrill/internal/sample"
)

// full has a different value in every field, so that a field that is forgotten
// or mixed up with another shows.
func full() sample.Sample {
	return sample.Sample{
		Seq: 71, VU: 2, Iteration: 3, Step: 4, Turn: 5, Attempt: 6, Persona: 7, Journey: 8, Endpoint: 9, Phase: 10, Status: 503,
		Error: sample.BrokeOff, Flags: sample.Failed | sample.Interrupted,
		Intended: 1000, Start: 1010, Sent: 1031, FirstByte: 1052, End: 1073, DNS: 11, Connect: 12, TLS: 13, Sending: 14,
		BytesOut: 15, BytesIn: 16, Queries: 17, QueryTime: 18, Events: 19, FirstEvent: 1060, MaxGap: 20,
		Gaps: []uint32{21, 0, math.MaxUint32}, RetryAfter: 22,
	}
}

func TestSampleRoundTrip(t *testing.T) {
	for _, c := range []struct {
		why string
		in  sample.Sample
	}{
		{"every field", full()},
		{"zero: known to be no query, never sent", sample.Sample{}},
		{"unknown counts stay unknown", sample.Sample{Queries: -1, QueryTime: -1}},
		{"sent at the very start is not never sent", sample.Sample{Start: 5, Sent: 5, FirstByte: 5, FirstEvent: 5, End: 5}},
		{"one event has no gap", sample.Sample{Events: 1, Flags: sample.Stream}},
		{"extremes wrap and come back", sample.Sample{Intended: math.MinInt64, Start: math.MaxInt64, Sent: math.MinInt64, End: math.MinInt64, Queries: math.MinInt32, Flags: math.MaxUint32}},
	} {
		var got sample.Sample
		if err := sample.DecodeSample(sample.AppendSample(nil, &c.in), &got); err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		if diff := cmp.Diff(c.in, got); diff != "" {
			t.Errorf("%s: (-in +out)\n%s", c.why, diff)
		}
	}
}

func TestDecodeSetsEveryField(t *testing.T) {
	in, got := sample.Sample{Queries: -1, QueryTime: -1}, full()
	if err := sample.DecodeSample(sample.AppendSample(nil, &in), &got); err != nil || !reflect.DeepEqual(got, in) {
		t.Errorf("a reused value kept something: %+v, %v", got, err)
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	in := full()
	b := protowire.AppendString(protowire.AppendTag(nil, 900, protowire.BytesType), "from the future")
	b = protowire.AppendVarint(protowire.AppendTag(b, 901, protowire.VarintType), 7)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 902, protowire.Fixed64Type), 7)
	b = sample.AppendSample(b, &in)
	var got sample.Sample
	if err := sample.DecodeSample(b, &got); err != nil || !reflect.DeepEqual(got, in) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A packed field may be written in pieces, and as single values: readers of
// protocol buffers must take all of it.
func TestGapsInPieces(t *testing.T) {
	tag := func(b []byte, kind protowire.Type) []byte { return protowire.AppendTag(b, 30, kind) }
	b := protowire.AppendBytes(tag(nil, protowire.BytesType), []byte{1, 2})
	b = protowire.AppendVarint(tag(b, protowire.VarintType), 300)
	b = protowire.AppendBytes(tag(b, protowire.BytesType), []byte{4})
	var s sample.Sample
	if err := sample.DecodeSample(b, &s); err != nil || !reflect.DeepEqual(s.Gaps, []uint32{1, 2, 300, 4}) {
		t.Errorf("%v, %v", s.Gaps, err)
	}
}

// An older program wrote neither gaps nor what to wait: both stay empty.
func TestRecordsWithoutNewFields(t *testing.T) {
	in := full()
	in.Gaps, in.RetryAfter = nil, 0
	b := sample.AppendSample(nil, &in)
	got := full()
	if err := sample.DecodeSample(b, &got); err != nil || got.Gaps != nil || got.RetryAfter != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStalls(t *testing.T) {
	in := sample.Sample{Gaps: []uint32{1_999_999, 2_000_000, 5, 9_000_000}}
	if n := in.Stalls(); n != 2 {
		t.Errorf("%d stalls", n)
	}
}

// The definitions: from the intended start, and k6's.
func TestDerivedTimes(t *testing.T) {
	for _, c := range []struct {
		why                                    string
		in                                     sample.Sample
		response, waiting, receiving, duration time.Duration
	}{
		{"an answer: late by 10, 40 to connect, sent within 5, 100 to wait, 20 to read",
			sample.Sample{Intended: 1000, Start: 1010, Connect: 40, Sending: 5, Sent: 1055, FirstByte: 1155, End: 1175}, 175, 100, 20, 125},
		{"refused", sample.Sample{Intended: 1000, Start: 1010, End: 1030}, 30, 0, 0, 0},
		{"no answer", sample.Sample{Intended: 1000, Start: 1000, Sending: 5, Sent: 1005, End: 1900}, 900, 0, 0, 5},
		{"an answer that came before all was sent", sample.Sample{Intended: 1000, Start: 1000, Sending: 50, Sent: 1050, FirstByte: 1040, End: 1060}, 60, 0, 20, 70},
	} {
		if got := [4]time.Duration{c.in.ResponseTime(), c.in.Waiting(), c.in.Receiving(), c.in.Duration()}; got != [4]time.Duration{c.response, c.waiting, c.receiving, c.duration} {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestBadRecords(t *testing.T) {
	tag := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	for _, c := range []struct {
		why string
		b   []byte
	}{
		{"a tag cut short", []byte{0x80}},
		{"a value cut short", tag(1, 300)[:2]},
		{"status beyond 16 bits", tag(11, 1<<16)},
		{"attempt beyond 8 bits", tag(6, 256)},
		{"queries beyond 32 bits", tag(25, protowire.EncodeZigZag(1<<40))},
		{"a gap beyond 32 bits", protowire.AppendBytes(protowire.AppendTag(nil, 30, protowire.BytesType), protowire.AppendVarint(nil, 1<<32))},
		{"a gap cut short", protowire.AppendBytes(protowire.AppendTag(nil, 30, protowire.BytesType), []byte{0x80})},
		{"gaps cut short", []byte{0xf2, 0x01, 0x05, 1}},
		{"a string cut short", []byte{0x92, 0x4e, 0x05, 'a'}},
	} {
		var s sample.Sample
		if err := sample.DecodeSample(c.b, &s); !errors.Is(err, sample.ErrRecord) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

func TestOtherRecordsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := func() time.Duration { return time.Duration(rapid.Int64().Draw(t, "d")) }
		it := sample.Iteration{VU: rapid.Uint32().Draw(t, "vu"), Iteration: rapid.Uint32().Draw(t, "i"), Persona: rapid.Uint16().Draw(t, "p"), Phase: rapid.Uint16().Draw(t, "ph"),
			Intended: d(), Start: d(), End: d(), Outcome: sample.Outcome(rapid.Uint8().Draw(t, "o")), Steps: rapid.Uint32().Draw(t, "s"), Lost: rapid.Uint32().Draw(t, "l"), Reason: rapid.Uint16().Draw(t, "r"), Missed: rapid.Uint32().Draw(t, "m")}
		var it2 sample.Iteration
		if err := sample.DecodeIteration(sample.AppendIteration(nil, &it), &it2); err != nil || it != it2 {
			t.Fatalf("%+v became %+v, %v", it, it2, err)
		}
		drop := sample.Drop{At: d(), Persona: rapid.Uint16().Draw(t, "p"), Count: rapid.Uint32().Draw(t, "c")}
		var drop2 sample.Drop
		if err := sample.DecodeDrop(sample.AppendDrop(nil, &drop), &drop2); err != nil || drop != drop2 {
			t.Fatalf("%+v became %+v, %v", drop, drop2, err)
		}
		u := sample.Users{At: d(), Persona: rapid.Uint16().Draw(t, "p"), Count: rapid.Uint32().Draw(t, "c")}
		var u2 sample.Users
		if err := sample.DecodeUsers(sample.AppendUsers(nil, &u), &u2); err != nil || u != u2 {
			t.Fatalf("%+v became %+v, %v", u, u2, err)
		}
	})
}

// FuzzDecode: no input panics, and what decodes encodes to bytes that decode to the same.
func FuzzDecode(f *testing.F) {
	s := full()
	f.Add(sample.AppendSample(nil, &s))
	f.Add([]byte{})
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again sample.Sample
		if sample.DecodeSample(b, &s) == nil {
			enc := sample.AppendSample(nil, &s)
			if err := sample.DecodeSample(enc, &again); err != nil || !reflect.DeepEqual(s, again) {
				t.Fatalf("%+v became %+v, %v", s, again, err)
			}
			if !bytes.Equal(enc, sample.AppendSample(nil, &again)) {
				t.Fatal("encoding is not stable")
			}
		}
		var it, it2 sample.Iteration
		if sample.DecodeIteration(b, &it) == nil {
			if err := sample.DecodeIteration(sample.AppendIteration(nil, &it), &it2); err != nil || it != it2 {
				t.Fatalf("%+v became %+v, %v", it, it2, err)
			}
		}
		var d, d2 sample.Drop
		if sample.DecodeDrop(b, &d) == nil {
			if err := sample.DecodeDrop(sample.AppendDrop(nil, &d), &d2); err != nil || d != d2 {
				t.Fatalf("%+v became %+v, %v", d, d2, err)
			}
		}
		var u, u2 sample.Users
		if sample.DecodeUsers(b, &u) == nil {
			if err := sample.DecodeUsers(sample.AppendUsers(nil, &u), &u2); err != nil || u != u2 {
				t.Fatalf("%+v became %+v, %v", u, u2, err)
			}
		}
	})
}

func BenchmarkAppendSample(b *testing.B) {
	s := full()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = sample.AppendSample(buf[:0], &s)
	}
	b.ReportMetric(float64(len(buf)), "bytes/record")
}

func BenchmarkDecodeSample(b *testing.B) {
	s := full()
	buf := sample.AppendSample(nil, &s)
	b.ReportAllocs()
	for b.Loop() {
		if err := sample.DecodeSample(buf, &s); err != nil {
			b.Fatal(err)
		}
	}
}
