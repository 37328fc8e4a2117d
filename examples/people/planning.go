package people

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Search is anybody who looks for words.
func (p *Person) Search(ctx context.Context, words string) (found int, err error) {
	var answer struct {
		Total int `json:"total"`
	}
	err = p.get(ctx, "/api/v1/search?q="+url.QueryEscape(words), &answer)
	return answer.Total, err
}

// SetUp is a teacher who makes a new unit with two lessons in one of her courses, and gives out an assignment.
func (p *Person) SetUp(ctx context.Context, title string) error {
	if err := p.get(ctx, "/api/v1/dashboard", nil); err != nil {
		return err
	}
	var courses items
	if err := p.get(ctx, "/api/v1/courses", &courses); err != nil {
		return err
	}
	if len(courses.Items) == 0 {
		return fmt.Errorf("%s has no course", p.Email)
	}
	course := p.one(courses.Items).ID
	var unit item
	in := map[string]any{"course_id": course, "title": title, "summary": "What we want to find out, and how.", "week": 20}
	if err := p.call(ctx, http.MethodPost, "/api/v1/unit_plans", in, &unit); err != nil {
		return err
	}
	for i := range 2 {
		if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
			return err
		}
		in := map[string]any{"title": fmt.Sprintf("%s, part %d", title, i+1), "minutes": 45, "objectives": []string{"Look closely", "Say what you saw"}}
		if err := p.call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/unit_plans/%d/lessons", unit.ID), in, nil); err != nil {
			return err
		}
	}
	if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
		return err
	}
	in = map[string]any{"title": "Report: " + title, "instructions": "Write one page.", "due_at": "2030-05-17T15:00:00Z"}
	return p.call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/courses/%d/assignments", course), in, nil)
}

// Text is what the lesson helper wrote.
type Text struct {
	ID     string
	Text   string
	Pieces int           // events that brought it
	Busy   int           // answers 429 before it began
	Waited time.Duration // because of them
}

// Generate is a teacher who has a lesson plan written for one of her units, and saves it there. When the helper is busy
// she waits as long as it asks, at most nine times.
func (p *Person) Generate(ctx context.Context, topic string) (Text, error) {
	var units items
	if err := p.get(ctx, "/api/v1/unit_plans", &units); err != nil {
		return Text{}, err
	}
	if len(units.Items) == 0 {
		return Text{}, fmt.Errorf("%s has no unit plans", p.Email)
	}
	unit := p.one(units.Items).ID
	if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
		return Text{}, err
	}
	t, err := p.write(ctx, map[string]any{"kind": "lesson_plan", "topic": topic, "unit_plan_id": unit, "minutes": 45})
	if err != nil {
		return t, err
	}
	if err := p.think(ctx, 2*time.Second, 5*time.Second); err != nil {
		return t, err
	}
	return t, p.call(ctx, http.MethodPost, "/api/v1/ai/generations/"+t.ID+"/save", map[string]any{"unit_plan_id": unit}, nil)
}

// write asks for a text until it is let in, and reads it to its end.
func (p *Person) write(ctx context.Context, in any) (t Text, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return t, err
	}
	for {
		answer, err := p.send(ctx, http.MethodPost, "/api/v1/ai/generate", "text/event-stream", "application/json", bytes.NewReader(body))
		if err != nil {
			return t, err
		}
		if answer.StatusCode == http.StatusOK {
			defer answer.Body.Close()
			return t, t.read(answer.Body)
		}
		refused := read(answer, nil)
		seconds, bad := strconv.Atoi(answer.Header.Get("Retry-After"))
		if answer.StatusCode != http.StatusTooManyRequests || bad != nil || t.Busy == 9 {
			return t, refused
		}
		t.Busy++
		t.Waited += time.Duration(seconds) * time.Second
		if err := wait(ctx, time.Duration(seconds)*time.Second); err != nil {
			return t, err
		}
	}
}

// ErrBrokenOff is a text without an end.
var ErrBrokenOff = errors.New("the text broke off")

// read collects the events of a text.
func (t *Text) read(from io.Reader) error {
	var event string
	var b strings.Builder
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		if name == "event" {
			event = value
		}
		if name != "data" {
			continue
		}
		var data struct{ ID, Text string }
		if err := json.Unmarshal([]byte(value), &data); err != nil {
			return fmt.Errorf("event %s: %w", event, err)
		}
		switch event {
		case "start":
			t.ID = data.ID
		case "delta":
			b.WriteString(data.Text)
			t.Pieces++
		case "done":
			t.Text = b.String()
			return nil
		}
	}
	return errors.Join(ErrBrokenOff, lines.Err())
}

// wait is a pause that no Think shortens: the school has asked for it.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
