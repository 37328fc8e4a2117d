package websocket

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"firedrill/internal/exchange"
)

// MaxFrames is how many messages of one connection are kept.
const MaxFrames = 100_000

// Observer watches one connection.
type Observer struct {
	toHost, toClient *side

	mu     sync.Mutex
	budget int64 // bytes of payload that may still be kept
	frames []exchange.Frame
	more   int
}

// New watches a connection that was upgraded with these extensions (the answer's
// Sec-WebSocket-Extensions) and keeps at most budget bytes of payload.
func New(extensions string, budget int64) *Observer {
	o := &Observer{budget: budget}
	deflate, clientFresh, serverFresh := negotiated(extensions)
	o.toHost = &side{o: o, toHost: true, deflate: deflate, fresh: clientFresh}
	o.toClient = &side{o: o, deflate: deflate, fresh: serverFresh}
	return o
}

// negotiated reads what was agreed on: compression, and whether each side begins
// each message afresh.
func negotiated(extensions string) (deflate, clientFresh, serverFresh bool) {
	for extension := range strings.SplitSeq(extensions, ",") {
		name, parameters, _ := strings.Cut(extension, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "permessage-deflate") {
			continue
		}
		for p := range strings.SplitSeq(parameters, ";") {
			key, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(p)), "=")
			clientFresh = clientFresh || key == "client_no_context_takeover"
			serverFresh = serverFresh || key == "server_no_context_takeover"
		}
		return true, clientFresh, serverFresh
	}
	return false, false, false
}

// ToHost feeds bytes that went from the client to the application at a time after
// the exchange's start.
func (o *Observer) ToHost(b []byte, at time.Duration) { o.toHost.feed(b, at) }

// ToClient feeds bytes that went the other way.
func (o *Observer) ToClient(b []byte, at time.Duration) { o.toClient.feed(b, at) }

// Frames are the messages in the order in which they were complete.
func (o *Observer) Frames() []exchange.Frame {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortStableFunc(o.frames, func(a, b exchange.Frame) int { return cmp.Compare(a.At, b.At) })
	return o.frames
}

// Uncounted is how many messages came after MaxFrames.
func (o *Observer) Uncounted() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.more
}

// Broken reports whether one of the directions broke the protocol.
func (o *Observer) Broken() bool { return o.toHost.broken.Load() || o.toClient.broken.Load() }

// room takes n bytes from the budget, if it has them.
func (o *Observer) room(n int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n > o.budget {
		return false
	}
	o.budget -= n
	return true
}

func (o *Observer) remaining() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.budget
}

func (o *Observer) add(f exchange.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) >= MaxFrames {
		o.more++
		return
	}
	o.frames = append(o.frames, f)
}
