package compose

import (
	"fmt"
	"slices"

	"firedrill/internal/plan"
)

// Names gives each group a name of its own: the persona and the endpoint that
// tells most about it (a write that few others have), and more endpoints where
// that is not enough. endpoints are by number.
func Names(groups []*Group, endpoints []plan.Endpoint) []string {
	having := map[int]int{} // endpoint → groups that have it
	sets := make([][]int, len(groups))
	for i, g := range groups {
		seen := map[int]bool{}
		for step, list := range g.Steps {
			e := list[0].Event.Endpoint
			if !seen[e] {
				seen[e] = true
				having[e]++
			}
			if !slices.Contains(g.Login, step) && !slices.Contains(sets[i], e) {
				sets[i] = append(sets[i], e)
			}
		}
		if len(sets[i]) == 0 {
			for e := range seen {
				sets[i] = append(sets[i], e)
			}
			slices.SortFunc(sets[i], func(a, b int) int { return compareNames(endpoints[a].Name, endpoints[b].Name) })
		}
	}
	taken := map[string]bool{}
	names := make([]string, len(groups))
	for i, g := range groups {
		ranked := rank(sets[i], endpoints, having)
		name := g.Persona + ":"
		for n, e := range ranked {
			if n > 0 {
				name += " +"
			}
			name += " " + endpoints[e].Name
			if n >= 2 || !taken[name] {
				break
			}
		}
		unique := name
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[unique] = true
		names[i] = unique
	}
	return names
}

func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rank orders endpoints by how much they tell: writes before reads, rare before
// common, specific before general, the log-in's last.
func rank(set []int, endpoints []plan.Endpoint, having map[int]int) []int {
	weight := func(e int) int {
		p := endpoints[e]
		w := 0
		switch {
		case p.Category == plan.Auth:
			w = 1000
		case p.Class == plan.Read:
			w = 100
		}
		return w + 10*min(having[e], 9)
	}
	set = slices.Clone(set)
	slices.SortStableFunc(set, func(a, b int) int {
		if d := weight(a) - weight(b); d != 0 {
			return d
		}
		if d := len(endpoints[b].Template) - len(endpoints[a].Template); d != 0 {
			return d
		}
		return compareNames(endpoints[a].Name, endpoints[b].Name)
	})
	return set
}
