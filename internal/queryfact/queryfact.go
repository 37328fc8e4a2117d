package queryfact

import "time"

// Source says where a fact was learned.
type Source string

// The sources, in the order in which they are preferred.
const (
	Headers    Source = "headers"     // response headers of the application itself
	OTLP       Source = "otlp"        // spans joined by traceparent
	TapComment Source = "tap+comment" // wire tap, attributed by SQL comments
	TapSerial  Source = "tap-serial"  // wire tap, one request at a time
	Totals     Source = "totals"      // pg_stat_statements, whole run
)

// Exactness says how far a fact can be trusted.
type Exactness string

// The grades of exactness.
const (
	Exact   Exactness = "exact"   // belongs to this request for certain
	Window  Exactness = "window"  // counted in a window in which this request was alone
	Average Exactness = "average" // total over requests
)

// Fact is what one request caused. It belongs to the sample with Seq.
type Fact struct {
	Seq        uint64        // sample.Sample.Seq
	Source     Source        //
	Exactness  Exactness     //
	Queries    int           // application statements; transaction and bookkeeping statements apart
	Time       time.Duration // database time; -1 = unknown
	Rows       int           // rows returned; -1 = unknown
	Statements []Statement   // empty where the source tells only counts
}

// Statement is one fingerprint within one request.
type Statement struct {
	Fingerprint uint32        // index into Names
	Count       int           //
	Distinct    int           // different bind values among Count (keyed hashes); 0 = unknown
	Rows        int           // -1 = unknown
	Time        time.Duration // -1 = unknown
}

// Names are the texts that fingerprints stand for: normalised SQL without literals.
type Names []string
