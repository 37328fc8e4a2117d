package drill

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/planfile"
	"firedrill/internal/recording"
	"firedrill/internal/redact"
	"firedrill/internal/runs"
)

// AuditOptions say what is looked through, and for what.
type AuditOptions struct {
	Paths    []string // recordings, plans, runs, reports or any other files; folders with all that is in them
	Canaries []string // values that must not be found
	File     string   // a file with one canary on each line; "" = none
}

// AuditFinding is a value that should not be where it is. The value itself is not
// repeated.
type AuditFinding struct {
	Path  string
	Where string // "exchange 12", "the manifest"; "" in a file that is read as it is
	What  string // "canary 3", "e-mail address", "JSON web token"
	Form  string // how a canary stood there: "base64"; "" otherwise
}

// AuditResult is what an audit looked through and found.
type AuditResult struct {
	Files     int
	Exchanges int
	Canaries  int
	Findings  []AuditFinding
}

// Audit looks for canaries, and for what looks like a person's or a log-in's, in
// whatever firedrill keeps. Findings are an error with exit code 99.
func Audit(ctx context.Context, o AuditOptions) (AuditResult, error) {
	canaries, err := o.canaries()
	if err != nil {
		return AuditResult{}, err
	}
	a := &audit{auditor: redact.NewAuditor(canaries)}
	a.result.Canaries = len(canaries)
	for _, path := range o.Paths {
		if err := a.path(ctx, path); err != nil {
			return a.result, err
		}
	}
	if n := len(a.result.Findings); n > 0 {
		return a.result, cli.Brokenf("%s that should not be there", count(n, "value")).With("recorder purge removes what holds them; other files are yours to remove")
	}
	return a.result, nil
}

// canaries are those of the flags and of the file.
func (o *AuditOptions) canaries() ([]string, error) {
	all := append([]string(nil), o.Canaries...)
	if o.File != "" {
		f, err := os.Open(o.File)
		if err != nil {
			return nil, cli.Usagef("--canaries: %w", err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if text := strings.TrimSpace(lines.Text()); text != "" {
				all = append(all, text)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, cli.Usagef("--canaries: %s: %w", o.File, err).With("write one value on each line")
		}
	}
	for i, c := range all {
		if redact.ShortCanary(c) {
			return nil, cli.Usagef("canary %d is shorter than 4 characters: it would be found everywhere", i+1).With("leave it out")
		}
	}
	return all, nil
}

// audit is an audit under way.
type audit struct {
	auditor *redact.Auditor
	result  AuditResult
}

// path looks through a file, or all files of a folder.
func (a *audit) path(ctx context.Context, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return cli.Usagef("%w", err)
		case ctx.Err() != nil:
			return cli.Interruptedf("the audit was interrupted after %s", count(a.result.Files, "file"))
		case !d.Type().IsRegular() || strings.HasSuffix(path, ".key") && d.Name() != root:
			return nil // a pseudonym key is random, and nothing else is in its file
		}
		return a.file(ctx, path)
	})
}

// mostWhole bounds the files that are read as they are: 1 GiB.
const mostWhole = 1 << 30

func (a *audit) file(ctx context.Context, path string) error {
	r, err := recording.Open(path)
	if err == nil {
		a.result.Files++
		return errors.Join(a.recording(ctx, path, r), r.Close())
	}
	run, err := runs.Open(path)
	if err == nil {
		a.result.Files++
		return errors.Join(a.run(path, run), run.Close())
	}
	data, err := readable(path, err)
	if err != nil {
		return err
	}
	a.result.Files++
	a.scan(path, "", data)
	return nil
}

// readable is what a person can read in a file that could not be opened as a
// recording, nor as a run, which is notRun. What cannot be looked into is an error: it must not count as clean.
func readable(path string, notRun error) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	if info.Size() > mostWhole {
		return nil, unseen(path, "it is larger than 1 GiB and no recording")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	text, isPlan := planfile.Text(data)
	switch {
	case isPlan:
		return text, nil
	case planfile.Is(data):
		return nil, unseen(path, "it is a plan that is damaged")
	case recording.IsDatabase(data):
		return nil, unseen(path, notRun.Error())
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return unzipped(path, data)
	}
	for magic, kind := range map[string]string{"age-encryption.org/": "it is encrypted with age", "PK\x03\x04": "it is a zip archive", "\x28\xb5\x2f\xfd": "it is compressed with zstd"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return nil, unseen(path, kind)
		}
	}
	return data, nil
}

func unseen(path, why string) error {
	return cli.Usagef("%s cannot be looked through: %s", path, why).With("unpack it, or leave it out and audit the others")
}

// unzipped is the content of a file compressed with gzip, as far as it is bounded.
func unzipped(path string, data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, unseen(path, err.Error())
	}
	text, err := io.ReadAll(io.LimitReader(z, mostWhole+1))
	if err != nil {
		return nil, unseen(path, err.Error())
	}
	if len(text) > mostWhole {
		return nil, unseen(path, "it unpacks to more than 1 GiB")
	}
	return text, nil
}

func (a *audit) recording(ctx context.Context, path string, r *recording.Reader) error {
	if err := a.json(path, "the manifest", r.Manifest()); err != nil {
		return err
	}
	for x, err := range r.Exchanges() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return cli.Interruptedf("the audit was interrupted in %s", path)
		}
		a.result.Exchanges++
		a.scan(path, fmt.Sprintf("exchange %d", x.Seq), exchange.EncodeTo(nil, x))
	}
	return nil
}

// run looks through the words of a run: samples are numbers.
func (a *audit) run(path string, r *runs.Reader) error {
	ending, _ := r.Ending()
	return errors.Join(a.json(path, "the manifest", r.Manifest()), a.json(path, "the ending", ending), a.json(path, "the names", r.Names()))
}

func (a *audit) json(path, where string, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		a.scan(path, where, text)
	}
	return err
}

func (a *audit) scan(path, where string, data []byte) {
	said := map[AuditFinding]bool{}
	for _, h := range a.auditor.Scan(data) {
		f := AuditFinding{Path: path, Where: where, What: h.Form}
		if h.Canary >= 0 {
			f.What, f.Form = fmt.Sprintf("canary %d", h.Canary+1), h.Form
		}
		if !said[f] {
			said[f] = true
			a.result.Findings = append(a.result.Findings, f)
		}
	}
}

// maxFindings is how many findings are listed.
const maxFindings = 50

// PrintAudit says what was found, without repeating it.
func PrintAudit(w io.Writer, r AuditResult) {
	for i, f := range r.Findings {
		if i == maxFindings {
			fmt.Fprintf(w, "… and %d more\n", len(r.Findings)-i)
			break
		}
		where := f.Path
		if f.Where != "" {
			where += ": " + f.Where
		}
		if f.Form != "" && f.Form != "as it is" {
			fmt.Fprintf(w, "%s: %s (%s)\n", where, f.What, f.Form)
		} else {
			fmt.Fprintf(w, "%s: %s\n", where, f.What)
		}
	}
	verdict := "nothing found"
	if n := len(r.Findings); n > 0 {
		verdict = count(n, "value") + " found"
	}
	canaries := fmt.Sprintf("%d canaries", r.Canaries)
	if r.Canaries == 1 {
		canaries = "1 canary"
	}
	fmt.Fprintf(w, "looked for %s, e-mail addresses and JSON web tokens in %s and %s: %s\n",
		canaries, count(r.Files, "file"), count(r.Exchanges, "exchange"), verdict)
}
