package endpoint

import (
	"fmt"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

var authWords = wordSet("login logout signin signout sign_in sign_out sign-in sign-out log_in log_out log-in log-out auth authenticate authorize token refresh whoami me current_user userinfo sso callback password csrf csrf-token csrf_token")
var sessionWords = wordSet("session sessions user_session user_sessions")
var uploadWords = wordSet("upload uploads attachments files")
var searchWords = wordSet("search find autocomplete suggest typeahead lookup")
var searchKeys = wordSet("q query search term keyword keywords")
var costlyWords = wordSet("generate generation generations completion completions chat ai llm prompt prompts assistant")
var keepingWords = wordSet("save accept publish share copy archive star favorite rate rating like dislike")
var destructiveWords = wordSet("reset destroy delete remove purge wipe revoke drop truncate")
var envelopes = wordSet("data items results rows records list entries content nodes edges")

// words of a path template, lower case, parameters left out.
func templateWords(template string) []string {
	var list []string
	for _, s := range strings.Split(strings.ToLower(template), "/") {
		if s != "" && !strings.HasPrefix(s, "{") {
			list = append(list, s)
		}
	}
	return list
}

// keeps reports whether a path says what becomes of a thing that is there
// (generations/{id}/save): that costs nothing, whatever making it did.
func keeps(template string) bool {
	segments := strings.Split(strings.Trim(strings.ToLower(template), "/"), "/")
	n := len(segments)
	return n >= 2 && keepingWords[segments[n-1]] && strings.HasPrefix(segments[n-2], "{")
}

// classify is what a request of this kind does to the application.
func classify(method, template string, streams bool) (plan.Class, string) {
	words := templateWords(template)
	reads := method == "GET" || method == "HEAD" || method == "OPTIONS"
	if !reads {
		for _, w := range words {
			if costlyWords[w] && !keeps(template) {
				return plan.Costly, fmt.Sprintf("%s with %q in its path", method, w)
			}
		}
	} else {
		for _, w := range words {
			if streams && costlyWords[w] {
				return plan.Costly, fmt.Sprintf("an event stream with %q in its path", w)
			}
		}
		return plan.Read, "reads"
	}
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	switch {
	case method == "DELETE" && !sessionWords[last] && !authWords[last]:
		return plan.Destructive, "DELETE"
	case authWords[last] || sessionWords[last]:
		return plan.Write, "writes: log-in"
	}
	for _, w := range words {
		for _, piece := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '_' || r == ':' }) {
			if destructiveWords[piece] {
				return plan.Destructive, fmt.Sprintf("%s with %q in its path", method, piece)
			}
		}
	}
	return plan.Write, "writes: " + method
}

// categorise learns an endpoint's category from its path and recorded samples.
func categorise(method, template string, samples []*exchange.Exchange) (plan.Category, string) {
	words := templateWords(template)
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	endsInParam := strings.HasSuffix(strings.SplitN(template+".", ".", 2)[0], "}")
	if last != "" && authWords[last] && !endsInParam {
		return plan.Auth, fmt.Sprintf("path ends in %q", last)
	}
	if w := credentialField(samples); w != "" {
		return plan.Auth, fmt.Sprintf("sends %q", w)
	}
	if sessionWords[last] && !endsInParam && (method == "POST" || method == "DELETE") {
		return plan.Auth, fmt.Sprintf("%s %q", method, last)
	}
	if streams(samples) {
		return plan.Stream, "answers with an event stream"
	}
	if method != "GET" && method != "HEAD" {
		if why, ok := uploads(last, samples); ok {
			return plan.Upload, why
		}
		if method == "POST" && searchWords[last] {
			return plan.Search, fmt.Sprintf("path ends in %q", last)
		}
		return plan.Update, "writes: " + method
	}
	if searchWords[last] {
		return plan.Search, fmt.Sprintf("path ends in %q", last)
	}
	if key := searchKey(samples); key != "" {
		return plan.Search, fmt.Sprintf("query parameter %q", key)
	}
	return listOrDetail(last, endsInParam, samples)
}

