// Package drift fits a line to a number that was measured in equal windows of a
// long run, and says how sure its slope is.
//
//	x (hours), y (one value per window) ─▶ Fit ─▶ Line ─▶ verdict.Drift
//
// The line is that of least squares. Windows of one run are not independent of each
// other: what is slow now is still slow in the next window. An interval that takes
// them for independent is far too narrow and calls noise a trend, so the number of
// windows is reduced to an effective one, n(1−r)/(1+r), where r is the correlation
// of each residual with the next, and the slope's standard error and Student's
// quantile are taken with that number: B. D. Santer and others, "Statistical
// significance of trends and trend differences in layer-average atmospheric
// temperature time series", Journal of Geophysical Research 105 (2000), section 4.
// In short series r comes out too small, because the line has already followed the
// noise; it is corrected by its bias to the first order, (2+4r)/n, after the form of
// D. Tjøstheim and J. Paulsen, "Bias of some commonly-used time series estimates",
// Biometrika 70 (1983). A negative r is taken for zero. How often the interval holds
// the true slope is measured by this package's test: 97 % of the time for 8
// independent windows, 90 % for 8 and 94 % for 60 windows that keep half of what the
// one before had (82 % and 76 % without the correction).
//
// What piles up seldom grows along a line. A curve or a jump leaves residuals that
// look like noise of the strongest kind, and a line's interval that says nothing; so
// the last quarter of the windows is compared with the first as well, with the noise
// that is left within each quarter. Of noise alone, 48 to 120 windows that keep up to
// 0.8 of the one before are called growth in 1 to 7 % of all series.
//
// Pure: no clock, no state.
package drift
