package websocket

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/flate"

	"firedrill/internal/exchange"
)

// The opcodes (RFC 6455 section 5.2).
const (
	continuation = 0
	text         = 1
	firstControl = 8
)

// window is how far back compression may refer.
const window = 32 << 10

// side is one direction of a connection.
type side struct {
	o       *Observer
	toHost  bool
	deflate bool
	fresh   bool // each message is compressed on its own
	broken  atomic.Bool

	head []byte // of the frame that has begun, as far as it came
	left uint64 // payload bytes of it that are still to come
	mask [4]byte
	pos  int // of the next payload byte in the mask
	fin  bool
	op   uint8

	message message // the data message under way
	control message // the control frame under way; it may stand between fragments
	past    []byte  // the last window bytes of decompressed messages
	lost    bool    // a message was not kept: later ones cannot be decompressed
}

// message is a message under way.
type message struct {
	open   bool
	opcode uint8
	packed bool // compressed
	size   int64
	data   []byte
	kept   bool // data holds everything so far
}

// feed takes the bytes that pass.
func (s *side) feed(b []byte, at time.Duration) {
	for len(b) > 0 && !s.broken.Load() {
		if s.left > 0 {
			n := min(uint64(len(b)), s.left)
			s.payload(b[:n])
			b = b[n:]
			if s.left -= n; s.left == 0 {
				s.ended(at)
			}
			continue
		}
		s.head = append(s.head, b[0])
		b = b[1:]
		s.begin(at)
	}
}

// begin reads the head of a frame once it is whole.
func (s *side) begin(at time.Duration) {
	h := s.head
	if len(h) < 2 {
		return
	}
	length, masked := uint64(h[1]&0x7f), h[1]&0x80 != 0
	need := 2
	switch length {
	case 126:
		need += 2
	case 127:
		need += 8
	}
	if masked {
		need += 4
	}
	if len(h) < need {
		return
	}
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		length = binary.BigEndian.Uint64(h[2:])
	}
	s.pos, s.mask = 0, [4]byte{}
	if masked {
		copy(s.mask[:], h[need-4:need])
	}
	s.fin, s.op = h[0]&0x80 != 0, h[0]&0x0f
	first := h[0]
	s.head = s.head[:0]
	s.left = length
	if !s.start(first, length) {
		s.broken.Store(true)
		return
	}
	if length == 0 {
		s.ended(at)
	}
}

// start opens the message that a frame belongs to; false: the frame cannot be.
func (s *side) start(first byte, length uint64) bool {
	packed := first&0x40 != 0
	if first&0x30 != 0 || packed && !s.deflate || length>>62 != 0 {
		return false
	}
	switch {
	case s.op >= firstControl:
		if !s.fin || length > 125 || packed {
			return false
		}
		s.control = message{open: true, opcode: s.op, kept: true}
	case s.op == continuation:
		if !s.message.open || packed {
			return false
		}
	default:
		if s.message.open || s.op > text+1 {
			return false
		}
		s.message = message{open: true, opcode: s.op, packed: packed, kept: true}
	}
	return true
}

// current is the message that the frame under way belongs to.
func (s *side) current() *message {
	if s.op >= firstControl {
		return &s.control
	}
	return &s.message
}

func (s *side) payload(b []byte) {
	m := s.current()
	m.size += int64(len(b))
	if m.kept && !s.o.room(int64(len(b))) {
		m.kept, m.data = false, nil
	}
	if !m.kept {
		s.pos += len(b)
		return
	}
	from := len(m.data)
	m.data = append(m.data, b...)
	for i := from; i < len(m.data); i++ {
		m.data[i] ^= s.mask[s.pos&3]
		s.pos++
	}
}

// ended is called when a frame is whole.
func (s *side) ended(at time.Duration) {
	if s.op < firstControl && !s.fin {
		return
	}
	m := s.current()
	f := exchange.Frame{At: at, ToHost: s.toHost, Opcode: m.opcode, Size: m.size}
	if s.op < firstControl {
		f.Data = s.content(m)
	}
	m.open, m.data = false, nil
	s.o.add(f)
}

// content is a message's payload as its program wrote it; nil where that is not known.
func (s *side) content(m *message) []byte {
	if !m.packed {
		if !m.kept {
			return nil
		}
		return m.data
	}
	if !m.kept && !s.fresh {
		s.lost = true
	}
	if !m.kept || s.lost {
		return nil
	}
	const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff" // what the sender left out, and an end (RFC 7692 section 7.2.2)
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(m.data), bytes.NewReader([]byte(tail))), s.past)
	defer r.Close()
	most := int64(len(m.data)) + s.o.remaining() // never more in memory than may be kept
	out, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil || int64(len(out)) > most || !s.o.room(max(0, int64(len(out)-len(m.data)))) {
		s.lost = !s.fresh
		return nil
	}
	if !s.fresh {
		s.past = append(s.past, out...)
		if extra := len(s.past) - window; extra > 0 {
			s.past = append([]byte(nil), s.past[extra:]...)
		}
	}
	return out
}
