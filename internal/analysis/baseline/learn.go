package baseline

import (
	"cmp"
	"slices"

	"firedrill/internal/verdict"
)

// Learn takes query budgets from judged runs: for each endpoint the most queries
// that one request caused in any of them. An endpoint whose count grows with the
// rows it returns is left out and named: what one run happened to hold is no
// budget. Sorted by endpoint. Only answers that said their count are looked at.
func Learn(reports ...*verdict.Report) (budgets []Budget, growing []string) {
	most := map[string]int{}
	for _, r := range reports {
		for _, q := range r.Queries {
			if q.Known == 0 {
				continue
			}
			if q.Grows != "" {
				growing = append(growing, q.Endpoint)
			}
			if n, ok := most[q.Endpoint]; !ok || q.Max > n {
				most[q.Endpoint] = q.Max
			}
		}
	}
	slices.Sort(growing)
	growing = slices.Compact(growing)
	for endpoint, n := range most {
		if !slices.Contains(growing, endpoint) {
			budgets = append(budgets, Budget{endpoint, n})
		}
	}
	slices.SortFunc(budgets, func(a, b Budget) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return budgets, growing
}

// Change is one budget that Update wrote, or would have.
type Change struct {
	Endpoint string // as the file has it
	Old, New int    // Old is −1 where the file had no budget for it
	Kept     string // why the file was left as it is; "" = it was changed
}
