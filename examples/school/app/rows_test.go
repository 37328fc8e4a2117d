package app_test

import (
	"strings"
	"testing"
)

// row is a request with the answer that it must get.
type row struct {
	why          string
	who          *client
	method, path string
	body         any
	header       []string
	status       int
	code         string
	queries      int
}

// check sends the requests one after the other and looks at answers and records.
func (f *fixture) check(t *testing.T, truth *ledger, rows []row) {
	t.Helper()
	for _, c := range rows {
		name := strings.TrimSpace(c.why + " " + c.method + " " + c.path)
		a := c.who.do(c.method, c.path, c.body, append([]string{"X-Request-Id", "row-1", "Traceparent", "00-1-2-01"}, c.header...)...)
		if a.status != c.status || a.code() != c.code || a.queries() != c.queries {
			t.Errorf("%s: %d %s with %d queries, want %d %s with %d\n%.300s", name, a.status, a.code(), a.queries(), c.status, c.code, c.queries, a.body)
		}
		if a.header.Get("X-Request-Id") != "row-1" {
			t.Errorf("%s: the request id is lost", name)
		}
		got := truth.last()
		if got.Status != c.status || got.Queries != c.queries || got.Code != c.code || got.RequestID != "row-1" || got.Traceparent != "00-1-2-01" {
			t.Errorf("%s: recorded as %+v", name, got)
		}
		if c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", name)
		}
		if c.status == 422 && len(get[problem](a).Error.Fields) == 0 {
			t.Errorf("%s: no field is named", name)
		}
	}
}
