package gor

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"firedrill/internal/capture/coding"
	"firedrill/internal/exchange"
)

// maxDecoded bounds what a coded body may decode to.
const maxDecoded = 64 << 20

// exchangeOf makes an exchange of its records; why says that the request is no
// HTTP. An answer that is none is a failure of the exchange.
func exchangeOf(q, a *record) (x *exchange.Exchange, why string) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(q.payload)))
	if err != nil {
		return nil, "not HTTP"
	}
	defer r.Body.Close()
	x = &exchange.Exchange{
		Start: q.at,
		Request: exchange.Request{
			Method: r.Method, Scheme: "http", Host: r.Host, Target: r.URL.RequestURI(), Proto: r.Proto, Header: fields(r.Header),
		},
	}
	if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		x.Request.Scheme = "https"
	}
	x.Request.Host = strings.TrimSuffix(strings.ToLower(x.Request.Host), map[string]string{"http": ":80", "https": ":443"}[x.Request.Scheme])
	if x.Request.Host == "" {
		return nil, "without a host"
	}
	x.Request.Body = body(r.Body, r.Header.Get("Content-Encoding"))
	x.Request.Trailer = fields(r.Trailer)
	if a == nil {
		x.Failure = &exchange.Failure{Stage: "wait", Reason: "answer not recorded"}
		return x, ""
	}
	took := max(0, a.at.Sub(q.at))
	x.Timing = exchange.Timing{FirstByte: took, End: took}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(a.payload)), r)
	if err != nil {
		x.Timing.FirstByte = 0
		x.Failure = &exchange.Failure{Stage: "wait", Reason: "not HTTP"}
		return x, ""
	}
	defer res.Body.Close()
	x.Response = &exchange.Response{Status: res.StatusCode, Proto: res.Proto, Header: fields(res.Header), Body: body(res.Body, res.Header.Get("Content-Encoding"))}
	x.Response.Trailer = fields(res.Trailer)
	return x, ""
}

// body is a body with its content-coding undone.
func body(r io.Reader, codings string) exchange.Body {
	data, err := io.ReadAll(r)
	b := exchange.Body{Size: int64(len(data)), Decoded: int64(len(data)), Encoding: codings, Data: data}
	partial := errors.Is(err, io.ErrUnexpectedEOF)
	if codings != "" && len(data) > 0 {
		b.Data, _, b.Cut = coding.Decode(codings, data, partial, nil, maxDecoded)
		b.Decoded = int64(len(b.Data))
	}
	if err != nil && b.Cut == "" {
		b.Cut = "aborted"
	}
	if len(b.Data) == 0 {
		b.Data = nil
	}
	return b
}

// fields are header fields in a stable order, without those of one connection.
func fields(h http.Header) []exchange.Field {
	var out []exchange.Field
	for name, values := range h {
		switch name {
		case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Te", "Upgrade", "Trailer", "Content-Length":
			continue
		}
		for _, v := range values {
			out = append(out, exchange.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}
