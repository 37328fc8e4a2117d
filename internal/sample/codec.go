package sample

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The records are protocol buffers, written by hand; docs/formats/run.proto is
// their schema. A field is written only when it says something, unknown fields
// are skipped, so that an older program reads what a newer one wrote. Times are
// written as differences (start to intended, sent to start, …), which keeps a
// record near 60 bytes before compression; arithmetic wraps, so any value
// survives the round trip.

// Field numbers of message Sample. Never reuse one.
const (
	fSeq protowire.Number = iota + 1
	fVU
	fIteration
	fStep
	fTurn
	fAttempt
	fPersona
	fJourney
	fEndpoint
	fPhase
	fStatus
	fError
	fFlags
	fIntended
	fStart     // minus intended
	fSent      // minus start; absent = never
	fFirstByte // minus start; absent = never
	fEnd       // minus start
	fDNS
	fConnect
	fTLS
	fSending
	fBytesOut
	fBytesIn
	fQueries // absent = unknown
	fQueryTime
	fEvents
	fFirstEvent // minus start; absent = none
	fMaxGap
	fGaps       // packed
	fRetryAfter // absent = the answer did not say
)

// ErrRecord says that bytes are not a record of this package.
var ErrRecord = errors.New("not a valid record")

// recordError wraps ErrRecord with what is wrong.
func recordError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRecord}, args...)...)
}

func appendUint(b []byte, n protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

// appendInt writes v even when it is 0 where always is set: presence means something.
func appendInt(b []byte, n protowire.Number, v int64, always bool) []byte {
	if v == 0 && !always {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), protowire.EncodeZigZag(v))
}

// AppendSample appends the record of s, without a length, to b.
func AppendSample(b []byte, s *Sample) []byte {
	b = appendUint(b, fSeq, s.Seq)
	b = appendUint(b, fVU, uint64(s.VU))
	b = appendUint(b, fIteration, uint64(s.Iteration))
	b = appendUint(b, fStep, uint64(s.Step))
	b = appendUint(b, fTurn, uint64(s.Turn))
	b = appendUint(b, fAttempt, uint64(s.Attempt))
	b = appendUint(b, fPersona, uint64(s.Persona))
	b = appendUint(b, fJourney, uint64(s.Journey))
	b = appendUint(b, fEndpoint, uint64(s.Endpoint))
	b = appendUint(b, fPhase, uint64(s.Phase))
	b = appendUint(b, fStatus, uint64(s.Status))
	b = appendUint(b, fError, uint64(s.Error))
	b = appendUint(b, fFlags, uint64(s.Flags))
	b = appendInt(b, fIntended, int64(s.Intended), false)
	b = appendInt(b, fStart, int64(s.Start-s.Intended), false)
	if s.Sent != 0 {
		b = appendInt(b, fSent, int64(s.Sent-s.Start), true)
	}
	if s.FirstByte != 0 {
		b = appendInt(b, fFirstByte, int64(s.FirstByte-s.Start), true)
	}
	b = appendInt(b, fEnd, int64(s.End-s.Start), false)
	b = appendInt(b, fDNS, int64(s.DNS), false)
	b = appendInt(b, fConnect, int64(s.Connect), false)
	b = appendInt(b, fTLS, int64(s.TLS), false)
	b = appendInt(b, fSending, int64(s.Sending), false)
	b = appendInt(b, fBytesOut, s.BytesOut, false)
	b = appendInt(b, fBytesIn, s.BytesIn, false)
	if s.Queries != -1 {
		b = appendInt(b, fQueries, int64(s.Queries), true)
	}
	if s.QueryTime != -1 {
		b = appendInt(b, fQueryTime, int64(s.QueryTime), true)
	}
	b = appendUint(b, fEvents, uint64(s.Events))
	if s.FirstEvent != 0 {
		b = appendInt(b, fFirstEvent, int64(s.FirstEvent-s.Start), true)
	}
	b = appendInt(b, fMaxGap, int64(s.MaxGap), false)
	b = appendGaps(b, s.Gaps)
	return appendInt(b, fRetryAfter, int64(s.RetryAfter), false)
}

func appendGaps(b []byte, gaps []uint32) []byte {
	if len(gaps) == 0 {
		return b
	}
	size := 0
	for _, g := range gaps {
		size += protowire.SizeVarint(uint64(g))
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, fGaps, protowire.BytesType), uint64(size))
	for _, g := range gaps {
		b = protowire.AppendVarint(b, uint64(g))
	}
	return b
}

