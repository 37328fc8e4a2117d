// Package har reads and writes HTTP Archives (HAR 1.2), the files that browsers'
// developer tools, Playwright and mitmproxy save.
//
//	traffic.har ─▶ Open ─▶ exchanges ─▶ redact ─▶ recording
//	recording ─▶ exchanges ─▶ Write ─▶ traffic.har
//
// What is read is raw: it must pass redact before it reaches a disk. A file is
// read twice, once for the order of its entries and once for their content, so
// that one entry is in memory at a time.
//
// # Units
//
// A HAR counts in milliseconds with fractions, and -1 where it does not know;
// exchanges count in nanoseconds from their start. In a HAR ssl is a part of
// connect.
//
// # Quirks that are understood
//
// Byte order marks (Fiddler); HTTP/2 pseudo fields among the header fields and
// several Set-Cookie values in one field, parted by line feeds (Chrome); form
// fields as params where there is no text (Firefox, Charles); status 0 for what
// had no answer; WebSocket messages with times in seconds; content.size that
// counts what is on the wire (mitmproxy); answers from the browser's cache, which
// never were on the wire and are left out.
//
// Chrome leaves cookies and Authorization out unless it is told otherwise: such a
// file is read, and Sanitized says so, since nobody's log-in can be found in it.
package har
