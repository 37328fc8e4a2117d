package drill_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/internal/drill"
	"firedrill/internal/exchange"
	"firedrill/internal/recording"
)

// talk is where a recorder speaks; it tells when something was said.
type talk struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newTalk() *talk { return &talk{more: make(chan struct{}, 1)} }

func (t *talk) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(b)
	select {
	case t.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (t *talk) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// wait returns the submatches of pattern once it was said.
func (t *talk) wait(tb testing.TB, pattern string) []string {
	tb.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(10 * time.Second)
	for {
		if m := re.FindStringSubmatch(t.String()); m != nil {
			return m
		}
		select {
		case <-t.more:
		case <-deadline:
			tb.Fatalf("%q was not said in 10 s; said was:\n%s", pattern, t)
		}
	}
}

// recorder is a use case under way.
type recorder struct {
	t      *testing.T
	talk   *talk
	path   string
	cancel context.CancelFunc
	done   chan struct{}
	result drill.RecordResult
	err    error
}

func record(t *testing.T, o drill.RecordOptions) *recorder {
	t.Helper()
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "recordings", "r.db")
	}
	if o.Listen == nil {
		o.Listen = []string{"127.0.0.1:0"}
	}
	r := &recorder{t: t, talk: newTalk(), path: o.Out, done: make(chan struct{})}
	o.Talk = r.talk
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer close(r.done)
		r.result, r.err = drill.Record(ctx, o)
	}()
	t.Cleanup(func() { r.stop() })
	return r
}

// stop presses Ctrl-C.
func (r *recorder) stop() (drill.RecordResult, error) {
	r.cancel()
	<-r.done
	return r.result, r.err
}

func (r *recorder) address() string {
	r.t.Helper()
	return r.talk.wait(r.t, `open (http://\S+)`)[1]
}

const (
	password = "correct horse battery staple"
	session  = "s3ss10n-0123456789-abcdefghij"
	token    = "tok/en+with=signs&0123456789abcdef"
	bearer   = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.4fT9vZ0c7Kp2Qm1Xw8Rb5Nd3Yh6Lj0Ga"
)

