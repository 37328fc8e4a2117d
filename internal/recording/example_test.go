package recording_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/recording"
)

func Example() {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "day.db")

	w, err := recording.Create(path, recording.Manifest{Set: "s", KeyID: "k"}, recording.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = w.Append(context.Background(), &exchange.Exchange{
		Start:    time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC),
		Request:  exchange.Request{Method: "GET", Target: "/courses"},
		Response: &exchange.Response{Status: 200},
	})
	if err != nil {
		fmt.Println(err)
	}
	w.Lose("an example", 2)
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}

	r, err := recording.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for x, err := range r.Exchanges() {
		fmt.Println(x.Seq, x.Request.Method, x.Request.Target, x.Status(), err)
	}
	fmt.Println(r.Losses())
	// Output:
	// 1 GET /courses 200 <nil>
	// map[an example:2]
}