func listOrDetail(last string, endsInParam bool, samples []*exchange.Exchange) (plan.Category, string) {
	var list, object, page int
	why := ""
	for _, x := range samples {
		if x.Status() >= 300 {
			continue
		}
		contentType, _ := exchange.Get(x.Response.Header, "Content-Type")
		media := message.MediaType(contentType)
		switch {
		case message.IsJSON(media):
			if w, ok := listAnswer(x, last); ok && !endsInParam {
				list, why = list+1, w
			} else {
				object++
			}
		case media == "text/html" || media == "application/xhtml+xml":
			page++
		}
	}
	switch {
	case list > 0 && list >= object:
		return plan.List, "answers with a list: " + why
	case object > 0 && endsInParam:
		return plan.Detail, "path ends in a parameter"
	case object > 0:
		return plan.Detail, "answers with one object"
	case page > 0 && endsInParam:
		return plan.Detail, "a page whose path ends in a parameter"
	case page > 0:
		return plan.Other, "a page"
	}
	return plan.Other, "nothing recorded says what it is"
}

// listAnswer reports whether a JSON answer is a list of things: an array, or an
// object whose only array stands under an envelope's name or the path's last word.
func listAnswer(x *exchange.Exchange, last string) (string, bool) {
	tree := message.Parse(message.OfResponse(x.Response))
	if tree.Len(message.MustRef("json")) >= 0 {
		return "json", true
	}
	for _, s := range tree.Shape() {
		name, _, ok := strings.Cut(strings.TrimPrefix(s, "json."), "[*]")
		if !ok || !strings.HasPrefix(s, "json.") || strings.ContainsAny(name, ".[") {
			continue
		}
		low := strings.ToLower(name)
		if envelopes[low] || low == last || Singular(low) == Singular(last) || strings.HasSuffix(strings.ReplaceAll(last, "-", "_"), low) {
			return "json." + name, true
		}
	}
	if raw, ok := tree.Raw(message.MustRef("body")); ok && strings.HasPrefix(strings.TrimSpace(raw), "[") { // the empty array has no shape
		return "json", true
	}
	return "", false
}

// credentialField is the name of a password field that any sample sends.
func credentialField(samples []*exchange.Exchange) string {
	for _, x := range samples {
		if x.Request.Method == "GET" || len(x.Request.Body.Data) == 0 {
			continue
		}
		for leaf := range message.Parse(message.OfRequest(&x.Request)).Leaves() {
			if IsPassword(leaf.Ref.Name()) {
				return leaf.Ref.Name()
			}
		}
	}
	return ""
}

// IsPassword reports whether a field's name is one that passwords go by:
// "password", "user[password]", "passwd", "pwd", "passphrase".
func IsPassword(name string) bool {
	n := strings.ToLower(name)
	if i := strings.LastIndexByte(n, '['); i >= 0 {
		n = strings.Trim(n[i:], "[]")
	}
	switch n {
	case "password", "passwd", "pwd", "passphrase", "pass", "j_password", "user_password", "userpassword", "os_password":
		return true
	}
	return false
}

func streams(samples []*exchange.Exchange) bool {
	for _, x := range samples {
		contentType, _ := exchange.Get(x.Response.Header, "Content-Type")
		if message.MediaType(contentType) == "text/event-stream" {
			return true
		}
	}
	return false
}

func uploads(last string, samples []*exchange.Exchange) (string, bool) {
	for _, x := range samples {
		contentType, _ := exchange.Get(x.Request.Header, "Content-Type")
		media := message.MediaType(contentType)
		switch {
		case media == "multipart/form-data" && strings.Contains(string(x.Request.Body.Data), "filename="):
			return "sends a file in a form", true
		case strings.HasPrefix(media, "image/"), strings.HasPrefix(media, "video/"), strings.HasPrefix(media, "audio/"),
			media == "application/octet-stream", media == "application/pdf", media == "application/zip":
			return "sends " + media, true
		case uploadWords[last] && media == "multipart/form-data":
			return fmt.Sprintf("a form sent to %q", last), true
		}
	}
	return "", false
}

func searchKey(samples []*exchange.Exchange) string {
	for _, x := range samples {
		for leaf := range message.Parse(message.Message{Method: "GET", Target: x.Request.Target}).Leaves() {
			if s := leaf.Ref.String(); strings.HasPrefix(s, "query") && searchKeys[strings.ToLower(leaf.Ref.Name())] {
				return leaf.Ref.Name()
			}
		}
	}
	return ""
}
