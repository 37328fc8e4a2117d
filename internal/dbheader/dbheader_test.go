package dbheader_test

import (
	"testing"
	"time"

	"firedrill/internal/dbheader"
)

func TestFields(t *testing.T) {
	ms := func(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }
	for _, tt := range []struct {
		name   string
		fields [][2]string
		count  int32
		time   time.Duration
	}{
		{"nothing", [][2]string{{"Content-Type", "text/html"}}, -1, -1},
		{"own field", [][2]string{{"X-DB-Query-Count", "12"}}, 12, -1},
		{"zero is a count", [][2]string{{"x-query-count", " 0 "}}, 0, -1},
		{"django", [][2]string{{"X-DjangoQueryCount-Count", "3"}}, 3, -1},
		{"server timing", [][2]string{{"Server-Timing", `db;dur=53.1;desc="17 queries"`}}, 17, ms(53.1)},
		{"our spelling", [][2]string{{"server-timing", `db;count=12`}}, 12, -1},
		{"toolbar", [][2]string{{"Server-Timing", `SQLPanel_sql_time;dur=4.2;desc="SQL 5 queries", TimerPanel_total;dur=80`}}, 5, ms(4.2)},
		{"rails", [][2]string{{"Server-Timing", `sql.active_record;dur=9.3, process_action.action_controller;dur=40`}}, -1, ms(9.3)},
		{"several lines", [][2]string{{"Server-Timing", "app;dur=47.2"}, {"Server-Timing", "sql.active_record;dur=1"}, {"Server-Timing", "sql.active_record;dur=2"}}, -1, ms(3)},
		{"equals", [][2]string{{"Server-Timing", `db;dur=53;desc="queries=12"`}}, 12, ms(53)},
		{"one query", [][2]string{{"Server-Timing", `db;desc="1 query"`}}, 1, -1},
		{"separators inside quotes", [][2]string{{"Server-Timing", `cache;desc="a, db;count=9;\" x", db;count=2`}}, 2, -1},
		{"first value wins", [][2]string{{"Server-Timing", `db;count=2;count=3`}}, 2, -1},
		{"own field wins", [][2]string{{"Server-Timing", "db;count=2;dur=5"}, {"X-Query-Count", "7"}, {"X-Query-Time", "4"}}, 7, ms(4)},
		{"own field wins, other order", [][2]string{{"X-Query-Count", "7"}, {"Server-Timing", "db;count=2"}, {"X-DB-Query-Count", "8"}}, 7, -1},
		{"units", [][2]string{{"X-DB-Runtime", "0.25s"}}, -1, 250 * time.Millisecond},
		{"bad entries are skipped", [][2]string{{"Server-Timing", `;;=,db;dur=x;count=-1,,db;count=3`}}, 3, -1},
		{"not numbers", [][2]string{{"X-DB-Query-Count", "many"}, {"X-Query-Count", "-3"}, {"X-Query-Time", "NaN"}, {"X-DB-Time-ms", "-1"}}, -1, -1},
		{"too large", [][2]string{{"X-DB-Query-Count", "99999999999"}}, -1, -1},
		{"no database entry", [][2]string{{"Server-Timing", `total;dur=5;desc="9 queries"`}}, -1, -1},
		{"open quote", [][2]string{{"Server-Timing", `db;desc="4 queries`}}, 4, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := dbheader.New()
			for _, h := range tt.fields {
				f.Field(h[0], h[1])
			}
			if f.Queries != tt.count || f.Time != tt.time {
				t.Errorf("%d queries in %v, want %d in %v", f.Queries, f.Time, tt.count, tt.time)
			}
		})
	}
}

// FuzzField: no panic, and what is not unknown is not negative. More of the same
// never takes away.
func FuzzField(f *testing.F) {
	f.Add("Server-Timing", `db;dur=53.1;desc="17 queries", x;y="\"`)
	f.Add("X-DB-Query-Count", "12")
	f.Add("Server-Timing", `db;count=999999999,db;count=999999999,db;count=999999999`)
	f.Add("Server-Timing", `db;dur=999999999999,db;dur=999999999999`)
	f.Fuzz(func(t *testing.T, name, value string) {
		facts := dbheader.New()
		before := facts
		for range 3 {
			facts.Field(name, value)
			if facts.Queries < before.Queries || facts.Time < before.Time || facts.Queries < -1 || facts.Time < -1 {
				t.Fatalf("%+v after %+v", facts, before)
			}
			before = facts
		}
	})
}
