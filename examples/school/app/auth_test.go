package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"firedrill/examples/school/app"
	"firedrill/examples/school/store"
)

type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ExpiresIn int    `json:"expires_in"`
}

func credentials(name string) map[string]string {
	return map[string]string{"email": name + "@test.local", "password": store.Password}
}

func TestSession(t *testing.T) {
	s := start(t, nil)
	c := visitor(t, s.URL())
	a := c.post("/api/v1/auth/login", credentials("teacher1"))
	cookie := a.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "school_session=") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie %q", cookie)
	}
	if strings.Contains(string(a.body), "token") {
		t.Errorf("the CSRF token comes from /me and the pages: %s", a.body)
	}
	one, two := login(t, s, "teacher1"), login(t, s, "teacher1")
	if one.csrf == two.csrf || len(one.csrf) != 43 {
		t.Errorf("two sessions, CSRF tokens %q and %q", one.csrf, two.csrf)
	}
	if b := visitor(t, s.URL()).post("/api/v1/auth/login", credentials("teacher1")).header.Get("Set-Cookie"); b[:40] == cookie[:40] {
		t.Error("two log-ins, one session id")
	}
	if a := one.post("/api/v1/auth/logout", nil); a.status != http.StatusNoContent {
		t.Fatalf("logging out: %d %s", a.status, a.body)
	}
	if a := one.get("/api/v1/me", "Cookie", strings.Split(cookie, ";")[0]); a.status != http.StatusOK {
		t.Errorf("logging out ended another session: %d", a.status)
	}
	if a := one.get("/api/v1/me"); a.status != http.StatusUnauthorized {
		t.Errorf("logged out, and /me answers %d", a.status)
	}
	if a := visitor(t, s.URL()).post("/api/v1/auth/login", map[string]string{"email": " Teacher1@TEST.local ", "password": store.Password}); a.status != http.StatusOK {
		t.Errorf("e-mail addresses are typed in any case: %d", a.status)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := start(t, func(o *app.Options) { o.SessionTTL = time.Second })
	c := login(t, s, "teacher1")
	deadline := time.After(10 * time.Second)
	for {
		if c.get("/api/v1/me").status == http.StatusUnauthorized {
			return
		}
		select {
		case <-deadline:
			t.Fatal("a session of one second lives on after ten")
		case <-time.After(100 * time.Millisecond): // real time: the database compares it
		}
	}
}

func testJWT(t *testing.T, db string) {
	s := start(t, func(o *app.Options) { o.DB, o.Auth, o.AccessTTL = db, app.AuthJWT, 90*time.Second })
	c := visitor(t, s.URL())
	a := c.post("/api/v1/auth/login", credentials("teacher1"))
	first := get[tokens](a)
	if a.status != http.StatusOK || first.Access == "" || first.Refresh == "" || first.ExpiresIn != 90 || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("log-in: %d %s %v", a.status, a.body, a.header)
	}
	if a := c.get("/api/v1/me"); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d", a.status)
	}
	c.bearer = first.Access
	if a := c.get("/api/v1/me"); a.status != http.StatusOK || a.queries() != 0 || strings.Contains(string(a.body), "csrf") {
		t.Errorf("with a token: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	entry := gradebook(c, firstCourse(c), "?status=submitted").Submissions[0]
	if a := c.post("/api/v1/submissions/"+entry.ID+"/grade", map[string]any{"grade": 70, "feedback": "no CSRF token is needed"}); a.status != http.StatusOK {
		t.Errorf("grading: %d %s", a.status, a.body)
	}
	refresh := func(token string) answer {
		return c.post("/api/v1/auth/refresh", map[string]string{"refresh_token": token}, "Authorization", "")
	}
	a = refresh(first.Refresh)
	second := get[tokens](a)
	if a.status != http.StatusOK || second.Refresh == first.Refresh || second.Access == first.Access || second.Access == "" {
		t.Fatalf("refreshing: %d %s", a.status, a.body)
	}
	if a := refresh(first.Refresh); a.status != http.StatusUnauthorized || a.code() != "token_reused" {
		t.Errorf("an old refresh token: %d %s", a.status, a.body)
	}
	if a := refresh(second.Refresh); a.status != http.StatusUnauthorized || a.code() != "bad_refresh_token" {
		t.Errorf("its family lives on: %d %s", a.status, a.body)
	}
	third := get[tokens](c.post("/api/v1/auth/login", credentials("teacher1")))
	c.bearer = third.Access
	if a := c.post("/api/v1/auth/logout", map[string]string{"refresh_token": third.Refresh}); a.status != http.StatusNoContent {
		t.Errorf("logging out: %d %s", a.status, a.body)
	}
	if a := refresh(third.Refresh); a.code() != "bad_refresh_token" {
		t.Errorf("logged out, and refreshing gives %d", a.status)
	}
	refuses(t, c, third.Access)
}

// refuses: tokens that were not made here, or not for now.
func refuses(t *testing.T, c *client, good string) {
	parts := strings.Split(good, ".")
	other, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "school", "sub": "1", "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte("another key"))
	if err != nil {
		t.Fatal(err)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": "school", "sub": "1", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for why, token := range map[string]string{
		"signed by somebody else": other, "not signed": none, "of other claims": parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2], "no token": "x", "empty": "",
	} {
		if a := c.get("/api/v1/me", "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized || a.code() != "unauthenticated" {
			t.Errorf("%s: %d %s", why, a.status, a.body)
		}
	}
}

func TestAccessTokensExpire(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Auth, o.AccessTTL = app.AuthJWT, time.Second })
	c := visitor(t, s.URL())
	got := get[tokens](c.post("/api/v1/auth/login", credentials("student1")))
	c.bearer = got.Access
	deadline := time.After(10 * time.Second)
	for {
		if a := c.get("/api/v1/me"); a.status == http.StatusUnauthorized {
			if a.code() != "token_expired" {
				t.Errorf("it says %s", a.body)
			}
			break
		}
		select {
		case <-deadline:
			t.Fatal("a token of one second lives on after ten")
		case <-time.After(100 * time.Millisecond):
		}
	}
	next := get[tokens](c.post("/api/v1/auth/refresh", map[string]string{"refresh_token": got.Refresh}))
	if a := c.get("/api/v1/me", "Authorization", "bearer "+next.Access); a.status != http.StatusOK {
		t.Errorf("after refreshing: %d %s", a.status, a.body)
	}
}
