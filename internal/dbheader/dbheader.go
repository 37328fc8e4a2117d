package dbheader

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Facts is what an answer said about its database queries.
type Facts struct {
	Queries int32         // -1: not said
	Time    time.Duration // spent in the database; -1: not said
	own     bool          // Queries is from a field of its own
	ownTime bool
}

// New knows nothing yet.
func New() Facts { return Facts{Queries: -1, Time: -1} }

// Field takes one header or trailer field into account. Fields come in any order.
func (f *Facts) Field(name, value string) {
	if len(name) < len("X-Query-Time") || name[0]|0x20 != 'x' && name[0]|0x20 != 's' {
		return
	}
	switch strings.ToLower(name) {
	case "x-db-query-count", "x-query-count", "x-djangoquerycount-count":
		if n, ok := count(strings.TrimSpace(value)); ok && !f.own {
			f.Queries, f.own = n, true
		}
	case "x-query-time", "x-db-time-ms", "x-db-runtime":
		if d, ok := millis(strings.TrimSpace(value)); ok && !f.ownTime {
			f.Time, f.ownTime = d, true
		}
	case "server-timing":
		f.serverTiming(value)
	}
}

// serverTiming reads metric *( ";" param ) entries separated by commas (W3C Server Timing, section 3).
func (f *Facts) serverTiming(s string) {
	for s != "" {
		var e entry
		e, s = next(s)
		if !e.database() {
			continue
		}
		if n, ok := e.queries(); ok && !f.own {
			f.Queries = add(f.Queries, n)
		}
		if d, ok := millis(e.dur); ok && !f.ownTime {
			f.Time = max(0, f.Time) + d
			if f.Time < 0 {
				f.Time = math.MaxInt64
			}
		}
	}
}

func add(a, b int32) int32 {
	return int32(min(math.MaxInt32, int64(max(0, a))+int64(b)))
}

// entry is one metric of a Server-Timing field. The first value of a parameter wins.
type entry struct{ name, dur, desc, count string }

func (e *entry) database() bool {
	switch e.name {
	case "db", "sql", "database", "mysql", "postgres", "postgresql", "sqlite", "sqlpanel_sql_time", "sql.active_record":
		return true
	}
	return false
}

func (e *entry) queries() (int32, bool) {
	if n, ok := count(e.count); ok {
		return n, true
	}
	return described(e.desc)
}

// described finds "17 queries", "SQL 5 queries", "1 query" or "queries=12" in a description.
func described(s string) (int32, bool) {
	s = strings.ToLower(s)
	if _, rest, ok := strings.Cut(s, "queries="); ok {
		return count(leadingDigits(rest))
	}
	words := strings.Fields(s)
	for i := 1; i < len(words); i++ {
		if w := strings.Trim(words[i], ".,;)"); w == "queries" || w == "query" {
			return count(strings.Trim(words[i-1], "("))
		}
	}
	return 0, false
}

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i]
}

func count(s string) (int32, bool) {
	if s == "" || len(s) > 9 || leadingDigits(s) != s {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return int32(n), err == nil
}

// millis reads milliseconds, with or without a unit: "53.1", "53.1ms", "0.5s".
func millis(s string) (time.Duration, bool) {
	unit := float64(time.Millisecond)
	if rest, ok := strings.CutSuffix(s, "ms"); ok {
		s = rest
	} else if rest, ok := strings.CutSuffix(s, "s"); ok {
		s, unit = rest, float64(time.Second)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 0 && v < 1e12) {
		return 0, false
	}
	return time.Duration(math.Round(v * unit)), true
}

// next takes one entry off s. Commas and semicolons inside quotes do not separate.
func next(s string) (entry, string) {
	var e entry
	name, s := token(s, ";,")
	e.name = strings.ToLower(strings.TrimSpace(name))
	seen := map[string]bool{}
	for s != "" && s[0] == ';' {
		var key, v string
		key, s = token(s[1:], "=;,")
		if s != "" && s[0] == '=' {
			v, s = value(s[1:])
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if seen[key] {
			continue
		}
		seen[key] = true
		switch key {
		case "dur":
			e.dur = v
		case "desc":
			e.desc = v
		case "count":
			e.count = v
		}
	}
	return e, strings.TrimPrefix(s, ",")
}

// token is s up to the first of stops.
func token(s, stops string) (string, string) {
	if i := strings.IndexAny(s, stops); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// value is a token or a quoted string with backslash escapes, and what follows
// from the next separator on.
func value(s string) (string, string) {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] != '"' {
		v, rest := token(s, ";,")
		return strings.TrimSpace(v), rest
	}
	var b []byte
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b = append(b, s[i])
			}
		case '"':
			_, rest := token(s[i+1:], ";,")
			return string(b), rest
		default:
			b = append(b, s[i])
		}
	}
	return string(b), ""
}
