package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says in the house's words what is wrong with a flag. Other errors of
// usage get the place where help is.
func flagError(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	help := fmt.Sprintf("%q shows what there is", strings.TrimSpace(c.CommandPath())+" --help")
	switch {
	case errors.As(err, &missing):
		name := "--" + missing.GetSpecifiedName()
		if group := missing.GetSpecifiedShortnames(); group != "" {
			return Usagef("unknown flag: -%s", group).With("flags begin with two hyphens; %s", help)
		}
		if like := nearest(c, missing.GetSpecifiedName()); like != "" {
			help = fmt.Sprintf("did you mean --%s? %s", like, help)
		}
		return Usagef("unknown flag: %s", name).With("%s", help)
	case errors.As(err, &empty):
		f := empty.GetFlag()
		return Usagef("--%s has no value", f.Name).With("it is %s: %s", wanted(f.Value.Type()), f.Usage)
	case errors.As(err, &bad):
		f := bad.GetFlag()
		why := ""
		if errors.Is(bad, strconv.ErrRange) {
			why = ", or is too large"
		}
		return Usagef("--%s %s: is not %s%s", f.Name, shown(bad.GetValue()), wanted(f.Value.Type()), why).With("%s", example(f))
	case errors.As(err, &syntax):
		return Usagef("%q is not a flag", syntax.GetSpecifiedFlag()).With("%s", help)
	}
	var most, got int
	if n, _ := fmt.Sscanf(err.Error(), "accepts at most %d arg(s), received %d", &most, &got); n == 2 {
		return Usagef("%s takes at most %d of what stands behind it, and was given %d", c.CommandPath(), most, got).With("%s", help)
	}
	return Usagef("%w", err).With("%s", help)
}

// shown is a flag's value in a message.
func shown(value string) string {
	if value == "" || strings.ContainsAny(value, " \t\n\"") {
		return strconv.Quote(value)
	}
	return value
}

// wanted is what a flag of that type takes.
func wanted(kind string) string {
	switch kind {
	case "duration":
		return "a duration such as 30s or 5m"
	case "uint64", "uint", "uint32":
		return "a whole number from 0 on"
	case "int", "int64", "int32", "count":
		return "a whole number"
	case "float64", "float32":
		return "a number"
	case "bool":
		return "true or false"
	}
	return "text"
}

// example is what to do about a value that was not understood.
func example(f *pflag.Flag) string {
	like := map[string]string{"duration": "30s", "uint64": "7", "uint": "7", "int": "20", "int64": "20", "float64": "0.5"}[f.Value.Type()]
	if like == "" {
		return f.Usage
	}
	return fmt.Sprintf("write for instance --%s %s: %s", f.Name, like, f.Usage)
}

// nearest is the flag whose name is most like name; "" when none is.
func nearest(c *cobra.Command, name string) string {
	best, least := "", 1+max(1, len(name)/3)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if d := distance(name, f.Name); d < least && !f.Hidden {
			best, least = f.Name, d
		}
	})
	return best
}

// distance is how many characters must be added, removed or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
