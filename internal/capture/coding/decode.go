package coding

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"

	"firedrill/internal/exchange"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errCoding says that a content-coding is not known here.
var errCoding = errors.New("unknown content-coding")

// pieces reads a coded body and keeps account of which piece of its arrival has
// been asked for, so that a stream's rhythm survives decoding.
type pieces struct {
	data   []byte
	chunks []exchange.Chunk // sizes on the wire; empty = one piece
	next   int              // index of the piece that the next Read gives
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := len(p.data)
	if p.next < len(p.chunks) {
		n = min(n, p.chunks[p.next].Size)
		if n > len(b) {
			p.chunks[p.next].Size -= len(b)
		} else {
			p.next++
		}
	}
	n = copy(b, p.data[:n])
	p.data = p.data[n:]
	return n, nil
}

// Decode undoes the content-codings of data (the value of Content-Encoding: gzip,
// br, zstd, deflate, several in order), which may be the beginning of a body only
// (partial). At most so many bytes come out. cut is "" when all of it could be decoded, and otherwise as in
// exchange.Body. chunks, where given, come back with the sizes of the decoded
// pieces.
func Decode(coding string, data []byte, partial bool, chunks []exchange.Chunk, most int64) (decoded []byte, pace []exchange.Chunk, cut string) {
	source := &pieces{data: data, chunks: append([]exchange.Chunk(nil), chunks...)}
	var r io.Reader = source
	codings := strings.Split(coding, ",")
	for i := len(codings) - 1; i >= 0; i-- { // the last was applied last
		next, err := decoder(strings.ToLower(strings.TrimSpace(codings[i])), r)
		if err != nil {
			if partial && !errors.Is(err, errCoding) {
				return nil, nil, "cap"
			}
			return nil, nil, "undecodable"
		}
		if c, ok := next.(io.Closer); ok {
			defer c.Close()
		}
		r = next
	}
	pace = append([]exchange.Chunk(nil), chunks...)
	for i := range pace {
		pace[i].Size = 0
	}
	var out bytes.Buffer
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		if int64(out.Len()+n) > most {
			out.Write(buf[:most-int64(out.Len())])
			cut = "cap"
			err = io.EOF
		} else {
			out.Write(buf[:n])
		}
		if len(pace) > 0 {
			pace[max(0, min(source.next, len(pace))-1)].Size += n
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF:
		case partial:
			cut = "cap"
		case out.Len() == 0:
			return nil, nil, "undecodable"
		default:
			cut = "undecodable"
		}
		// A piece that held only the coding's own bytes is no piece of the content.
		pace = slices.DeleteFunc(pace, func(c exchange.Chunk) bool { return c.Size == 0 })
		return out.Bytes(), pace, cut
	}
}

func decoder(coding string, r io.Reader) (io.Reader, error) {
	switch coding {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case "deflate": // RFC 9110 says zlib; some servers send bare deflate
		b := bufio.NewReader(r)
		if head, err := b.Peek(2); err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			return zlib.NewReader(b)
		}
		return flate.NewReader(b), nil
	}
	return nil, errCoding
}
