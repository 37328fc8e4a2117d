package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// The roles that an account can have.
const (
	RoleTeacher = "teacher"
	RoleStudent = "student"
	RoleAdmin   = "admin"
)

// The states that a submission can be in.
const (
	Submitted = "submitted"
	Graded    = "graded"
)

// school is what is decided before the first row is written.
type school struct {
	seed     Seed
	teachers []int64
	students []int64
	admins   []int64
	courses  []course
	hashes   []string // one per person
}

type course struct {
	id, teacher int64
	title       string
	subject     string
	year        int
	students    []int64
}

// coursesPer teacher, in turn.
var coursesPer = []int{3, 4}

func (s Seed) people() *school {
	ids := s.numbers("user", userBase, Admins+s.Teachers+s.Students)
	first, last := ids[:firstAdmins], ids[firstAdmins+s.Teachers+s.Students:]
	p := &school{seed: s, admins: slices.Concat(first, last), teachers: ids[firstAdmins:][:s.Teachers], students: ids[firstAdmins+s.Teachers:][:s.Students]}
	total := 0
	for t := range s.Teachers {
		total += coursesPer[t%len(coursesPer)]
	}
	// A class of 12 to 30, eight courses per student where that fits, and nobody without a course.
	class := min(max(8*s.Students/total, 12), 30)
	class = min(max(class, (s.Students+total-1)/total), s.Students)

	r := rand.New(s.source("courses"))
	order := r.Perm(s.Students)
	courseIDs := s.numbers("course", courseBase, total)
	next := 0
	for t, teacher := range p.teachers {
		first := r.IntN(len(subjects))
		for k := range coursesPer[t%len(coursesPer)] {
			c := course{id: courseIDs[len(p.courses)], teacher: teacher, subject: subjects[(first+k)%len(subjects)], year: 5 + r.IntN(8)}
			c.title = fmt.Sprintf("%s %d%c", c.subject, c.year, 'a'+rune(r.IntN(4)))
			for range class {
				c.students = append(c.students, p.students[order[next%s.Students]])
				next++
			}
			p.courses = append(p.courses, c)
		}
	}
	return p
}

func fillUsers(q *querier, p *school) error {
	r := rand.New(p.seed.source("names"))
	hashes := p.hashes
	b := q.bulk("users", 5)
	for _, group := range []struct {
		role string
		from int // in the role's accounts
		ids  []int64
	}{{RoleAdmin, 0, p.admins[:firstAdmins]}, {RoleTeacher, 0, p.teachers}, {RoleStudent, 0, p.students}, {RoleAdmin, firstAdmins, p.admins[firstAdmins:]}} {
		mails := p.seed.Accounts(group.role)[group.from:]
		for i, id := range group.ids {
			name := firstNames[r.IntN(len(firstNames))] + " " + lastNames[r.IntN(len(lastNames))]
			b.add(id, mails[i], name, group.role, hashes[0])
			hashes = hashes[1:]
		}
	}
	return b.end()
}

func fillCourses(q *querier, p *school) error {
	b := q.bulk("courses", 5)
	for _, c := range p.courses {
		b.add(c.id, c.teacher, c.title, c.subject, c.year)
	}
	if err := b.end(); err != nil {
		return err
	}
	b = q.bulk("enrolments", 2)
	for _, c := range p.courses {
		for _, student := range c.students {
			b.add(c.id, student)
		}
	}
	return b.end()
}

const unitsPerCourse = 5

func fillUnits(q *querier, p *school) error {
	r := rand.New(p.seed.source("units"))
	ids := p.seed.numbers("unit", unitBase, unitsPerCourse*len(p.courses))
	b := q.bulk("unit_plans", 7)
	for i, c := range p.courses {
		for k := range unitsPerCourse {
			status := "published"
			if k == unitsPerCourse-1 {
				status = "draft"
			}
			title := fmt.Sprintf("%s: %s", c.subject, pick(r, topics))
			b.add(ids[i*unitsPerCourse+k], c.id, title, sentences(r, orders, 3), 36+2*k, status, 1)
		}
	}
	return b.end()
}

