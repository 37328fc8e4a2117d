package runs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The buckets and keys of the file.
var (
	bucketMeta       = []byte("meta")       // kind, format, manifest, names, ending
	bucketSamples    = []byte("samples")    // uint64 → zstd(Block)
	bucketIterations = []byte("iterations") // uint64 → zstd(Block)
	bucketEvents     = []byte("events")     // uint64 → zstd(Block): drops and users
	bucketSeconds    = []byte("seconds")    // uint64 → zstd(Block): histograms

	keyKind     = []byte("kind")
	keyFormat   = []byte("format")
	keyManifest = []byte("manifest")
	keyNames    = []byte("names")
	keyEnding   = []byte("ending")

	kindRun = []byte("firedrill run")
)

// maxBlock bounds what one block may decompress to; a larger one is damage.
const maxBlock = 32 << 20

// blockRecords is how many records go into one block.
const blockRecords = 4096

func blockKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// What bbolt writes into its first two pages (its meta pages), version 2.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2
	boltHeader  = 16 // of a page
)

// inspect reads the first pages of a bbolt file by hand, so that a file that is
// something else or was cut short is refused before it is mapped into memory,
// where reading behind its end would end the process.
func inspect(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &FormatError{File: path, Why: "is a directory", Fix: "name one of the files in it; \"analyze runs\" lists them"}
	}
	foreign := &FormatError{File: path, Why: "is not a run file", Fix: "run files are made by replayer in runs/; \"analyze runs\" lists them"}
	cut := &FormatError{File: path, Why: "was cut short", Fix: "copy it again from where it was made; what is missing cannot be made up"}
	if info.Size() == 0 {
		cut.Why = "is empty"
		return cut
	}
	head := make([]byte, 64<<10*2)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	head = head[:n]
	meta, found := newestMeta(head)
	switch {
	case !found && len(head) >= boltHeader+4 && binary.NativeEndian.Uint32(head[boltHeader:]) == boltMagic:
		return cut
	case !found:
		return foreign
	case info.Size() < int64(meta.pages)*int64(meta.pageSize):
		return cut
	}
	return nil
}

// boltMeta is what is needed of a meta page.
type boltMeta struct {
	pageSize    uint32
	pages, txid uint64
}

// newestMeta is the newer of the two meta pages that are whole.
func newestMeta(head []byte) (boltMeta, bool) {
	var best boltMeta
	found := false
	try := func(at int) {
		m, ok := readMeta(head, at)
		if ok && (!found || m.txid > best.txid) {
			best, found = m, true
		}
	}
	try(0)
	for size := 1 << 9; size <= 1<<16; size <<= 1 { // the second page begins at the page size
		try(size)
	}
	return best, found
}

// readMeta reads the meta page that begins at offset at, if there is a whole one.
func readMeta(head []byte, at int) (boltMeta, bool) {
	const length = 64 // magic, version, pageSize, flags (4 each), root (16), freelist, pages, txid, checksum (8 each)
	if len(head) < at+boltHeader+length {
		return boltMeta{}, false
	}
	b, order := head[at+boltHeader:at+boltHeader+length], binary.NativeEndian
	if order.Uint32(b) != boltMagic || order.Uint32(b[4:]) != boltVersion {
		return boltMeta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:length-8]) // never fails
	if sum.Sum64() != order.Uint64(b[length-8:]) {
		return boltMeta{}, false
	}
	return boltMeta{pageSize: order.Uint32(b[8:]), pages: order.Uint64(b[40:]), txid: order.Uint64(b[48:])}, true
}