// DecodeSample reads a record into s, every field of which is set. The error wraps ErrRecord.
func DecodeSample(b []byte, s *Sample) error {
	*s = Sample{Queries: -1, QueryTime: -1}
	var start, sent, first, end, event int64
	var hasSent, hasFirst, hasEvent bool
	err := fields(b, func(n protowire.Number, v uint64) (err error) {
		z := protowire.DecodeZigZag(v)
		switch n {
		case fIntended:
			s.Intended = time.Duration(z)
		case fStart:
			start = z
		case fSent:
			sent, hasSent = z, true
		case fFirstByte:
			first, hasFirst = z, true
		case fEnd:
			end = z
		case fFirstEvent:
			event, hasEvent = z, true
		default:
			return s.set(n, v, z)
		}
		return nil
	}, func(n protowire.Number, packed []byte) error {
		if n != fGaps {
			return nil
		}
		return s.gaps(packed)
	})
	if err != nil {
		return err
	}
	s.Start = s.Intended + time.Duration(start)
	s.End = s.Start + time.Duration(end)
	if hasSent {
		s.Sent = s.Start + time.Duration(sent)
	}
	if hasFirst {
		s.FirstByte = s.Start + time.Duration(first)
	}
	if hasEvent {
		s.FirstEvent = s.Start + time.Duration(event)
	}
	return nil
}

// set stores a field that depends on no other; v is the raw value, z its signed reading.
func (s *Sample) set(n protowire.Number, v uint64, z int64) (err error) {
	switch n {
	case fSeq:
		s.Seq = v
	case fVU:
		s.VU, err = narrow[uint32](v)
	case fIteration:
		s.Iteration, err = narrow[uint32](v)
	case fStep:
		s.Step, err = narrow[uint16](v)
	case fTurn:
		s.Turn, err = narrow[uint16](v)
	case fAttempt:
		s.Attempt, err = narrow[uint8](v)
	case fPersona:
		s.Persona, err = narrow[uint16](v)
	case fJourney:
		s.Journey, err = narrow[uint16](v)
	case fEndpoint:
		s.Endpoint, err = narrow[uint16](v)
	case fPhase:
		s.Phase, err = narrow[uint16](v)
	case fStatus:
		s.Status, err = narrow[uint16](v)
	case fError:
		s.Error, err = narrow[ErrorKind](v)
	case fFlags:
		s.Flags, err = narrow[Flags](v)
	case fDNS:
		s.DNS = time.Duration(z)
	case fConnect:
		s.Connect = time.Duration(z)
	case fTLS:
		s.TLS = time.Duration(z)
	case fSending:
		s.Sending = time.Duration(z)
	case fBytesOut:
		s.BytesOut = z
	case fBytesIn:
		s.BytesIn = z
	case fQueries:
		if int64(int32(z)) != z {
			return recordError("queries out of range")
		}
		s.Queries = int32(z)
	case fQueryTime:
		s.QueryTime = time.Duration(z)
	case fEvents:
		s.Events, err = narrow[uint32](v)
	case fMaxGap:
		s.MaxGap = time.Duration(z)
	case fGaps: // a packed field may also come as single values
		var g uint32
		if g, err = narrow[uint32](v); err == nil {
			s.Gaps = append(s.Gaps, g)
		}
	case fRetryAfter:
		s.RetryAfter = time.Duration(z)
	}
	return err
}

// gaps appends the gaps of a packed field. The slice is the sample's own.
func (s *Sample) gaps(packed []byte) error {
	if s.Gaps == nil && len(packed) > 0 {
		n := 0
		for _, c := range packed {
			if c < 0x80 { // the last byte of a varint
				n++
			}
		}
		s.Gaps = make([]uint32, 0, n)
	}
	for len(packed) > 0 {
		v, size := protowire.ConsumeVarint(packed)
		if size < 0 {
			return recordError("%v", protowire.ParseError(size))
		}
		g, err := narrow[uint32](v)
		if err != nil {
			return err
		}
		s.Gaps = append(s.Gaps, g)
		packed = packed[size:]
	}
	return nil
}

// narrow is v as a T, or an error when it does not fit.
func narrow[T ~uint8 | ~uint16 | ~uint32](v uint64) (T, error) {
	if uint64(T(v)) != v {
		return 0, recordError("number %d is out of range", v)
	}
	return T(v), nil
}

// fields calls set for each varint field of a record, and bytes, unless it is nil,
// for each field with a length. All others are skipped.
func fields(b []byte, set func(protowire.Number, uint64) error, bytes func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return recordError("%v", protowire.ParseError(size))
		}
		b = b[size:]
		if kind == protowire.BytesType && bytes != nil {
			v, size := protowire.ConsumeBytes(b)
			if size < 0 {
				return recordError("%v", protowire.ParseError(size))
			}
			if err := bytes(n, v); err != nil {
				return err
			}
			b = b[size:]
			continue
		}
		if kind != protowire.VarintType {
			if size = protowire.ConsumeFieldValue(n, kind, b); size < 0 {
				return recordError("%v", protowire.ParseError(size))
			}
			b = b[size:]
			continue
		}
		v, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return recordError("%v", protowire.ParseError(size))
		}
		b = b[size:]
		if err := set(n, v); err != nil {
			return err
		}
	}
	return nil
}
