package drill

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// wholeLength is how long a replay without a scenario lasts when nobody says.
const wholeLength = 5 * time.Minute

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// wholeRecording is the scenario that is meant when none is named: every
// recorded journey, as many users each as it has recorded sessions.
func wholeRecording(p *plan.Plan) (*scenario.Scenario, error) {
	if len(p.Journeys) == 0 {
		return nil, cli.Usagef("recording %s has no journey to replay", p.Recording.Name).With("`replayer plan` shows what was understood of it")
	}
	s := &scenario.Scenario{Name: "all-journeys", About: "every recorded journey, in the recorded proportions"}
	used := map[string]int{}
	for _, j := range p.Journeys {
		name := strings.Trim(notName.ReplaceAllString(strings.ToLower(j.Name), "-"), "-")
		if used[name]++; used[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, used[name])
		}
		s.Personas = append(s.Personas, scenario.Persona{
			Name:    name,
			Journey: scenario.Selector{Name: j.Name},
			Account: j.Persona,
			Login:   scenario.LoginEach,
			Load: scenario.Load{
				Executor:         scenario.ConstantVUs,
				VUs:              max(1, j.Sessions),
				Duration:         wholeLength,
				GracefulStop:     30 * time.Second,
				GracefulRampDown: 30 * time.Second,
				TimeUnit:         time.Second,
			},
		})
	}
	s.Source = s.YAML()
	return s, nil
}
