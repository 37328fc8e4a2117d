package recording

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"testing"
	"time"

	"firedrill/internal/exchange"
)

var writeDict = flag.Bool("write-dict", false, "write dict1.bin anew; only before a first release")

// dict1Sum pins the dictionary: files hold values that can be read with these bytes alone.
const dict1Sum = "182c971367517f1a"

func TestDictionaryNeverChanges(t *testing.T) {
	if *writeDict {
		if err := os.WriteFile("dict1.bin", makeDictionary(), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written")
	}
	sum := sha256.Sum256(dict1)
	if got := hex.EncodeToString(sum[:8]); got != dict1Sum {
		t.Errorf("dict1.bin has sum %s, want %s: recordings made so far could not be read", got, dict1Sum)
	}
	if !bytes.Equal(dict1, makeDictionary()) {
		t.Error("dict1.bin is not what makeDictionary makes")
	}
}

type pairs []string

func (p pairs) fields() []exchange.Field {
	var all []exchange.Field
	for i := 0; i+1 < len(p); i += 2 {
		all = append(all, exchange.Field{Name: p[i], Value: p[i+1]})
	}
	return all
}

// makeDictionary encodes synthetic records, rarest words first: zstd finds what
// stands near the end most cheaply.
func makeDictionary() []byte {
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	const safari = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
	const chrome = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	browser := func(agent, accept, dest, mode string, more ...string) []exchange.Field {
		return append(pairs{"Accept", accept, "Accept-Encoding", "gzip, deflate, br, zstd", "Accept-Language", "en-US,en;q=0.9",
			"Cache-Control", "no-cache", "Connection", "keep-alive", "Origin", "https://", "Pragma", "no-cache", "Referer", "https://",
			"Sec-Ch-Ua", `"Chromium";v="140", "Google Chrome";v="140", "Not=A?Brand";v="24"`, "Sec-Ch-Ua-Mobile", "?0", "Sec-Ch-Ua-Platform", `"Linux"`,
			"Sec-Fetch-Dest", dest, "Sec-Fetch-Mode", mode, "Sec-Fetch-Site", "same-origin", "Upgrade-Insecure-Requests", "1",
			"User-Agent", agent}.fields(), pairs(more).fields()...)
	}
	words := ` "first_name":"last_name":"email":"phone":"address":"school_id":"teacher_id":"student_id":"grade_level":"period":"subject":"term":"score":"points":"max_points":"feedback":"submitted_at":"graded_at":"due_at":"published":true,"attempts":[{"question_id":"answer":"choices":["correct":false,"duration":` +
		`"access_token":"refresh_token":"token_type":"Bearer","expires_in":3600,"csrf_token":"error":{"code":"message":"errors":["detail":"field":"status":"success","failed","pending","draft","published","submitted","graded","active","archived"` +
		`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title></title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="csrf-token" content=""><link rel="stylesheet" href="/assets/"><script src="/assets/"></script></head><body><div class=""><form method="post" action="/"><input type="hidden" name="" value=""><input type="text" name="" id=""><label for=""><button type="submit"></button></form></div><table><thead><tr><th></th></tr></thead><tbody><tr><td></td></tr></tbody></table></body></html>` +
		`event: message` + "\n" + `data: {"id":"","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]}` + "\n\n" + `data: [DONE]` + "\n\n"
	page := `{"data":[{"id":"type":"attributes":{"name":"title":"description":"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z"},"relationships":{}}],"meta":{"page":1,"per_page":20,"total":100,"total_pages":5},"links":{"self":"first":"prev":null,"next":"last":}}` +
		`[{"id":1,"name":"","title":"","url":"","count":0,"items":[],"user":{"id":"","role":"teacher","role":"student","role":"admin"},"course_id":"","assignment_id":"","submission_id":"","quiz_id":"","unit_plan_id":"","status":"","read":false,"created_at":"","updated_at":""}]`
	answer := func(contentType, body string, more ...string) *exchange.Response {
		return &exchange.Response{Status: 200, Proto: "HTTP/1.1",
			Header: append(pairs(more).fields(), pairs{"Access-Control-Allow-Credentials", "true", "Access-Control-Allow-Origin", "https://",
				"Cache-Control", "max-age=0, private, must-revalidate", "Connection", "keep-alive", "Content-Encoding", "gzip", "Content-Length", "1234",
				"Content-Security-Policy", "default-src 'self'", "Content-Type", contentType, "Date", "Tue, 01 Sep 2026 08:00:00 GMT", "Etag", `W/"`,
				"Referrer-Policy", "strict-origin-when-cross-origin", "Server", "nginx", "Server-Timing", `db;dur=1.0;desc="5 queries"`,
				"Set-Cookie", "session=; Path=/; HttpOnly; Secure; SameSite=Lax", "Strict-Transport-Security", "max-age=31536000; includeSubDomains",
				"Vary", "Accept-Encoding, Origin", "X-Content-Type-Options", "nosniff", "X-Db-Query-Count", "5", "X-Frame-Options", "SAMEORIGIN",
				"X-Request-Id", "", "X-Runtime", "0.012345"}.fields()...),
			Body: exchange.Body{Size: 600, Decoded: 1200, Encoding: "gzip", Data: []byte(body)}}
	}
	var out []byte
	add := func(method, target string, header []exchange.Field, body string, res *exchange.Response) {
		out = exchange.EncodeTo(out, &exchange.Exchange{
			Start: time.Unix(1788249600, 123456789), Target: "api", Client: "", Conn: 1,
			Request: exchange.Request{Method: method, Scheme: "https", Host: "localhost:4000", Target: target, Proto: "HTTP/1.1", Header: header,
				Body: exchange.Body{Size: int64(len(body)), Decoded: int64(len(body)), Data: []byte(body)}},
			Response: res, Timing: exchange.Timing{RequestEnd: 100_000, FirstByte: 1_000_000, End: 1_100_000}})
	}
	out = append(out, words...)
	add("PUT", "/", browser(safari, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "document", "navigate",
		"Content-Type", "multipart/form-data; boundary=----WebKitFormBoundary", "If-Modified-Since", "Tue, 01 Sep 2026 08:00:00 GMT", "If-None-Match", `W/"`),
		"Content-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Type: application/pdf\r\n\r\n",
		answer("text/html; charset=utf-8", "", "Accept-Ranges", "bytes", "Age", "0", "Last-Modified", "Tue, 01 Sep 2026 08:00:00 GMT", "Location", "https://"))
	add("DELETE", "/login", browser(firefox, "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
		"script", "no-cors", "Content-Type", "application/x-www-form-urlencoded"), "email=&password=&authenticity_token=&commit=",
		answer("application/javascript; charset=utf-8", ""))
	add("POST", "/api/v1/", browser(chrome, "application/json, text/plain, */*", "empty", "cors", "Authorization", "Bearer ", "Content-Length", "60",
		"Content-Type", "application/json", "Cookie", "session=", "X-Csrf-Token", "", "X-Requested-With", "XMLHttpRequest"), `{"email":"","password":""}`,
		answer("text/event-stream; charset=utf-8", ""))
	add("GET", "/api/v1/courses/1?page=1&per_page=20", browser(chrome, "*/*", "empty", "cors", "Cookie", "session="), "",
		answer("application/json; charset=utf-8", page))
	return out
}
