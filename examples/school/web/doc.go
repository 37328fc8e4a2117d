// Package web is what people see of the school: templates, one stylesheet, three scripts, all embedded.
//
//	app ─▶ View ─▶ [web] ─▶ HTML; in the browser: school.js (+ office.js, teacher.js) ─▶ fetch ─▶ API
//
// The server renders what is there when a page opens; the scripts bring what changes (notifications, gradebook, quizzes,
// nearly all of the office's and the teachers' planning pages) and send what people do. They learn from the page's meta
// tags where the API is (api-origin, "" for the same origin), the session's CSRF token (csrf-token), and whether the API
// wants a bearer token (api-auth), which they then ask of /session/token. A page's body gets data-ready="true" when its
// script has filled it.
//
// A [Pages] may be used by any number of goroutines.
package web
