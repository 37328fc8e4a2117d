package recording

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// CheckReport is what Check found.
type CheckReport struct {
	Path      string
	Size      int64 // bytes of the file
	Manifest  Manifest
	Live      bool           // it is being written; the rest is as it stood when it was opened
	Exchanges int            // that could be read
	Failures  int            // of them, exchanges without a whole answer
	Wire      int64          // bytes of their bodies, as transferred
	From, To  time.Time      // first start and last end; zero without exchanges
	Targets   map[string]int // exchanges by target name
	Problems  []string       // what is wrong with the file, in the order found; empty: nothing
}

// maxProblems bounds a report on a file that is rotten throughout.
const maxProblems = 100

// Check walks everything in path: every exchange, the counts that stand beside
// them and, where those are sound, bbolt's own consistency. What is wrong is in the report; the error,
// as Open gives it, is for a file that cannot be opened at all.
func Check(path string) (CheckReport, error) {
	r, err := Open(path)
	if err != nil {
		return CheckReport{Path: path}, err
	}
	defer r.Close()
	report := CheckReport{Path: path, Live: r.Live(), Manifest: r.Manifest(), Targets: map[string]int{}}
	if info, err := os.Stat(path); err == nil {
		report.Size = info.Size()
	}
	walk := func(f func(tx *bolt.Tx) error) {
		if err := guard(path, func() error { return r.db.View(f) }); err != nil {
			report.problem("%v", err)
		}
	}
	walk(report.buckets)
	walk(func(tx *bolt.Tx) error { return report.exchanges(tx, r.code) })
	if len(report.Problems) == 0 {
		// Only on a file whose every element could be read: bbolt's own check walks
		// in goroutines of its own, where nobody could catch what damage does to it.
		walk(func(tx *bolt.Tx) error {
			for err := range tx.Check() {
				report.problem("database: %v", err)
			}
			return nil
		})
	}
	if n := uint64(report.Exchanges); n != r.counts.Exchanges {
		report.problem("%d exchanges can be read, %d were counted when they were written", n, r.counts.Exchanges)
	}
	if report.Wire != r.counts.Wire {
		report.problem("bodies have %d bytes, %d were counted when they were written", report.Wire, r.counts.Wire)
	}
	return report, nil
}

// buckets looks at every element of the root and of the meta bucket.
func (c *CheckReport) buckets(tx *bolt.Tx) error {
	err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if s := string(name); s != bucketMeta && s != bucketExchanges {
			c.problem("there is a bucket %q", name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketMeta)).ForEach(func(key, value []byte) error {
		if value == nil {
			c.problem("%q in the meta bucket is a bucket", key)
		}
		return nil
	})
}

func (c *CheckReport) exchanges(tx *bolt.Tx, code *coder) error {
	next := uint64(1)
	return tx.Bucket([]byte(bucketExchanges)).ForEach(func(key, value []byte) error {
		x, err := code.unpack(key, value)
		if err != nil {
			c.problem("exchange %x: %v", key, err)
			return nil
		}
		if x.Seq != next {
			c.problem("exchange %d stands where %d should", x.Seq, next)
		}
		next = x.Seq + 1
		if start := int64(binary.BigEndian.Uint64(value[1:])); start != x.Start.UnixNano() {
			c.problem("exchange %d started at %d, its head says %d", x.Seq, x.Start.UnixNano(), start)
		}
		c.Exchanges++
		c.Wire += x.Request.Body.Size
		if x.Response != nil {
			c.Wire += x.Response.Body.Size
		}
		if x.Failure != nil {
			c.Failures++
		} else if x.Response == nil {
			c.problem("exchange %d has neither an answer nor a failure", x.Seq)
		}
		c.Targets[x.Target]++
		if c.From.IsZero() || x.Start.Before(c.From) {
			c.From = x.Start
		}
		if x.End().After(c.To) {
			c.To = x.End()
		}
		return nil
	})
}

func (c *CheckReport) problem(format string, args ...any) {
	switch {
	case len(c.Problems) < maxProblems:
		c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
	case len(c.Problems) == maxProblems:
		c.Problems = append(c.Problems, "and more")
	}
}
