package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
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
	b := &browser{base: base, ctx: first, close: func() {
		leave()
		stop()
		os.RemoveAll(home)
	}}
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil {
		b.close()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return b, nil
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
	visits := slices.DeleteFunc(b.visits(), func(v visit) bool { return wanted != nil && !wanted(v.does) })
	problems := make([]error, len(visits))
	places := make(chan struct{}, 2)
	var all sync.WaitGroup
	for i, v := range visits {
		all.Go(func() {
			places <- struct{}{}
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

// pause is what a person takes to read.
func pause(r *rand.Rand) step {
	return chromedp.Sleep(400*time.Millisecond + time.Duration(r.IntN(800))*time.Millisecond)
}

// at replaces {n} in selectors.
func at(selector string, n int) string { return strings.ReplaceAll(selector, "{n}", fmt.Sprint(n)) }
