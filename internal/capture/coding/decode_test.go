package coding_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"strings"
	"testing"
	"time"

	"firedrill/internal/capture/coding"
	"firedrill/internal/exchange"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
)

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	text := []byte(strings.Repeat("words and more words. ", 40))
	var z, raw, both bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(text)
	w.Close()
	f, _ := flate.NewWriter(&raw, 5)
	f.Write(text)
	f.Close()
	b := brotli.NewWriter(&both)
	b.Write(zipped(text))
	b.Close()
	bomb := zipped(make([]byte, 10<<20))
	for name, c := range map[string]struct {
		coding  string
		data    []byte
		partial bool
		want    []byte
		cut     string
	}{
		"gzip":               {"gzip", zipped(text), false, text, ""},
		"in capitals":        {" GZIP ", zipped(text), false, text, ""},
		"deflate, zlib":      {"deflate", z.Bytes(), false, text, ""},
		"deflate, bare":      {"deflate", raw.Bytes(), false, text, ""},
		"two codings":        {"gzip, br", both.Bytes(), false, text, ""},
		"unknown":            {"compress", text, false, nil, "undecodable"},
		"not what it says":   {"gzip", text, false, nil, "undecodable"},
		"the beginning only": {"gzip", zipped(text)[:5], true, nil, "cap"},
		"a bomb":             {"gzip", bomb, false, make([]byte, 1000), "cap"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, cut := coding.Decode(c.coding, c.data, c.partial, nil, 1000)
			if !bytes.Equal(got, c.want) || cut != c.cut {
				t.Errorf("%d bytes, cut %q; want %d, %q", len(got), cut, len(c.want), c.cut)
			}
		})
	}
	damaged := zipped(text)
	damaged[len(damaged)-2] ^= 1 // its length
	if got, _, cut := coding.Decode("gzip", damaged, false, nil, 1000); cut != "undecodable" || !bytes.Equal(got, text) {
		t.Errorf("damaged at its end: %d bytes, cut %q", len(got), cut)
	}
}

// FuzzDecode: any bytes under any coding give at most what was allowed, and the
// pieces of a stream add up to the whole.
func FuzzDecode(f *testing.F) {
	f.Add("gzip", zipped([]byte("data: one\n\ndata: two\n\n")), uint16(7))
	f.Add("br", []byte{0x0b, 0x02, 0x80, 'h', 'e', 'l', 'l', 'o', 0x03}, uint16(3))
	f.Add("deflate, gzip", []byte{1, 2, 3}, uint16(1))
	f.Add("zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0}, uint16(2))
	f.Fuzz(func(t *testing.T, codings string, data []byte, piece uint16) {
		if strings.Count(codings, ",") > 4 {
			return
		}
		var chunks []exchange.Chunk
		for rest := len(data); piece > 0 && rest > 0; rest -= int(piece) {
			chunks = append(chunks, exchange.Chunk{At: time.Duration(len(chunks)), Size: min(rest, int(piece))})
		}
		const most = 1 << 16
		out, pace, cut := coding.Decode(codings, data, len(data)%2 == 0, chunks, most)
		if len(out) > most {
			t.Fatalf("%d bytes, more than %d", len(out), most)
		}
		size, last := 0, time.Duration(-1)
		for _, c := range pace {
			if size += c.Size; c.Size <= 0 || c.At <= last {
				t.Fatalf("chunks %v", pace)
			}
			last = c.At
		}
		if len(pace) > 0 && size != len(out) && cut != "cap" {
			t.Fatalf("chunks have %d bytes of %d", size, len(out))
		}
	})
}
