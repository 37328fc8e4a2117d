package exchange

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The record is a protobuf message; docs/formats/recording.proto is its schema
// and the numbers below are that file's. A tag is field number << 3 | wire type,
// so that a known number with an unexpected wire type is skipped like an unknown
// one instead of being misread.
const (
	varint = uint64(protowire.VarintType)
	bytes  = uint64(protowire.BytesType)

	xSeq       = 1<<3 | varint
	xStart     = 2<<3 | bytes
	xTarget    = 3<<3 | bytes
	xClient    = 4<<3 | bytes
	xConn      = 5<<3 | varint
	xLabels    = 6<<3 | bytes
	xRequest   = 7<<3 | bytes
	xResponse  = 8<<3 | bytes
	xFailure   = 9<<3 | bytes
	xTiming    = 10<<3 | bytes
	xRelations = 11<<3 | bytes
	xFrames    = 12<<3 | bytes

	startSeconds = 1<<3 | varint
	startNanos   = 2<<3 | varint

	reqMethod  = 1<<3 | bytes
	reqScheme  = 2<<3 | bytes
	reqHost    = 3<<3 | bytes
	reqTarget  = 4<<3 | bytes
	reqProto   = 5<<3 | bytes
	reqHeader  = 6<<3 | bytes
	reqTrailer = 7<<3 | bytes
	reqBody    = 8<<3 | bytes

	resStatus        = 1<<3 | varint
	resProto         = 2<<3 | bytes
	resInterim       = 3<<3 | varint
	resInterimPacked = 3<<3 | bytes
	resHeader        = 4<<3 | bytes
	resTrailer       = 5<<3 | bytes
	resBody          = 6<<3 | bytes

	fieldName  = 1<<3 | bytes
	fieldValue = 2<<3 | bytes

	bodySize     = 1<<3 | varint
	bodyDecoded  = 2<<3 | varint
	bodyEncoding = 3<<3 | bytes
	bodyData     = 4<<3 | bytes
	bodyCut      = 5<<3 | bytes
	bodyDigest   = 6<<3 | bytes
	bodyChunks   = 7<<3 | bytes

	chunkAt   = 1<<3 | varint
	chunkSize = 2<<3 | varint

	frameAt     = 1<<3 | varint
	frameToHost = 2<<3 | varint
	frameOpcode = 3<<3 | varint
	frameSize   = 4<<3 | varint
	frameData   = 5<<3 | bytes

	timingRequestEnd = 1<<3 | varint
	timingFirstByte  = 2<<3 | varint
	timingEnd        = 3<<3 | varint

	failStage  = 1<<3 | bytes
	failReason = 2<<3 | bytes

	relFrom = 1<<3 | bytes
	relTo   = 2<<3 | bytes
	relHow  = 3<<3 | bytes
)

// EncodeTo appends x's record to dst and returns the longer slice. Fields that
// have their zero value are left out. Nothing of x is kept. Start keeps its
// instant to the nanosecond and loses its zone and monotonic reading.
func EncodeTo(dst []byte, x *Exchange) []byte {
	dst = putUint(dst, xSeq, x.Seq)
	if !x.Start.IsZero() {
		dst = nested(dst, xStart, func(b []byte) []byte {
			b = putInt(b, startSeconds, x.Start.Unix())
			return putInt(b, startNanos, int64(x.Start.Nanosecond()))
		})
	}
	dst = putString(dst, xTarget, x.Target)
	dst = putString(dst, xClient, x.Client)
	dst = putUint(dst, xConn, x.Conn)
	for _, l := range x.Labels {
		dst = protowire.AppendString(protowire.AppendVarint(dst, xLabels), l)
	}
	dst = nested(dst, xRequest, func(b []byte) []byte { return appendRequest(b, &x.Request) })
	if x.Response != nil {
		dst = nested(dst, xResponse, func(b []byte) []byte { return appendResponse(b, x.Response) })
	}
	if f := x.Failure; f != nil {
		dst = nested(dst, xFailure, func(b []byte) []byte {
			return putString(putString(b, failStage, f.Stage), failReason, f.Reason)
		})
	}
	dst = nested(dst, xTiming, func(b []byte) []byte {
		b = putInt(b, timingRequestEnd, int64(x.Timing.RequestEnd))
		b = putInt(b, timingFirstByte, int64(x.Timing.FirstByte))
		return putInt(b, timingEnd, int64(x.Timing.End))
	})
	for i := range x.Relations {
		r := &x.Relations[i]
		dst = nested(dst, xRelations, func(b []byte) []byte {
			return putString(putString(putString(b, relFrom, r.From), relTo, r.To), relHow, r.How)
		})
	}
	for i := range x.Frames {
		f := &x.Frames[i]
		dst = nested(dst, xFrames, func(b []byte) []byte { return appendFrame(b, f) })
	}
	return dst
}

