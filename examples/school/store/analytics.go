package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// day is the length of a day in the unit of instants. Days are those of UTC.
const day = 86_400_000

// DayFormat is how days are written.
const DayFormat = time.DateOnly

func dayName(n int64) string { return time.UnixMilli(n * day).UTC().Format(DayFormat) }

// newest is the day of the newest submission: what analytics call today, so that a school that has been seeded is as
// interesting as one that is open. One query.
func (q *querier) newest() (today int64, err error) {
	err = q.row(`SELECT COALESCE(MAX(submitted_at), 0) FROM submissions`).Scan(&today)
	return today / day, err
}

// RoleCount is how many accounts a role has.
type RoleCount struct {
	Role  string `json:"role"`
	Count int    `json:"count"`
}

// DayCount is what happened on a day.
type DayCount struct {
	Day       string `json:"day"`
	Submitted int    `json:"submitted"`
	Graded    int    `json:"graded"`
}

// SubjectFigures are those of all courses of a subject; what a student has replaced does not count. Mean is that of the
// grades, null when there is none.
type SubjectFigures struct {
	Subject     string   `json:"subject"`
	Courses     int      `json:"courses"`
	Submissions int      `json:"submissions"`
	Waiting     int      `json:"waiting"`
	Graded      int      `json:"graded"`
	Mean        *float64 `json:"mean"`
}

// ScoreBucket counts the submitted attempts with a score of From to To per cent.
type ScoreBucket struct {
	From     int `json:"from"`
	To       int `json:"to"`
	Attempts int `json:"attempts"`
}

// Overview of the whole school. Today is the day of the newest submission.
type Overview struct {
	AsOf        string           `json:"as_of"`
	Users       []RoleCount      `json:"users"`
	ActiveToday int              `json:"active_today"` // who handed in, graded, or began an attempt
	PerDay      []DayCount       `json:"submissions_per_day"`
	Subjects    []SubjectFigures `json:"subjects"`
	Scores      []ScoreBucket    `json:"quiz_scores"`
}

// OverviewDays is how many days an overview has, today included.
const OverviewDays = 14

// Overview computes everything when it is asked for. Six queries.
func (s *Store) Overview(ctx context.Context) (o Overview, err error) {
	q := s.reader(ctx)
	today, err := q.newest()
	if err != nil {
		return o, err
	}
	o.AsOf = dayName(today)
	if o.Users, err = collect(q, func(r *sql.Rows, v *RoleCount) error { return r.Scan(&v.Role, &v.Count) },
		`SELECT role, COUNT(*) FROM users GROUP BY role ORDER BY role`); err != nil {
		return o, err
	}
	since := today * day
	if err = q.row(`SELECT COUNT(*) FROM (SELECT student_id AS who FROM submissions WHERE submitted_at >= ?
		UNION SELECT graded_by FROM submissions WHERE graded_at >= ? UNION SELECT student_id FROM attempts WHERE started_at >= ?) AS active`,
		since, since, since).Scan(&o.ActiveToday); err != nil {
		return o, err
	}
	if o.PerDay, err = q.perDay(today); err != nil {
		return o, err
	}
	if o.Subjects, err = collect(q, func(r *sql.Rows, v *SubjectFigures) error {
		err := r.Scan(&v.Subject, &v.Courses, &v.Submissions, &v.Waiting, &v.Graded, &v.Mean)
		roundTo(v.Mean)
		return err
	}, `SELECT c.subject, COUNT(DISTINCT c.id), COUNT(s.id), COUNT(CASE WHEN s.status = 'submitted' THEN 1 END), COUNT(s.grade),
		CAST(AVG(s.grade) AS DOUBLE PRECISION) FROM courses c LEFT JOIN submissions s ON s.course_id = c.id AND s.latest = 1
		GROUP BY c.subject ORDER BY c.subject`); err != nil {
		return o, err
	}
	o.Scores, err = q.scores()
	return o, err
}

func roundTo(f *float64) {
	if f != nil {
		*f = round(*f)
	}
}

// perDay counts the last days, also those on which nothing happened. One query.
func (q *querier) perDay(today int64) ([]DayCount, error) {
	type count struct {
		day int64
		DayCount
	}
	first := (today - OverviewDays + 1) * day
	found, err := collect(q, func(r *sql.Rows, v *count) error { return r.Scan(&v.day, &v.Submitted, &v.Graded) },
		`SELECT day, SUM(submitted), SUM(graded) FROM
		(SELECT submitted_at / 86400000 AS day, 1 AS submitted, 0 AS graded FROM submissions WHERE submitted_at >= ?
		UNION ALL SELECT graded_at / 86400000, 0, 1 FROM submissions WHERE graded_at >= ?) AS events GROUP BY day ORDER BY day`, first, first)
	out := make([]DayCount, OverviewDays)
	for i := range out {
		out[i].Day = dayName(today - OverviewDays + 1 + int64(i))
	}
	for _, v := range found {
		if i := v.day - (today - OverviewDays + 1); i < OverviewDays { // a grade of tomorrow has no submission yet
			out[i].Submitted, out[i].Graded = v.Submitted, v.Graded
		}
	}
	return out, err
}

// scores is the histogram of all submitted attempts, in ten buckets; the last one has 100 too. One query.
func (q *querier) scores() ([]ScoreBucket, error) {
	out := make([]ScoreBucket, 10)
	for i := range out {
		out[i].From, out[i].To = 10*i, 10*i+9
	}
	out[9].To = 100
	found, err := collect(q, func(r *sql.Rows, v *[2]int) error { return r.Scan(&v[0], &v[1]) },
		`SELECT score / 10, COUNT(*) FROM attempts WHERE score >= 0 GROUP BY score / 10`)
	for _, v := range found {
		out[min(v[0], 9)].Attempts += v[1]
	}
	return out, err
}

