package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/app"
	"firedrill/examples/school/store"
)

// browser is a real Chromium, with one profile per person.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
}

func openBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("FIREDRILL_REQUIRE"), ","), "chromium") {
			t.Fatal("FIREDRILL_REQUIRE names chromium, which is not installed (Debian package chromium)")
		}
		t.Skip("needs the Debian package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true))
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(func() { leave(); stop() })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return &browser{t, ctx, base}
}

type step = chromedp.Action[chromedp.Void]

func on(selector string) chromedp.CSS { return chromedp.CSS(selector) }

func ready(page string) step {
	return chromedp.WaitReady(on(`body[data-page="` + page + `"][data-ready="true"]`))
}
func click(selector string) step         { return chromedp.Click(on(selector)) }
func see(selector string) step           { return chromedp.WaitVisible(on(selector)) }
func fillIn(selector, text string) step  { return chromedp.SendKeys(on(selector), text) }
func setTo(selector, value string) step  { return chromedp.SetValue(on(selector), value) }
func (b *browser) open(path string) step { return chromedp.Navigate(b.base + path) }

// choose picks the option of a list with a text, as a hand would.
func choose(selector, text string) step {
	return evaluate(fmt.Sprintf(`(list => {
		list.value = [...list.options].find(o => o.text === %q).value;
		list.dispatchEvent(new Event("change", { bubbles: true }));
	})(document.querySelector(%q))`, text, selector))
}

// evaluate runs an expression in the page and waits for it, if it is a promise.
func evaluate(expression string) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("(async () => { await ("+expression+"); return true; })()", chromedp.EvalAwaitPromise)(ctx, t)
		return chromedp.Void{}, err
	}
}

// reads compares the text of an element.
func reads(selector, want string) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		got, err := chromedp.TextContent(on(selector))(ctx, t)
		if err == nil && !strings.Contains(got, want) {
			err = fmt.Errorf("%s reads %q, not %q", selector, got, want)
		}
		return chromedp.Void{}, err
	}
}

// counts compares how many elements there are.
func counts(selector string, want int) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		n, err := chromedp.Evaluate[int](fmt.Sprintf("document.querySelectorAll(%q).length", selector))(ctx, t)
		if err == nil && n != want {
			err = fmt.Errorf("%d times %s, not %d", n, selector, want)
		}
		return chromedp.Void{}, err
	}
}

// person logs in and does the steps, in a profile of their own, within a minute.
func (b *browser) person(name, home string, steps ...step) {
	b.t.Helper()
	tab, leave := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	defer leave()
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	steps = append([]step{
		b.open("/login"), fillIn(`input[name="email"]`, name+"@test.local"), fillIn(`input[name="password"]`, store.Password), click("#login"), ready(home),
	}, steps...)
	for i, s := range steps {
		if err := chromedp.Do(ctx, s); err != nil {
			said, _ := chromedp.Run(tab, chromedp.Evaluate[string](`location.pathname + ": " + (document.querySelector("#notice")?.textContent ?? "no notice")`))
			b.t.Fatalf("%s, step %d: %v (at %s)", name, i+1, err, said)
		}
	}
}

// busy answers the first request for a text with 429, as a school does whose helper is busy; the pages' origin may read it.
func busy(asked *[]string) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/api/v1/ai/generate" {
				next.ServeHTTP(w, r)
				return
			}
			mu.Lock()
			*asked = append(*asked, r.Header.Get("Accept"))
			first := len(*asked) == 1
			mu.Unlock()
			if !first {
				next.ServeHTTP(w, r)
				return
			}
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "Retry-After")
			h.Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		})
	}
}

// What the pages offer works in a real browser, whatever the log-in and wherever the API: each line of steps ends with
// something that only a write that arrived can show.
func TestPagesInABrowser(t *testing.T) {
	for name, change := range map[string]func(*app.Options){
		"session":     func(*app.Options) {},
		"jwt":         func(o *app.Options) { o.Auth = app.AuthJWT },
		"two origins": func(o *app.Options) { o.Web = "127.0.0.1:0" },
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			s := start(t, func(o *app.Options) {
				o.AITime, o.Wrap = 100*time.Millisecond, busy(&asked)
				change(o)
			})
			b := openBrowser(t, s.WebURL())
			b.person("teacher1", "teacher", b.planning()...)
			b.person("teacher1", "teacher", b.helper()...)
			if diff := cmp.Diff([]string{"text/event-stream", "text/event-stream"}, asked); diff != "" {
				t.Errorf("requests for a text (-want +got):\n%s", diff)
			}
			b.person("student1", "student", b.work()...)
			b.person("admin1", "admin", b.office()...)
			checkWork(t, s)
		})
	}
}

