package websocket_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"firedrill/internal/capture/websocket"
	"firedrill/internal/exchange"
)

// frame is one frame on the wire.
func frame(first byte, masked bool, payload []byte) []byte {
	b := []byte{first}
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, bit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, bit|127), uint64(n))
	}
	if !masked {
		return append(b, payload...)
	}
	mask := []byte{0xa1, 0xb2, 0xc3, 0xd4}
	b = append(b, mask...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	return b
}

func seq(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Whatever pieces the bytes come in, the messages are the same.
func TestMessages(t *testing.T) {
	long, huge := []byte(strings.Repeat("long ", 100)), bytes.Repeat([]byte("x"), 70_000)
	ask := seq(
		frame(0x81, true, []byte("hello")),
		frame(0x01, true, []byte("in ")), frame(0x89, true, []byte("ping")), frame(0x00, true, []byte("three ")), frame(0x80, true, []byte("parts")),
		frame(0x82, true, long), frame(0x82, true, huge), frame(0x81, true, nil),
		frame(0x88, true, []byte{3, 232}),
	)
	answer := seq(frame(0x81, false, []byte("welcome")), frame(0x8a, false, []byte("ping")))
	at := time.Second
	want := []exchange.Frame{
		{At: at, ToHost: true, Opcode: 1, Size: 5, Data: []byte("hello")},
		{At: at, ToHost: true, Opcode: 9, Size: 4},
		{At: at, ToHost: true, Opcode: 1, Size: 14, Data: []byte("in three parts")},
		{At: at, ToHost: true, Opcode: 2, Size: 500, Data: long},
		{At: at, ToHost: true, Opcode: 2, Size: 70_000, Data: huge},
		{At: at, ToHost: true, Opcode: 1},
		{At: at, ToHost: true, Opcode: 8, Size: 2},
		{At: at, Opcode: 1, Size: 7, Data: []byte("welcome")},
		{At: at, Opcode: 10, Size: 4},
	}
	for _, piece := range []int{1, 2, 7, 1000, 1 << 20} {
		o := websocket.New("", 1<<20)
		for rest := ask; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			o.ToHost(rest[:min(piece, len(rest))], at)
		}
		for rest := answer; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			o.ToClient(rest[:min(piece, len(rest))], at)
		}
		if d := cmp.Diff(want, o.Frames()); d != "" || o.Broken() || o.Uncounted() != 0 {
			t.Errorf("in pieces of %d: broken %v, %s", piece, o.Broken(), d)
		}
	}
}

// deflated compresses messages one after the other, as a program does that refers
// back to earlier ones.
func deflated(t *testing.T, fresh bool, messages ...string) (all [][]byte) {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		b.Reset()
		if fresh {
			w.Reset(&b)
		}
		w.Write([]byte(m))
		w.Flush()
		all = append(all, bytes.TrimSuffix(bytes.Clone(b.Bytes()), []byte{0, 0, 0xff, 0xff}))
	}
	return all
}

func TestCompressedMessages(t *testing.T) {
	words := []string{`{"kind":"message","text":"the first of several messages"}`, `{"kind":"message","text":"the second of several messages"}`, strings.Repeat("very long ", 20_000), `{"kind":"message","text":"the last of several messages"}`}
	for name, c := range map[string]struct {
		extensions string
		fresh      bool
	}{
		"with context": {"permessage-deflate", false},
		"afresh":       {"x-other, permessage-deflate; server_no_context_takeover; client_max_window_bits=15", true},
	} {
		o := websocket.New(c.extensions, 1<<20)
		packed := deflated(t, c.fresh, words...)
		for _, p := range packed {
			half := len(p) / 2
			o.ToClient(frame(0x41, false, p[:half]), 1)
			o.ToClient(frame(0x80, false, p[half:]), 2)
		}
		o.ToClient(frame(0x81, false, []byte("plain")), 3)
		frames := o.Frames()
		if len(frames) != len(words)+1 || o.Broken() {
			t.Fatalf("%s: %d frames", name, len(frames))
		}
		for i, w := range words {
			if string(frames[i].Data) != w || frames[i].Size != int64(len(packed[i])) {
				t.Errorf("%s: message %d of %d bytes: %.40q", name, i, frames[i].Size, frames[i].Data)
			}
		}
		if string(frames[4].Data) != "plain" {
			t.Errorf("%s: the plain one: %q", name, frames[4].Data)
		}
	}
	// what cannot be decompressed has no content, and those that build on it have none
	o := websocket.New("permessage-deflate", 1<<20)
	packed := deflated(t, false, words...)
	o.ToHost(frame(0xc1, true, []byte("no flate at all\xff\xff\xff")), 1)
	o.ToHost(frame(0xc1, true, packed[1]), 2)
	if f := o.Frames(); len(f) != 2 || f[0].Data != nil || f[1].Data != nil || o.Broken() {
		t.Errorf("%+v", f)
	}
}

