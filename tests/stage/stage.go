package stage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"firedrill/examples/people"
	"firedrill/internal/drill"
)

// Visit is what one person does between logging in and logging out.
type Visit struct {
	Email string
	Does  func(context.Context, *people.Person) error
}

// Grades is a teacher who grades n submissions.
func Grades(email string, n int) Visit {
	return Visit{email, func(ctx context.Context, p *people.Person) error { return p.Grade(ctx, n) }}
}

// Browses is a teacher who looks around.
func Browses(email string) Visit {
	return Visit{email, func(ctx context.Context, p *people.Person) error { return p.Browse(ctx) }}
}

// TakesQuiz is a student who takes a quiz.
func TakesQuiz(email string) Visit {
	return Visit{email, func(ctx context.Context, p *people.Person) error { return p.TakeQuiz(ctx) }}
}

// Record makes a recording at file of visits to the school at target, one after
// the other and without pauses. The recording is closed when it returns.
func Record(ctx context.Context, file, target string, visits ...Visit) error {
	recording, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		_, err := drill.Record(recording, drill.RecordOptions{
			Listen:  []string{"127.0.0.1:0"},
			Targets: []string{"api=" + target},
			Out:     file,
			Talk:    io.Discard,
			Ready:   func(urls []string) { ready <- urls[0] },
		})
		ended <- err
	}()
	var problem error
	select {
	case base := <-ready:
		problem = visitAll(ctx, base, visits)
	case err := <-ended:
		return fmt.Errorf("recording: %w", err)
	}
	stop()
	return errors.Join(problem, <-ended)
}

func visitAll(ctx context.Context, base string, visits []Visit) error {
	for i, v := range visits {
		p := people.New(base, v.Email, uint64(i+1))
		if err := p.LogIn(ctx); err != nil {
			return err
		}
		if err := v.Does(ctx, p); err != nil {
			return err
		}
		if err := p.LogOut(ctx); err != nil {
			return err
		}
	}
	return nil
}