// CourseFigures are those of one course; what a student has replaced does not count.
type CourseFigures struct {
	ID          int64    `json:"id"`
	Title       string   `json:"title"`
	Subject     string   `json:"subject"`
	Year        int      `json:"year"`
	Teacher     string   `json:"teacher"`
	Students    int      `json:"students"`
	Submissions int      `json:"submissions"`
	Graded      int      `json:"graded"`
	Mean        *float64 `json:"mean"`                 // of the grades; null when there is none
	DaysToGrade *float64 `json:"median_days_to_grade"` // from handing in to grade

	medianMillis sql.NullFloat64
}

const courseFigures = `WITH ranked AS (SELECT course_id, graded_at - submitted_at AS took,
		ROW_NUMBER() OVER (PARTITION BY course_id ORDER BY graded_at - submitted_at, id) AS n, COUNT(*) OVER (PARTITION BY course_id) AS total
		FROM submissions WHERE latest = 1 AND status = 'graded'),
	medians AS (SELECT course_id, CAST(AVG(took) AS DOUBLE PRECISION) AS took FROM ranked WHERE n IN ((total + 1) / 2, (total + 2) / 2) GROUP BY course_id),
	work AS (SELECT course_id, COUNT(*) AS submissions, COUNT(grade) AS graded, CAST(AVG(grade) AS DOUBLE PRECISION) AS mean
		FROM submissions WHERE latest = 1 GROUP BY course_id)
	SELECT ` + courseColumns + `, COALESCE(w.submissions, 0), COALESCE(w.graded, 0), w.mean, m.took` + courseTables + `
	LEFT JOIN work w ON w.course_id = c.id LEFT JOIN medians m ON m.course_id = c.id`

// CourseFigures are those of all courses, or of one subject's, by title. One query; naive asks for the grades of each
// course by itself.
func (s *Store) CourseFigures(ctx context.Context, subject string, naive bool) ([]CourseFigures, error) {
	q := s.reader(ctx)
	text, args := courseFigures, []any{}
	if subject != "" {
		text, args = text+` WHERE c.subject = ?`, append(args, subject)
	}
	list, err := collect(q, func(r *sql.Rows, v *CourseFigures) error {
		return r.Scan(&v.ID, &v.Title, &v.Subject, &v.Year, &v.Teacher, &v.Students, &v.Submissions, &v.Graded, &v.Mean, &v.medianMillis)
	}, text+` ORDER BY c.title, c.id`, args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		v := &list[i]
		if naive {
			if err := q.row(`SELECT COUNT(*), COUNT(grade), CAST(AVG(grade) AS DOUBLE PRECISION) FROM submissions WHERE latest = 1 AND course_id = ?`, v.ID).
				Scan(&v.Submissions, &v.Graded, &v.Mean); err != nil {
				return nil, err
			}
		}
		roundTo(v.Mean)
		if v.medianMillis.Valid {
			days := round(v.medianMillis.Float64 / day)
			v.DaysToGrade = &days
		}
	}
	return list, nil
}

// Period is a day or a week with those who did something in it and what they did.
type Period struct {
	From        string `json:"from"` // its first day; of a week the Monday
	Students    int    `json:"students"`
	Teachers    int    `json:"teachers"` // who graded
	Submissions int    `json:"submissions"`
	Attempts    int    `json:"attempts"`
	Grades      int    `json:"grades"`
}

// Engagement is what happened in a time, period by period; periods without anything are left out.
type Engagement struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	By    string   `json:"by"`
	Items []Period `json:"items"`
}

// Engagement from the first to the last day, both included, by "day" or "week". A zero first or last means the
// fourteen days that end today, which is the day of the newest submission. Two queries.
func (s *Store) Engagement(ctx context.Context, first, last time.Time, by string) (e Engagement, err error) {
	q := s.reader(ctx)
	today, err := q.newest()
	if err != nil {
		return e, err
	}
	to := today
	if !last.IsZero() {
		to = last.UnixMilli() / day
	}
	from := to - OverviewDays + 1
	if !first.IsZero() {
		from = first.UnixMilli() / day
	}
	shift, length := int64(0), int64(1)
	if by == "week" {
		shift, length = 3, 7 // the first of January 1970 was a Thursday
	}
	period := func(column string) string { return fmt.Sprintf(`(%s / 86400000 + %d) / %d`, column, shift, length) }
	begin, end := from*day, (to+1)*day
	e = Engagement{From: dayName(from), To: dayName(to), By: by}
	e.Items, err = collect(q, func(r *sql.Rows, v *Period) error {
		var n int64
		err := r.Scan(&n, &v.Students, &v.Teachers, &v.Submissions, &v.Attempts, &v.Grades)
		v.From = dayName(n*length - shift)
		return err
	}, `SELECT period, COUNT(DISTINCT student), COUNT(DISTINCT teacher), SUM(submissions), SUM(attempts), SUM(grades) FROM (
			SELECT `+period("submitted_at")+` AS period, student_id AS student, CAST(NULL AS INTEGER) AS teacher, 1 AS submissions, 0 AS attempts, 0 AS grades
				FROM submissions WHERE submitted_at >= ? AND submitted_at < ?
			UNION ALL SELECT `+period("started_at")+`, student_id, NULL, 0, 1, 0 FROM attempts WHERE started_at >= ? AND started_at < ?
			UNION ALL SELECT `+period("graded_at")+`, NULL, graded_by, 0, 0, 1 FROM submissions WHERE graded_at >= ? AND graded_at < ?
		) AS events GROUP BY period ORDER BY period`, begin, end, begin, end, begin, end)
	return e, err
}
