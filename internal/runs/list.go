package runs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"firedrill/internal/sample"
)

// FileName is the name of a run's file: date, time (UTC), scenario and id, so
// that names sort by time.
func FileName(started time.Time, scenario, id string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, scenario)
	return fmt.Sprintf("%s-%s-%s.db", started.UTC().Format("2006-01-02-150405"), strings.Trim(clean, "-"), id)
}

// NewID makes the id of a run: eight characters, unique enough for one directory.
func NewID() string { return strings.ToLower(rand.Text()[:8]) }

// NoRunsError says that a directory holds no run.
type NoRunsError struct{ Dir string }

func (e *NoRunsError) Error() string { return "there is no run in " + e.Dir }

// Hint says what to do.
func (e *NoRunsError) Hint() string {
	return "make one with \"replayer --scenario NAME\", or name a run file"
}

// ExitCode is that of wrong usage.
func (e *NoRunsError) ExitCode() int { return 2 }

// List gives the run files of a directory by name, oldest first. A directory
// that does not exist holds none.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".db") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

// Newest is the run of a directory that was started last: by the time in its
// manifest, or by its file's time where the manifest cannot be read (a run under
// way). Error: *NoRunsError.
func Newest(dir string) (string, error) {
	files, err := List(dir)
	if err != nil {
		return "", err
	}
	var best string
	var latest time.Time
	for _, f := range files {
		if at := startOf(f); best == "" || !at.Before(latest) {
			best, latest = f, at
		}
	}
	if best == "" {
		return "", &NoRunsError{dir}
	}
	return best, nil
}

// startOf is when the run of a file was started, as far as can be told.
func startOf(path string) time.Time {
	if r, err := Open(path); err == nil {
		defer r.Close()
		return r.Manifest().Started
	}
	if info, err := os.Stat(path); err == nil {
		return info.ModTime()
	}
	return time.Time{}
}

// Check reads all of a run and reports everything that is inconsistent in it:
// bbolt's own pages, records that cannot be decoded, indexes beyond the names,
// a Seq that occurs twice, and histograms that do not add up to the samples.
func Check(path string) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	var problems []error
	err = r.guard(func() error {
		return r.db.View(func(tx *bolt.Tx) error {
			for err := range tx.Check() {
				problems = append(problems, err)
			}
			return nil
		})
	})
	problems = append(problems, err, checkRecords(r), r.Close())
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	return nil
}

func checkRecords(r *Reader) error {
	names := r.Names()
	seen := map[uint64]bool{}
	perSecond := map[[2]int64]int64{}
	for s, err := range r.Samples() {
		if err != nil {
			return err
		}
		if seen[s.Seq] {
			return fmt.Errorf("sample %d occurs twice", s.Seq)
		}
		seen[s.Seq] = true
		if int(s.Endpoint) >= len(names.Endpoints) || int(s.Persona) >= len(names.Personas) || int(s.Journey) >= len(names.Journeys) {
			return fmt.Errorf("sample %d refers to a name that the run does not have", s.Seq)
		}
		if !s.Has(sample.Interrupted) {
			perSecond[[2]int64{int64(max(0, s.End) / time.Second), int64(s.Endpoint)}]++
		}
	}
	for s, err := range r.Seconds() {
		if err != nil {
			return err
		}
		perSecond[[2]int64{int64(s.At), int64(s.Endpoint)}] -= int64(s.Requests)
	}
	for k, n := range perSecond {
		if n != 0 {
			return fmt.Errorf("second %d, endpoint %d: the histograms miss %d samples", k[0], k[1], n)
		}
	}
	for _, err := range r.Iterations() {
		if err != nil {
			return err
		}
	}
	for _, err := range r.Users() {
		if err != nil {
			return err
		}
	}
	return nil
}
