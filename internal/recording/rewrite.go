package recording

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"firedrill/internal/exchange"
)

// Purge is a removal of exchanges from a recording, kept in its manifest.
type Purge struct {
	At      time.Time `json:"at"`
	Why     string    `json:"why"`     // what was asked for, without values of people
	Removed int       `json:"removed"` // exchanges
}

// Rewrite makes path anew with the exchanges that keep accepts, in their order and
// numbered from 1 again, so that no byte of the others is left in the file. The
// manifest says so. Until the new file is whole and on the disk the old one stays;
// when nothing would be removed it stays for good. It says how many were removed.
//
// What the disk itself keeps of a file that is gone (free blocks, snapshots,
// backups) is beyond it.
func Rewrite(ctx context.Context, path, why string, keep func(*exchange.Exchange) bool) (removed int, err error) {
	r, err := Open(path)
	if err != nil {
		return 0, err
	}
	if r.Live() {
		return 0, errors.Join(&InUseError{Path: path}, r.Close())
	}
	place := path + ".purged"
	os.Remove(place) // of an attempt that was killed
	w, err := Create(place, r.Manifest(), Options{Patience: time.Hour})
	if err != nil {
		return 0, errors.Join(err, r.Close())
	}
	removed, err = transfer(ctx, r, w, keep)
	if err == nil && removed > 0 {
		w.inherit(r, Purge{At: time.Now().UTC().Round(0), Why: why, Removed: removed})
	}
	err = errors.Join(err, w.Close(), r.Close())
	if err == nil && removed > 0 {
		err = os.Rename(place, path)
	}
	if err != nil || removed == 0 {
		return 0, errors.Join(err, os.Remove(place))
	}
	return removed, nil
}

// transfer appends to w what keep accepts of r.
func transfer(ctx context.Context, r *Reader, w *Writer, keep func(*exchange.Exchange) bool) (removed int, err error) {
	for seq := range r.counts.Exchanges {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		x, err := r.Get(seq + 1)
		if err != nil {
			return 0, err
		}
		if !keep(x) {
			removed++
			continue
		}
		if err := w.Append(ctx, x); err != nil {
			return 0, fmt.Errorf("write %s: %w", w.db.Path(), err)
		}
	}
	return removed, nil
}

// inherit takes over what r knows beside its exchanges.
func (w *Writer) inherit(r *Reader, p Purge) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.manifest.Purges = append(w.manifest.Purges, p)
	w.before = &r.manifest
	for cause, n := range r.manifest.Losses {
		w.counts.Losses[cause] += n
	}
}