func appendRequest(b []byte, r *Request) []byte {
	b = putString(b, reqMethod, r.Method)
	b = putString(b, reqScheme, r.Scheme)
	b = putString(b, reqHost, r.Host)
	b = putString(b, reqTarget, r.Target)
	b = putString(b, reqProto, r.Proto)
	b = appendFields(b, reqHeader, r.Header)
	b = appendFields(b, reqTrailer, r.Trailer)
	return appendBody(b, reqBody, &r.Body)
}

func appendResponse(b []byte, r *Response) []byte {
	b = putInt(b, resStatus, int64(r.Status))
	b = putString(b, resProto, r.Proto)
	for _, s := range r.Interim {
		b = protowire.AppendVarint(protowire.AppendVarint(b, resInterim), uint64(int64(s)))
	}
	b = appendFields(b, resHeader, r.Header)
	b = appendFields(b, resTrailer, r.Trailer)
	return appendBody(b, resBody, &r.Body)
}

func appendFields(b []byte, tag uint64, fields []Field) []byte {
	for i := range fields {
		f := &fields[i]
		b = nested(b, tag, func(b []byte) []byte {
			return putString(putString(b, fieldName, f.Name), fieldValue, f.Value)
		})
	}
	return b
}

func appendBody(b []byte, tag uint64, body *Body) []byte {
	if body.Size == 0 && body.Decoded == 0 && body.Encoding == "" && len(body.Data) == 0 &&
		body.Cut == "" && body.Digest == "" && len(body.Chunks) == 0 {
		return b
	}
	return nested(b, tag, func(b []byte) []byte {
		b = putInt(b, bodySize, body.Size)
		b = putInt(b, bodyDecoded, body.Decoded)
		b = putString(b, bodyEncoding, body.Encoding)
		if len(body.Data) > 0 {
			b = protowire.AppendBytes(protowire.AppendVarint(b, bodyData), body.Data)
		}
		b = putString(b, bodyCut, body.Cut)
		b = putString(b, bodyDigest, body.Digest)
		for i := range body.Chunks {
			c := &body.Chunks[i]
			b = nested(b, bodyChunks, func(b []byte) []byte {
				return putInt(putInt(b, chunkAt, int64(c.At)), chunkSize, int64(c.Size))
			})
		}
		return b
	})
}

func appendFrame(b []byte, f *Frame) []byte {
	b = putInt(b, frameAt, int64(f.At))
	if f.ToHost {
		b = putUint(b, frameToHost, 1)
	}
	b = putUint(b, frameOpcode, uint64(f.Opcode))
	b = putInt(b, frameSize, f.Size)
	if len(f.Data) > 0 {
		b = protowire.AppendBytes(protowire.AppendVarint(b, frameData), f.Data)
	}
	return b
}

func putUint(b []byte, tag, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendVarint(b, tag), v)
}

// putInt writes a signed number as protobuf's int64 does: two's complement.
func putInt(b []byte, tag uint64, v int64) []byte { return putUint(b, tag, uint64(v)) }

func putString(b []byte, tag uint64, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendVarint(b, tag), s)
}

// nested appends a message whose length is known only afterwards: one byte is
// set aside for the length, and the content moves up where that is not enough.
func nested(b []byte, tag uint64, content func([]byte) []byte) []byte {
	b = protowire.AppendVarint(b, tag)
	at := len(b)
	b = content(append(b, 0))
	n := uint64(len(b) - at - 1)
	if extra := protowire.SizeVarint(n) - 1; extra > 0 {
		b = slices.Insert(b, at+1, make([]byte, extra)...)
	}
	protowire.AppendVarint(b[at:at], n)
	return b
}
