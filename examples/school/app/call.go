package app

import (
	"bytes"
	crand "crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"firedrill/examples/school/sqlcount"
	"firedrill/examples/school/store"
)

// maxBody bounds request bodies.
const maxBody = 64 << 10

// call is one request being answered.
type call struct {
	*School
	route  route
	r      *http.Request
	header http.Header // of the answer
	access Access

	user    store.User
	session string // id of the session, when a cookie brought one
	csrf    string // its token
	cookie  bool   // the log-in came by cookie

	sender func(*events) (last []byte, err error) // set by a handler whose answer is a stream: sends all events but the last
}

// reply is an answer, complete before anything is sent: its headers tell what it cost.
type reply struct {
	status int
	kind   string // content type
	body   []byte
}

func asJSON(status int, v any) (reply, error) {
	b, err := json.Marshal(v)
	return reply{status: status, kind: "application/json; charset=utf-8", body: append(b, '\n')}, err
}

func ok(v any, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	return asJSON(http.StatusOK, v)
}

func created(v any, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	return asJSON(http.StatusCreated, v)
}

func (c *call) redirect(to string) (reply, error) {
	c.header.Set("Location", to)
	return reply{status: http.StatusSeeOther}, nil
}

// endpoint answers the requests of one route.
func (s *School) endpoint(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		meter := &sqlcount.Meter{}
		c := &call{School: s, route: rt, header: w.Header()}
		c.access = Access{
			Time: time.Now(), RequestID: requestID(r), Traceparent: r.Header.Get("Traceparent"), Origin: r.Header.Get("Origin"),
			Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Route: r.Pattern, Alias: rt.alias,
		}
		c.r = r.WithContext(sqlcount.WithMeter(r.Context(), meter))
		limit := int64(maxBody)
		if rt.body != nil {
			limit = rt.body(s.o)
		}
		in := &counter{ReadCloser: http.MaxBytesReader(w, r.Body, limit)}
		c.r.Body = in

		rep := c.answer()
		c.access.BytesIn = max(in.n, r.ContentLength)
		c.access.Queries, c.access.DBTime = meter.Queries(), meter.Time()
		c.finish(w, rep)
	}
}

// answer runs the route and turns whatever goes wrong into an answer too.
func (c *call) answer() (rep reply) {
	defer func() {
		if p := recover(); p != nil {
			c.o.Logger.Error("handler panicked", "route", c.route.alias, "panic", p, "stack", string(debug.Stack()))
			rep = c.refuse(errInternal)
		}
	}()
	rep, err := c.run()
	if err == nil {
		return rep
	}
	p, known := explain(c.r.Context(), err)
	if !known {
		c.o.Logger.Error("request failed", "route", c.route.alias, "request_id", c.access.RequestID, "error", err)
	}
	return c.refuse(p)
}

func (c *call) run() (reply, error) {
	c.cors()
	write := c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.r.Method != http.MethodOptions
	if write && c.origins != nil && c.access.Origin != "" && !c.origins[c.access.Origin] {
		return reply{}, errOrigin
	}
	if c.route.side != opsSide {
		leave, err := c.faults.Enter(c.r.Context())
		if err != nil {
			return reply{}, errGone
		}
		defer leave()
		if err := c.faults.Delay(c.r.Context(), c.route.alias); err != nil {
			return reply{}, errGone
		}
		if c.faults.Fails(c.route.alias) {
			return reply{}, errInjected
		}
	} else if !local(c.r) {
		return reply{}, errLoopback
	}
	if !c.route.open {
		if err := c.identify(); err != nil {
			return reply{}, err
		}
		if write && c.cookie {
			if err := c.checkCSRF(); err != nil {
				return reply{}, err
			}
		}
		if c.route.roles != nil && !slices.Contains(c.route.roles, c.user.Role) {
			return reply{}, errRole
		}
	}
	return c.route.handle(c)
}

// checkCSRF wants the session's token: in the header, or on the pages' own forms in a field.
func (c *call) checkCSRF() error {
	token := c.r.Header.Get("X-CSRF-Token")
	if token == "" && c.route.side == pageSide {
		form, err := c.form()
		if err != nil {
			return err
		}
		token = form.Get("csrf_token")
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(c.csrf)) != 1 {
		return errCSRF
	}
	return nil
}

