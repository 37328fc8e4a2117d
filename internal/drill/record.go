package drill

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firedrill/internal/capture/ca"
	"firedrill/internal/capture/proxy"
	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/recording"
	"firedrill/internal/redact"
)

// RecordOptions say what is recorded, where to, and what is said meanwhile.
type RecordOptions struct {
	Targets []string // "[name=]URL" of each application; the name is its host when not given
	Listen  []string // host:port for each target in order; those left over get the ports that follow. Without targets: of the forward proxy
	Forward string   // host:port of a forward proxy beside the targets; "" = none

	AllowHosts   []string // where the forward proxy may connect to; empty = the targets
	AllowAnyHost bool     // it may connect everywhere
	ListenAny    bool     // addresses that other machines can reach may be listened on

	Out        string // the recording; "" = recordings/recording-DATE-TIME.db
	Key        string // a pseudonym key to go on with, which makes Out part of its recording set; "" = a new one in Out + ".key"
	CADir      string // folder of the certificate authority; "" = the user's
	UpstreamCA string // PEM file of authorities to believe about applications, beside the system's
	Insecure   bool   // believe every application's certificate
	BodyCap    int64  // bytes kept of one body; 0 = 8 MiB

	Who, Why string // kept in the recording
	Tool     string // program and version, kept in the recording

	Ready    func(urls []string) // called once when all listeners are up: a URL for each target, then the forward proxy's; nil = nobody asks
	Talk     io.Writer           // what a person should see meanwhile; nil = nothing
	Terminal bool                // Talk is a terminal: progress is one line that is redrawn
	Width    int                 // columns of the terminal; 0 = not known
	Every    time.Duration       // between progress lines; 0 = 1 s on a terminal, 10 s otherwise
	Grace    time.Duration       // for exchanges in flight at the end; 0 = 5 s
	Log      *slog.Logger        // nil = silent
}

// RecordResult says what was recorded and what was not.
type RecordResult struct {
	Path, KeyPath string
	Size          int64 // bytes of the file
	Length        time.Duration
	Exchanges     int
	Failures      int            // of them, without a whole answer
	Wire          int64          // bytes of bodies, as transferred
	Sessions      int            // -1 = there were too many exchanges to count at once
	Endpoints     int            // as Sessions
	Redacted      int            // values that became tokens
	Losses        map[string]int // exchanges that were not captured, by cause
	Refused       map[string]int // requests that the forward proxy refused, by host
	Handshakes    int            // TLS handshakes that clients broke off
}

// defaultListen is where the first target is served when nothing is said.
const defaultListen = "127.0.0.1:8080"

// Record records until ctx ends, which is how a recording is ended well, or until
// the file cannot be written any more, which is an error. The result is true in
// both cases once recording had begun.
func Record(ctx context.Context, o RecordOptions) (RecordResult, error) {
	if o.Talk == nil {
		o.Talk = io.Discard
	}
	opt, err := o.proxyOptions()
	if err != nil {
		return RecordResult{}, err
	}
	if o.Out == "" {
		o.Out = filepath.Join("recordings", "recording-"+time.Now().Format("20060102-150405")+".db")
	}
	file, err := o.create(opt.Targets)
	if err != nil {
		return RecordResult{}, err
	}
	began := time.Now()
	live := newLiveCounts()
	redactor := redact.New(file.key, redact.Default())
	opt.Redact = func(x *exchange.Exchange) { live.redacted.Add(redactor.Exchange(x)) }
	opt.Client = redactor.Client
	opt.Digest = func() hash.Hash { return hmac.New(sha256.New, file.key) }
	opt.Lose = file.writer.Lose
	opt.Sink = func(ctx context.Context, x *exchange.Exchange) error {
		live.see(x)
		return file.writer.Append(ctx, x)
	}
	front, err := proxy.Start(ctx, opt)
	if err != nil {
		return RecordResult{}, errors.Join(err, file.discard())
	}
	if o.Ready != nil {
		o.Ready(addresses(front))
	}
	o.announce(ctx, front, file)
	progress := startProgress(o, front, file.writer, live)
	var failed error
	select {
	case <-ctx.Done():
	case <-file.writer.Failed():
		failed = fmt.Errorf("recording stopped: %s cannot be written any more: %w", o.Out, file.writer.Err())
	}
	progress.stop("stopping: exchanges in flight may finish")
	front.Shutdown(context.Background())
	closed := file.writer.Close()
	if failed == nil && closed != nil {
		failed = fmt.Errorf("close %s: %w", o.Out, closed)
	}
	if failed != nil {
		failed = &cli.Coded{Code: cli.Internal, Err: failed, Tip: "what was recorded until then is in the file; is the disk full? (recorder check " + o.Out + ")"}
	}
	result := o.result(front.Stats(), file, live)
	result.Length = time.Since(began)
	return result, failed
}