func TestBudget(t *testing.T) {
	o := websocket.New("", 100)
	o.ToHost(frame(0x81, true, bytes.Repeat([]byte("a"), 60)), 1)
	o.ToHost(frame(0x81, true, bytes.Repeat([]byte("b"), 60)), 2)
	o.ToHost(frame(0x81, true, []byte("small")), 3)
	f := o.Frames()
	if len(f) != 3 || len(f[0].Data) != 60 || f[1].Data != nil || f[1].Size != 60 || string(f[2].Data) != "small" {
		t.Errorf("%+v", f)
	}
	o = websocket.New("", 100)
	for range websocket.MaxFrames + 5 {
		o.ToClient([]byte{0x81, 0}, 1)
	}
	if len(o.Frames()) != websocket.MaxFrames || o.Uncounted() != 5 {
		t.Errorf("%d frames, %d more", len(o.Frames()), o.Uncounted())
	}
}

// A message that unpacks to more than may be kept is not unpacked.
func TestBombs(t *testing.T) {
	o := websocket.New("permessage-deflate; client_no_context_takeover", 100_000)
	bomb := deflated(t, true, strings.Repeat("x", 50<<20))[0]
	o.ToHost(frame(0xc1, true, bomb), 1)
	o.ToHost(frame(0xc1, true, deflated(t, true, "after")[0]), 2)
	f := o.Frames()
	if len(f) != 2 || f[0].Data != nil || f[0].Size != int64(len(bomb)) || string(f[1].Data) != "after" {
		t.Errorf("%d frames, of %d bytes", len(f), f[0].Size)
	}
}

// What breaks the protocol ends the observation of its direction only.
func TestBroken(t *testing.T) {
	for name, b := range map[string][]byte{
		"reserved bits":                   frame(0xb1, true, []byte("x")),
		"compressed though not agreed on": frame(0xc1, true, []byte("x")),
		"unknown opcode":                  frame(0x83, true, []byte("x")),
		"continuation of nothing":         frame(0x80, true, []byte("x")),
		"a message within another":        seq(frame(0x01, true, []byte("x")), frame(0x81, true, []byte("y"))),
		"a control frame in parts":        frame(0x09, true, []byte("x")),
		"a long control frame":            frame(0x89, true, bytes.Repeat([]byte("x"), 126)),
		"an impossible length":            {0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		o := websocket.New("", 1000)
		o.ToHost(b, 1)
		o.ToHost(frame(0x81, true, []byte("after")), 2)
		o.ToClient(frame(0x81, false, []byte("fine")), 3)
		f := o.Frames()
		if !o.Broken() || len(f) != 1 || string(f[0].Data) != "fine" {
			t.Errorf("%s: broken %v, %+v", name, o.Broken(), f)
		}
	}
}

// Whatever passes: no panic, no more kept than the budget allows, and the pieces
// do not matter.
func FuzzObserver(f *testing.F) {
	f.Add("", seq(frame(0x81, true, []byte("hello")), frame(0x89, true, []byte("p"))), uint8(3))
	f.Add("permessage-deflate", frame(0xc1, false, []byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), uint8(1))
	f.Add("permessage-deflate; client_no_context_takeover", []byte{0x41, 0x00, 0x80, 0x00}, uint8(1))
	f.Fuzz(func(t *testing.T, extensions string, data []byte, piece uint8) {
		const budget = 1 << 12
		whole, parts := websocket.New(extensions, budget), websocket.New(extensions, budget)
		whole.ToHost(data, 1)
		n := int(piece) + 1
		for rest := data; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			parts.ToHost(rest[:min(n, len(rest))], 1)
		}
		kept := 0
		for _, m := range whole.Frames() {
			kept += len(m.Data)
		}
		if kept > budget {
			t.Fatalf("%d bytes are kept", kept)
		}
		if fmt.Sprint(sizes(whole)) != fmt.Sprint(sizes(parts)) {
			t.Fatalf("%v in one piece, %v in pieces of %d", sizes(whole), sizes(parts), n)
		}
	})
}

// sizes are what does not depend on how much of the budget a piece takes at once.
func sizes(o *websocket.Observer) (all []string) {
	for _, f := range o.Frames() {
		all = append(all, fmt.Sprintf("%d:%d", f.Opcode, f.Size))
	}
	return append(all, fmt.Sprint(o.Broken()))
}
