package recording

import (
	_ "embed"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// dict1 is what most records have in common: names of header fields, browsers'
// words, JSON keys, in the framing of records. It can never change: files hold
// values that are read with it. A better one becomes dict2 with a coding of its own.
//
//go:embed dict1.bin
var dict1 []byte

const dictID1 = 0xF1DE0001

// coder packs and unpacks values. Safe for concurrent use.
type coder struct {
	zip     *zstd.Encoder
	unzip   *zstd.Decoder
	buffers sync.Pool // of *[]byte
}

// newWriteCoder and newReadCoder make one half each: a writer never unpacks.
func newWriteCoder() (*coder, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderDictRaw(dictID1, dict1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &coder{zip: zip}, nil
}

func newReadCoder() (*coder, error) {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(dictID1, dict1),
		zstd.WithDecoderMaxMemory(maxRecord), zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, err
	}
	return &coder{unzip: unzip}, nil
}

func (c *coder) close() {
	if c.zip != nil {
		c.zip.Close()
	}
	if c.unzip != nil {
		c.unzip.Close()
	}
}

func (c *coder) scratch() *[]byte {
	if b, ok := c.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 4096)
	return &b
}

// release gives a buffer back, unless one large body would keep it large.
func (c *coder) release(b *[]byte) {
	if cap(*b) <= 1<<20 {
		c.buffers.Put(b)
	}
}
