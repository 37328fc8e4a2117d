package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"path"
	"strings"
	"time"

	"firedrill/examples/school/store"
)

//go:embed templates static
var files embed.FS

// View is what every page is rendered from.
type View struct {
	Title  string
	User   store.User // zero when nobody is logged in
	Home   string     // path of the user's first page
	CSRF   string     // token of the session
	API    string     // origin of the API; "" when it is the page's own
	Bearer bool       // the API wants a bearer token
	Data   any        // of the page: see its template
}

// Pages are the templates and static files, parsed.
type Pages struct {
	byName map[string]*template.Template
}

// New parses the embedded templates.
func New() (*Pages, error) {
	entries, err := files.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	funcs := template.FuncMap{
		"day":     func(i store.Instant) string { return i.Time().Format("Mon 2 Jan 2006") },
		"initial": initial,
		"moment":  func(i store.Instant) string { return i.Time().Format(time.DateTime) },
		"hue":     hue,
		"deref":   func(s *string) string { return *s },
	}
	base, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/layout.html")
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	p := &Pages{byName: map[string]*template.Template{}}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name == "layout" {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if p.byName[name], err = t.ParseFS(files, "templates/"+e.Name()); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return p, nil
}

// Render writes the page of a name: the templates' base names.
func (p *Pages) Render(w io.Writer, name string, v View) error {
	t, ok := p.byName[name]
	if !ok {
		return fmt.Errorf("no page is called %q", name)
	}
	if err := t.ExecuteTemplate(w, "layout.html", v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return nil
}

// Static gives a static file and its content type. The bytes must not be changed.
func (p *Pages) Static(name string) (body []byte, kind string, ok bool) {
	// Not mime.TypeByExtension: that one believes what is installed on the machine.
	kind, ok = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	if !ok {
		return nil, "", false
	}
	body, err := files.ReadFile("static/" + name)
	return body, kind, err == nil
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}

// hue gives a subject one of eight colours, the same one on each page.
func hue(s string) int {
	n := 0
	for _, b := range []byte(s) {
		n = (n*31 + int(b)) % 8
	}
	return n
}
