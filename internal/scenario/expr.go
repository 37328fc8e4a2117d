package scenario

import "time"

// Expr generates a value for a request's field. The zero Expr is invalid.
//
//	int(LOW, HIGH)   an integer, both ends included, uniform
//	float(LOW, HIGH) one decimal place
//	oneof(a, b, c)   one of the words
//	text(WORDS)      that many words of neutral prose
//	phrase           a short neutral sentence
//	uuid             a random UUID (version 4)
//	now              the time, RFC 3339
//	const(TEXT)      that text
type Expr struct {
	Kind string   // "int", "float", "oneof", "text", "phrase", "uuid", "now", "const"
	Low  float64  // int, float, text
	High float64  // int, float
	Of   []string // oneof; const has one
}

// Dist is a distribution of think times.
//
//	3s               constant
//	uniform(3s, 8s)
//	exponential(5s)  by its mean
//	lognormal(4s, 9s) by its median and its 95th percentile
type Dist struct {
	Kind string        // "constant", "uniform", "exponential", "lognormal"
	A, B time.Duration // constant: A; uniform: A..B; exponential: mean A; lognormal: median A, p95 B
}