// refuse is the answer that tells a problem: JSON from the API, a page from the pages.
func (c *call) refuse(p *problem) reply {
	c.access.Code = p.code
	if p.allow != "" {
		c.header.Set("Allow", p.allow)
	}
	if c.route.side == pageSide {
		return c.refusePage(p)
	}
	if p.status == http.StatusUnauthorized && c.o.Auth == AuthJWT {
		c.header.Set("WWW-Authenticate", "Bearer")
	}
	type body struct {
		Code      string            `json:"code"`
		Message   string            `json:"message"`
		Fields    map[string]string `json:"fields,omitempty"`
		RequestID string            `json:"request_id"`
	}
	rep, err := asJSON(p.status, map[string]body{"error": {p.code, p.message, p.fields, c.access.RequestID}})
	if err != nil {
		return reply{status: http.StatusInternalServerError}
	}
	return rep
}

// finish writes the record and the answer, in this order.
func (c *call) finish(w http.ResponseWriter, rep reply) {
	h := c.header
	h.Set("X-Request-Id", c.access.RequestID)
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if !c.o.NoQueryHeaders {
		n := c.access.Queries
		h.Set("X-DB-Query-Count", strconv.Itoa(n))
		h.Set("Server-Timing", fmt.Sprintf(`db;dur=%.3f;desc="%d queries"`, float64(c.access.DBTime.Nanoseconds())/1e6, n))
	}
	if rep.kind != "" {
		h.Set("Content-Type", rep.kind)
	}
	if c.sender != nil {
		c.stream(w, rep)
		return
	}
	if rep.status != http.StatusNoContent && rep.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	c.record(rep.status, int64(len(rep.body)))
	if rep.status == errGone.status {
		panic(http.ErrAbortHandler) // closes the connection; there is nobody to tell
	}
	w.WriteHeader(rep.status)
	w.Write(rep.body) // an error is the client's going away
}

// record tells what became of the request.
func (c *call) record(status int, bytes int64) {
	a := &c.access
	a.Status, a.BytesOut = status, bytes
	a.User, a.Persona = c.user.Email, c.user.Role
	if c.r.Method == http.MethodHead {
		a.BytesOut = 0
	}
	a.Duration = time.Since(a.Time)
	if err := c.log.write(*a); err != nil {
		c.o.Logger.Error("access log", "error", err)
	}
	if c.o.OnAccess != nil {
		c.o.OnAccess(*a)
	}
}

// decode reads a JSON object into v. A value of a wrong type is a field error, as it is for the caller.
func (c *call) decode(v any) error {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errMediaType
	}
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return c.readError(err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	err = dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return invalid(map[string]string{wrong.Field: "must be " + article(wrong.Type.Kind().String())})
	}
	if err != nil {
		return errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errJSON // something follows the object
	}
	return nil
}

// readError is a body that is too large, or a client that went away or sent half of it.
func (c *call) readError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return errGone
}

func article(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"):
		return "a whole number"
	case kind == "string":
		return "a string"
	}
	return "a " + kind
}

// text checks a string that people type.
func text(s *string, least, most int) string {
	switch {
	case s == nil:
		return "is required"
	case strings.ContainsRune(*s, 0):
		return "must not contain NUL"
	case utf8.RuneCountInString(*s) > most || utf8.RuneCountInString(strings.TrimSpace(*s)) < least:
		return fmt.Sprintf("must have %d to %d characters", least, most)
	}
	return ""
}

// id is the number of the path that most have.
func (c *call) id() (int64, error) { return c.number64("id") }

// number64 is a number of the path; what is none does not exist.
func (c *call) number64(name string) (int64, error) {
	n, err := strconv.ParseInt(c.r.PathValue(name), 10, 32)
	if err != nil || n <= 0 {
		return 0, store.ErrNotFound
	}
	return n, nil
}

// counter counts what was read of a body.
type counter struct {
	io.ReadCloser
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	return n, err
}

// requestID is the client's when it is fit to be echoed.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	fit := id != "" && len(id) <= 128
	for i := 0; fit && i < len(id); i++ {
		fit = id[i] > ' ' && id[i] < 0x7f
	}
	if fit {
		return id
	}
	var b [16]byte
	crand.Read(b[:])
	return hex.EncodeToString(b[:])
}
