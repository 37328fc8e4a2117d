package baseline

import (
	"cmp"
	"fmt"
	"slices"

	"firedrill/internal/verdict"
)

// Learn takes query budgets from judged runs: for each endpoint the most queries
// that one request caused in any of them. Only answers that said their count are
// looked at. Sorted by endpoint.
//
// The notes are for whoever reviews the budgets: an endpoint whose count grows with
// the rows it returns is not learned, as what one run happened to hold is no
// budget; one whose counts lie far apart is learned and named.
func Learn(reports ...*verdict.Report) (budgets []Budget, notes []string) {
	most, grows := map[string]verdict.Queries{}, map[string]bool{}
	for _, r := range reports {
		for _, q := range r.Queries {
			if q.Known == 0 {
				continue
			}
			grows[q.Endpoint] = grows[q.Endpoint] || q.Grows != ""
			if o, ok := most[q.Endpoint]; !ok || q.Max > o.Max {
				most[q.Endpoint] = q
			}
		}
	}
	for endpoint, q := range most {
		switch {
		case grows[endpoint]:
			notes = append(notes, endpoint+" is not learned: its count grows with what it returns, which is the fault to mend first")
			continue
		case apart(q):
			notes = append(notes, fmt.Sprintf("%s caused %g queries at the median and up to %d: look for a query in a loop before you keep this budget", endpoint, q.Median, q.Max))
		}
		budgets = append(budgets, Budget{endpoint, q.Max})
	}
	slices.Sort(notes)
	slices.SortFunc(budgets, func(a, b Budget) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return budgets, notes
}

// apart is whether an endpoint's greatest count is more than half above its median, and
// not only by a query or two.
func apart(q verdict.Queries) bool {
	return float64(q.Max) > 1.5*q.Median && float64(q.Max) >= q.Median+5
}

// Change is one budget that Update wrote, or would have.
type Change struct {
	Endpoint string // as the file has it
	Old, New int    // Old is −1 where the file had no budget for it
	Kept     string // why the file was left as it is; "" = it was changed
}
