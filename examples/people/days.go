package people

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"time"
)

type item struct {
	ID       int64 `json:"id"`
	Ungraded int   `json:"ungraded"`
}

type items struct {
	Items []item `json:"items"`
}

type work struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// Browse is a teacher who looks around: dashboard, unit plans, one of them,
// courses, a gradebook, notifications.
func (p *Person) Browse(ctx context.Context) error {
	if err := p.get(ctx, "/api/v1/dashboard", nil); err != nil {
		return err
	}
	var plans, courses items
	for _, step := range []struct {
		path string
		out  any
	}{{"/api/v1/unit_plans", &plans}, {"/api/v1/courses", &courses}} {
		if err := p.think(ctx, time.Second, 3*time.Second); err != nil {
			return err
		}
		if err := p.get(ctx, step.path, step.out); err != nil {
			return err
		}
	}
	if len(plans.Items) == 0 || len(courses.Items) == 0 {
		return fmt.Errorf("%s has no unit plans or no courses", p.Email)
	}
	plan := p.one(plans.Items)
	course := p.one(courses.Items)
	for _, path := range []string{
		fmt.Sprintf("/api/v1/unit_plans/%d", plan.ID),
		fmt.Sprintf("/api/v1/courses/%d/gradebook", course.ID),
		"/api/v1/notifications?unread=true",
	} {
		if err := p.think(ctx, time.Second, 4*time.Second); err != nil {
			return err
		}
		if err := p.get(ctx, path, nil); err != nil {
			return err
		}
	}
	return nil
}

// Grade is a teacher who opens the gradebook of the course with the most to do
// and grades the first n submissions that wait there.
func (p *Person) Grade(ctx context.Context, n int) error {
	var board struct {
		Courses []item `json:"courses"`
	}
	if err := p.get(ctx, "/api/v1/dashboard", &board); err != nil {
		return err
	}
	best := item{}
	for _, c := range board.Courses {
		if c.Ungraded > best.Ungraded {
			best = c
		}
	}
	if err := p.think(ctx, time.Second, 3*time.Second); err != nil {
		return err
	}
	var book struct {
		Submissions []work `json:"submissions"`
	}
	if err := p.get(ctx, fmt.Sprintf("/api/v1/courses/%d/gradebook", best.ID), &book); err != nil {
		return err
	}
	for _, s := range book.Submissions {
		if s.Status != "submitted" || n == 0 {
			continue
		}
		n--
		if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
			return err
		}
		in := map[string]any{"grade": 60 + p.rand.IntN(40), "feedback": "Well argued. Next time, show each step."}
		if err := p.call(ctx, http.MethodPost, "/api/v1/submissions/"+s.ID+"/grade", in, nil); err != nil {
			return err
		}
	}
	if n > 0 {
		return fmt.Errorf("%s had %d submissions too few to grade", p.Email, n)
	}
	return nil
}

// TakeQuiz is a student who takes the first quiz on the dashboard.
func (p *Person) TakeQuiz(ctx context.Context) error {
	var board struct {
		Quizzes []item `json:"quizzes"`
	}
	if err := p.get(ctx, "/api/v1/dashboard", &board); err != nil {
		return err
	}
	if len(board.Quizzes) == 0 {
		return fmt.Errorf("%s has no quiz", p.Email)
	}
	quiz := fmt.Sprintf("/api/v1/quizzes/%d", board.Quizzes[0].ID)
	if err := p.get(ctx, quiz, nil); err != nil {
		return err
	}
	if err := p.think(ctx, time.Second, 3*time.Second); err != nil {
		return err
	}
	var attempt struct {
		ID        string `json:"id"`
		Questions []struct {
			ID      int64  `json:"id"`
			Options []item `json:"options"`
		} `json:"questions"`
	}
	if err := p.call(ctx, http.MethodPost, quiz+"/attempts", struct{}{}, &attempt); err != nil {
		return err
	}
	for _, q := range attempt.Questions {
		if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
			return err
		}
		in := map[string]int64{"question_id": q.ID, "option_id": q.Options[p.rand.IntN(len(q.Options))].ID}
		if err := p.call(ctx, http.MethodPost, "/api/v1/attempts/"+attempt.ID+"/answers", in, nil); err != nil {
			return err
		}
	}
	if err := p.think(ctx, time.Second, 2*time.Second); err != nil {
		return err
	}
	return p.call(ctx, http.MethodPost, "/api/v1/attempts/"+attempt.ID+"/submit", struct{}{}, nil)
}

// Arrive is a student at the beginning of a day: the dashboard, a course, the notifications.
func (p *Person) Arrive(ctx context.Context) error {
	if _, _, err := p.course(ctx); err != nil {
		return err
	}
	return p.get(ctx, "/api/v1/notifications?unread=true", nil)
}

// course opens one of the courses on a student's dashboard.
func (p *Person) course(ctx context.Context) (path string, assignments []item, err error) {
	var board struct {
		Courses []item `json:"courses"`
	}
	if err := p.get(ctx, "/api/v1/dashboard", &board); err != nil {
		return "", nil, err
	}
	if len(board.Courses) == 0 {
		return "", nil, fmt.Errorf("%s has no course", p.Email)
	}
	var course struct {
		Assignments []item `json:"assignments"`
	}
	path = fmt.Sprintf("/api/v1/courses/%d", p.one(board.Courses).ID)
	err = p.get(ctx, path, &course)
	return path, course.Assignments, err
}

// one is any of a list, which must not be empty.
func (p *Person) one(list []item) item { return list[p.rand.IntN(len(list))] }

// HandIn is a student who hands in work for an assignment of one of their courses.
func (p *Person) HandIn(ctx context.Context) error { return p.handIn(ctx, nil) }

// HandInFile is HandIn with a file, which is sent first.
func (p *Person) HandInFile(ctx context.Context, name string, content []byte) error {
	return p.handIn(ctx, func() (id string, err error) { return p.upload(ctx, name, content) })
}

func (p *Person) handIn(ctx context.Context, upload func() (id string, err error)) error {
	at, assignments, err := p.course(ctx)
	if err != nil {
		return err
	}
	if len(assignments) == 0 {
		return fmt.Errorf("%s has no assignment in %s", p.Email, at)
	}
	assignment := fmt.Sprintf("/api/v1/assignments/%d", p.one(assignments).ID)
	if err := p.get(ctx, assignment, nil); err != nil {
		return err
	}
	if err := p.think(ctx, 2*time.Second, 6*time.Second); err != nil {
		return err
	}
	in := map[string]any{"content": "My answer to the assignment, in three short paragraphs."}
	if upload != nil {
		id, err := upload()
		if err != nil {
			return err
		}
		in["attachments"] = []string{id}
	}
	if err := p.call(ctx, http.MethodPost, assignment+"/submissions", in, nil); err != nil {
		return err
	}
	return p.get(ctx, "/api/v1/grades", nil)
}

// upload sends a file that will be handed in.
func (p *Person) upload(ctx context.Context, name string, content []byte) (id string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("purpose", "submission"); err != nil {
		return "", err
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		return "", err
	}
	file.Write(content) // to memory
	if err := form.Close(); err != nil {
		return "", err
	}
	answer, err := p.send(ctx, http.MethodPost, "/api/v1/uploads", "application/json", form.FormDataContentType(), &body)
	if err != nil {
		return "", err
	}
	var out work
	err = read(answer, &out)
	return out.ID, err
}
