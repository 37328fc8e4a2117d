package exchange_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"firedrill/internal/exchange"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

func full() *exchange.Exchange {
	return &exchange.Exchange{
		Seq:    7,
		Start:  time.Date(2026, 9, 1, 8, 0, 0, 123456789, time.UTC),
		Target: "api",
		Client: "client-1",
		Conn:   3,
		Labels: []string{"period 3 quiz", ""},
		Request: exchange.Request{
			Method: "POST", Scheme: "https", Host: "school.test", Target: "/api/v1/login?x=%20", Proto: "HTTP/2.0",
			Header:  []exchange.Field{{Name: "Accept", Value: "*/*"}, {Name: "Accept", Value: "text/\xff"}, {Name: "", Value: ""}},
			Trailer: []exchange.Field{{Name: "T", Value: "1"}},
			Body:    exchange.Body{Size: 3, Decoded: 200, Encoding: "br", Data: bytes.Repeat([]byte("a\x00"), 100)},
		},
		Response: &exchange.Response{
			Status: 200, Proto: "HTTP/1.1", Interim: []int{100, 103},
			Header:  []exchange.Field{{Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"}},
			Trailer: []exchange.Field{{Name: "Grpc-Status", Value: "0"}},
			Body: exchange.Body{Size: 9, Decoded: 9, Data: []byte("data: x\n\n"), Cut: "cap", Digest: "d1g",
				Chunks: []exchange.Chunk{{At: time.Millisecond, Size: 4}, {At: time.Second, Size: 5}}},
		},
		Failure:   &exchange.Failure{Stage: "body", Reason: "reset"},
		Timing:    exchange.Timing{RequestEnd: 1, FirstByte: 2, End: -3},
		Relations: []exchange.Relation{{From: "a", To: "b", How: "pct-decode"}, {}},
		Frames: []exchange.Frame{
			{At: 5, ToHost: true, Opcode: 1, Size: 2, Data: []byte("hi")},
			{At: 6, Opcode: 8},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	for name, x := range map[string]*exchange.Exchange{
		"full":    full(),
		"zero":    {},
		"answer":  {Response: &exchange.Response{}},
		"failure": {Failure: &exchange.Failure{}},
		"ancient": {Start: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := []byte("kept")
			record := exchange.EncodeTo(prefix, x)
			if !bytes.HasPrefix(record, prefix) {
				t.Fatalf("EncodeTo did not append: %q", record[:8])
			}
			got, err := exchange.Decode(record[len(prefix):])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(x, got); diff != "" {
				t.Errorf("not what was written (-want +got):\n%s", diff)
			}
		})
	}
}

// The bytes are a promise to files that exist already.
func TestWireFormatIsStable(t *testing.T) {
	got := hex.EncodeToString(exchange.EncodeTo(nil, &exchange.Exchange{
		Seq: 1, Start: time.Unix(2, 3), Target: "web",
		Request:  exchange.Request{Method: "GET", Target: "/", Header: []exchange.Field{{Name: "A", Value: "b"}}},
		Response: &exchange.Response{Status: 204, Interim: []int{103}},
		Timing:   exchange.Timing{End: 300},
	}))
	want := "0801" + "120408021003" + "1a03776562" +
		"3a10" + "0a03474554" + "22012f" + "3206" + "0a0141" + "120162" +
		"4205" + "08cc01" + "1867" +
		"5203" + "18ac02"
	if got != want {
		t.Errorf("wire format changed:\n got %s\nwant %s", got, want)
	}
}

func TestDecodeSkipsWhatItDoesNotKnow(t *testing.T) {
	x := full()
	record := exchange.EncodeTo(nil, x)
	record = protowire.AppendTag(record, 900, protowire.BytesType) // a field of a later version
	record = protowire.AppendString(record, "later")
	record = protowire.AppendTag(record, 901, protowire.Fixed64Type)
	record = protowire.AppendFixed64(record, 1)
	record = protowire.AppendTag(record, 1, protowire.Fixed32Type) // a known number with another type
	record = protowire.AppendFixed32(record, 99)
	got, err := exchange.Decode(record)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x, got); diff != "" {
		t.Errorf("unknown fields changed the rest:\n%s", diff)
	}
}

func TestDecodeTakesPackedInterim(t *testing.T) {
	packed := protowire.AppendVarint(protowire.AppendVarint(nil, 100), 103)
	res := protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), packed)
	x, err := exchange.Decode(protowire.AppendBytes(protowire.AppendTag(nil, 8, protowire.BytesType), res))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{100, 103}, x.Response.Interim); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeErrorNamesThePart(t *testing.T) {
	cut := protowire.AppendBytes(protowire.AppendTag(nil, 8, protowire.BytesType), []byte{6<<3 | 2, 3, 4<<3 | 2, 9, 'x'})
	_, err := exchange.Decode(cut)
	if !errors.Is(err, exchange.ErrMalformed) {
		t.Fatalf("err = %v, want ErrMalformed", err)
	}
	if !strings.Contains(err.Error(), "response.body") {
		t.Errorf("%q does not name response.body", err)
	}
	if _, err := exchange.Decode([]byte{0xff}); !errors.Is(err, exchange.ErrMalformed) {
		t.Errorf("half a tag: %v", err)
	}
}

