package pace

// Best is the most precise clock that there is here, and what gives it up after
// its last use.
func Best() (Clock, func()) {
	p, err := NewPrecise()
	if err != nil { // no descriptor is left: timers are good enough
		return System{}, func() {}
	}
	return p, p.Close
}
