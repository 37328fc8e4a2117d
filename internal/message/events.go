package message

import "strings"

// parseEvents reads s as text/event-stream (WHATWG HTML section 9.2.6). An
// event's data is events[i], its lines joined; its other lines are
// events[i]@id, events[i]@event and so on, comments events[i]@comment. Data that
// goes on after another line is events[i]@data.
func parseEvents(s string, depth int) *text {
	t := newText(s, "events", strings.Count(s, "\n")+1)
	t.nodes[0].list = true
	num := int32(-1)
	event := int32(0) // the open event's container; 0 = none
	var fields counter
	hasData := false
	i := 0
	if strings.HasPrefix(s, "\ufeff") {
		i = 3
	}
	for i < len(s) {
		end, next := lineEnd(s, i)
		if i == end {
			event = 0
			i = next
			continue
		}
		if event == 0 {
			num++
			event = t.add(0, node{by: byIndex, num: num, start: int32(i)})
			hasData, fields = false, counter{t: t, parent: event, by: byAttr}
		}
		field, from := eventField(s, i, end)
		if from < 0 {
			// A field without a colon has no place for a value.
		} else if field == "data" {
			for next < len(s) { // the lines of data that follow at once
				e, n := lineEnd(s, next)
				f, v := eventField(s, next, e)
				if f != "data" || v < 0 {
					break
				}
				end, next = e, n
			}
			n := node{}
			if hasData {
				n = node{by: byAttr, name: "data", num: fields.next("data")}
			}
			hasData = true
			k := t.addLeaf(event, n, from, end, asEvent)
			t.attach(k, nested(t.nodes[k].val, depth+1))
		} else {
			t.addLeaf(event, node{by: byAttr, name: field, num: fields.next(field)}, from, end, asEventField)
		}
		t.nodes[event].end = int32(end)
		i = next
	}
	return t
}

// eventField splits one line: the field's name and where its value begins, with
// the space that may stand before it; -1 without a colon.
func eventField(s string, from, to int) (string, int) {
	colon := strings.IndexByte(s[from:to], ':')
	if colon < 0 {
		return validName(s[from:to]), -1
	}
	value := from + colon + 1
	if colon == 0 {
		return "comment", value
	}
	return validName(s[from : from+colon]), value
}

// lineEnd is where the line at i ends and the next one begins; lines end in LF, CR or CRLF.
func lineEnd(s string, i int) (end, next int) {
	j := strings.IndexAny(s[i:], "\r\n")
	if j < 0 {
		return len(s), len(s)
	}
	end = i + j
	if strings.HasPrefix(s[end:], "\r\n") {
		return end, end + 2
	}
	return end, end + 1
}

// joinEventData reads the span of an event's data: from the first line's value to
// the end of the last line.
func joinEventData(raw string) string {
	if !strings.ContainsAny(raw, "\r\n") {
		return strings.TrimPrefix(raw, " ")
	}
	var b []byte
	from := 0
	for i := 0; ; {
		end, next := lineEnd(raw, i)
		if i > 0 {
			_, from = eventField(raw, i, end)
			b = append(b, '\n')
		}
		b = append(b, strings.TrimPrefix(raw[from:end], " ")...)
		if next >= len(raw) {
			return string(b)
		}
		i = next
	}
}

// appendEventData appends v as data lines with the line ends of raw.
func appendEventData(b []byte, v, raw string) []byte {
	nl := "\n"
	if i := strings.IndexAny(raw, "\r\n"); i >= 0 {
		end, next := lineEnd(raw, i)
		nl = raw[end:next]
	}
	if strings.IndexByte(v, '\r') >= 0 { // a carriage return would end the line
		v = strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n")
	}
	b = appendEventSpace(b, v, raw)
	for {
		line, rest, more := strings.Cut(v, "\n")
		b = append(b, line...)
		if !more {
			return b
		}
		b = append(append(b, nl...), "data: "...)
		v = rest
	}
}

// appendEventSpace appends the space after the colon: where there was one, and
// where the value would lose its own without it.
func appendEventSpace(b []byte, v, raw string) []byte {
	if strings.HasPrefix(raw, " ") || strings.HasPrefix(v, " ") {
		return append(b, ' ')
	}
	return b
}

// parseLines reads s as one JSON value a line.
func parseLines(s string, depth int) *text {
	t := newText(s, "lines", strings.Count(s, "\n")+1)
	t.nodes[0].list = true
	num := int32(0)
	for i := 0; i < len(s); {
		end, next := lineEnd(s, i)
		if strings.Trim(s[i:end], " \t") != "" {
			k := t.addLeaf(0, node{by: byIndex, num: num}, i, end, asHeader)
			if in := parseJSON(t.nodes[k].val, false, depth+1); in != nil && in.broken < 0 {
				t.attach(k, in)
			}
			num++
		}
		i = next
	}
	return t
}
