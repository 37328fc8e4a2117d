package redact

// Policy says what is secret and what becomes of it. Its zero value redacts
// nothing; Default is what recorders use. A Policy is data: it may be copied, its
// slices are shared.
type Policy struct {
	Name  string // recorded with what it redacted: "default"
	Rules []Rule // the first one that applies decides

	// Headers and Fields are names that are secret in addition; Keep are names that
	// no rule applies to. All are compared without regard to case and separators
	// ("sessionToken" is "session-token"); "*" at either end stands for anything.
	Headers []string
	Fields  []string
	Keep    []string
}

// Rule is one reason to replace values. It applies to a value whose header or
// field has one of the names, and where Detect is set to values that look so.
type Rule struct {
	Name    string   // as counted in a Report: "password", "jwt"
	Headers []string // names of header fields, as Policy.Headers
	Fields  []string // names of query and form fields, JSON keys, html inputs, …
	Cookies bool     // every cookie
	Detect  Look     // a look that is enough, whatever the name
	Only    Look     // the name only counts where the value looks so
	Numbers bool     // numbers are replaced too, not only strings
	As      Form     // what the value becomes
}

// Look is a form of value that tells what it is.
type Look uint8

// The looks.
const (
	NoLook     Look = iota
	IsJWT           // a JSON Web Token
	IsOpaque        // at least 20 characters of mixed letters and digits that are no id of a common kind
	IsEmail         // an e-mail address, also within a longer text
	IsMade          // at least 8 characters, letters and digits mixed: no word
	IsMadeNoID      // the same, and no id of a common kind: UUID, ULID, 24 or 32 hexadecimal digits
)

// Form is what a secret becomes.
type Form uint8

// The forms.
const (
	AsToken Form = iota // "fd~" and 22 characters
	AsEmail             // "u" and 10 hexadecimal digits "@example.test"
)

// Default is the policy of a recorder that was told nothing else: log-in secrets,
// credentials, cookies, and e-mail addresses.
func Default() Policy {
	return Policy{
		Name: "default",
		Rules: []Rule{
			{Name: "password", Fields: []string{
				"*password", "passwd", "*_passwd", "pwd", "*_pwd", "pass", "user_pass", "passphrase", "passcode",
				"password_confirmation", "password_confirm", "password_repeat", "password_hash", "password_digest", "password1", "password2",
			}},
			{Name: "pin", Numbers: true, Fields: []string{
				"pin", "pin_code", "otp", "otp_code", "totp", "totp_code", "mfa_code", "two_factor_code", "verification_code", "security_code",
				"cvv", "cvc", "secret_answer", "security_answer",
			}},
			{Name: "authorization", Headers: []string{"Authorization", "Proxy-Authorization", "*-Authorization"}},
			{Name: "cookie", Cookies: true},
			{Name: "address", Headers: []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP"}},
			{Name: "credential", Headers: []string{
				"*-Token", "*-Secret", "*-Key", "*-Signature", "*-Api-Key", "Api-Key", "X-CSRF*", "X-XSRF*", "X-Session*", "*-Session", "X-Client-Cert", "X-Auth*", "X-WP-Nonce", "X-ICSID",
			}, Fields: []string{
				"*token", "*secret", "*api_key", "*access_key", "*private_key", "*secret_key", "*signing_key", "jwt", "bearer", "authorization",
				"*csrf*", "*xsrf*", "*session_id", "*sessid", "sesskey", "session_key", "session_code", "credential", "credentials", "wpnonce",
				"saml_response", "saml_request", "assertion", "client_assertion", "code_verifier", "code_challenge", "viewstate", "eventvalidation",
				"javax.faces.ViewState", "form_build_id", "icsid", "signed_id", "x_amz_signature", "x_amz_credential", "x_amz_security_token", "x_goog_signature",
			}},
			{Name: "session", Only: IsMade, Fields: []string{"session", "sid", "*_sid", "auth", "ticket", "sig", "signature"}},
			{Name: "maybe", Only: IsMadeNoID, Fields: []string{
				"code", "state", "nonce", "*_nonce", "key", "*_key", "hash", "lt", "execution", "tab_id", "relay_state", "challenge", "verifier", "secret*", "token*",
			}},
			{Name: "jwt", Detect: IsJWT},
			{Name: "opaque", Detect: IsOpaque},
			{Name: "e-mail", Detect: IsEmail, As: AsEmail},
		},
		Keep: []string{
			// Names of names, not secrets.
			"csrf_param", "csrf_header", "_csrf_header", "_csrf_parameter", "csrf_header_name", "csrf_parameter_name", "csrf_cookie_name",
			// The client's own, new each time: what it makes them of must stay to be seen.
			"Idempotency-Key", "X-Idempotency-Key", "X-Request-Id", "X-Correlation-Id", "Request-Id", "traceparent", "tracestate", "Sentry-Trace", "baggage", "X-Amzn-Trace-Id",
			"Sec-WebSocket-Key", "Sec-WebSocket-Accept",
			// Protocol.
			"User-Agent", "Accept", "Accept-*", "Content-Type", "Content-Security-Policy*", "Content-Encoding", "Content-Length", "Cache-Control", "Date", "Expires", "Etag",
			"If-None-Match", "If-Match", "Last-Modified", "If-Modified-Since", "Permissions-Policy", "Report-To", "Nel", "Server", "Via", "Sec-CH-*", "Sec-Fetch-*", "Strict-Transport-Security",
		},
	}
}
