package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/report"
	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// RunInfo is one line of the list of runs.
type RunInfo struct {
	File        string
	ID          string
	Scenario    string
	Environment string
	Started     time.Time
	Length      time.Duration  // 0 = unknown: under way or killed
	Users       int            // greatest number at once, of a run that was judged those that got something done; 0 = unknown
	Speed       float64        // 1 = think times as recorded
	End         string         // as in runs.Ending; "incomplete" when the run was killed
	Status      verdict.Status // by the baselines of the folder it is listed in; "" = not judged
	Key         string         // what it carries, what broke first, or what was measured
	Problem     string         // why the file cannot be read, and nothing else is known; "" = it can
	UnderWay    bool           // it is being written, and nothing else is known
}

// RunsOptions say which runs are listed. Zero: all of RunsDir.
type RunsOptions struct {
	Dir       string // "" = RunsDir
	Baselines string // as in ReportOptions
	Last      int    // only as many, the newest; 0 = all

	Judging func(runs int) // told how many are still to be judged, once that has taken a while; nil = nobody asks
}

// RunList is the runs of a folder.
type RunList struct {
	Runs   []RunInfo     // newest first
	Older  int           // that are not listed, because of Last
	Judged int           // verdicts that were not known from before
	Took   time.Duration // what judging them took
}

// Runs lists the runs of a folder, newest first, with their verdicts. A verdict is
// kept in the folder (.verdicts.json) and made again when the run, the baselines or
// the program is another. A file that cannot be read is listed with its problem.
func Runs(ctx context.Context, o RunsOptions) (RunList, error) {
	o.Dir = fallback(o.Dir, RunsDir)
	list, err := runInfos(ctx, o.Dir)
	if err != nil {
		return RunList{}, err
	}
	done := RunList{Runs: list}
	if o.Last > 0 && len(list) > o.Last {
		done.Runs, done.Older = list[:o.Last], len(list)-o.Last
	}
	if len(list) == 0 {
		return done, nil
	}
	start := time.Now()
	known, err := openVerdicts(o.Dir, o.Baselines)
	if err != nil {
		return done, err
	}
	var unknown []*RunInfo
	for i := range done.Runs {
		info := &done.Runs[i]
		if v, ok := known.get(info.File); ok && info.Problem == "" {
			info.Status, info.Key, info.Users = v.Status, v.Key, v.Users
		} else if info.Problem == "" && !info.UnderWay {
			unknown = append(unknown, info)
		}
	}
	told := o.Judging == nil
	for i, info := range unknown {
		if !told && time.Since(start) >= patience {
			o.Judging(len(unknown) - i)
			told = true
		}
		r, err := Report(ctx, ReportOptions{Run: info.File, Dir: o.Dir, Baselines: o.Baselines})
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		if err != nil {
			info.Problem = err.Error()
			continue
		}
		info.Status, info.Key, info.Users = r.Status, report.Key(r), r.Run.Users
		known.put(*info)
		done.Judged++
	}
	if done.Judged > 0 {
		done.Took = time.Since(start)
		known.save()
	}
	return done, nil
}

// patience is how long somebody waits without being told for what.
const patience = time.Second

// runInfos reads the heads of all runs of a folder, newest first; those that cannot
// be read stand where their names put them.
func runInfos(ctx context.Context, dir string) ([]RunInfo, error) {
	files, err := runs.List(dir)
	if err != nil {
		return nil, err
	}
	list := make([]RunInfo, 0, len(files))
	for i := len(files) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list = append(list, runInfo(files[i]))
	}
	return list, nil
}

func runInfo(path string) RunInfo {
	info := RunInfo{File: path}
	r, err := runs.Open(path)
	if err != nil {
		info.Problem = err.Error()
		if bad := (*runs.FormatError)(nil); errors.As(err, &bad) {
			info.Problem, info.UnderWay = bad.Why, bad.UnderWay
		}
		if info.UnderWay {
			info.Problem = ""
		}
		return info
	}
	defer r.Close()
	m := r.Manifest()
	info.ID, info.Scenario, info.Environment, info.Started, info.Speed, info.End = m.ID, m.Scenario.Name, m.Environment, m.Started, m.Speed, runs.Incomplete
	if e, ok := r.Ending(); ok {
		info.Length, info.Users, info.End = e.Length, e.PeakUsers, e.End
	}
	return info
}

// newestEnded is the run of a folder that was started last and has ended; of a file
// that cannot be read its own time counts. It says which runs are under way; where
// no other is there, one of them is the answer.
func newestEnded(ctx context.Context, dir string, talk io.Writer) (string, error) {
	list, err := runInfos(ctx, dir)
	if err != nil {
		return "", err
	}
	best, writing := "", ""
	var latest time.Time
	for _, info := range list {
		at := info.Started
		if stat, err := os.Stat(info.File); err == nil && info.Problem != "" {
			at = stat.ModTime()
		}
		switch {
		case info.UnderWay:
			writing = info.File
		case best == "" || at.After(latest):
			best, latest = info.File, at
		}
	}
	switch {
	case best == "" && writing == "":
		return "", &runs.NoRunsError{Dir: dir}
	case best == "":
		return writing, nil // whoever reads it says so
	case writing != "" && talk != nil:
		fmt.Fprintf(talk, "note: %s is under way; this is the newest run that has ended, %s\n", writing, best)
	}
	return best, nil
}

// newestOfEach judges the newest valid run of each scenario but that of a run, at
// recorded speed and in the environment of that run, as another one is another
// target: of those with as many users as the scenario's concurrency target asks for
// where there is one, else of all. Sorted by scenario.
func newestOfEach(ctx context.Context, o ReportOptions, but verdict.Run) ([]*verdict.Report, error) {
	list, err := runInfos(ctx, fallback(o.Dir, RunsDir))
	if err != nil {
		return nil, err
	}
	baselines, err := readBaselines(o.Baselines)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b RunInfo) int { return b.Started.Compare(a.Started) })
	byScenario := map[string][]RunInfo{}
	var names []string
	for _, info := range list {
		if info.Problem != "" || info.UnderWay || info.Scenario == but.Scenario || info.Environment != but.Environment || info.Speed != 1 && info.Speed != 0 {
			continue
		}
		if len(byScenario[info.Scenario]) == 0 {
			names = append(names, info.Scenario)
		}
		byScenario[info.Scenario] = append(byScenario[info.Scenario], info)
	}
	slices.Sort(names)
	var reports []*verdict.Report
	for _, name := range names {
		candidates, users := byScenario[name], asked(baselines, name)
		slices.SortStableFunc(candidates, func(a, b RunInfo) int {
			switch enough := a.Users >= users; {
			case enough == (b.Users >= users):
				return 0
			case enough:
				return -1
			}
			return 1
		})
		for _, info := range candidates {
			r, err := Report(ctx, ReportOptions{Run: info.File, Dir: o.Dir, Baselines: o.Baselines})
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil && r.Status != verdict.Invalid {
				reports = append(reports, r)
				break
			}
		}
	}
	return reports, nil
}

// asked is how many users the concurrency targets of a scenario ask for.
func asked(b baseline.Baselines, scenario string) int {
	most := 0
	for _, c := range b.Concurrency {
		if c.Scenario == scenario {
			most = max(most, c.Users)
		}
	}
	return most
}
