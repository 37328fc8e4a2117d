// Package message sees a request or a response as a tree of addressable parts
// and gives every part a name. Redaction, correlation and virtual users stand
// on it: what one of them can name, all of them can read and replace.
//
//	redact ─┐
//	journey ─┼─▶ message ─▶ exchange
//	load ────┘
//
// # The tree
//
// A Node is a piece of text together with the spans in it that have names of
// their own. A query string is text whose spans are its values; a span carries
// the escaping that its place demands, so a value is always read unescaped and
// written escaped. The unescaped text of a span may again be something with
// parts (a JWT in a header, base64 in a query, JSON in a form field), to any
// depth up to MaxDepth. Everything outside a replaced span keeps its exact bytes.
//
// # Names
//
// A Ref names a part. Its text form is the one grammar used in plans, overlays,
// reports and logs:
//
//	ref     = root *( "|" layer )
//	root    = "path[" int "]"            path segment, 0-based, after the leading "/"
//	        | "query" key                 query parameter
//	        | "header" key                header field
//	        | "cookie" key                a cookie of a request's Cookie field
//	        | "set-cookie" key            the value of a cookie that a response sets
//	        | "body"                      the body as a whole
//	layer   = "json" *step | "form" key | "multipart" key | "html" element | "events[" int "]"
//	        | "url" ( ".path[" int "]" | ".query" key | ".fragment" key )
//	        | "b64" | "b64url" | "pct" | "jwt" ( ".header" | ".claims" ) *step
//	        | "auth"                      what follows the scheme in "Bearer …"
//	key     = "." name [ "[" int "]" ]    the index tells repeated names apart; absent = first
//	step    = "." name | "[" int "]" | "[*]"
//	element = "." tag *( "[" attr "=" value "]" ) [ "[" int "]" | "[*]" ] ( "@" attr | "/text" | "/script" *step )
//	name    = bare word or a JSON string in double quotes where it has other characters
//
// "body|json.items[2].id" may be, and by String is, written "json.items[2].id":
// the first layer implies the body. "[*]" stands for every element of a list.
//
// # Concurrency
//
// Parse keeps slices of the message it was given; a Tree is read-only after
// Parse and safe for concurrent readers. A Template is immutable and safe for
// concurrent Render.
package message
