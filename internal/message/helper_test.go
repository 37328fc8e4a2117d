package message_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with the file, or with -update writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}

// readMessage reads a file of testdata/messages: "METHOD target" or a status, fields, an
// empty line, the body to the end of the file.
func readMessage(t testing.TB, file string) message.Message {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(data), "\n\n")
	var m message.Message
	m.Body = []byte(body)
	for i, line := range strings.Split(head, "\n") {
		if i == 0 {
			if status, err := strconv.Atoi(line); err == nil {
				m.Status = status
			} else {
				m.Method, m.Target, _ = strings.Cut(line, " ")
			}
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		m.Header = append(m.Header, exchange.Field{Name: name, Value: value})
	}
	return m
}

func messageFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/messages/*.http")
	if err != nil || len(files) < 5 {
		t.Fatalf("messages: %v %v", files, err)
	}
	return files
}

func jsonMessage(body string) message.Message {
	return message.Message{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(body)}
}

func htmlMessage(body string) message.Message {
	return message.Message{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "text/html"}}, Body: []byte(body)}
}

func formMessage(body string) message.Message {
	return message.Message{Method: "POST", Target: "/", Header: []exchange.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, Body: []byte(body)}
}

// checkTree holds what must be true of any tree.
func checkTree(t interface {
	Helper()
	Errorf(string, ...any)
}, m message.Message) {
	t.Helper()
	tree := message.Parse(m)
	seen := map[message.Ref]bool{}
	for leaf := range tree.Leaves() {
		if seen[leaf.Ref] {
			t.Errorf("two leaves are called %s", leaf.Ref)
		}
		seen[leaf.Ref] = true
		got, ok := message.Parse(m).Get(leaf.Ref)
		if !ok || got != leaf {
			t.Errorf("Get(%s) = %v %v, the leaf is %v", leaf.Ref, got, ok, leaf)
		}
		again, err := message.ParseRef(leaf.Ref.String())
		if err != nil || again != leaf.Ref {
			t.Errorf("ParseRef(%q) = %q, %v", leaf.Ref, again, err)
		}
		if all := tree.All(leaf.Ref); len(all) != 1 || all[0] != leaf {
			t.Errorf("All(%s) = %v", leaf.Ref, all)
		}
		if list, _, _, ok := leaf.Ref.SplitList(); ok && tree.Len(list) < 1 {
			t.Errorf("Len(%s) = %d, of %s", list, tree.Len(list), leaf.Ref)
		}
	}
	same := tree.Replace(func(l message.Leaf) (string, bool) { return l.Text, true })
	if same.Target != m.Target || !bytes.Equal(same.Body, m.Body) {
		t.Errorf("replacing each leaf by itself changed %q %q to %q %q", m.Target, m.Body, same.Target, same.Body)
	}
	for i, f := range same.Header {
		if f != m.Header[i] {
			t.Errorf("field %v became %v", m.Header[i], f)
		}
	}
	var parts []string
	tree.RewriteWith(message.Rewriter{Leaf: func(p message.Part) (string, bool) {
		if name := p.Ref().Name(); name != p.Name() {
			t.Errorf("%s: Part.Name %q, Ref.Name %q", p.Ref(), p.Name(), name)
		}
		parts = append(parts, p.Ref().String())
		return "", false
	}})
	if len(parts) != len(seen) {
		t.Errorf("%d parts, %d leaves", len(parts), len(seen))
	}
}
