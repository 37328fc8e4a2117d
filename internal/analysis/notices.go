package analysis

import (
	"fmt"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// notices are what stands out without breaking anything.
func (j *judge) notices() {
	t := j.tally
	for _, n := range []struct {
		n            int
		at           time.Duration
		what, advice string
	}{
		{t.rateLimited, t.firsts.rateLimited, verdict.Count(t.rateLimited, "request") + " answered with 429", "the target limits how much one client may ask; they are counted as failed"},
		{t.unexpected, t.firsts.unexpected, verdict.Count(t.unexpected, "answer") + " of the expected status had another shape than recorded", "the replay may see a log-in page or an error page: compare with \"replayer check\""},
		{t.stale, t.firsts.stale, verdict.Count(t.stale, "request") + " sent with a value that is the recording's", "\"replayer plan\" shows where each value comes from"},
		{t.relogins, t.firsts.relogin, verdict.Count(t.relogins, "log-in request") + " repeated because a session had ended", "the session's lifetime is shorter than the run, or sessions were lost"},
		{t.starved, t.firsts.starved, verdict.Count(t.starved, "iteration") + " found nothing to choose from", "reset the target's data before the run"},
		{t.dropped, -1, verdict.Count(t.dropped, "start") + " could not be made", "no user was free, or the time was over; they carry no latency"},
		{t.missed, -1, verdict.Count(t.missed, "start") + " left out because their user still ran: the load was less than its pacing says", "the target was too slow for the pacing, or the pacing is shorter than an iteration takes"},
	} {
		if n.n > 0 {
			j.find(verdict.Info, n.at, "run", n.what, n.advice)
		}
	}
	refused := 0
	for _, p := range t.personas {
		refused += p.refused
	}
	if refused > 0 && sum(j.absent.denied)+sum(j.absent.turned) == 0 {
		j.find(verdict.Info, t.firsts.loginFailed, "log-in", verdict.Count(refused, "log-in")+" refused", "check the accounts of this environment")
	}
	if len(j.report.Errors) > 0 && !j.hasFinding("http_req_failed") {
		e := j.report.Errors[0]
		j.find(verdict.Info, e.First, e.Endpoint, fmt.Sprintf("%s failed (%s); most frequent: %s, %s", verdict.Count(t.all.failed, "request"), verdict.Percent(t.all.failed, t.all.requests), e.What, verdict.Times(e.Count)),
			"the errors are listed by endpoint and kind")
	}
	switch end := j.ending.End; end {
	case runs.Aborted, runs.CostlyCap:
		j.find(verdict.Info, t.length, "run", "the run ended early: "+end, or(j.ending.Detail, "numbers are of what ran until then"))
	}
	j.queryNotices()
}

// stallFinding says what stalls there were: as the cause, where thresholds or
// targets would have held without them, else as something that stands out.
func (j *judge) stallFinding() {
	list := j.cause.stalls
	if len(list) == 0 {
		return
	}
	worst, users, iterations, requests := list[0], 0, 0.0, 0.0
	for _, s := range list {
		if s.length > worst.length {
			worst = s
		}
		users, iterations, requests = users+s.users, iterations+s.iterations, requests+s.requests
	}
	note := fmt.Sprintf("the target stalled at %s: nothing was answered for %s while %s waited", verdict.Clock(list[0].from), verdict.Duration(list[0].length), verdict.Count(list[0].users, "request"))
	if len(list) > 1 {
		note = fmt.Sprintf("the target stalled %s, first at %s; at worst nothing was answered for %s while %s waited",
			verdict.Times(len(list)), verdict.Clock(list[0].from), verdict.Duration(worst.length), verdict.Count(worst.users, "request"))
	}
	status := verdict.Info
	if broke := j.cause.stalled; len(broke) > 0 {
		status = verdict.Fail
		note += ", which broke " + few(broke, 3)
	}
	advice := "look for garbage collection, locks, backups or a full queue at that moment"
	if closed(j.manifest) {
		said := fmt.Sprintf("in a closed model a stall shows only once per user (%s here), so percentiles look better than what people would have met: %s lost by it",
			verdict.Count(users, "slow request"), lost(requests, iterations))
		if status == verdict.Info {
			note += "; " + said
		} else {
			advice += "; " + said
		}
	}
	j.find(status, list[0].from, "target", note, advice).cause = true
}

// queryNotices are quiet words about counts that nothing judges.
func (j *judge) queryNotices() {
	for _, q := range j.report.Queries {
		if q.Grows != "" && q.Budget == nil {
			j.find(verdict.Info, -1, q.Endpoint, q.Endpoint+" may query in a loop: "+q.Grows, "look for a query for each row (N+1), or give it a budget in baselines.yaml if this is meant")
		}
	}
}
