package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// visits are the sample's day: each behaviour is shown by two people, so that
// what is theirs can be told from what is everybody's.
func (b *browser) visits() []visit {
	return []visit{
		b.teacherBrowses("teacher41@test.local", 1),
		b.studentTakesQuiz("student401@test.local", 3),
		b.teacherGenerates("teacher45@test.local", 9, "How a pond changes with the seasons", "Reading a map of the coast"),
		b.studentHandsIn("student402@test.local", 4, 2, "essay.txt"),
		b.adminLooks("admin1@test.local", 10),
		b.teacherGrades("teacher42@test.local", 3, 2),
		b.teacherSearches("teacher46@test.local", 11, "water"),
		b.studentArrives("student405@test.local", 12),
		b.teacherSetsUp("teacher47@test.local", 13, "Light and shadow", "Where shadows fall"),
		b.adminCreatesCourse("admin3@test.local", 14, "Robotics 8d", "Informatics"),

		b.teacherBrowses("teacher43@test.local", 5),
		b.studentTakesQuiz("student403@test.local", 7),
		b.teacherGenerates("teacher48@test.local", 15, "Rhythm without instruments", "A letter to the mayor"),
		b.studentHandsIn("student404@test.local", 8, 9, "notes on the reading.txt"),
		b.adminLooks("admin2@test.local", 16),
		b.teacherGrades("teacher44@test.local", 5, 6),
		b.teacherSearches("teacher49@test.local", 17, "journey by sea"),
		b.studentArrives("student406@test.local", 18),
		b.teacherSetsUp("teacher50@test.local", 19, "Numbers of everyday life", "Prices at the market"),
		b.adminCreatesCourse("admin1@test.local", 20, "Choir 9a", "Music"),
	}
}

// person gives who starts a visit their own dice, and the steps of logging in.
func (b *browser) person(email, home string, seed uint64) (*rand.Rand, []step) {
	r := rand.New(rand.NewPCG(seed, 0))
	return r, []step{
		chromedp.Navigate(b.base + "/login"),
		see("#login"), pause(r),
		write(`input[name="email"]`, email),
		write(`input[name="password"]`, "password"),
		click("#login"), ready(home), pause(r),
	}
}

func logOut(r *rand.Rand) []step {
	return []step{pause(r), click(`form[action="/logout"] button`), see("#login")}
}

func (b *browser) teacherBrowses(email string, seed uint64) visit {
	r, steps := b.person(email, "teacher", seed)
	steps = append(steps,
		click(`nav a[href="/teacher/units"]`), ready("units"), pause(r),
		click(at(`#units tbody tr:nth-child({n}) a`, 1+int(seed)%3)), ready("unit"), pause(r),
		click(at(`#lessons li:nth-child({n}) a`, 1+int(seed/4)%2)), ready("lesson"), pause(r),
		click(`nav a[href="/teacher"]`), ready("teacher"), pause(r),
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%2)), ready("gradebook"), pause(r),
	)
	return visit{email, "browses", append(steps, logOut(r)...)}
}

func (b *browser) teacherGrades(email string, n int, seed uint64) visit {
	r, steps := b.person(email, "teacher", seed)
	steps = append(steps, click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%2)), ready("gradebook"), pause(r))
	for i := range n {
		form := at(`#to-grade form:nth-of-type({n})`, i+1)
		steps = append(steps,
			write(form+` input[name="grade"]`, fmt.Sprint(60+r.IntN(40))),
			write(form+` input[name="feedback"]`, "Well argued. Next time, show each step."),
			pause(r), click(form+` .save`), chromedp.WaitReady(chromedp.CSS(form+`.done`)), pause(r))
	}
	return visit{email, fmt.Sprintf("grades %d submissions", n), append(steps, logOut(r)...)}
}

func (b *browser) teacherSearches(email string, seed uint64, text string) visit {
	r, steps := b.person(email, "teacher", seed)
	steps = append(steps,
		write(`#search-form input`, text), pause(r), submit(`#search-form`), ready("search"), pause(r),
		choose(`#type`, "unit_plan"), see(`#results[data-type="unit_plan"] a`), pause(r),
		click(at(`#results li:nth-child({n}) a`, 1+int(seed/4)%3)), ready("unit"), pause(r),
	)
	return visit{email, "searches", append(steps, logOut(r)...)}
}

