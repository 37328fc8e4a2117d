package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firedrill/internal/drill"
	"firedrill/tests/front"
)

// The commands of scripts that have a staging system: pages and API on origins of
// their own, TLS before both, an outbound proxy.
//
//	record-pages FILE WEB API     two teachers grade, over pages and API of their own origins
//	authority NAME                an authority: NAME.pem, and NAME-client.pem with NAME-client.key that it issued;
//	                              NAME-old.pem and NAME-old.key, which expired yesterday
//	front NAME AUTHORITY HOST URL [client]   TLS before URL; $NAME is host:port; client: certificates are asked for
//	proxy NAME USER:PASSWORD HOST:PORT=HOST:PORT …   $NAME is the URL without user; who is asked for → who is reached
//	tunnelled PROXY HOST:PORT …   what the proxy was asked for with CONNECT, each once, sorted
//	named FRONT TEXT              TLS name and Host field that the front saw, all the same
//	expand FILE                   $NAMES in the file are replaced
//	untouched SCHOOL              the school has got no request since the last command of this name, or since it began

type stagingKey struct{}

// staging is what a script has set up.
type staging struct {
	authorities map[string]*front.Authority
	fronts      map[string]*front.Front
	proxies     map[string]*front.Proxy
}

func stagingCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"record-pages": recordPages,
		"authority":    newAuthority,
		"front":        startFront,
		"proxy":        startProxy,
		"tunnelled":    tunnelled,
		"named":        named,
		"expand":       expand,
		"untouched":    untouched,
	}
}

func stagingOf(ts *testscript.TestScript) *staging { return ts.Value(stagingKey{}).(*staging) }

func newAuthority(ts *testscript.TestScript, _ bool, args []string) {
	a, err := front.NewAuthority(args[0])
	ts.Check(err)
	stagingOf(ts).authorities[args[0]] = a
	write := func(name string, text []byte) { ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o600)) }
	write(args[0]+".pem", a.PEM())
	now := time.Now()
	for name, valid := range map[string][2]time.Time{"client": {}, "old": {now.Add(-48 * time.Hour), now.Add(-24 * time.Hour)}} {
		cert, key, err := a.Issue(valid[0], valid[1], "rehearsal")
		ts.Check(err)
		write(args[0]+"-"+name+".pem", cert)
		write(args[0]+"-"+name+".key", key)
	}
}

func startFront(ts *testscript.TestScript, _ bool, args []string) {
	a := stagingOf(ts).authorities[args[1]]
	var clients *front.Authority
	if len(args) > 4 && args[4] == "client" {
		clients = a
	}
	config, err := a.Server(clients, args[2])
	ts.Check(err)
	application, err := url.Parse(args[3])
	ts.Check(err)
	f := front.Start(application, config, http.Header{"X-Environment": {"staging"}})
	ts.Defer(f.Close)
	stagingOf(ts).fronts[args[0]] = f
	ts.Setenv(args[0], f.Addr())
}

func startProxy(ts *testscript.TestScript, _ bool, args []string) {
	user, password, _ := strings.Cut(args[1], ":")
	route := map[string]string{}
	for _, way := range args[2:] {
		asked, reached, _ := strings.Cut(way, "=")
		route[asked] = reached
	}
	p := front.StartProxy(user, password, route, nil)
	ts.Defer(p.Close)
	stagingOf(ts).proxies[args[0]] = p
	ts.Setenv(args[0], strings.TrimPrefix(p.URL, "http://"))
}

func tunnelled(ts *testscript.TestScript, neg bool, args []string) {
	var want, got []string
	for _, at := range args[1:] {
		want = append(want, "CONNECT "+at)
	}
	got = slices.Compact(slices.Sorted(slices.Values(stagingOf(ts).proxies[args[0]].Seen())))
	if slices.Equal(want, got) == neg {
		ts.Fatalf("the proxy was asked for %q", got)
	}
}

func named(ts *testscript.TestScript, _ bool, args []string) {
	if got := stagingOf(ts).fronts[args[0]].Hosts(); !slices.Equal(got, []string{args[1]}) {
		ts.Fatalf("the front saw %q", got)
	}
}

