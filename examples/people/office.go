package people

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// LookAround is somebody of the office who looks at the figures, two pages of people, one of them, the integrations.
func (p *Person) LookAround(ctx context.Context) error {
	for _, path := range []string{"/api/v1/analytics/overview", "/api/v1/analytics/courses", "/api/v1/users?page=1"} {
		if err := p.get(ctx, path, nil); err != nil {
			return err
		}
	}
	if err := p.think(ctx, time.Second, 3*time.Second); err != nil {
		return err
	}
	var people items
	if err := p.get(ctx, "/api/v1/users?page=2", &people); err != nil {
		return err
	}
	if len(people.Items) == 0 {
		return fmt.Errorf("%s sees no second page of people", p.Email)
	}
	for _, path := range []string{fmt.Sprintf("/api/v1/users/%d", p.one(people.Items).ID), "/api/v1/integrations"} {
		if err := p.think(ctx, time.Second, 3*time.Second); err != nil {
			return err
		}
		if err := p.get(ctx, path, nil); err != nil {
			return err
		}
	}
	return nil
}

// CreateCourse is somebody of the office who makes a course for a teacher and puts n students of the first page into it.
func (p *Person) CreateCourse(ctx context.Context, title string, n int) error {
	var teachers, students items
	if err := p.get(ctx, "/api/v1/users?role=teacher", &teachers); err != nil {
		return err
	}
	if len(teachers.Items) == 0 {
		return fmt.Errorf("%s sees no teacher", p.Email)
	}
	if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
		return err
	}
	var course item
	in := map[string]any{"title": title, "subject": "Informatics", "year": 8, "teacher_id": p.one(teachers.Items).ID}
	if err := p.call(ctx, http.MethodPost, "/api/v1/courses", in, &course); err != nil {
		return err
	}
	if err := p.get(ctx, "/api/v1/users?role=student&page=1", &students); err != nil {
		return err
	}
	if len(students.Items) < n {
		return fmt.Errorf("%s sees %d students, too few to enrol %d", p.Email, len(students.Items), n)
	}
	if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
		return err
	}
	ids := make([]int64, n)
	for i, at := range p.rand.Perm(len(students.Items))[:n] {
		ids[i] = students.Items[at].ID
	}
	return p.call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/courses/%d/enrolments", course.ID), map[string]any{"student_ids": ids}, nil)
}