// proxyOptions turns what was asked for into what the proxy needs.
func (o *RecordOptions) proxyOptions() (proxy.Options, error) {
	opt := proxy.Options{
		AllowHost: o.AllowHosts, AllowAny: o.AllowAnyHost, Insecure: o.Insecure, BodyCap: o.BodyCap, Grace: o.Grace, Log: o.Log, Forward: o.Forward,
	}
	seen := map[string]bool{}
	for _, text := range o.Targets {
		t, err := ParseTarget(text)
		if err != nil {
			return opt, err
		}
		u, err := parseTargetURL(t.URL)
		if err != nil {
			return opt, err
		}
		if t.Name == "" {
			t.Name = strings.ReplaceAll(u.Host, ":", "-") // as environments can name it
		}
		if seen[t.Name] {
			return opt, cli.Usagef("two targets are named %q", t.Name).With("write --target NAME=URL with a name of its own for each")
		}
		seen[t.Name] = true
		opt.Targets = append(opt.Targets, proxy.Target{Name: t.Name, URL: u})
	}
	if err := o.places(&opt); err != nil {
		return opt, err
	}
	if o.UpstreamCA != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pem, err := os.ReadFile(o.UpstreamCA)
		if err != nil {
			return opt, cli.Usagef("--upstream-ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return opt, cli.Usagef("--upstream-ca: %s holds no certificate in PEM", o.UpstreamCA)
		}
		opt.RootCAs = pool
	}
	if opt.Forward != "" {
		if len(opt.Targets) == 0 && len(o.AllowHosts) == 0 && !o.AllowAnyHost {
			return opt, cli.Usagef("a forward proxy must be told where it may connect to").
				With("name the hosts to record with --allow-host staging.example.org (or *.example.org), or say --allow-any-host; to stand before one application, say --target URL")
		}
		authority, err := loadAuthority(o.CADir)
		if err != nil {
			return opt, err
		}
		opt.Authority = authority.Authority
	}
	return opt, nil
}

// recordFile is the recording that is being written, and its key.
type recordFile struct {
	path    string
	writer  *recording.Writer
	key     []byte
	keyID   string
	keyPath string
	made    bool // the key was made for this recording
}

// create makes the recording and, unless one is given, its key.
func (o *RecordOptions) create(targets []proxy.Target) (*recordFile, error) {
	if _, err := os.Lstat(o.Out); err == nil {
		return nil, &recording.ExistsError{Path: o.Out}
	}
	if dir := filepath.Dir(o.Out); dir != "." {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, cli.Usagef("make the folder of the recording: %w", err)
		}
	}
	f := &recordFile{path: o.Out, keyPath: o.Key}
	var err error
	if o.Key != "" {
		f.key, err = readKey(o.Key)
	} else {
		f.keyPath, f.made = o.Out+".key", true
		f.key, err = makeKey(f.keyPath)
	}
	if err != nil {
		return nil, err
	}
	f.keyID = derive(f.key, "key id")
	host, _ := os.Hostname()
	m := recording.Manifest{Set: derive(f.key, "recording set"), KeyID: f.keyID, Tool: o.Tool, Host: host, Who: o.Who, Why: o.Why, Policy: redact.Default().Name}
	for _, t := range targets {
		m.Targets = append(m.Targets, recording.Target{Name: t.Name, URL: t.URL.String()})
	}
	if f.writer, err = recording.Create(o.Out, m, recording.Options{}); err != nil {
		if f.made {
			err = errors.Join(err, os.Remove(f.keyPath))
		}
		return nil, err
	}
	return f, nil
}

// discard removes a recording that never began.
func (f *recordFile) discard() error {
	err := errors.Join(f.writer.Close(), os.Remove(f.path))
	if f.made {
		err = errors.Join(err, os.Remove(f.keyPath))
	}
	return err
}

// keyBytes is the length of a pseudonym key.
const keyBytes = 32

func makeKey(path string) ([]byte, error) {
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, cli.Usagef("%s exists already: it is the key of another recording", path).
			With("choose another --out, or continue that recording set with --key %s", path)
	}
	if err != nil {
		return nil, cli.Usagef("make the pseudonym key: %w", err)
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.Usagef("--key: %w", err).With("name the .key file that stands beside a recording of the same set")
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyBytes {
		return nil, cli.Usagef("--key: %s holds no pseudonym key", path).With("name the .key file that stands beside a recording of the same set")
	}
	return key, nil
}

// derive names something by the key without saying anything about it.
func derive(key []byte, what string) string {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, "firedrill "+what)
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Authority is the certificate authority of this installation.
type Authority struct {
	*ca.Authority
	Created bool // it was made now
}

// OpenAuthority opens the certificate authority in dir, making it on first use;
// "" is the user's own folder.
func OpenAuthority(dir string) (Authority, error) { return loadAuthority(dir) }

func loadAuthority(dir string) (Authority, error) {
	if dir == "" {
		var err error
		if dir, err = ca.DefaultDir(); err != nil {
			return Authority{}, &cli.Coded{Code: cli.Usage, Err: err, Tip: "name a folder with --ca-dir"}
		}
	}
	a, created, err := ca.Load(dir)
	return Authority{Authority: a, Created: created}, err
}
