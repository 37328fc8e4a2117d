package wire

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// CodingError says that a content-coding could not be undone or applied.
type CodingError struct {
	Coding string
	Err    error
}

func (e *CodingError) Error() string { return fmt.Sprintf("content-coding %q: %v", e.Coding, e.Err) }

// Unwrap is the cause.
func (e *CodingError) Unwrap() error { return e.Err }

var errUnknownCoding = errors.New("not known here")

// Content is the body with its content-coding undone, at most as long as the
// request allowed. It is undone when first asked for; the bytes are valid until
// the Response is used again. The error is a *CodingError.
func (r *Response) Content() ([]byte, error) {
	coding, ok := r.Get("Content-Encoding")
	if !ok || coding == "" || strings.EqualFold(coding, "identity") || len(r.body) == 0 {
		return r.body, nil
	}
	if r.isDecod {
		return r.decoded, nil
	}
	bound := r.bound
	if bound <= 0 {
		bound = DefaultMaxBody
	}
	data := r.body
	codings := strings.Split(coding, ",")
	for i := len(codings) - 1; i >= 0; i-- {
		name := strings.ToLower(trim(codings[i]))
		into := r.decoded[:0]
		if i < len(codings)-1 {
			into = nil // data lies in r.decoded
		}
		out, err := decode(name, into, data, bound)
		if err != nil {
			return nil, &CodingError{name, err}
		}
		data, r.decoded = out, out
	}
	r.isDecod = true
	return data, nil
}

var (
	gzipReaders  = sync.Pool{New: func() any { return new(gzip.Reader) }}
	brReaders    = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
	flateReaders = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	zstdReaders  = sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(DefaultMaxBody))
		if err != nil {
			return nil
		}
		return d
	}}
)

func decode(coding string, into, data []byte, bound int64) ([]byte, error) {
	switch coding {
	case "", "identity":
		return append(into, data...), nil
	case "gzip", "x-gzip":
		z := gzipReaders.Get().(*gzip.Reader)
		defer gzipReaders.Put(z)
		if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		return readBound(into, z, bound)
	case "br":
		z := brReaders.Get().(*brotli.Reader)
		defer brReaders.Put(z)
		if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		return readBound(into, z, bound)
	case "zstd":
		z, ok := zstdReaders.Get().(*zstd.Decoder)
		if !ok {
			return nil, errUnknownCoding
		}
		defer zstdReaders.Put(z)
		if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		return readBound(into, z, bound)
	case "deflate": // zlib by the standard, bare deflate by some servers
		if z, err := zlib.NewReader(bytes.NewReader(data)); err == nil {
			return readBound(into, z, bound)
		}
		z := flateReaders.Get().(io.ReadCloser)
		defer flateReaders.Put(z)
		if err := z.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
			return nil, err
		}
		return readBound(into, z, bound)
	}
	return nil, errUnknownCoding
}

// readBound appends all of r to b, and fails once there are more than bound bytes.
func readBound(b []byte, r io.Reader, bound int64) ([]byte, error) {
	for {
		have := len(b)
		if int64(have) > bound {
			return nil, ErrTooLarge
		}
		b = grow(b, 4<<10)
		n, err := r.Read(b[have:])
		b = b[:have+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Encode applies the content-coding that a request's head names to its body.
// The error is a *CodingError.
func Encode(coding string, body []byte) ([]byte, error) {
	var b bytes.Buffer
	for name := range strings.SplitSeq(coding, ",") {
		name = strings.ToLower(trim(name))
		b.Reset()
		var w io.WriteCloser
		switch name {
		case "", "identity":
			continue
		case "gzip", "x-gzip":
			w = gzip.NewWriter(&b)
		case "deflate":
			w = zlib.NewWriter(&b)
		case "br":
			w = brotli.NewWriterLevel(&b, 5)
		case "zstd":
			z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
			if err != nil {
				return nil, &CodingError{name, err}
			}
			w = z
		default:
			return nil, &CodingError{name, errUnknownCoding}
		}
		_, err := w.Write(body)
		if err = errors.Join(err, w.Close()); err != nil {
			return nil, &CodingError{name, err}
		}
		body = bytes.Clone(b.Bytes())
	}
	return body, nil
}
