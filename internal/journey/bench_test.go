package journey_test

import (
	"fmt"
	"testing"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
)

// synthetic is a school's day: sessions of teachers who grade, with gradebooks of 30 rows.
func synthetic(exchanges int) []*exchange.Exchange {
	var all []*exchange.Exchange
	for n := 0; len(all) < exchanges; n++ {
		text := "login\nGET /api/dashboard\n< 200 {\"courses\":["
		for c := range 4 {
			text += fmt.Sprintf(`{"id":%d,"title":"Course","ungraded":%d},`, 1000+n*10+c, c)
		}
		text = text[:len(text)-1] + "],\"csrf\":\"@csrf\"}\n"
		text += fmt.Sprintf("GET /api/courses/%d/gradebook\n< 200 {\"submissions\":[", 1000+n*10+n%4)
		for s := range 30 {
			text += fmt.Sprintf(`{"id":"%%s%d","status":"submitted","student":{"id":%d,"name":"A B"},"grade":null},`, s, 5000+s)
		}
		text = text[:len(text)-1] + "]}\n"
		for s := range 3 + n%5 {
			text += fmt.Sprintf("GET /api/submissions/%%s%d\n< 200 {\"id\":\"%%s%d\",\"status\":\"submitted\"}\n", s, s)
			text += fmt.Sprintf("POST /api/submissions/%%s%d/grade\n> X-CSRF-Token: @csrf\n> {\"grade\":%d}\n< 200 {\"id\":\"%%s%d\",\"status\":\"graded\"}\n", s, 60+s*3+n%7, s)
		}
		c, err := convtest.Parse(text)
		if err != nil {
			panic(err)
		}
		u := convtest.User{Name: fmt.Sprintf("user%d", n), Vars: map[string]string{}}
		all = append(all, c.Session(u, convtest.Epoch.Add(time.Duration(n)*20*time.Second), uint64(n+1))...)
	}
	for i, x := range all {
		x.Seq = uint64(i + 1)
	}
	return all[:exchanges]
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{2000, 20000} {
		all := synthetic(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := journey.Build(convtest.Sequence(all), journey.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