func fillNotifications(q *querier, p *school) error {
	r := rand.New(p.seed.source("notifications"))
	src := p.seed.source("id of notification")
	b := q.bulk("notifications", 6)
	add := func(user int64, n int, kinds []string, bodies map[string][]string) {
		for k := range n {
			kind := pick(r, kinds)
			at := Epoch.Add(-time.Duration(k*300+r.IntN(300)) * time.Minute)
			b.add(shortID(src), user, kind, pick(r, bodies[kind]), flag(k < (n+1)/2), at.UnixMilli())
		}
	}
	for _, id := range p.admins[:firstAdmins] {
		add(id, 6, []string{"system"}, notices)
	}
	for _, id := range p.teachers {
		add(id, 10, []string{"system", "submission", "message"}, notices)
	}
	for _, id := range p.students {
		add(id, 6, []string{"system", "assignment", "message"}, notices)
	}
	for _, id := range p.admins[firstAdmins:] {
		add(id, 6, []string{"system"}, notices)
	}
	return b.end()
}

// The size of a quiz.
const (
	Questions = 20
	Choices   = 4
)

func fillQuizzes(q *querier, p *school) error {
	r := rand.New(p.seed.source("quizzes"))
	n := len(p.courses)
	quizIDs := p.seed.numbers("quiz", quizBase, n)
	questionIDs := p.seed.numbers("question", questionBase, n*Questions)
	optionIDs := p.seed.numbers("option", optionBase, n*Questions*Choices)
	quizzes, questions, options := q.bulk("quizzes", 4), q.bulk("questions", 4), q.bulk("options", 5)
	for i, c := range p.courses {
		quizzes.add(quizIDs[i], c.id, pick(r, quizTitles), 15)
		for k := range Questions {
			id := questionIDs[i*Questions+k]
			prompt, right, wrong := sum(r)
			questions.add(id, quizIDs[i], k+1, prompt)
			at := r.IntN(Choices)
			for o := range Choices {
				label := right
				if o != at {
					label, wrong = wrong[0], wrong[1:]
				}
				options.add(optionIDs[(i*Questions+k)*Choices+o], id, o+1, label, flag(o == at))
			}
		}
	}
	for _, b := range []*bulk{quizzes, questions, options} {
		if err := b.end(); err != nil {
			return err
		}
	}
	return nil
}

// fillWork makes assignments and what was handed in for them. Of each course two assignments are graded, two wait for
// their first submission, and the others are handed in by everybody and not graded: at least Ungraded per teacher.
func fillWork(q *querier, p *school) error {
	r := rand.New(p.seed.source("work"))
	src := p.seed.source("id of submission")
	class := len(p.courses[0].students)
	least := (Ungraded + coursesPer[0] - 1) / coursesPer[0]
	waiting := max(5, (least+class-1)/class)
	per := 2 + waiting + 2
	ids := p.seed.numbers("assignment", assignmentBase, per*len(p.courses))
	assignments, subs := q.bulk("assignments", 5), q.bulk("submissions", 13)
	for i, c := range p.courses {
		for k := range per {
			id := ids[i*per+k]
			due := Epoch.AddDate(0, 0, 7*(k-1-waiting)) // those without submissions are due after Epoch
			assignments.add(id, c.id, fmt.Sprintf("%s %d: %s", pick(r, tasks), k+1, pick(r, topics)), sentences(r, orders, 3), due.UnixMilli())
			if k >= 2+waiting {
				continue
			}
			for _, student := range c.students {
				if k < 2 && r.IntN(12) == 0 {
					continue // missed it
				}
				at := due.Add(-time.Duration(1+r.IntN(6*24*60)) * time.Minute)
				row := []any{shortID(src), id, c.id, student, 1, 1, Submitted, sentences(r, lines, 2+r.IntN(3)), at.UnixMilli(), nil, nil, nil, nil}
				if k < 2 {
					row[6], row[9], row[10], row[11] = Graded, 60+r.IntN(40), pick(r, praise), c.teacher
					row[12] = due.AddDate(0, 0, 2).UnixMilli()
				}
				subs.add(row...)
			}
		}
	}
	if err := assignments.end(); err != nil {
		return err
	}
	return subs.end()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
