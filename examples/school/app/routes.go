package app

import (
	"net/http"
	"slices"

	"firedrill/examples/school/store"
)

// side is where a route is served when the pages have an origin of their own.
type side int

const (
	apiSide   side = iota
	pageSide       // answers with HTML, errors too
	tokenSide      // with the pages, but answers with JSON
	opsSide        // with the API; for operators on this machine, without log-in or faults
)

// route is an endpoint under the short name that faults use.
type route struct {
	alias   string
	pattern string // of http.ServeMux
	side    side
	roles   []string            // who may; nil: whoever is logged in
	open    bool                // also who is not
	body    func(Options) int64 // bound of the request's body; nil: maxBody
	handle  func(*call) (reply, error)
}

// pattern names are unique; so are aliases but for static files.
func (s *School) routes() []route {
	return slices.Concat(faulty(), opsRoutes)
}

// faulty are the routes that can be made worse.
func faulty() []route {
	return slices.Concat(authRoutes, readRoutes, workRoutes, teachRoutes, adminRoutes, uploadRoutes, insightRoutes, aiRoutes, pageRoutes)
}

var (
	teacherOnly = []string{store.RoleTeacher}
	studentOnly = []string{store.RoleStudent}
	adminOnly   = []string{store.RoleAdmin}
	gradersOnly = []string{store.RoleTeacher, store.RoleAdmin}
)

// naive are the routes that can be made to ask the database once per row.
var naive = []string{"courses", "gradebook", "users", "analytics-courses", "search"}

// Routes are the short names of all routes that can be made worse, sorted.
func Routes() []string {
	var out []string
	for _, r := range faulty() {
		out = append(out, r.alias)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// handler has the API, the pages or both.
func (s *School) handler(api, pages bool) http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		if r.side == apiSide && api || r.side == opsSide && api || (r.side == pageSide || r.side == tokenSide) && pages {
			mux.Handle(r.pattern, s.endpoint(r))
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api && s.origins != nil && r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			s.endpoint(route{alias: "preflight", open: true, handle: preflight})(w, r)
			return
		}
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		lost := route{alias: "none", open: true, handle: func(*call) (reply, error) { return reply{}, misfit(mux, r) }}
		if pages && !isAPI(r.URL.Path) {
			lost.side = pageSide
		}
		s.endpoint(lost)(w, r)
	})
}