// school is an application with secrets in all places.
func school(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/login":
		http.SetCookie(w, &http.Cookie{Name: "session", Value: session, HttpOnly: true})
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"role":"teacher","access_token":%q,"csrf_token":%q}`, bearer, token)
	case "/page":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html><form><input type="hidden" name="csrf_token" value="%s"></form></html>`, strings.ReplaceAll(token, "&", "&amp;"))
	default:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"courses":[{"id":4,"title":"Biology"}]}`)
	}
}

func ask(t *testing.T, method, address, body string, header ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
}

func TestSecretsDoNotReachTheDisk(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	r := record(t, drill.RecordOptions{Targets: []string{"api=" + app.URL}, Why: "a test", Who: "nobody"})
	at := r.address()
	ask(t, "POST", at+"/login", `{"email":"jana.dubois@school.test","password":"`+password+`"}`, "Content-Type", "application/json")
	ask(t, "POST", at+"/login", url.Values{"email": {"jana.dubois@school.test"}, "password": {password}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	ask(t, "GET", at+"/page?token="+url.QueryEscape(token), "", "Cookie", "session="+session)
	ask(t, "GET", at+"/courses", "", "Authorization", "Bearer "+bearer, "X-Csrf-Token", token, "Cookie", "session="+session, "X-Firedrill-Mark", "period 3")
	result, err := r.stop()
	if err != nil {
		t.Fatal(err)
	}
	if result.Exchanges != 4 || result.Redacted == 0 || len(result.Losses) != 0 || result.Size == 0 || result.Wire == 0 {
		t.Errorf("result %+v", result)
	}
	file, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	// The file is compressed: its records are searched as they decode, too.
	var text strings.Builder
	text.Write(file)
	reader, err := recording.Open(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	marked := false
	for x, err := range reader.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		text.Write(exchange.EncodeTo(nil, x))
		marked = marked || (len(x.Labels) == 1 && x.Labels[0] == "period 3" && x.Request.Target == "/courses")
		if x.Client == "" || strings.Contains(x.Client, "127.0.0.1") || x.Target != "api" {
			t.Errorf("client %q, target %q", x.Client, x.Target)
		}
	}
	if !marked {
		t.Error("the mark is not in the recording")
	}
	all := text.String()
	for name, secret := range map[string]string{"password": password, "session": session, "token": token, "bearer": bearer, "e-mail": "jana.dubois@school.test"} {
		for form, s := range map[string]string{
			"raw": secret, "url-encoded": url.QueryEscape(secret), "path-encoded": url.PathEscape(secret),
			"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"html": strings.ReplaceAll(secret, "&", "&amp;"),
		} {
			if strings.Contains(all, s) {
				t.Errorf("the %s is in the file, %s", name, form)
			}
		}
	}
	if !strings.Contains(all, "Biology") {
		t.Error("the search would not find what is there")
	}

	m := reader.Manifest()
	if m.Why != "a test" || m.Who != "nobody" || !m.Closed || m.KeyID == "" || m.Policy != "default" || len(m.Targets) != 1 || m.Targets[0].Name != "api" {
		t.Errorf("manifest %+v", m)
	}
	key, err := os.ReadFile(result.KeyPath)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all, strings.TrimSpace(string(key))) || strings.HasPrefix(string(key), m.KeyID) {
		t.Error("the key is in the recording")
	}
	if info, _ := os.Stat(result.KeyPath); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %04o", info.Mode().Perm())
	}
	if _, err := drill.CheckRecording(r.path); err != nil {
		t.Error(err)
	}
}

func TestRecordingsOfOneKeyAreOneSet(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	first := record(t, drill.RecordOptions{Targets: []string{app.URL}})
	ask(t, "GET", first.address()+"/courses", "", "Cookie", "session="+session)
	a, err := first.stop()
	if err != nil {
		t.Fatal(err)
	}
	second := record(t, drill.RecordOptions{Targets: []string{app.URL}, Key: a.KeyPath})
	ask(t, "GET", second.address()+"/courses", "", "Cookie", "session="+session)
	b, err := second.stop()
	if err != nil {
		t.Fatal(err)
	}
	set, err := recording.OpenSet(a.Path, b.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	cookies := map[string]bool{}
	for x, err := range set.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := exchange.Get(x.Request.Header, "Cookie")
		cookies[v] = true
	}
	if len(cookies) != 1 || set.Len() != 2 {
		t.Errorf("one cookie has the pseudonyms %v in %d exchanges", cookies, set.Len())
	}
}

func TestATargetThatIsDownIsSaidAndRecorded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := record(t, drill.RecordOptions{Targets: []string{"http://" + l.Addr().String()}})
	at := r.address()
	r.talk.wait(t, "warning: http://.* does not answer .*refused.*; recording all the same")
	ask(t, "GET", at+"/", "")
	result, err := r.stop()
	if err != nil || result.Failures != 1 || result.Exchanges != 1 {
		t.Errorf("result %+v, %v", result, err)
	}
}

func TestProgressSaysWhatHappens(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	for _, terminal := range []bool{false, true} {
		r := record(t, drill.RecordOptions{Targets: []string{app.URL}, Terminal: terminal, Width: 60, Every: 10 * time.Millisecond})
		at := r.address()
		ask(t, "POST", at+"/login", `{"password":"x"}`, "Content-Type", "application/json")
		ask(t, "GET", at+"/courses", "", "Cookie", "session=one-0123456789")
		ask(t, "GET", at+"/courses", "", "Cookie", "session=two-0123456789")
		r.talk.wait(t, `3 exchanges, [0-9.]+/s, 2 users, 0 in flight`)
		r.stop()
		if redrawn := strings.Contains(r.talk.String(), "\r\x1b[K"); redrawn != terminal {
			t.Errorf("terminal %t: redrawn %t", terminal, redrawn)
		}
		if !strings.Contains(r.talk.String(), "stopping") {
			t.Errorf("said %q", r.talk)
		}
	}
}

func TestWhatWasNotRecordedIsSaid(t *testing.T) {
	var out bytes.Buffer
	drill.PrintRecorded(&out, drill.RecordResult{Path: "r.db", Exchanges: 200_000, Sessions: -1, Endpoints: -1, Failures: 3, Size: 5 << 20, Handshakes: 1,
		Losses: map[string]int{"a": 1, "b": 7}, Refused: map[string]int{"x.test": 2}})
	want := "recorded 200000 exchanges in 0s: 0 B of bodies, 0 values redacted\nfile     r.db, 5.0 MiB\n" +
		"failed   3 of them had no whole answer; they are in the recording\nlost     7: b\nlost     1: a\n" +
		"refused  2 to x.test, which --allow-host does not name\nrefused  1 TLS handshake broken off by clients that do not trust the certificate: recorder ca\n"
	if out.String() != want {
		t.Errorf("said\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRecordRefusesWhatCannotWork(t *testing.T) {
	dir := t.TempDir()
	exists := filepath.Join(dir, "exists.db")
	orphan := filepath.Join(dir, "orphan.db")
	noKey := filepath.Join(dir, "no.key")
	for path, text := range map[string]string{exists: "precious", orphan + ".key": "precious", noKey: "short"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	const target = "http://127.0.0.1:9"
	for name, c := range map[string]struct {
		o    drill.RecordOptions
		want string
	}{
		"nothing":       {drill.RecordOptions{}, "nothing to record"},
		"open relay":    {drill.RecordOptions{Listen: []string{"127.0.0.1:0"}}, "where it may connect to"},
		"exists":        {drill.RecordOptions{Targets: []string{target}, Out: exists}, "never overwritten"},
		"key exists":    {drill.RecordOptions{Targets: []string{target}, Out: orphan}, "key of another recording"},
		"no key":        {drill.RecordOptions{Targets: []string{target}, Key: noKey}, "no pseudonym key"},
		"absent key":    {drill.RecordOptions{Targets: []string{target}, Key: filepath.Join(dir, "absent")}, "--key"},
		"no URL":        {drill.RecordOptions{Targets: []string{"staging"}}, "http://"},
		"a path":        {drill.RecordOptions{Targets: []string{target + "/app"}}, "origin"},
		"twice":         {drill.RecordOptions{Targets: []string{"a=" + target, "a=" + target}}, `named "a"`},
		"many listens":  {drill.RecordOptions{Targets: []string{target}, Listen: []string{"127.0.0.1:0", "127.0.0.1:0"}}, "2 addresses"},
		"no address":    {drill.RecordOptions{Targets: []string{target}, Listen: []string{"8080"}}, "no address to listen on"},
		"everybody":     {drill.RecordOptions{Targets: []string{target}, Listen: []string{"0.0.0.0:0"}}, "other machines"},
		"every host":    {drill.RecordOptions{Targets: []string{target}, Listen: []string{":0"}}, "other machines"},
		"everybody fwd": {drill.RecordOptions{Targets: []string{target}, Listen: []string{"127.0.0.1:0"}, Forward: "[::]:0"}, "other machines"},
		"port is taken": {drill.RecordOptions{Targets: []string{target}, Listen: []string{busy.Addr().String()}}, "listen on"},
		"no CA":         {drill.RecordOptions{Targets: []string{target}, UpstreamCA: noKey}, "no certificate"},
	} {
		if c.o.Out == "" {
			c.o.Out = filepath.Join(dir, "new", "r.db")
		}
		result, err := drill.Record(t.Context(), c.o)
		var coded interface{ ExitCode() int }
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &coded) || coded.ExitCode() != 2 || result.Path != "" {
			t.Errorf("%s: %v, want an error with %q and exit code 2", name, err, c.want)
		}
	}
	for _, path := range []string{exists, orphan + ".key"} {
		if b, _ := os.ReadFile(path); string(b) != "precious" {
			t.Errorf("%s was written to", path)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "new", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSeveralTargetsGetFollowingPorts(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	var r *recorder
	for range 5 { // the port after a free one may be taken
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		r = record(t, drill.RecordOptions{Targets: []string{"web=" + app.URL, "api=" + app.URL}, Listen: []string{l.Addr().String()}})
		select {
		case <-r.done:
			continue
		case <-r.talk.more:
		}
		break
	}
	m := r.talk.wait(t, `open http://127\.0\.0\.1:(\d+)\n(?s:.*)open http://127\.0\.0\.1:(\d+)\n`)
	var a, b int
	fmt.Sscan(m[1], &a)
	fmt.Sscan(m[2], &b)
	if b != a+1 {
		t.Errorf("ports %d and %d", a, b)
	}
}