func expand(ts *testscript.TestScript, _ bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func untouched(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(schoolsKey{}).(*schools).byName[args[0]]
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.requests - s.marked; (n == 0) == neg {
		ts.Fatalf("the school got %d requests", n)
	}
	s.marked = s.requests
}

// recordPages lets two teachers grade whose browsers load pages from one origin
// and data from another.
func recordPages(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	recording, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan []string, 1), make(chan error, 1)
	go func() {
		_, err := drill.Record(recording, drill.RecordOptions{
			Listen: []string{"127.0.0.1:0", "127.0.0.1:0"}, Targets: []string{"web=" + args[1], "api=" + args[2]}, Out: ts.MkAbs(args[0]),
			Talk: io.Discard, Ready: func(urls []string) { ready <- urls },
		})
		ended <- err
	}()
	select {
	case at := <-ready:
		for i, email := range []string{"teacher2@test.local", "teacher3@test.local"} {
			ts.Check(visitor{ctx: ctx, web: strings.TrimSuffix(at[0], "/"), api: strings.TrimSuffix(at[1], "/")}.grades(email, 2+i))
		}
	case err := <-ended:
		ts.Fatalf("recording: %v", err)
	}
	stop()
	ts.Check(<-ended)
}

// visitor is a browser that loads pages from web and data from api.
type visitor struct {
	ctx      context.Context
	web, api string
	client   *http.Client
	csrf     string
}

var (
	csrfField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)
	csrfJSON  = regexp.MustCompile(`"csrf_token": ?"([^"]+)"`)
	course    = regexp.MustCompile(`"courses": ?\[\{"id": ?(\d+)`)
)

// grades is a teacher who logs in by the form, opens her first course's gradebook
// and grades n submissions.
func (v visitor) grades(email string, n int) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.client = &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer v.client.CloseIdleConnections()
	page, err := v.call("GET", v.web+"/login", "")
	if err != nil {
		return err
	}
	form := url.Values{"csrf_token": {first(csrfField, page)}, "email": {email}, "password": {"password"}}
	if _, err = v.call("POST", v.web+"/login", form.Encode()); err != nil {
		return err
	}
	board, err := v.call("GET", v.api+"/api/v1/dashboard", "")
	if err != nil {
		return err
	}
	me, err := v.call("GET", v.api+"/api/v1/me", "")
	if err != nil {
		return err
	}
	v.csrf = first(csrfJSON, me)
	id := first(course, board)
	if _, err := v.call("GET", v.web+"/teacher/courses/"+id+"/gradebook", ""); err != nil {
		return err
	}
	book, err := v.call("GET", v.api+"/api/v1/courses/"+id+"/gradebook", "")
	if err != nil {
		return err
	}
	var read struct {
		Submissions []struct{ ID, Status string }
	}
	if err := json.Unmarshal([]byte(book), &read); err != nil {
		return err
	}
	var work []string
	for _, s := range read.Submissions {
		if s.Status == "submitted" {
			work = append(work, s.ID)
		}
	}
	if id == "" || v.csrf == "" || len(work) < n {
		return fmt.Errorf("%s: course %q, token %q, %d of %d submissions wait", email, id, v.csrf, len(work), n)
	}
	for i, w := range work[:n] {
		if _, err := v.call("POST", v.api+"/api/v1/submissions/"+w+"/grade", fmt.Sprintf(`{"grade": %d, "feedback": "Well argued."}`, 70+i)); err != nil {
			return err
		}
	}
	return nil
}

func first(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func (v visitor) call(method, at, body string) (string, error) {
	request, err := http.NewRequestWithContext(v.ctx, method, at, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) visitor/1")
	if strings.HasPrefix(at, v.api) {
		request.Header.Set("Origin", v.web)
		request.Header.Set("Referer", v.web+"/")
		request.Header.Set("Accept", "application/json")
	}
	switch {
	case strings.HasPrefix(body, "{"):
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-CSRF-Token", v.csrf)
	case body != "":
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", v.web)
	}
	answer, err := v.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s answered %d: %.200s", method, at, answer.StatusCode, text)
	}
	return string(text), err
}
