package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"firedrill/internal/verdict"
)

// verdictsName is the file beside runs that keeps their verdicts. It can be
// deleted at any time.
const verdictsName = ".verdicts.json"

// knownVerdict is what a run was judged to be, as long as nothing has changed.
type knownVerdict struct {
	Size     int64          `json:"size"`
	Modified int64          `json:"modified"` // Unix nanoseconds
	By       string         `json:"by"`       // digest of the baselines and the program
	Status   verdict.Status `json:"status"`
	Key      string         `json:"key"`
	Users    int            `json:"users"`
}

// knownVerdicts are those of a folder. One goroutine.
type knownVerdicts struct {
	dir, by string
	runs    map[string]knownVerdict // by the file's name
}

// openVerdicts reads what is known in a folder; a file that cannot be read knows
// nothing. The error is that of the baselines.
func openVerdicts(dir, baselines string) (*knownVerdicts, error) {
	if _, err := readBaselines(baselines); err != nil {
		return nil, err
	}
	k := &knownVerdicts{dir: dir, runs: map[string]knownVerdict{}}
	digest := sha256.New()
	if src, err := os.ReadFile(fallback(baselines, BaselinesName)); err == nil {
		digest.Write(src)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if program, err := os.Executable(); err == nil {
		if info, err := os.Stat(program); err == nil {
			fmt.Fprintf(digest, "\x00%s %d %d", Version, info.Size(), info.ModTime().UnixNano())
		}
	}
	k.by = hex.EncodeToString(digest.Sum(nil)[:12])
	if text, err := os.ReadFile(filepath.Join(dir, verdictsName)); err == nil && json.Unmarshal(text, &k.runs) != nil {
		k.runs = map[string]knownVerdict{}
	}
	return k, nil
}

// get is the verdict on a run, if nothing has changed since.
func (k *knownVerdicts) get(path string) (knownVerdict, bool) {
	v, ok := k.runs[filepath.Base(path)]
	info, err := os.Stat(path)
	return v, ok && err == nil && v.By == k.by && v.Size == info.Size() && v.Modified == info.ModTime().UnixNano()
}

func (k *knownVerdicts) put(r RunInfo) {
	if info, err := os.Stat(r.File); err == nil {
		k.runs[filepath.Base(r.File)] = knownVerdict{info.Size(), info.ModTime().UnixNano(), k.by, r.Status, r.Key, r.Users}
	}
}

// save keeps the verdicts of runs that are still there. A folder that cannot be
// written to keeps none: they are made again next time.
func (k *knownVerdicts) save() {
	for name := range k.runs {
		if _, err := os.Stat(filepath.Join(k.dir, name)); err != nil {
			delete(k.runs, name)
		}
	}
	_ = replaceFile(filepath.Join(k.dir, verdictsName), func(w io.Writer) error { return json.NewEncoder(w).Encode(k.runs) })
}
