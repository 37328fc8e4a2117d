package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// events is a stream of server-sent events on its way to a client; each is flushed.
type events struct {
	ctx   context.Context
	start time.Time
	w     http.ResponseWriter
	flush func() error
	n     int64 // bytes
}

// event is one server-sent event with its data as JSON.
func event(name string, data any) ([]byte, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("event: " + name + "\ndata: ")
	out.Write(b)
	out.WriteString("\n\n")
	return out.Bytes(), nil
}

// send sends an event now. The error is errGone when nobody listens any more.
func (e *events) send(name string, data any) error {
	b, err := event(name, data)
	if err != nil {
		return err
	}
	n, err := e.w.Write(b)
	e.n += int64(n)
	if err == nil {
		err = e.flush()
	}
	if err != nil {
		return errGone
	}
	return nil
}

// until waits until so long after the start of the stream; errGone when the client leaves before.
func (e *events) until(at time.Duration) error {
	wait := at - time.Since(e.start)
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-e.ctx.Done():
		return errGone
	}
}

// stream writes an answer that comes in pieces. Its record is written before the last of them; what breaks off closes
// the connection without an end, so that no client takes it for whole.
func (c *call) stream(w http.ResponseWriter, rep reply) {
	out := &events{ctx: c.r.Context(), start: time.Now(), w: w, flush: http.NewResponseController(w).Flush}
	w.WriteHeader(rep.status)
	err := out.flush() // the header, so that clients know at once that they were let in
	var last []byte
	if err == nil {
		last, err = c.sender(out)
	}
	var p *problem
	switch {
	case errors.As(err, &p):
		c.access.Code = p.code
	case err != nil:
		c.access.Code = errInternal.code
		c.o.Logger.Error("stream failed", "route", c.route.alias, "request_id", c.access.RequestID, "error", err)
	}
	c.record(rep.status, out.n+int64(len(last)))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Write(last) // an error is the client's going away
}
