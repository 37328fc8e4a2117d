// Package metric turns samples into numbers that can be judged: counters, rates,
// gauges and trends under k6's names, and the thresholds on them.
//
//	sample.Sample ─▶ Live  (HDR, every 2 s while the run lasts)  ─▶ State
//	              ─▶ Exact (all values, once, afterwards)        ─▶ State
//
// # Thresholds
//
// The grammar is k6's, to the letter, and behind it may stand a window:
//
//	threshold -> assertion [ " "+ "over" " "+ duration ]
//	assertion -> method " "* operator " "* number
//	method    -> "count" | "rate"                                  counters
//	           | "value"                                           gauges
//	           | "rate"                                            rates
//	           | "avg" | "min" | "max" | "med" | "p(" number ")"   trends
//	operator  -> ">" | ">=" | "<" | "<=" | "==" | "===" | "!="
//	number    -> digits [ "." digits ]
//	duration  -> digits unit { digits unit }                   whole seconds, from 1s to 1h
//	unit      -> "h" | "m" | "s"
//
// A metric may be narrowed by a selector, which is k6's too, with keys that a
// rehearsal has:
//
//	metric   -> name [ "{" tag { "," tag } "}" ]
//	tag      -> key ":" value
//	key      -> "endpoint" | "category" | "persona" | "journey" | "phase" | "status" | "hold"
//	value    -> anything up to a comma that is followed by a key and a colon, or "quoted"
//
// so that http_req_duration{endpoint:GET /api/v1/courses/{id}, phase:step 2: 100 users}
// needs no escapes. In an endpoint the names of parameters do not matter, "*" is
// one segment of the path and "…" any beginning. A status is a number, a class
// ("5xx") or "none". hold:true narrows to the phases in which the load is steady.
//
// A method that the metric's type does not have is an error at parse time.
//
// # Units and definitions
//
// Times are milliseconds in thresholds and nanoseconds inside. Time trends are
// of requests that were answered; those that were not are in http_req_failed.
// A counter's rate is its total per second of the run, or of the phases that the
// selector names. generations_per_user divides by the minutes that the users of
// those personas spent that ask for any. Percentiles of Exact are
// Hyndman and Fan's type 7 (The American Statistician 50, 1996), which is what
// stats.Percentile, NumPy and spreadsheets compute; Live's are of a histogram of
// three significant digits. Samples that the end of the run cut off are not judged.
//
// A threshold without data is NoData, never a pass: fewer observations than
// MinSamples, a trend or rate without any value, and a counter or gauge whose selector names something that the run does
// not have. A counter of nothing (status:5xx, count<1) is 0, and that is data.
//
// Live may be used by many goroutines; Exact by one at a time. Nothing here reads
// a clock: the caller says how far the run is.
package metric