func (b *browser) teacherSetsUp(email string, seed uint64, unit, lesson string) visit {
	r, steps := b.person(email, "teacher", seed)
	steps = append(steps,
		click(`nav a[href="/teacher/units"]`), ready("units"), pause(r),
		click(`a[href="/teacher/units/new"]`), ready("unit-new"), pause(r),
		chooseNth(`#unit-form select`, int(seed)),
		write(`#unit-form input[name="title"]`, unit),
		write(`#unit-form textarea`, "What we want to find out in this unit, and how."),
		pause(r), click("#create"), ready("unit"), pause(r),
	)
	for i := range 2 {
		steps = append(steps,
			click(`#adder summary`),
			write(`#lesson-form input[name="title"]`, fmt.Sprintf("%s, part %d", lesson, i+1)),
			write(`#lesson-form textarea`, "Look closely\nSay what you saw"),
			pause(r), click("#add-lesson"), see(at(`#lessons li:nth-child({n}) a`, i+1)), pause(r))
	}
	steps = append(steps,
		click(`nav a[href="/teacher"]`), ready("teacher"), pause(r),
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%2)), ready("gradebook"), pause(r),
		click(`a[href$="/assignments/new"]`), ready("assignment-new"), pause(r),
		write(`#assignment-form input[name="title"]`, "Report: "+unit),
		write(`#assignment-form textarea`, "Write one page. Say what surprised you."),
		set(`#assignment-form input[name="due"]`, "2030-05-17"),
		pause(r), click("#create"), ready("gradebook"),
	)
	return visit{email, "sets up a unit and an assignment", append(steps, logOut(r)...)}
}

func (b *browser) teacherGenerates(email string, seed uint64, topics ...string) visit {
	r, steps := b.person(email, "teacher", seed)
	steps = append(steps, click(`nav a[href="/teacher/ai"]`), ready("ai"), pause(r))
	for i, topic := range topics {
		steps = append(steps,
			chooseNth(`#ai-form select[name="unit"]`, int(seed)+5*i),
			chromedp.Clear(chromedp.CSS(`#ai-form input[name="topic"]`)), write(`#ai-form input[name="topic"]`, topic), pause(r),
			click("#generate"), see(at(`#ai-done[data-texts="{n}"]`, i+1)), pause(r))
	}
	steps = append(steps, click("#save"), see("#saved"), pause(r), click("#saved"), ready("lesson"))
	return visit{email, "generates with AI", append(steps, logOut(r)...)}
}

func (b *browser) studentTakesQuiz(email string, seed uint64) visit {
	r, steps := b.person(email, "student", seed)
	steps = append(steps, click(`#quizzes a`), ready("quiz"), pause(r), click("#start"))
	for i := range 20 {
		steps = append(steps,
			see(at(`#bar[value="{n}"]`, i)),
			chromedp.Sleep(300_000_000),
			click(at(`#options label:nth-child({n}) input`, 1+r.IntN(4))),
			click("#next"))
	}
	steps = append(steps, see("#finish"), pause(r), click("#finish"), see("#score"))
	return visit{email, "takes a quiz", append(steps, logOut(r)...)}
}

// studentHandsIn: to the n-th assignment of a course, so that one is new work and another a new version.
func (b *browser) studentHandsIn(email string, seed uint64, n int, file string) visit {
	r, steps := b.person(email, "student", seed)
	steps = append(steps,
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%3)), ready("course"), pause(r),
		click(at(`#assignments li:nth-child({n}) a`, n)), ready("assignment"), pause(r),
		write(`#submit-form textarea`, "My answer to the assignment, in three short paragraphs."),
		chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{filepath.Join(b.files, file)}),
		pause(r), click("#submit"), see(`#mine[data-handed] .handed`), pause(r),
		click(`nav a[href="/student/grades"]`), ready("grades"),
	)
	return visit{email, "hands in work with a file", append(steps, logOut(r)...)}
}

func (b *browser) studentArrives(email string, seed uint64) visit {
	r, steps := b.person(email, "student", seed)
	steps = append(steps,
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%3)), ready("course"), pause(r),
		click(".bell summary"), see("#notifications"), pause(r),
	)
	return visit{email, "arrives", append(steps, logOut(r)...)}
}

func (b *browser) adminLooks(email string, seed uint64) visit {
	r, steps := b.person(email, "admin", seed)
	steps = append(steps,
		click(`nav a[href="/admin/users"]`), ready("users"), pause(r),
		click("#next-page"), see(`#pages[data-page="2"]`), pause(r),
		click(at(`#users tbody tr:nth-child({n}) a`, 1+int(seed)%20)), ready("user"), pause(r),
		click(`nav a[href="/admin/integrations"]`), ready("integrations"), pause(r),
	)
	return visit{email, "looks at analytics, people and integrations", append(steps, logOut(r)...)}
}

func (b *browser) adminCreatesCourse(email string, seed uint64, title, subject string) visit {
	r, steps := b.person(email, "admin", seed)
	steps = append(steps,
		click(`nav a[href="/admin/courses/new"]`), ready("course-new"), pause(r),
		write(`#course-form input[name="title"]`, title),
		write(`#course-form input[name="subject"]`, subject),
		chooseNth(`#course-form select`, int(seed)),
		pause(r), click("#create"), see("#enrol-form"), pause(r),
	)
	for i := range 3 {
		steps = append(steps, click(at(`#students label:nth-child({n}) input`, 1+(int(seed)+4*i)%25)))
	}
	steps = append(steps, pause(r), click("#enrol"), see("#enrolled"))
	return visit{email, "creates a course", append(steps, logOut(r)...)}
}