func (b *browser) planning() []step {
	return []step{
		click(`nav a[href="/teacher/units"]`), ready("units"), click(`a[href="/teacher/units/new"]`), ready("unit-new"),
		fillIn(`#unit-form input[name="title"]`, "Zinnias and zebras"), fillIn(`#unit-form textarea`, "From Z to A."),
		click("#create"), ready("unit"), reads("#title", "Zinnias"), reads("#lessons", "No lessons yet."),
		click("#adder summary"), fillIn(`#lesson-form input[name="title"]`, "Stripes"), fillIn(`#lesson-form textarea`, "Look closely\n\n Say what you saw "),
		click("#add-lesson"), see("#lessons li a"), click("#editor summary"),
		choose(`#edit select`, "published"), click("#save"), see("#editor:not([open])"), reads("#status", "published"),
		// Somebody else's change in between: 409, and the page shows what the unit is now.
		evaluate(`school.call("/unit_plans/" + document.querySelector("#unit").dataset.unit, { method: "PATCH", body: { lock_version: 2, title: "Yaks" } })`),
		click("#editor summary"), click("#save"), see("#notice.bad"), reads("#notice", "Somebody else"), reads("#title", "Yaks"),
		chromedp.SetUploadFiles(on("#material"), []string{b.file("map.txt")}), see("#materials a.file"), reads("#materials", "map.txt"),
		click("#lessons li a"), ready("lesson"), reads("#title", "Stripes"), counts("#objectives li", 2), reads("#objectives", "Say what you saw"),
		fillIn(`#search-form input`, "yaks"), chromedp.Submit(on("#search-form")), ready("search"),
		choose("#type", "unit plans"), see(`#results[data-type="unit_plan"] a`), reads("#results", "Yaks"),
		click("#results li a"), ready("unit"), reads("#title", "Yaks"),
		click(`nav a[href="/teacher"]`), ready("teacher"), click("#courses a"), ready("gradebook"),
		click(`a[href$="/assignments/new"]`), ready("assignment-new"),
		fillIn(`#assignment-form input[name="title"]`, "Draw a yak"), fillIn(`#assignment-form textarea`, "From memory."), setTo(`#assignment-form input[name="due"]`, "2090-05-17"),
		click("#create"), ready("gradebook"), reads("#assignments", "Draw a yak"),
	}
}

// helper: the first request is refused and made again by itself.
func (b *browser) helper() []step {
	return []step{
		click(`nav a[href="/teacher/ai"]`), ready("ai"), fillIn(`#ai-form input[name="topic"]`, "yaks in the mountains"),
		click("#generate"), see("#ai-wait"), reads("#ai-wait", "again in 1 second."),
		see("#ai-done"), chromedp.WaitNotVisible(on("#ai-wait")), reads("#text", "yaks in the mountains"),
		click("#save"), click("#saved"), ready("lesson"), reads("#title", "yaks in the mountains"), reads("#notes", "yaks in the mountains"),
	}
}

func (b *browser) work() []step {
	return []step{
		click("#courses a"), ready("course"), click("#assignments li a"), ready("assignment"),
		fillIn("#submit-form textarea", "My answer."), chromedp.SetUploadFiles(on("#file"), []string{b.file("essay.txt")}),
		click("#submit"), see("#mine[data-handed] .files"), reads("#mine .files", "essay.txt"),
		click(`nav a[href="/student"]`), ready("student"), click("#courses a"), ready("course"), reads("#assignments li", "submitted"),
		click("#assignments li a"), ready("assignment"), reads("#mine", "My answer."), click("#mine button.files"), reads("#mine p.files", "essay.txt"),
		// The link fetches the bytes with whatever log-in the page has.
		evaluate(`URL.createObjectURL = blob => { blob.text().then(text => { document.body.dataset.bytes = text.trim(); }); return "#"; }`),
		click("#mine .file"), see(`body[data-bytes="essay.txt: it rained."]`),
		evaluate(`document.querySelector(".bell").open = true`), click("#notifications .read"),
		click(`nav a[href="/student/grades"]`), ready("grades"),
	}
}

func (b *browser) office() []step {
	return []step{
		reads("#figures", "40students"), counts("#per-day li", 14), see("#subjects tbody tr"), see("#course-table tbody tr"),
		click("#engagement-form button"), see("#engagement tbody tr"),
		click(`nav a[href="/admin/users"]`), ready("users"), counts("#users tbody tr", 25),
		choose(`#filter select`, "students"), see(`#users tbody tr`), click("#next-page"), see(`#pages[data-page="2"]`), counts("#users tbody tr", 15), reads("#pages", "Page 2 of 2, 40 in all"),
		click("#users tbody a"), ready("user"), see("#user .rows li"), reads("#user", "@test.local"),
		click(`nav a[href="/admin/integrations"]`), ready("integrations"), click(".sync:enabled"), see("#notice"), reads("#notice", "is being synchronised"),
		click(`nav a[href="/admin/courses/new"]`), ready("course-new"),
		fillIn(`#course-form input[name="title"]`, "Robotics 8d"), fillIn(`#course-form input[name="subject"]`, "Informatics"), evaluate(`document.querySelector("#course-form").teacher.selectedIndex = 2`),
		click("#create"), see("#enrol-form"), click("#students label:nth-child(2) input"), click("#next-page"), see(`#pages[data-page="2"]`), click("#students label:nth-child(3) input"), reads("#enrol", "Enrol 2"),
		click("#enrol"), see("#enrolled"), reads("#enrolled", "2 enrolled."),
		fillIn(`#search-form input`, "robotics"), chromedp.Submit(on("#search-form")), ready("search"), reads("#results", "Robotics 8d"),
	}
}

// file writes a small file to be sent.
func (b *browser) file(name string) string {
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(name+": it rained.\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// checkWork asks the school itself what the student handed in.
func checkWork(t *testing.T, s *app.School) {
	t.Helper()
	truth, err := s.Truth(t.Context(), false)
	var handedIn []string
	for _, v := range truth.Submissions {
		if v.Student == "student1@test.local" {
			handedIn = append(handedIn, v.Content)
		}
	}
	if diff := cmp.Diff([]string{"My answer."}, handedIn); errors.Join(err) != nil || diff != "" {
		t.Errorf("%v; handed in (-want +got):\n%s", err, diff)
	}
}
