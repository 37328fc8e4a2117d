package drift

import "math"

// Least is the least number of windows of which a line says anything.
const Least = 8

// Line is a fitted line y = at(x) with the 95 % interval of its slope.
type Line struct {
	N         int     // values
	Mean      float64 // of y
	Slope     float64 // of y per unit of x
	Low, High float64 // 95 % interval of Slope
	Effective float64 // how many independent values they are worth, from 3 to N
	Step      float64 // mean of the last quarter of the values less that of the first
	StepLow   float64 // what Step is at least, with 97.5 % confidence; -Inf for fewer than 12 values a quarter
	meanX     float64
}

// At is the line's value at x.
func (l Line) At(x float64) float64 { return l.Mean + l.Slope*(x-l.meanX) }

// Rises is whether the values grow beyond what chance explains: the whole interval
// of the slope lies above zero, or the last quarter lies above the first. The second
// sees what is no line, a jump or a curve: there the line's residuals are far from
// chance, and its interval is wide.
func (l Line) Rises() bool { return l.Low > 0 || l.StepLow > 0 }

// Fit fits a line to values at ascending, roughly equal distances. ok is false for
// fewer than Least, or when all x are the same.
func Fit(x, y []float64) (line Line, ok bool) {
	n := len(x)
	if n < Least || n != len(y) {
		return Line{}, false
	}
	line.N = n
	for i := range x {
		line.meanX += x[i] / float64(n)
		line.Mean += y[i] / float64(n)
	}
	var sxx, sxy float64
	for i := range x {
		dx := x[i] - line.meanX
		sxx += dx * dx
		sxy += dx * (y[i] - line.Mean)
	}
	if sxx == 0 {
		return Line{}, false
	}
	line.Slope = sxy / sxx
	var size, sum, next, last float64 // of squared values, of squared residuals, of products with the one before
	for i := range x {
		r := y[i] - line.At(x[i])
		size += y[i] * y[i]
		sum += r * r
		next += r * last
		last = r
	}
	if sum < size*1e-24 { // what rounding leaves of nothing
		sum = 0
		if line.Slope*line.Slope*sxx < size*1e-24 {
			line.Slope = 0
		}
	}
	line.Effective = effective(float64(n), sum, next)
	half := quantile(line.Effective-2) * math.Sqrt(sum/(line.Effective-2)/sxx)
	line.Low, line.High = line.Slope-half, line.Slope+half
	line.Step, line.StepLow = step(y)
	return line, true
}

// leastQuarter is how many values a quarter needs for its own noise to be known
// (TestStepCoverage: with fewer, noise that goes on for long looks like growth).
const leastQuarter = 12

// step compares the last quarter of values with the first. Their noise and how far
// neighbours go together come from what each quarter's own line leaves, so that a
// curve or a jump between quarters is not taken for noise.
func step(y []float64) (diff, low float64) {
	m := len(y) / 4
	if m < leastQuarter {
		return 0, math.Inf(-1)
	}
	var sum, next float64 // of squared residuals, of products with the one before
	means := [4]float64{}
	for q := range means {
		part := y[q*len(y)/4 : q*len(y)/4+m]
		var slope, sxx float64
		centre := float64(m-1) / 2
		for i, v := range part {
			means[q] += v / float64(m)
			slope += (float64(i) - centre) * v
			sxx += (float64(i) - centre) * (float64(i) - centre)
		}
		slope /= sxx
		last := 0.0
		for i, v := range part {
			r := v - means[q] - slope*(float64(i)-centre)
			sum += r * r
			next += r * last
			last = r
		}
	}
	diff = means[3] - means[0]
	if sum <= 1e-24*(means[0]*means[0]+means[3]*means[3]) {
		return diff, diff
	}
	r := next / sum
	r = min(max(0, r+stepBias*(1+r)/float64(m)), 0.99) // lines of m values each hide how far neighbours go together
	independent := float64(m) * (1 - r) / (1 + r)
	freedom := max(1, 4*independent-8)
	variance := sum / float64(4*m-8) / max(1-2*r*r, 0.1) // and hide some of the noise
	low = diff - quantile(freedom)*math.Sqrt(2*variance/independent)
	return diff, max(low, diff-beyond*math.Sqrt(sum/float64(4*m-8))) // a smooth curve leaves residuals that go together, and small ones
}

// beyond is how many deviations of a quarter's values from their line no noise
// moves the mean of a quarter.
const beyond = 5.0

// stepBias is by how much lines hide the going together of neighbours; found by
// trying noise of every kind (TestStepCoverage).
const stepBias = 3.0

// effective is the effective number of n values whose squared residuals have a sum,
// and whose products of neighbours have next.
func effective(n, sum, next float64) float64 {
	if sum == 0 {
		return n
	}
	r := next / sum
	r = min(max(0, r+(2+4*max(0, r))/n), 0.99)
	return max(3, n*(1-r)/(1+r))
}

// quantile is the 97.5th percentile of Student's t distribution with a number of
// degrees of freedom, which need not be whole.
func quantile(freedom float64) float64 {
	low, high := 0.0, 1000.0
	for range 60 {
		middle := (low + high) / 2
		if tail(middle, freedom) > 0.025 {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// tail is the probability that Student's t is above t ≥ 0: half of the regularized
// incomplete beta function I_x(ν/2, 1/2) at x = ν/(ν+t²) (NIST Digital Library of
// Mathematical Functions, 8.17).
func tail(t, freedom float64) float64 {
	return beta(freedom/(freedom+t*t), freedom/2, 0.5) / 2
}

// beta is I_x(a, b), by the continued fraction 8.17.22 of the same.
func beta(x, a, b float64) float64 {
	if x <= 0 || x >= 1 {
		return min(max(x, 0), 1)
	}
	if x > (a+1)/(a+b+2) { // where it converges slowly, the other way round
		return 1 - beta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log(1-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0 // the method of Lentz
	for m := 0; m < 300; m++ {
		k, coefficient := float64(m/2), 1.0
		switch {
		case m == 0:
		case m%2 == 0:
			coefficient = k * (b - k) * x / ((a + 2*k - 1) * (a + 2*k))
		default:
			coefficient = -(a + k) * (a + b + k) * x / ((a + 2*k) * (a + 2*k + 1))
		}
		d = 1 / or(1+coefficient*d, tiny)
		c = or(1+coefficient/c, tiny)
		f *= c * d
		if math.Abs(c*d-1) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}

// or is v, or tiny where v is zero.
func or(v, tiny float64) float64 {
	if v == 0 {
		return tiny
	}
	return v
}
