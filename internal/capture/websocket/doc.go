// Package websocket reads the messages of a WebSocket from bytes that pass by
// (RFC 6455), without touching them.
//
//	client ⇄ proxy ⇄ application
//	            │ the same bytes, in the pieces in which they came
//	            ▼
//	         Observer ─▶ exchange.Frame per message
//
// Fragments are put together, masks are taken off, messages that were compressed
// by permessage-deflate (RFC 7692) are decompressed for looking into them. What
// breaks the protocol ends the observation of its direction and is said by
// Broken: the bytes pass all the same.
//
// # Units and bounds
//
// A frame's Size counts payload bytes on the wire, fragments included. Its Data is
// at most as long as the budget of the connection has left; a message without
// Data was longer, or could not be decompressed. MaxFrames bounds their number:
// what comes after is counted in Uncounted.
//
// The two directions of an Observer may be fed by two goroutines. Frames is called
// when both have ended.
package websocket
