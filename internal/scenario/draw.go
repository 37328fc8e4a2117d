package scenario

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// z95 is the 95th percentile of the standard normal distribution.
const z95 = 1.6448536269514722

// Draw generates a value: the same for the same state of r, except for `now`,
// which is the wall clock's (see DrawAt).
func (e Expr) Draw(r *rand.Rand) string {
	if e.Kind == "now" {
		return e.DrawAt(r, time.Now())
	}
	return e.DrawAt(r, time.Time{})
}

// DrawAt is Draw with the time that `now` gives.
func (e Expr) DrawAt(r *rand.Rand, now time.Time) string {
	switch e.Kind {
	case "int":
		return strconv.FormatInt(int64(e.Low)+r.Int64N(int64(e.High)-int64(e.Low)+1), 10)
	case "float":
		low, high := int64(math.Round(e.Low*10)), int64(math.Round(e.High*10))
		return strconv.FormatFloat(float64(low+r.Int64N(high-low+1))/10, 'f', 1, 64)
	case "oneof":
		return e.Of[r.IntN(len(e.Of))]
	case "text":
		return prose(r, int(e.Low))
	case "phrase":
		return phrase(r)
	case "file":
		return fileContent(r, int(e.Low), strings.Join(e.Of, ""))
	case "uuid":
		return uuid4(r)
	case "now":
		return now.UTC().Format(time.RFC3339)
	}
	return strings.Join(e.Of, "") // const
}

// uuid4 is a random UUID of version 4 (RFC 9562, section 5.4).
func uuid4(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(0b11<<62) | 0b10<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
}

// Draw is one think time, from zero to 24 hours.
func (d Dist) Draw(r *rand.Rand) time.Duration {
	var t float64
	switch d.Kind {
	case "uniform":
		return d.A + time.Duration(r.Int64N(int64(d.B-d.A)+1))
	case "exponential":
		t = float64(d.A) * r.ExpFloat64()
	case "lognormal":
		sigma := math.Log(float64(d.B)/float64(d.A)) / z95
		t = float64(d.A) * math.Exp(sigma*r.NormFloat64())
	default:
		return d.A
	}
	return time.Duration(min(t, float64(maxThink)))
}

// Mean is the distribution's expected value, for estimates of a run's length and load.
func (d Dist) Mean() time.Duration {
	switch d.Kind {
	case "uniform":
		return d.A + (d.B-d.A)/2
	case "lognormal":
		sigma := math.Log(float64(d.B)/float64(d.A)) / z95
		return time.Duration(min(float64(d.A)*math.Exp(sigma*sigma/2), float64(maxThink)))
	}
	return d.A
}
