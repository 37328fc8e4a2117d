package recording

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"firedrill/internal/exchange"

	bolt "go.etcd.io/bbolt"
)

// Format is the version of the files that this program writes, and the newest it reads.
const Format = 1

// kind is what the meta bucket of every recording says.
const kind = "firedrill recording"

// The buckets and the keys of the meta bucket.
const (
	bucketMeta      = "meta"
	bucketExchanges = "exchanges"
	keyKind         = "kind"
	keyFormat       = "format"
	keyManifest     = "manifest"
	keyCounts       = "counts"
)

// Manifest says what a recording is, for people and for programs.
type Manifest struct {
	Format  int            `json:"format"`            // set by Create
	Set     string         `json:"set"`               // id of the recording set: files with one id belong together
	KeyID   string         `json:"key_id"`            // which pseudonym key was used; the key itself is never in the file
	Created time.Time      `json:"created"`           // set by Create when zero
	Tool    string         `json:"tool,omitempty"`    // program and version
	Host    string         `json:"host,omitempty"`    // machine that recorded
	Who     string         `json:"who,omitempty"`     // person who recorded
	Why     string         `json:"why,omitempty"`     // purpose, in their words
	Policy  string         `json:"policy,omitempty"`  // redaction policy in force
	Targets []Target       `json:"targets,omitempty"` // empty for a forward proxy
	Closed  bool           `json:"closed"`            // false: the recorder is still running or was killed
	Ended   time.Time      `json:"ended,omitzero"`    // when it was closed
	Purges  []Purge        `json:"purges,omitempty"`  // what was removed from it, oldest first
	Losses  map[string]int `json:"-"`                 // what was not captured, by cause; kept with the counts
}

// Target is an application that was recorded under a name.
type Target struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// clone returns a copy that shares nothing with m.
func (m Manifest) clone() Manifest {
	m.Targets = append([]Target(nil), m.Targets...)
	m.Purges = append([]Purge(nil), m.Purges...)
	m.Losses = maps.Clone(m.Losses)
	return m
}

// counts is what is rewritten with every commit, so that it is always true of
// the exchanges beside it.
type counts struct {
	Exchanges uint64         `json:"exchanges"`
	Wire      int64          `json:"wire"`   // bytes of bodies, as transferred
	Stored    int64          `json:"stored"` // bytes of values
	Conns     uint64         `json:"conns"`  // highest client connection number
	Losses    map[string]int `json:"losses,omitempty"`
}

// A value is: one byte of coding, the exchange's Start in nanoseconds of Unix
// time (8 bytes, big endian, two's complement), then the record, coded.
// The key is Seq (8 bytes, big endian). The start stands outside the record so
// that sorting a day does not decompress it.
const (
	codingPlain = 0
	codingZstd1 = 1 // zstd with the raw dictionary 1
	headSize    = 1 + 8
)

// maxRecord bounds what one value may decompress to.
const maxRecord = 1 << 30

func keyOf(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// pack makes the value for x.
func (c *coder) pack(x *exchange.Exchange) []byte {
	buf := c.scratch()
	record := exchange.EncodeTo((*buf)[:0], x)
	value := make([]byte, headSize, headSize+len(record)/2+64)
	value[0] = codingZstd1
	binary.BigEndian.PutUint64(value[1:], uint64(x.Start.UnixNano()))
	value = c.zip.EncodeAll(record, value)
	if len(value)-headSize >= len(record) {
		value[0] = codingPlain
		value = append(value[:headSize], record...)
	}
	*buf = record
	c.release(buf)
	return value
}

// start reads the start from a value without decoding the rest.
func startOf(value []byte) (int64, error) {
	if len(value) < headSize {
		return 0, fmt.Errorf("a value of %d bytes is too short", len(value))
	}
	return int64(binary.BigEndian.Uint64(value[1:])), nil
}

// unpack decodes the value stored under key.
func (c *coder) unpack(key, value []byte) (*exchange.Exchange, error) {
	if len(key) != 8 || len(value) < headSize {
		return nil, fmt.Errorf("key of %d and value of %d bytes", len(key), len(value))
	}
	record := value[headSize:]
	switch value[0] {
	case codingPlain:
	case codingZstd1:
		var err error
		if record, err = c.unzip.DecodeAll(record, nil); err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
	default:
		return nil, fmt.Errorf("unknown coding %d: made by a newer firedrill?", value[0])
	}
	x, err := exchange.Decode(record)
	if err != nil {
		return nil, err
	}
	x.Seq = binary.BigEndian.Uint64(key)
	return x, nil
}

// readMeta reads and judges the meta bucket of path's database.
func readMeta(tx *bolt.Tx, path string) (Manifest, counts, error) {
	meta := tx.Bucket([]byte(bucketMeta))
	if meta == nil || tx.Bucket([]byte(bucketExchanges)) == nil || string(meta.Get([]byte(keyKind))) != kind {
		return Manifest{}, counts{}, &FormatError{Path: path, Why: "it is a database, but not a recording",
			Fix: "name a file that recorder wrote; plans (*.plan.db) and runs are other files"}
	}
	format, err := strconv.Atoi(string(meta.Get([]byte(keyFormat))))
	switch {
	case err != nil || format < 1:
		return Manifest{}, counts{}, damaged(path, fmt.Errorf("format %q", meta.Get([]byte(keyFormat))))
	case format > Format:
		return Manifest{}, counts{}, &FormatError{Path: path,
			Why: fmt.Sprintf("it has format %d, and this program reads formats up to %d", format, Format),
			Fix: "use the firedrill that recorded it, or a newer one"}
	}
	var m Manifest
	if err := json.Unmarshal(meta.Get([]byte(keyManifest)), &m); err != nil {
		return Manifest{}, counts{}, damaged(path, fmt.Errorf("manifest: %w", err))
	}
	var n counts
	if err := json.Unmarshal(meta.Get([]byte(keyCounts)), &n); err != nil {
		return Manifest{}, counts{}, damaged(path, fmt.Errorf("counts: %w", err))
	}
	m.Format, m.Losses = format, n.Losses
	return m, n, nil
}

// putJSON stores v as JSON under key of the meta bucket.
func putJSON(tx *bolt.Tx, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(key), text)
}
