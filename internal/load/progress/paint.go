package progress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"firedrill/internal/load/pace"
)

// Options of Paint.
type Options struct {
	Start      time.Time
	Total      time.Duration   // scheduled length; 0 = not known
	Terminal   bool            // redraw lines; otherwise plain lines
	Width      func() int      // of the terminal; nil = 80
	Thresholds func() []string // one short text for each; called from Paint; may be nil
	Clock      pace.Clock      // nil = pace.System
}

const (
	redraw     = 500 * time.Millisecond
	firstPlain = 5 * time.Second
	plainEvery = 10 * time.Second
)

// Paint shows m on w until ctx ends, and returns the first error of w: progress
// that cannot be shown is no reason to end a run. On a terminal the drawn lines
// are removed at the end, so that what follows stands in their place.
func Paint(ctx context.Context, w io.Writer, m *Meter, o Options) error {
	if o.Clock == nil {
		o.Clock = pace.System{}
	}
	p := painter{w: w, m: m, o: o}
	due := o.Start.Add(firstPlain)
	if o.Terminal {
		due = o.Clock.Now()
	}
	for {
		if o.Clock.SleepUntil(ctx, due) != nil {
			return p.clear()
		}
		if err := p.show(); err != nil {
			return err
		}
		step := plainEvery
		if o.Terminal {
			step = redraw
		}
		for now := o.Clock.Now(); !due.After(now); { // what was missed is not made up for
			due = due.Add(step)
		}
	}
}

type painter struct {
	w     io.Writer
	m     *Meter
	o     Options
	drawn int // lines on the terminal
	buf   bytes.Buffer
}

func (p *painter) show() error {
	v := p.m.View(p.o.Clock.Now().Sub(p.o.Start), p.o.Total)
	if p.o.Thresholds != nil {
		v.Thresholds = p.o.Thresholds()
	}
	p.buf.Reset()
	if !p.o.Terminal {
		fmt.Fprintln(&p.buf, Line(v))
	} else {
		width := 80
		if p.o.Width != nil {
			width = p.o.Width()
		}
		p.erase()
		lines := Lines(v, width)
		for _, l := range lines {
			fmt.Fprintln(&p.buf, l)
		}
		p.drawn = len(lines)
	}
	_, err := p.w.Write(p.buf.Bytes())
	return err
}

// erase moves to the first drawn line and clears what is below.
func (p *painter) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(&p.buf, "\x1b[%dA\r\x1b[J", p.drawn)
	}
	p.drawn = 0
}

func (p *painter) clear() error {
	p.buf.Reset()
	p.erase()
	if p.buf.Len() == 0 {
		return nil
	}
	_, err := p.w.Write(p.buf.Bytes())
	return err
}
