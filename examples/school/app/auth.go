package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"firedrill/examples/school/store"
)

// The names of the cookies.
const (
	sessionCookie = "school_session"
	formCookie    = "school_form" // ties a log-in form to the browser it was given to
)

var authRoutes = []route{
	{alias: "login", pattern: "POST /api/v1/auth/login", open: true, handle: login},
	{alias: "refresh", pattern: "POST /api/v1/auth/refresh", open: true, handle: refresh},
	{alias: "logout", pattern: "POST /api/v1/auth/logout", handle: logout},
	{alias: "me", pattern: "GET /api/v1/me", handle: me},
}

// identify finds out who is asking.
func (c *call) identify() (err error) {
	if c.o.Auth == AuthJWT && c.route.side == apiSide {
		c.user, err = c.bearer()
		return err
	}
	cookie, err := c.r.Cookie(sessionCookie)
	if err != nil {
		return errNoLogIn
	}
	v, err := c.store.Session(c.r.Context(), cookie.Value)
	if errors.Is(err, store.ErrNotFound) {
		return errNoLogIn
	}
	if err != nil {
		return err
	}
	c.user, c.csrf, c.session, c.cookie = v.User, v.CSRF, cookie.Value, true
	return nil
}

// claims of an access token; the subject is the user's id.
type claims struct {
	jwt.RegisteredClaims
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
}

// bearer reads the access token: the API under jwt asks no database who somebody is.
func (c *call) bearer() (store.User, error) {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return store.User{}, errNoLogIn
	}
	var v claims
	_, err := jwt.ParseWithClaims(token, &v, func(*jwt.Token) (any, error) { return c.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuer("school"))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return store.User{}, newProblem(http.StatusUnauthorized, "token_expired", "The access token has expired.")
	}
	id, idErr := strconv.ParseInt(v.Subject, 10, 64)
	if err != nil || idErr != nil {
		return store.User{}, errNoLogIn
	}
	return store.User{ID: id, Email: v.Email, Name: v.Name, Role: v.Role}, nil
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
}

// issue makes an access token. No two are alike.
func (c *call) issue(u store.User, refresh string) (tokens, error) {
	now := time.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "school", Subject: strconv.FormatInt(u.ID, 10), ID: store.NewToken()[:22],
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(c.o.AccessTTL)),
		},
		Email: u.Email, Name: u.Name, Role: u.Role,
	}).SignedString(c.key)
	return tokens{signed, refresh, "Bearer", int(c.o.AccessTTL.Seconds())}, err
}

// login answers with a session cookie and who one is, or with tokens.
func login(c *call) (reply, error) {
	var in struct{ Email, Password *string }
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	fields := map[string]string{}
	for name, v := range map[string]*string{"email": in.Email, "password": in.Password} {
		if why := text(v, 1, 200); why != "" {
			fields[name] = why
		}
	}
	if len(fields) > 0 {
		return reply{}, invalid(fields)
	}
	u, err := c.logIn(*in.Email, *in.Password)
	if err != nil {
		return reply{}, err
	}
	if c.o.Auth == AuthJWT {
		token, err := c.store.NewRefresh(c.r.Context(), u.ID, c.o.SessionTTL)
		if err != nil {
			return reply{}, err
		}
		return ok(c.issue(u, token))
	}
	if err := c.startSession(u); err != nil {
		return reply{}, err
	}
	return ok(map[string]store.User{"user": u}, nil)
}

func (c *call) logIn(email, password string) (store.User, error) {
	u, err := c.store.LogIn(c.r.Context(), strings.ToLower(strings.TrimSpace(email)), password)
	if errors.Is(err, store.ErrNotFound) {
		return u, errBadLogIn
	}
	c.user = u
	return u, err
}

// startSession sets the cookie of a new session.
func (c *call) startSession(u store.User) error {
	id, err := c.store.NewSession(c.r.Context(), u.ID, c.o.SessionTTL)
	if err != nil {
		return err
	}
	c.setCookie(sessionCookie, id, int(c.o.SessionTTL.Seconds()))
	return nil
}

// setCookie sets a cookie that scripts do not see; age < 0 deletes it.
func (c *call) setCookie(name, value string, age int) {
	cookie := http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: c.r.TLS != nil || c.r.Header.Get("X-Forwarded-Proto") == "https",
	}
	c.header.Add("Set-Cookie", cookie.String())
}

// refresh exchanges a refresh token for a new one and an access token.
func refresh(c *call) (reply, error) {
	if c.o.Auth != AuthJWT {
		return reply{}, store.ErrNotFound
	}
	var in struct {
		RefreshToken *string `json:"refresh_token"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if why := text(in.RefreshToken, 1, 200); why != "" {
		return reply{}, invalid(map[string]string{"refresh_token": why})
	}
	u, next, err := c.store.Rotate(c.r.Context(), *in.RefreshToken, c.o.SessionTTL)
	switch {
	case errors.Is(err, store.ErrReused):
		return reply{}, newProblem(http.StatusUnauthorized, "token_reused", "This refresh token was used before; log in again.")
	case errors.Is(err, store.ErrNotFound):
		return reply{}, newProblem(http.StatusUnauthorized, "bad_refresh_token", "This refresh token is not known; log in again.")
	case err != nil:
		return reply{}, err
	}
	c.user = u
	return ok(c.issue(u, next))
}

// logout ends the session, or under jwt the family of the refresh token that the body names, if any.
func logout(c *call) (reply, error) {
	if c.o.Auth == AuthJWT {
		var in struct {
			RefreshToken string `json:"refresh_token"`
		}
		if c.r.ContentLength != 0 {
			if err := c.decode(&in); err != nil {
				return reply{}, err
			}
		}
		return reply{status: http.StatusNoContent}, c.store.Revoke(c.r.Context(), in.RefreshToken)
	}
	c.setCookie(sessionCookie, "", -1)
	return reply{status: http.StatusNoContent}, c.store.EndSession(c.r.Context(), c.session)
}

// me says who one is, and the CSRF token when the log-in came by cookie.
func me(c *call) (reply, error) {
	return ok(struct {
		store.User
		CSRFToken string `json:"csrf_token,omitempty"`
	}{c.user, c.csrf}, nil)
}

// form reads the body of a page's own form, once.
func (c *call) form() (url.Values, error) {
	if c.r.PostForm == nil {
		body, err := io.ReadAll(c.r.Body)
		if err != nil {
			return nil, c.readError(err)
		}
		if c.r.PostForm, err = url.ParseQuery(string(body)); err != nil {
			return nil, errForm
		}
	}
	return c.r.PostForm, nil
}

// formToken is what a log-in form must carry beside the cookie that it came with.
func (s *School) formToken(cookie string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("log-in form " + cookie))
	return hex.EncodeToString(mac.Sum(nil))
}
