package metric

// didYouMean is `did you mean "x"? ` for the known word nearest to one that is
// misspelt; "" when none is near.
func didYouMean(word string, known []string) string {
	least := max(2, len(word)/3) + 1
	if len(word) < 3 {
		least = 2
	}
	best := ""
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" || word == "" {
		return ""
	}
	return `did you mean "` + best + `"? `
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
