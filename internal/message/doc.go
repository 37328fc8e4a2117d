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
//	        | "query" key                 query parameter; without "=" its name is empty
//	        | "header" key                header field, name in the case of "X-Csrf-Token"
//	        | "cookie" key                a cookie of a request's Cookie field
//	        | "set-cookie" key            the value of a cookie that a response sets
//	        | "body"                      the body as a whole, when it is none of the layers
//	layer   = "json" *step | "form" key | "multipart" key [ "@filename" ] | "html" element
//	        | "events[" int "]" [ "@" field ] | "lines[" int "]"
//	        | "url" ( ".path[" int "]" | ".query" key | ".fragment" )
//	        | "b64" | "b64url" | "pct" | "jwt" ( ".header" | ".claims" ) *step
//	        | "auth"                      what follows the scheme in "Bearer …"
//	        | "basic" ( ".user" | ".password" ) | "params" key
//	key     = "." name [ "[" int "]" ]    the index tells repeated names apart; absent = first
//	step    = "." name [ "#" int ]        the number tells an object's equal keys apart; absent = first
//	        | "[" int "]" | "[*]"
//	element = 1*( "." tag *( "[" attr [ "=" value ] "]" ) [ "[" int "]" | "[*]" | "#" int ] )
//	          ( "@" attr | "/text" [ "#" int ] | "/script" *step )
//	name    = bare word or a JSON string in double quotes where it has other characters
//
// "body|json.items[2].id" may be, and by String is, written "json.items[2].id":
// the first layer implies the body. "[*]" stands for every element of a list. A
// ref that begins with one of . [ @ / | is relative to an element of a list.
//
// # Elements of html
//
// An element is named by what its application knows it by: name, the shape of its
// URL (ids are "*"), id, its data attributes, or its tag alone. It is named inside
// the form, select, table, list, row or item that it stands in, so that the parts
// of one row are properties of one element:
//
//	html.meta[name=csrf-token]@content
//	html.form[action=/login].input[name=_csrf]@value
//	html.a[href=/courses/*][3]@href
//	html.table[id=gradebook].tr[data-submission-id][2].td#1/text
//
// "[3]" is a place in a list, that is of rows, items, options, choices, and outside
// of rows also of links and forms with ids in them and of elements with data
// attributes. "#1" only tells equal names apart. The literals of all inline scripts
// are html.script/script.KEY, those of a JSON script html.script[id=…]/script….
//
// # Concurrency
//
// Parse keeps slices of the message it was given; a Tree is read-only after
// Parse and safe for concurrent readers. A Template is immutable and safe for
// concurrent Render.
package message
