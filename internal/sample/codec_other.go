package sample

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// AppendIteration appends the record of it, without a length, to b.
func AppendIteration(b []byte, it *Iteration) []byte {
	b = appendUint(b, 1, uint64(it.VU))
	b = appendUint(b, 2, uint64(it.Iteration))
	b = appendUint(b, 3, uint64(it.Persona))
	b = appendUint(b, 4, uint64(it.Phase))
	b = appendInt(b, 5, int64(it.Intended), false)
	b = appendInt(b, 6, int64(it.Start-it.Intended), false)
	b = appendInt(b, 7, int64(it.End-it.Start), false)
	b = appendUint(b, 8, uint64(it.Outcome))
	b = appendUint(b, 9, uint64(it.Steps))
	b = appendUint(b, 10, uint64(it.Lost))
	b = appendUint(b, 11, uint64(it.Reason))
	return appendUint(b, 12, uint64(it.Missed))
}

// DecodeIteration reads a record into it, every field of which is set. The error wraps ErrRecord.
func DecodeIteration(b []byte, it *Iteration) error {
	*it = Iteration{}
	var start, end int64
	err := fields(b, func(n protowire.Number, v uint64) (err error) {
		z := protowire.DecodeZigZag(v)
		switch n {
		case 1:
			it.VU, err = narrow[uint32](v)
		case 2:
			it.Iteration, err = narrow[uint32](v)
		case 3:
			it.Persona, err = narrow[uint16](v)
		case 4:
			it.Phase, err = narrow[uint16](v)
		case 5:
			it.Intended = time.Duration(z)
		case 6:
			start = z
		case 7:
			end = z
		case 8:
			it.Outcome, err = narrow[Outcome](v)
		case 9:
			it.Steps, err = narrow[uint32](v)
		case 10:
			it.Lost, err = narrow[uint32](v)
		case 11:
			it.Reason, err = narrow[uint16](v)
		case 12:
			it.Missed, err = narrow[uint32](v)
		}
		return err
	}, nil)
	it.Start = it.Intended + time.Duration(start)
	it.End = it.Start + time.Duration(end)
	return err
}

// AppendDrop appends the record of d, without a length, to b.
func AppendDrop(b []byte, d *Drop) []byte {
	b = appendInt(b, 1, int64(d.At), false)
	b = appendUint(b, 2, uint64(d.Persona))
	return appendUint(b, 3, uint64(d.Count))
}

// DecodeDrop reads a record into d, every field of which is set. The error wraps ErrRecord.
func DecodeDrop(b []byte, d *Drop) error {
	*d = Drop{}
	return fields(b, func(n protowire.Number, v uint64) (err error) {
		switch n {
		case 1:
			d.At = time.Duration(protowire.DecodeZigZag(v))
		case 2:
			d.Persona, err = narrow[uint16](v)
		case 3:
			d.Count, err = narrow[uint32](v)
		}
		return err
	}, nil)
}

// AppendUsers appends the record of u, without a length, to b.
func AppendUsers(b []byte, u *Users) []byte {
	b = appendInt(b, 1, int64(u.At), false)
	b = appendUint(b, 2, uint64(u.Persona))
	return appendUint(b, 3, uint64(u.Count))
}

// DecodeUsers reads a record into u, every field of which is set. The error wraps ErrRecord.
func DecodeUsers(b []byte, u *Users) error {
	*u = Users{}
	return fields(b, func(n protowire.Number, v uint64) (err error) {
		switch n {
		case 1:
			u.At = time.Duration(protowire.DecodeZigZag(v))
		case 2:
			u.Persona, err = narrow[uint16](v)
		case 3:
			u.Count, err = narrow[uint32](v)
		}
		return err
	}, nil)
}
