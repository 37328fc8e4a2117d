package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Lessons of a seeded unit: 4 to 8, each with three activities.
const (
	leastLessons  = 4
	mostLessons   = 8
	perLesson     = 3
	unitStandards = 3
)

// fillLessons gives every unit its lessons, their activities, the standards that it serves, and materials.
func fillLessons(q *querier, p *school) error {
	r := rand.New(p.seed.source("lessons"))
	units := p.seed.numbers("unit", unitBase, unitsPerCourse*len(p.courses))
	ids := p.seed.numbers("lesson", lessonBase, mostLessons*len(units))
	materialIDs := p.seed.numbers("material", materialBase, (mostLessons+2)*len(units))
	lessons, activities := q.bulk("lessons", 7), q.bulk("activities", 5)
	standards, materials := q.bulk("standards", 4), q.bulk("materials", 6)
	material := func(unit int64, lesson int64, kind, title string) {
		slug := strings.ToLower(strings.NewReplacer(" ", "-", ":", "", ",", "").Replace(title))
		materials.add(materialIDs[0], unit, lesson, kind, title, "https://library.test/"+kind+"/"+slug)
		materialIDs = materialIDs[1:]
	}
	for i, unit := range units {
		c := p.courses[i/unitsPerCourse]
		for k, s := range r.Perm(len(standardTexts))[:unitStandards] {
			standards.add(unit, k+1, fmt.Sprintf("%s.%d.%d", strings.ToUpper(c.subject[:3]), c.year, s+1), standardTexts[s])
		}
		material(unit, 0, "book", c.subject+" "+pick(r, []string{"reader", "workbook", "source book"}))
		material(unit, 0, "film", pick(r, topics))
		for k := range leastLessons + r.IntN(mostLessons-leastLessons+1) {
			id, topic, minutes := ids[0], pick(r, topics), 45
			if r.IntN(3) == 0 {
				minutes = 90
			}
			ids = ids[1:]
			lessons.add(id, unit, k+1, fmt.Sprintf("Lesson %d: %s", k+1, topic), minutes, strings.Join(some(r, aims, 2), "\n"), "")
			for a, part := range []int{minutes / 5, minutes * 3 / 5, minutes / 5} {
				activities.add(id, a+1, part, pick(r, phases[a]), sentences(r, steps, 2))
			}
			material(unit, id, "worksheet", "Worksheet "+topic)
		}
	}
	for _, b := range []*bulk{lessons, activities, standards, materials} {
		if err := b.end(); err != nil {
			return err
		}
	}
	return nil
}

// some are n of a list, in any order and none twice.
func some(r *rand.Rand, of []string, n int) []string {
	out := make([]string, n)
	for i, k := range r.Perm(len(of))[:n] {
		out[i] = of[k]
	}
	return out
}

// fillIntegrations makes the programs that the school exchanges data with, and their last ten days.
func fillIntegrations(q *querier, p *school) error {
	r := rand.New(p.seed.source("integrations"))
	src := p.seed.source("id of integration")
	list, syncs := q.bulk("integrations", 5), q.bulk("syncs", 6)
	for _, v := range integrations {
		id, last := "int_"+shortID(src)[:12], int64(0)
		for day := range 10 {
			if v.status == IntegrationOff {
				break
			}
			at := Epoch.Add(-time.Duration(day*24*60+r.IntN(60)) * time.Minute).UnixMilli()
			status := "done"
			if day == 0 {
				last = at
				if v.status == IntegrationError {
					status = "failed"
				}
			}
			syncs.add("job_"+shortID(src)[:16], id, nil, status, r.IntN(400), at)
		}
		list.add(id, v.name, v.kind, v.status, last)
	}
	if err := list.end(); err != nil {
		return err
	}
	return syncs.end()
}
