package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"firedrill/internal/plan"
)

// Format is the version of the files this program writes; a file of another
// format is not used.
const Format = 1

// Planner counts changes in how plans are made: one that an older planner made
// from the same recording is not used.
const Planner = 4

// Key says what a plan was made from.
type Key struct {
	Set       string // recording-set id
	Exchanges int
	Rules     string // everything else that planning depends on: overlay, categories
}

func (k Key) digest() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d %d %d %q %d %q", Format, Planner, plan.Version, k.Set, k.Exchanges, k.Rules))
}

// magic begins every file.
const magic = "firedrill plan 1\n"

// maxPlan bounds what a file may unpack to: 1 GiB.
const maxPlan = 1 << 30

// Load reads the plan at path if it was made from key. false means that it has
// to be made: there is none, it is of something else, or it cannot be read.
func Load(path string, key Key) (*plan.Plan, bool) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	p, err := decode(file, key)
	return p, err == nil
}

var errStale = errors.New("of another recording, format or planner, or damaged")

func decode(file []byte, key Key) (*plan.Plan, error) {
	wanted, packed := key.digest(), []byte(nil)
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if ok {
		rest, ok = bytes.CutPrefix(rest, wanted[:])
	}
	if ok && len(rest) >= sha256.Size {
		packed = rest[sha256.Size:]
		sum := sha256.Sum256(packed)
		ok = bytes.Equal(sum[:], rest[:sha256.Size])
	}
	if !ok || len(packed) == 0 {
		return nil, errStale
	}
	text, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	p := &plan.Plan{}
	return p, json.Unmarshal(text, p)
}

// Is reports whether a file's content begins as a plan's does.
func Is(file []byte) bool { return bytes.HasPrefix(file, []byte(magic)) }

// Text is the JSON of the plan in a file's content, whatever it was made from;
// false for a file that is no plan, or damaged.
func Text(file []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok || len(rest) <= 2*sha256.Size {
		return nil, false
	}
	text, err := unpack(rest[2*sha256.Size:])
	return text, err == nil
}

func unpack(packed []byte) ([]byte, error) {
	reader, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxPlan), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return reader.DecodeAll(packed, nil)
}

func encode(key Key, p *plan.Plan) ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer packer.Close()
	packed := packer.EncodeAll(text, nil)
	wanted, sum := key.digest(), sha256.Sum256(packed)
	return bytes.Join([][]byte{[]byte(magic), wanted[:], sum[:], packed}, nil), nil
}

// Save writes the plan to path, replacing what is there as a whole.
func Save(path string, key Key, p *plan.Plan) error {
	file, err := encode(key, p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(file)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
