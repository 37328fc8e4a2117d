package message

import "firedrill/internal/exchange"

// MaxDepth bounds how deep parts are looked for inside parts.
const MaxDepth = 6

// Message is what a Tree is parsed from and rendered to: a request (Method set)
// or a response (Status set). Body has its content-coding undone.
type Message struct {
	Method string // requests only
	Target string // requests only: path and query, escaped as sent
	Status int    // responses only
	Header []exchange.Field
	Body   []byte
}

// OfRequest is the Message of a recorded request. It shares r's memory.
func OfRequest(r *exchange.Request) Message {
	return Message{Method: r.Method, Target: r.Target, Header: r.Header, Body: r.Body.Data}
}

// OfResponse is the Message of a recorded response. It shares r's memory.
func OfResponse(r *exchange.Response) Message {
	return Message{Status: r.Status, Header: r.Header, Body: r.Body.Data}
}
