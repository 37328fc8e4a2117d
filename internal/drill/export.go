package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"filippo.io/age"

	"firedrill/internal/capture/har"
	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/recording"
)

// ExportOptions say what of a recording is written for other programs.
type ExportOptions struct {
	Recordings []string // files of one recording set
	Session    string   // number of a session; "" = everything
	Format     string   // "har"
	Out        string   // file; "" = Results
	Recipients []string // age public keys: the file can be read by these only; none = plain
	Results    io.Writer
}

// Export writes a recording, which holds pseudonyms only, for other programs. A
// file appears whole or not at all.
func Export(ctx context.Context, o ExportOptions) error {
	if o.Format != "har" {
		return cli.Usagef("there is no format %q", o.Format).With("recordings are exported as har")
	}
	to, err := recipients(o.Recipients)
	if err != nil {
		return err
	}
	exchanges, done, err := o.exchanges(ctx)
	if err != nil {
		return err
	}
	defer done()
	if o.Out == "" {
		return writeExport(o.Results, to, exchanges)
	}
	if _, err := os.Lstat(o.Out); err == nil {
		return cli.Usagef("%s exists already and is never overwritten", o.Out).With("choose another --out, or remove it")
	}
	f, err := os.CreateTemp(filepath.Dir(o.Out), ".export-*")
	if err != nil {
		return cli.Usagef("--out: %w", err)
	}
	err = errors.Join(writeExport(f, to, exchanges), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), o.Out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// exchanges are those that are asked for, by their start.
func (o *ExportOptions) exchanges(ctx context.Context) (iter.Seq2[*exchange.Exchange, error], func() error, error) {
	var all iter.Seq2[*exchange.Exchange, error]
	done := func() error { return nil }
	if o.Session != "" {
		shown, err := Show(SessionsOptions{Recordings: o.Recordings}, o.Session)
		if err != nil {
			return nil, nil, err
		}
		all = func(yield func(*exchange.Exchange, error) bool) {
			for _, x := range shown.Exchanges {
				if !yield(x, nil) {
					return
				}
			}
		}
	} else {
		set, err := recording.OpenSet(o.Recordings...)
		if err != nil {
			return nil, nil, err
		}
		all, done = set.Exchanges(), set.Close
	}
	return func(yield func(*exchange.Exchange, error) bool) {
		for x, err := range all {
			if ctx.Err() != nil {
				x, err = nil, cli.Interruptedf("the export was interrupted; nothing was written")
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
	}, done, nil
}

func recipients(keys []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, key := range keys {
		r, err := age.ParseX25519Recipient(key)
		if err != nil {
			return nil, cli.Usagef("--age %s: it is no public key of age", key).With("it begins with age1; age-keygen prints it")
		}
		all = append(all, r)
	}
	return all, nil
}

func writeExport(w io.Writer, to []age.Recipient, exchanges iter.Seq2[*exchange.Exchange, error]) error {
	by := har.Maker{Name: "firedrill recorder", Version: Version}
	const comment = "pseudonyms stand for the values of people; it cannot be replayed without their accounts"
	if len(to) == 0 {
		return har.Write(w, by, comment, exchanges)
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return errors.Join(har.Write(sealed, by, comment, exchanges), sealed.Close())
}
