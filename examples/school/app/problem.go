package app

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"firedrill/examples/school/store"
)

// problem is an error that the client is told.
type problem struct {
	status  int
	code    string            // for programs
	message string            // for people
	fields  map[string]string // what is wrong with which field
	allow   string            // the methods that there are, with 405
}

func (p *problem) Error() string { return p.code + ": " + p.message }

func newProblem(status int, code, message string) *problem {
	return &problem{status: status, code: code, message: message}
}

var (
	errNoLogIn   = newProblem(http.StatusUnauthorized, "unauthenticated", "Log in first.")
	errBadLogIn  = newProblem(http.StatusUnauthorized, "bad_credentials", "E-mail or password is wrong.")
	errCSRF      = newProblem(http.StatusForbidden, "csrf", "The CSRF token is missing or not that of this session.")
	errRole      = newProblem(http.StatusForbidden, "forbidden", "This is not for your role.")
	errOrigin    = newProblem(http.StatusForbidden, "origin", "Writes from this origin are refused.")
	errLoopback  = newProblem(http.StatusForbidden, "loopback_only", "This is only for the machine that the school runs on.")
	errTooLarge  = newProblem(http.StatusRequestEntityTooLarge, "too_large", "The body is larger than 64 KiB.")
	errMediaType = newProblem(http.StatusUnsupportedMediaType, "media_type", "Send application/json.")
	errJSON      = newProblem(http.StatusBadRequest, "bad_json", "The body is not the JSON object that is expected here.")
	errForm      = newProblem(http.StatusBadRequest, "bad_form", "The form cannot be read.")
	errInjected  = newProblem(http.StatusInternalServerError, "injected", "This failure was asked for.")
	errInternal  = newProblem(http.StatusInternalServerError, "internal", "Something went wrong.")
	errGone      = newProblem(499, "client_gone", "Nobody waits for this answer.")
)

func invalid(fields map[string]string) *problem {
	return &problem{status: http.StatusUnprocessableEntity, code: "validation_failed", message: "Some values cannot be accepted.", fields: fields}
}

// explain turns what a handler returned into what the client is told; ok is false when it is our fault.
func explain(ctx context.Context, err error) (p *problem, ok bool) {
	if errors.As(err, &p) {
		return p, true
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge, true
	case errors.Is(err, store.ErrNotFound):
		return newProblem(http.StatusNotFound, "not_found", "There is nothing here."), true
	case errors.Is(err, store.ErrForbidden):
		return newProblem(http.StatusForbidden, "forbidden", "This belongs to somebody else."), true
	case errors.Is(err, store.ErrGraded):
		return newProblem(http.StatusConflict, "already_graded", "This submission is already graded."), true
	case errors.Is(err, store.ErrSuperseded):
		return newProblem(http.StatusConflict, "superseded", "The student has handed in a newer version."), true
	case errors.Is(err, store.ErrSubmitted):
		return newProblem(http.StatusConflict, "already_submitted", "This attempt is over."), true
	case errors.Is(err, store.ErrLimit):
		return newProblem(http.StatusConflict, "no_attempt_left", "All attempts at this quiz are used."), true
	case errors.Is(err, store.ErrQuestion):
		return invalid(map[string]string{"question_id": "is not a question of this quiz"}), true
	case errors.Is(err, store.ErrOption):
		return invalid(map[string]string{"option_id": "is not an option of this question"}), true
	case errors.Is(err, store.ErrStale):
		return newProblem(http.StatusConflict, "stale", "Somebody has changed this meanwhile; load it again."), true
	case errors.Is(err, store.ErrUnfinished):
		return newProblem(http.StatusConflict, "unfinished", "This text has no end; generate it again."), true
	case errors.Is(err, store.ErrOff):
		return newProblem(http.StatusConflict, "integration_off", "This integration is switched off."), true
	case errors.Is(err, store.ErrTeacher):
		return invalid(map[string]string{"teacher_id": "is not a teacher's"}), true
	case errors.Is(err, store.ErrStudent):
		return invalid(map[string]string{"student_ids": "are not all students'"}), true
	case errors.Is(err, store.ErrUpload):
		return invalid(map[string]string{"attachments": "are not all one's own files that are still to be handed in"}), true
	case ctx.Err() != nil:
		return errGone, true
	}
	return errInternal, false
}

// misfit says why no route fits: another method would, or nothing at all.
func misfit(mux *http.ServeMux, r *http.Request) *problem {
	w := discard{http.Header{}}
	mux.ServeHTTP(w, r) // only the mux itself answers: no pattern fits
	if allow := w.Header().Get("Allow"); allow != "" {
		return &problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "Use " + strings.ReplaceAll(allow, ",", " or") + ".", allow: allow}
	}
	return newProblem(http.StatusNotFound, "not_found", "There is nothing here.")
}

// discard keeps only the header.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func isAPI(path string) bool {
	return strings.HasPrefix(path, "/api/") || path == "/admin/reset" || path == "/admin/truth"
}
