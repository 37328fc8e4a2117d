package drill

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firedrill/internal/capture/gor"
	"firedrill/internal/capture/har"
	"firedrill/internal/capture/proxy"
	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/redact"
)

// ImportOptions say which files of other programs become a recording.
type ImportOptions struct {
	Files   []string // .har, .gor or .gor.gz; each is one client's traffic
	Out     string   // the recording; "" = recordings/ and the name of the first file with .db
	Key     string   // as RecordOptions.Key
	BodyCap int64    // bytes kept of one body; 0 = 8 MiB

	Who, Why string
	Tool     string
	Talk     io.Writer // nil = nothing
}

// ImportResult says what came of it.
type ImportResult struct {
	RecordResult
	Sanitized []string       // files whose maker left cookies and log-ins out
	Skipped   map[string]int // what was in the files and is no traffic, by cause
}

// defaultBodyCap is how much is kept of one body.
const defaultBodyCap = 8 << 20

// Import makes a recording from files of other programs, through the same
// redaction as a recorder's. On an error, or when ctx ends, no recording is left.
func Import(ctx context.Context, o ImportOptions) (ImportResult, error) {
	if o.Talk == nil {
		o.Talk = io.Discard
	}
	if o.BodyCap == 0 {
		o.BodyCap = defaultBodyCap
	}
	if o.Out == "" {
		name := filepath.Base(o.Files[0])
		o.Out = filepath.Join("recordings", name[:strings.IndexByte(name+".", '.')]+".db")
	}
	for _, name := range o.Files { // before anything is made
		if _, err := importerOf(name); err != nil {
			return ImportResult{}, err
		}
	}
	ro := RecordOptions{Out: o.Out, Key: o.Key, Tool: o.Tool, Who: o.Who, Why: o.Why}
	file, err := ro.create(nil)
	if err != nil {
		return ImportResult{}, err
	}
	began := time.Now()
	in := &importing{ImportOptions: o, file: file, live: newLiveCounts(), redactor: redact.New(file.key, redact.Default()), skipped: map[string]int{}}
	for _, name := range o.Files {
		if err = in.read(ctx, name); err != nil {
			return ImportResult{}, errors.Join(err, file.discard())
		}
	}
	if err := file.writer.Close(); err != nil {
		return ImportResult{}, fmt.Errorf("close %s: %w", o.Out, err)
	}
	r := ImportResult{RecordResult: ro.result(proxy.Stats{Failures: in.failures}, file, in.live), Sanitized: in.sanitized, Skipped: in.skipped}
	r.Length = time.Since(began)
	return r, nil
}

// importing is an import under way.
type importing struct {
	ImportOptions
	file      *recordFile
	live      *liveCounts
	redactor  *redact.Redactor
	conns     uint64 // of the files before
	failures  int
	sanitized []string
	skipped   map[string]int
}

// source is an opened file of another program.
type source struct {
	exchanges iter.Seq2[*exchange.Exchange, error]
	close     func() error
	after     func() (skipped map[string]int, sanitized bool) // once it was read
}

// importerOf is how a file is opened, by its name.
func importerOf(name string) (func() (source, error), error) {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".har"):
		return func() (source, error) {
			a, err := har.Open(name)
			if err != nil {
				return source{}, err
			}
			return source{a.Exchanges(), a.Close, func() (map[string]int, bool) { return a.Skipped, a.Sanitized }}, nil
		}, nil
	case strings.HasSuffix(lower, ".gor"), strings.HasSuffix(lower, ".gor.gz"):
		return func() (source, error) {
			f, err := gor.Open(name)
			if err != nil {
				return source{}, err
			}
			return source{f.Exchanges(), f.Close, func() (map[string]int, bool) { return f.Skipped, false }}, nil
		}, nil
	}
	return nil, cli.Usagef("%s: it is not known what kind of file this is", name).With("what can be imported ends in .har, .gor or .gor.gz")
}

func (in *importing) read(ctx context.Context, name string) (err error) {
	open, err := importerOf(name)
	if err != nil {
		return err
	}
	src, err := open()
	if err != nil {
		var missing *os.PathError
		if errors.As(err, &missing) {
			return cli.Usagef("%w", err)
		}
		return err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	client := in.redactor.Client(name)
	most, shown := uint64(0), time.Now()
	for x, err := range src.exchanges {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return cli.Interruptedf("the import was interrupted; no recording was made")
		}
		most = max(most, x.Conn)
		if x.Conn > 0 {
			x.Conn += in.conns
		}
		x.Client = client
		in.cap(&x.Request.Body)
		if x.Response != nil {
			in.cap(&x.Response.Body)
		}
		if x.Failure != nil {
			in.failures++
		}
		in.live.redacted.Add(in.redactor.Exchange(x))
		in.live.see(x)
		if err := in.file.writer.Append(context.WithoutCancel(ctx), x); err != nil {
			return &cli.Coded{Code: cli.Internal, Err: fmt.Errorf("write %s: %w", in.Out, err), Tip: "is the disk full?"}
		}
		if time.Since(shown) > time.Second {
			shown = time.Now()
			fmt.Fprintf(in.Talk, "importing %s: %s\n", name, count(int(in.file.writer.Stats().Exchanges), "exchange"))
		}
	}
	in.conns += most
	skipped, sanitized := src.after()
	for cause, n := range skipped {
		in.skipped[cause] += n
	}
	if sanitized {
		in.sanitized = append(in.sanitized, name)
	}
	return nil
}

// cap cuts a body that is longer than is kept.
func (in *importing) cap(b *exchange.Body) {
	if int64(len(b.Data)) <= in.BodyCap {
		return
	}
	mac := hmac.New(sha256.New, in.file.key)
	mac.Write(b.Data)
	b.Digest = hex.EncodeToString(mac.Sum(nil)[:16])
	b.Data, b.Cut = b.Data[:in.BodyCap], "cap"
}

// PrintImported says what was imported, and what to do about what is missing.
func PrintImported(w io.Writer, r ImportResult) {
	PrintRecorded(w, r.RecordResult)
	for _, cause := range byCount(maps.Clone(r.Skipped)) {
		fmt.Fprintf(w, "skipped  %d: %s\n", r.Skipped[cause], cause)
	}
	for _, name := range r.Sanitized {
		fmt.Fprintf(w, "warning  %s holds no cookies and no log-ins: its maker left them out, so nobody in it can be told apart.\n"+
			"         In Chrome: developer tools, Settings, Preferences, Network, \"Allow to generate HAR with sensitive data\"; save again.\n", name)
	}
}
