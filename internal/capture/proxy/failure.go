package proxy

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dialFailure recognises errors of making a connection. Reasons are classes:
// they hold nothing of the traffic.
func dialFailure(err error) (stage, reason string, ok bool) {
	var (
		dns       *net.DNSError
		op        *net.OpError
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		notTLS    tls.RecordHeaderError
		alert     tls.AlertError
		untrusted *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown):
		return "tls", "unknown authority", true
	case errors.As(err, &name):
		return "tls", "certificate for another host", true
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired {
			return "tls", "certificate expired", true
		}
		return "tls", "certificate not valid", true
	case errors.As(err, &untrusted):
		return "tls", "certificate not valid", true
	case errors.As(err, &notTLS):
		return "tls", "not TLS", true
	case errors.As(err, &alert):
		return "tls", "handshake refused", true
	case errors.As(err, &dns):
		return "dial", "unknown host", true
	case errors.As(err, &op) && op.Op == "dial":
		return "dial", connFailure(err), true
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		return "tls", "timeout", true
	}
	return "", "", false
}

// connFailure is the class of an error on a connection.
func connFailure(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed idle connection"):
		return "closed"
	}
	return "protocol error"
}

// page is what a client reads where the application gave no answer, in the form
// that it asked for.
func page(r *http.Request, text string) (contentType string, body []byte) {
	accept := r.Header.Get("Accept")
	switch {
	case strings.Contains(accept, "text/html"):
		return "text/html; charset=utf-8", []byte("<!DOCTYPE html><title>firedrill recorder</title><h1>firedrill recorder</h1><p>" + html.EscapeString(text) + "</p>\n")
	case strings.Contains(accept, "json"):
		body, _ := json.Marshal(map[string]string{"error": text, "source": "firedrill recorder"}) // strings always marshal
		return "application/json", append(body, '\n')
	}
	return "text/plain; charset=utf-8", []byte("firedrill recorder: " + text + "\n")
}

func writePage(w http.ResponseWriter, r *http.Request, status int, text string) {
	contentType, body := page(r, text)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Firedrill-Error", text)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

func errorResponse(r *http.Request, status int, text string) *http.Response {
	contentType, body := page(r, text)
	res := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))}, "X-Firedrill-Error": {text}},
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
	}
	if r.Method == http.MethodHead {
		res.Body = http.NoBody
	}
	return res
}