func TestDecodeKeepsNothingOfItsInput(t *testing.T) {
	record := exchange.EncodeTo(nil, full())
	got, err := exchange.Decode(record)
	if err != nil {
		t.Fatal(err)
	}
	for i := range record {
		record[i] = 0xEE
	}
	if diff := cmp.Diff(full(), got); diff != "" {
		t.Errorf("the exchange changed with the buffer:\n%s", diff)
	}
}

// FuzzDecode: any bytes decode to an error or to an exchange that encodes to a
// record which decodes to the same exchange, without panic and without
// allocating out of proportion.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(exchange.EncodeTo(nil, full()))
	f.Add(exchange.EncodeTo(nil, &exchange.Exchange{Response: &exchange.Response{Interim: []int{-1}}}))
	f.Add(bytes.Repeat([]byte{12<<3 | 2, 0}, 1000))
	f.Fuzz(func(t *testing.T, record []byte) {
		x, err := decodeWithinBounds(t, record)
		if err != nil {
			if x != nil || !errors.Is(err, exchange.ErrMalformed) {
				t.Fatalf("exchange %v with error %v", x, err)
			}
			return
		}
		again := exchange.EncodeTo(nil, x)
		y, err := exchange.Decode(again)
		if err != nil {
			t.Fatalf("what EncodeTo wrote does not decode: %v", err)
		}
		if diff := cmp.Diff(x, y); diff != "" {
			t.Fatalf("not stable (-first +second):\n%s", diff)
		}
		if third := exchange.EncodeTo(nil, y); !bytes.Equal(again, third) {
			t.Fatalf("two encodings of one exchange:\n%x\n%x", again, third)
		}
	})
}

// decodeWithinBounds measures only the larger inputs: reading the memory
// statistics stops the world, and small inputs cannot do harm.
func decodeWithinBounds(t *testing.T, record []byte) (*exchange.Exchange, error) {
	if len(record) < 512 {
		return exchange.Decode(record)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x, err := exchange.Decode(record)
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<16+512*len(record)); used > most {
		t.Errorf("decoding %d bytes allocated %d, more than %d", len(record), used, most)
	}
	return x, err
}

func small() *exchange.Exchange {
	return &exchange.Exchange{
		Seq: 12345, Start: time.Unix(1788249600, 123456789), Target: "api", Client: "c-8f1e", Conn: 9,
		Request: exchange.Request{Method: "GET", Scheme: "https", Host: "staging.school.test", Target: "/api/v1/courses/42", Proto: "HTTP/1.1",
			Header: []exchange.Field{
				{Name: "Accept", Value: "application/json"}, {Name: "Accept-Encoding", Value: "gzip, deflate, br"},
				{Name: "Cookie", Value: "sid=fd_0123456789abcdef"}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64)"},
			}},
		Response: &exchange.Response{Status: 200, Proto: "HTTP/1.1",
			Header: []exchange.Field{{Name: "Content-Length", Value: "200"}, {Name: "Content-Type", Value: "application/json"}, {Name: "Date", Value: "Tue, 01 Sep 2026 08:00:00 GMT"}},
			Body:   exchange.Body{Size: 200, Decoded: 200, Data: bytes.Repeat([]byte(`{"id":42}`), 22)}},
		Timing: exchange.Timing{FirstByte: 1_200_000, End: 1_300_000},
	}
}

func BenchmarkCodec(b *testing.B) {
	x := small()
	record := exchange.EncodeTo(nil, x)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(record)))
		var buf []byte
		for b.Loop() {
			buf = exchange.EncodeTo(buf[:0], x)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(record)))
		for b.Loop() {
			if _, err := exchange.Decode(record); err != nil {
				b.Fatal(err)
			}
		}
	})
}
