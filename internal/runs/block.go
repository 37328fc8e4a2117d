package runs

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"google.golang.org/protobuf/encoding/protowire"

	"firedrill/internal/sample"
)

// Field numbers of message Block: each holds records of one kind. Never reuse one.
const (
	fieldSample    protowire.Number = 1
	fieldIteration protowire.Number = 2
	fieldDrop      protowire.Number = 3
	fieldUsers     protowire.Number = 4
	fieldSecond    protowire.Number = 5
)

// errBlock says that a block is damaged.
var errBlock = errors.New("damaged block")

// appendRecord appends one record, already encoded, as a field of a Block.
func appendRecord(block []byte, field protowire.Number, record []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(block, field, protowire.BytesType), record)
}

// eachRecord calls yield for every record of the kind in a block, in order, until it returns false.
func eachRecord(block []byte, field protowire.Number, yield func(record []byte) (bool, error)) error {
	for len(block) > 0 {
		n, kind, size := protowire.ConsumeTag(block)
		if size < 0 {
			return fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
		}
		block = block[size:]
		if n != field || kind != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(n, kind, block); size < 0 {
				return fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
			}
			block = block[size:]
			continue
		}
		record, size := protowire.ConsumeBytes(block)
		if size < 0 {
			return fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
		}
		block = block[size:]
		if more, err := yield(record); err != nil || !more {
			return err
		}
	}
	return nil
}

// Second is what happened at one endpoint in one second, or in a part of it:
// a second may have several, which add up.
type Second struct {
	At       uint32 // seconds from the run's start, by the end of the request
	Endpoint uint16
	Requests uint32 // interrupted ones left out
	Failed   uint32
	Bars     []Bar // response times of requests that were answered, ascending
}

// Bar counts the values of one bucket of an HDR histogram of three significant
// digits from 1 µs to 1 h.
type Bar struct {
	Value int64 // lowest value of the bucket, microseconds
	Count int64
}

// Histogram is the second's bars as a histogram in microseconds.
func (s *Second) Histogram() *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, top, 3)
	for _, b := range s.Bars {
		_ = h.RecordValues(min(max(b.Value, 0), top), b.Count) // in range by the line itself
	}
	return h
}

// top is the longest response time that a histogram tells apart.
const top = int64(time.Hour / time.Microsecond)

// bucketOf is the lowest value of the HDR bucket that holds v microseconds.
// With three digits a bucket has 2,048 sub-buckets (Tene's HdrHistogram), so all
// but the 11 highest bits fall away.
func bucketOf(v int64) int64 {
	v = min(max(v, 0), top)
	shift := max(0, bits.Len64(uint64(v))-11)
	return v >> shift << shift
}

// seconds gathers samples into one Second for each second and endpoint, in that order.
func seconds(samples []sample.Sample) []Second {
	type key struct {
		at       uint32
		endpoint uint16
	}
	times := map[key][]int64{}
	totals := map[key]*Second{}
	for i := range samples {
		s := &samples[i]
		if s.Has(sample.Interrupted) {
			continue
		}
		k := key{uint32(max(0, s.End) / time.Second), s.Endpoint}
		if totals[k] == nil {
			totals[k] = &Second{At: k.at, Endpoint: k.endpoint}
		}
		totals[k].Requests++
		if s.Has(sample.Failed) {
			totals[k].Failed++
		}
		if s.Status != 0 {
			times[k] = append(times[k], bucketOf(int64(s.ResponseTime()/time.Microsecond)))
		}
	}
	all := make([]Second, 0, len(totals))
	for k, second := range totals {
		slices.Sort(times[k])
		for _, v := range times[k] {
			if n := len(second.Bars); n > 0 && second.Bars[n-1].Value == v {
				second.Bars[n-1].Count++
				continue
			}
			second.Bars = append(second.Bars, Bar{v, 1})
		}
		all = append(all, *second)
	}
	slices.SortFunc(all, func(a, b Second) int {
		if a.At != b.At {
			return int(a.At) - int(b.At)
		}
		return int(a.Endpoint) - int(b.Endpoint)
	})
	return all
}

// appendSecond appends the record of s: values as differences, counts beside them.
func appendSecond(b []byte, s *Second) []byte {
	put := func(n protowire.Number, v uint64) {
		b = protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
	}
	put(1, uint64(s.At))
	put(2, uint64(s.Endpoint))
	put(3, uint64(s.Requests))
	put(4, uint64(s.Failed))
	var values, counts []byte
	last := int64(0)
	for _, bar := range s.Bars {
		values = protowire.AppendVarint(values, uint64(bar.Value-last))
		counts = protowire.AppendVarint(counts, uint64(bar.Count))
		last = bar.Value
	}
	b = appendRecord(b, 5, values)
	return appendRecord(b, 6, counts)
}

// decodeSecond reads a record into s.
func decodeSecond(b []byte, s *Second) error {
	*s = Second{}
	var values, counts []uint64
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
		}
		b = b[size:]
		size = protowire.ConsumeFieldValue(n, kind, b)
		if size < 0 {
			return fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
		}
		field := b[:size]
		b = b[size:]
		switch {
		case kind == protowire.VarintType && n <= 4:
			v, _ := protowire.ConsumeVarint(field)
			if v > 1<<32-1 || n == 2 && v > 1<<16-1 {
				return fmt.Errorf("%w: number out of range", errBlock)
			}
			switch n {
			case 1:
				s.At = uint32(v)
			case 2:
				s.Endpoint = uint16(v)
			case 3:
				s.Requests = uint32(v)
			case 4:
				s.Failed = uint32(v)
			}
		case kind == protowire.BytesType && (n == 5 || n == 6):
			packed, _ := protowire.ConsumeBytes(field)
			list, err := unpack(packed)
			if err != nil {
				return err
			}
			if n == 5 {
				values = list
			} else {
				counts = list
			}
		}
	}
	if len(values) != len(counts) {
		return fmt.Errorf("%w: %d values with %d counts", errBlock, len(values), len(counts))
	}
	at := int64(0)
	for i, d := range values {
		if d > uint64(top) || at+int64(d) > top || counts[i] > 1<<32 {
			return fmt.Errorf("%w: histogram out of range", errBlock)
		}
		at += int64(d)
		s.Bars = append(s.Bars, Bar{at, int64(counts[i])})
	}
	return nil
}

// unpack reads packed varints.
func unpack(b []byte) ([]uint64, error) {
	var list []uint64
	for len(b) > 0 {
		v, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return nil, fmt.Errorf("%w: %v", errBlock, protowire.ParseError(size))
		}
		list, b = append(list, v), b[size:]
	}
	return list, nil
}
