package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/chromedp/chromedp"
)

// visits are the sample's day: each behaviour is shown by two people, so that
// what is theirs can be told from what is everybody's.
func (b *browser) visits() []visit {
	return []visit{
		b.teacherBrowses("teacher41@test.local", 1),
		b.teacherGrades("teacher42@test.local", 3, 2),
		b.studentTakesQuiz("student401@test.local", 3),
		b.studentHandsIn("student402@test.local", 4),
		b.teacherBrowses("teacher43@test.local", 5),
		b.teacherGrades("teacher44@test.local", 5, 6),
		b.studentTakesQuiz("student403@test.local", 7),
		b.studentHandsIn("student404@test.local", 8),
	}
}

func (b *browser) logIn(email, home string, r *rand.Rand) []step {
	return []step{
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
	r := rand.New(rand.NewPCG(seed, 0))
	steps := b.logIn(email, "teacher", r)
	steps = append(steps,
		click(`nav a[href="/teacher/units"]`), ready("units"), pause(r),
		click(at(`#units tbody tr:nth-child({n}) a`, 1+int(seed)%3)), ready("unit"), pause(r),
		click(`nav a[href="/teacher"]`), ready("teacher"), pause(r),
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%2)), ready("gradebook"), pause(r),
	)
	return visit{email, "browses", append(steps, logOut(r)...)}
}

func (b *browser) teacherGrades(email string, n int, seed uint64) visit {
	r := rand.New(rand.NewPCG(seed, 0))
	steps := b.logIn(email, "teacher", r)
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

func (b *browser) studentTakesQuiz(email string, seed uint64) visit {
	r := rand.New(rand.NewPCG(seed, 0))
	steps := b.logIn(email, "student", r)
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

func (b *browser) studentHandsIn(email string, seed uint64) visit {
	r := rand.New(rand.NewPCG(seed, 0))
	steps := b.logIn(email, "student", r)
	steps = append(steps,
		click(at(`#courses a:nth-child({n})`, 1+int(seed/4)%2)), see("#assignments"), pause(r),
		click(at(`#assignments li:nth-child({n}) a`, 1+int(seed/4)%2)), ready("assignment"), pause(r),
		write(`#submit-form textarea`, "My answer to the assignment, in three short paragraphs."),
		pause(r), click("#submit"), see("#mine .handed"), pause(r),
		click(`nav a[href="/student/grades"]`), ready("grades"),
	)
	return visit{email, "hands in work", append(steps, logOut(r)...)}
}
