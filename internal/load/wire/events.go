package wire

import (
	"math"
	"time"

	"firedrill/internal/sample"
)

// eventScanner finds the events of an event stream as they arrive: an event is a
// run of lines up to an empty one that has at least one non-empty data line
// (WHATWG HTML, section 9.2.6); one without its empty line does not count. It
// holds no text.
type eventScanner struct {
	last    time.Time
	column  int  // bytes of the current line so far, counted to len("data:")+2
	isData  bool // the line is a data line so far
	hasData bool // the event has data
	afterCR bool
}

const dataField = "data"

func (s *eventScanner) feed(res *Response, p []byte, at time.Time) {
	for _, c := range p {
		if c == '\n' && s.afterCR { // CRLF is one line end
			s.afterCR = false
			continue
		}
		s.afterCR = c == '\r'
		if c == '\n' || c == '\r' {
			s.endLine(res, at)
			continue
		}
		s.byte(c)
	}
}

func (s *eventScanner) byte(c byte) {
	switch {
	case s.column < len(dataField):
		s.isData = (s.column == 0 || s.isData) && c == dataField[s.column]
	case s.column == len(dataField):
		s.isData = s.isData && c == ':'
	case s.column == len(dataField)+1 && c == ' ':
	default:
		s.hasData = s.hasData || s.isData
	}
	if s.column < len(dataField)+2 {
		s.column++
	}
}

func (s *eventScanner) endLine(res *Response, at time.Time) {
	empty := s.column == 0
	s.column, s.isData = 0, false
	if !empty || !s.hasData {
		return
	}
	s.hasData = false
	res.Events++
	if res.FirstEvent.IsZero() {
		res.FirstEvent = at
	} else {
		gap := at.Sub(s.last)
		res.MaxGap = max(res.MaxGap, gap)
		if len(res.Gaps) < sample.MaxGaps {
			res.Gaps = append(res.Gaps, uint32(min(gap.Microseconds(), math.MaxUint32)))
		}
	}
	s.last = at
}
