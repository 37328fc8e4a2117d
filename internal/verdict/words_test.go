package verdict_test

import (
	"testing"
	"time"

	"firedrill/internal/verdict"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{verdict.Number(0), "0"}, {verdict.Number(999), "999"}, {verdict.Number(1000), "1,000"}, {verdict.Number(-1234567), "-1,234,567"}, {verdict.Number(-123), "-123"},
		{verdict.Count(1, "user"), "1 user"}, {verdict.Count(0, "user"), "0 users"}, {verdict.Count(2000, "query"), "2,000 queries"},
		{verdict.Were(1, "request"), "1 request was"}, {verdict.Were(2, "request"), "2 requests were"},
		{verdict.Times(1), "once"}, {verdict.Times(2), "twice"}, {verdict.Times(3), "3 times"},
		{verdict.Milli(0.04), "0.04 ms"}, {verdict.Milli(3.44), "3.4 ms"}, {verdict.Milli(9.94), "9.9 ms"}, {verdict.Milli(10.4), "10 ms"}, {verdict.Milli(1240.4), "1,240 ms"},
		{verdict.Duration(340 * time.Millisecond), "340 ms"}, {verdict.Duration(2340 * time.Millisecond), "2.3 s"}, {verdict.Duration(270 * time.Second), "4:30"},
		{verdict.Clock(-1), "0:00"}, {verdict.Clock(42 * time.Second), "0:42"}, {verdict.Clock(3723 * time.Second), "1:02:03"}, {verdict.Clock(59600 * time.Millisecond), "1:00"},
		{verdict.Percent(0, 0), "0 %"}, {verdict.Percent(4, 1000), "0.4 %"}, {verdict.Percent(1, 8), "12 %"},
	} {
		if c.got != c.want {
			t.Errorf("%q instead of %q", c.got, c.want)
		}
	}
}
