package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/recording"
	"firedrill/internal/redact"
)

// PurgeOptions say what is removed from recordings: whatever fits one of them.
type PurgeOptions struct {
	Recordings []string
	OlderThan  time.Duration // exchanges that were over longer ago; 0 = none
	Sessions   []string      // numbers of sessions, of one recording
	Persons    []string      // e-mail addresses or other values of people; needs Key
	Key        string        // pseudonym key; "" = FILE.key of each
	Confirmed  bool          // false: say what would be removed, remove nothing
	Talk       io.Writer
}

// PurgeResult is what was removed from one recording, or would be.
type PurgeResult struct {
	Path     string
	Removed  int // exchanges
	Of       int
	Sessions int // of them whole sessions; -1 where that was not asked for
}

// Purge removes exchanges so that their bytes are gone from the files, and the
// plans that were made from them with them. A person is removed with all their
// sessions and with every exchange of others that names them.
func Purge(ctx context.Context, o PurgeOptions) ([]PurgeResult, error) {
	switch {
	case o.OlderThan == 0 && len(o.Sessions) == 0 && len(o.Persons) == 0:
		return nil, cli.Usagef("what shall be removed?").With("say --older-than 720h, --session 3 or --person jana@school.example")
	case len(o.Sessions) > 0 && len(o.Recordings) > 1:
		return nil, cli.Usagef("--session numbers the sessions of one recording, and %d are named", len(o.Recordings)).With("purge them one after another")
	}
	var all []PurgeResult
	for _, path := range o.Recordings {
		r, err := o.purge(ctx, path)
		if err != nil {
			if ctx.Err() != nil {
				err = cli.Interruptedf("the purge was interrupted; %s is as it was", path)
			}
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

func (o *PurgeOptions) purge(ctx context.Context, path string) (PurgeResult, error) {
	r := PurgeResult{Path: path}
	doomed, why, err := o.doomed(path, &r)
	if err != nil || r.Removed == 0 || !o.Confirmed {
		return r, err
	}
	removed, err := recording.Rewrite(ctx, path, why, func(x *exchange.Exchange) bool { return !doomed[x.Seq] })
	if err != nil {
		return r, err
	}
	r.Removed = removed
	beside := strings.TrimSuffix(path, filepath.Ext(path)) + ".plan"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("the plan made from what was removed is still there: %w", err)
	}
	return r, nil
}

// doomed are the exchanges that go, and why, without values of people.
func (o *PurgeOptions) doomed(path string, r *PurgeResult) (map[uint64]bool, string, error) {
	names, err := o.pseudonyms(path)
	if err != nil {
		return nil, "", err
	}
	set, err := recording.OpenSet(path)
	if err != nil {
		return nil, "", err
	}
	defer set.Close()
	doomed := map[uint64]bool{}
	named := redact.NewAuditor(told(names))
	var why []string
	if o.OlderThan > 0 {
		why = append(why, "older than "+o.OlderThan.String())
	}
	limit := time.Now().Add(-o.OlderThan)
	for x, err := range set.Exchanges() {
		if err != nil {
			return nil, "", err
		}
		r.Of++
		if o.OlderThan > 0 && x.End().Before(limit) || mentions(x, named) {
			doomed[x.Seq] = true
		}
	}
	if len(o.Sessions) > 0 || len(o.Persons) > 0 {
		sessions, err := sessionsOf(set, 0)
		if err != nil {
			return nil, "", err
		}
		if why, err = o.wholeSessions(sessions, names, why, doomed, r); err != nil {
			return nil, "", err
		}
	}
	r.Removed = len(doomed)
	return doomed, strings.Join(why, ", "), nil
}

// wholeSessions dooms the sessions that were asked for, and those of the people.
func (o *PurgeOptions) wholeSessions(sessions []Session, names, why []string, doomed map[uint64]bool, r *PurgeResult) ([]string, error) {
	for _, text := range o.Sessions {
		found := slices.ContainsFunc(sessions, func(s Session) bool { return fmt.Sprint(s.Number) == strings.TrimPrefix(text, "#") })
		if !found {
			return nil, cli.Usagef("there is no session %q in %s", text, r.Path).With("it has sessions 1 to %d: recorder sessions lists them", len(sessions))
		}
		why = append(why, "session "+text)
	}
	if len(o.Persons) > 0 {
		why = append(why, count(len(o.Persons), "person"))
	}
	for _, s := range sessions {
		asked := slices.ContainsFunc(o.Sessions, func(text string) bool { return fmt.Sprint(s.Number) == strings.TrimPrefix(text, "#") })
		theirs := slices.Contains(names, s.Account)
		if !asked && !theirs {
			continue
		}
		r.Sessions++
		for _, seq := range s.Seqs {
			doomed[seq] = true
		}
	}
	return why, nil
}

// pseudonyms are what the people are called in a recording.
func (o *PurgeOptions) pseudonyms(path string) ([]string, error) {
	if len(o.Persons) == 0 {
		return nil, nil
	}
	file := o.Key
	if file == "" {
		file = path + ".key"
	}
	key, err := readKey(file)
	if err != nil {
		return nil, err
	}
	info, err := recording.Open(path)
	if err != nil {
		return nil, err
	}
	made := info.Manifest().KeyID
	if err := info.Close(); err != nil {
		return nil, err
	}
	if derive(key, "key id") != made {
		return nil, cli.Usagef("%s is not the key that %s was recorded with", file, path).With("name the right one with --key; without it nobody can tell who is who in the recording")
	}
	redactor := redact.New(key, redact.Default())
	var names []string
	for _, p := range o.Persons {
		names = append(names, redactor.Pseudonyms(strings.TrimSpace(p))...)
	}
	return names, nil
}

// told are the parts of pseudonyms that stand as they are in whatever a value is
// encoded in: of an address what is before the "@".
func told(names []string) (parts []string) {
	for _, n := range names {
		part, _, _ := strings.Cut(n, "@")
		parts = append(parts, part)
	}
	return parts
}

// mentions reports whether a pseudonym stands anywhere in an exchange, encoded in
// whatever way.
func mentions(x *exchange.Exchange, named *redact.Auditor) bool {
	return slices.ContainsFunc(named.Scan(exchange.EncodeTo(nil, x)), func(h redact.Hit) bool { return h.Canary >= 0 })
}

// PrintPurged says what was removed, or would be.
func PrintPurged(w io.Writer, results []PurgeResult, done bool) {
	for _, r := range results {
		what := fmt.Sprintf("%d of %s", r.Removed, count(r.Of, "exchange"))
		if r.Sessions > 0 {
			what += fmt.Sprintf(", %s whole", count(r.Sessions, "session"))
		}
		switch {
		case r.Removed == 0:
			fmt.Fprintf(w, "%s: nothing to remove of %s\n", r.Path, count(r.Of, "exchange"))
		case done:
			fmt.Fprintf(w, "%s: removed %s; their bytes are gone from the file, and the plan made from it\n", r.Path, what)
		default:
			fmt.Fprintf(w, "%s: would remove %s; say --yes to do it\n", r.Path, what)
		}
	}
}
