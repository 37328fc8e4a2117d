// Package dbheader reads from an answer's header fields how many database
// queries the request caused, in the dialects that applications speak.
//
//	answer ─▶ dbheader.Facts ─▶ sample.Queries, sample.QueryTime
//
// It is pure and never fails: what it cannot read it skips, and what is not said
// stays unknown (-1), never 0. Times are durations (Server-Timing gives
// milliseconds).
//
//	X-DB-Query-Count: 12                                  also X-Query-Count, X-DjangoQueryCount-Count
//	Server-Timing: db;dur=53.1;desc="17 queries"          count and time
//	Server-Timing: db;dur=53.1;count=17                   firedrill's own spelling
//	Server-Timing: SQLPanel_sql_time;dur=4.2;desc="SQL 5 queries"
//	Server-Timing: sql.active_record;dur=9.3              time alone; several are added up
//	X-Query-Time: 4.2, X-DB-Time-ms: 4.2                  time alone, in milliseconds
//
// A field of its own wins over Server-Timing. The zero Facts is not usable:
// start with New.
package dbheader
