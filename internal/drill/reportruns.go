package drill

import (
	"context"
	"time"

	"firedrill/internal/runs"
)

// RunInfo is one line of the list of runs.
type RunInfo struct {
	File        string
	ID          string
	Scenario    string
	Environment string
	Started     time.Time
	Length      time.Duration // 0 = unknown: under way or killed
	Users       int           // greatest number at once; 0 = unknown
	End         string        // as in runs.Ending; "incomplete" when the run was killed
	Problem     string        // why the file cannot be read, and nothing else is known; "" = it can
}

// Runs lists the runs of a folder, newest first. A file that cannot be read is
// listed with its problem.
func Runs(ctx context.Context, dir string) ([]RunInfo, error) {
	files, err := runs.List(fallback(dir, RunsDir))
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
		if bad, ok := err.(*runs.FormatError); ok {
			info.Problem = bad.Why
		}
		return info
	}
	defer r.Close()
	m := r.Manifest()
	info.ID, info.Scenario, info.Environment, info.Started, info.End = m.ID, m.Scenario.Name, m.Environment, m.Started, runs.Incomplete
	if e, ok := r.Ending(); ok {
		info.Length, info.Users, info.End = e.Length, e.PeakUsers, e.End
	}
	return info
}