func TestAListenerForOthersIsWarnedAbout(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	r := record(t, drill.RecordOptions{Targets: []string{app.URL}, Listen: []string{"0.0.0.0:0"}, ListenAny: true})
	r.talk.wait(t, "warning: .* can be reached from other machines")
}

func TestSessionsAndShow(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(school))
	defer app.Close()
	r := record(t, drill.RecordOptions{Targets: []string{app.URL}})
	at := r.address()
	for _, who := range []string{"one", "two"} {
		cookie := "session=" + who + "-0123456789abcdefgh"
		ask(t, "GET", at+"/courses", "", "Cookie", cookie, "X-Firedrill-Mark", who)
		ask(t, "POST", at+"/courses/4/grade", `{"grade":80}`, "Content-Type", "application/json", "Cookie", cookie)
	}
	result, err := r.stop()
	if err != nil || result.Sessions != 2 || result.Endpoints != 2 {
		t.Fatalf("result %+v, %v", result, err)
	}
	o := drill.SessionsOptions{Recordings: []string{r.path}}
	list, err := drill.Sessions(o)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	var out bytes.Buffer
	drill.PrintSessions(&out, list)
	for _, want := range []string{"session", "mark: one", "mark: two", "grade, 1 more", "POST /courses"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, out.String())
		}
	}
	shown, err := drill.Show(o, "2")
	if err != nil || len(shown.Exchanges) != 2 {
		t.Fatalf("%d exchanges, %v", len(shown.Exchanges), err)
	}
	out.Reset()
	drill.PrintShown(&out, shown, 120)
	for _, want := range []string{"session 2", "200", "POST /courses/4/grade", "▒"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the waterfall does not say %q:\n%s", want, out.String())
		}
	}
	for _, which := range []string{"0", "3", "x"} {
		if _, err := drill.Show(o, which); err == nil || !strings.Contains(err.Error(), "no session") {
			t.Errorf("session %s: %v", which, err)
		}
	}
}
