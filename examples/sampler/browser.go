package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// step is something that a person does in a browser.
type step = chromedp.Action[chromedp.Void]

// visit is one person's use of the school in a browser of their own.
type visit struct {
	email string
	does  string // for messages
	steps []step
}

// browser is a running Chromium in which each visit gets a fresh profile.
type browser struct {
	base  string
	files string // folder of what is handed in
	ctx   context.Context
	close func()
}

func openBrowser(ctx context.Context, path, base string) (*browser, error) {
	if path == "" {
		path = findBrowser()
	}
	if path == "" {
		return nil, errors.New("no browser found: install Debian's chromium, or name one with --browser")
	}
	home, err := os.MkdirTemp("", "sampler-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(home), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	first, leave := chromedp.NewContext(allocator)
	b := &browser{base: base, files: filepath.Join(home, "files"), ctx: first, close: func() {
		leave()
		stop()
		os.RemoveAll(home)
	}}
	if err := writeFiles(b.files); err != nil {
		b.close()
		return nil, err
	}
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil {
		b.close()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return b, nil
}

// writeFiles writes what the students hand in.
func writeFiles(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	line := "The boats came back at dusk, and nobody on the quay said a word.\n"
	for name, lines := range map[string]int{"essay.txt": 60, "notes on the reading.txt": 90} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat(line, lines)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// findBrowser is the path of an installed Chromium; "" without one.
func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// visitAll runs the wanted visits, two at a time.
func (b *browser) visitAll(ctx context.Context, wanted func(does string) bool) error {
	visits := slices.DeleteFunc(b.visits(), func(v visit) bool { return !wanted(v.does) })
	problems := make([]error, len(visits))
	places := make(chan struct{}, 2)
	var all sync.WaitGroup
	for i, v := range visits { // begun in their order
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			problems[i] = b.run(ctx, v)
		})
	}
	all.Wait()
	return errors.Join(problems...)
}

func (b *browser) run(ctx context.Context, v visit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tab, leave := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	defer leave()
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil { // opens the tab, which must not end with a time-out
		return fmt.Errorf("opening a browser for %s: %w", v.email, err)
	}
	limited, cancel := context.WithTimeout(tab, 2*time.Minute)
	defer cancel()
	if err := chromedp.Do(limited, v.steps...); err != nil {
		return fmt.Errorf("%s, who %s: %w", v.email, v.does, err)
	}
	fmt.Fprintf(os.Stderr, "%s %s\n", v.email, v.does)
	return nil
}

// ready waits until the page's script has filled it.
func ready(page string) step {
	return chromedp.WaitReady(chromedp.CSS(fmt.Sprintf(`body[data-page="%s"][data-ready="true"]`, page)))
}

func click(selector string) step { return chromedp.Click(chromedp.CSS(selector)) }

func see(selector string) step { return chromedp.WaitVisible(chromedp.CSS(selector)) }

func write(selector, text string) step {
	return chromedp.SendKeys(chromedp.CSS(selector), text)
}

// set puts a value into a field at once, as a date picker does.
func set(selector, value string) step {
	return chromedp.SetValue(chromedp.CSS(selector), value)
}

// submit sends a form as the Enter key does.
func submit(selector string) step { return chromedp.Submit(chromedp.CSS(selector)) }

// choose picks the option of a list that has a value.
func choose(selector, value string) step {
	return pick(selector, fmt.Sprintf("o.value === %q", value))
}

// chooseNth picks the n-th option of a list, wrapping around, leaving out one that stands for no choice.
func chooseNth(selector string, n int) step {
	return pick(selector, fmt.Sprintf("i === %d %% all.length", n))
}

// pick chooses the first option of which a JavaScript condition holds (o: the option, i: its place among all), and tells
// the page as a hand would.
func pick(selector, condition string) step {
	script := fmt.Sprintf(`(list => {
		list.value = [...list.options].filter(o => o.value).find((o, i, all) => %s).value;
		list.dispatchEvent(new Event("change", { bubbles: true }));
		return list.value;
	})(document.querySelector(%q))`, condition, selector)
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[string](script)(ctx, t)
		return chromedp.Void{}, err
	}
}

// pause is what a person takes to read.
func pause(r *rand.Rand) step {
	return chromedp.Sleep(400*time.Millisecond + time.Duration(r.IntN(800))*time.Millisecond)
}

// at replaces {n} in selectors.
func at(selector string, n int) string { return strings.ReplaceAll(selector, "{n}", fmt.Sprint(n)) }
