// Package web is what people see of the school: templates, one stylesheet, one script, all embedded.
//
//	app ─▶ View ─▶ [web] ─▶ HTML; in the browser: school.js ─▶ fetch ─▶ API
//
// The server renders what is there when a page opens; the script brings what changes (notifications, gradebook,
// quizzes) and sends what people do. It learns from the page's meta tags where the API is (api-origin, "" for the same
// origin), the session's CSRF token (csrf-token), and whether the API wants a bearer token (api-auth), which it then
// asks of /session/token.
//
// A [Pages] may be used by any number of goroutines.
package web
