package har

import "encoding/json"

// What a file is made of. Only what exchanges are made from is read; what is
// written is all that the format asks for.

type creator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type entry struct {
	PageRef    string   `json:"pageref,omitempty"`
	Started    string   `json:"startedDateTime"`
	Time       float64  `json:"time"`
	Request    request  `json:"request"`
	Response   response `json:"response"`
	Cache      cache    `json:"cache"`
	Timings    timings  `json:"timings"`
	Connection text     `json:"connection,omitempty"`
	Comment    string   `json:"comment,omitempty"`

	FromCache string    `json:"_fromCache,omitempty"` // Chrome: "memory", "disk"
	Error     text      `json:"_error,omitempty"`
	Messages  []message `json:"_webSocketMessages,omitempty"`
}

// cache is always written empty: exchanges are what was on the wire.
type cache struct{}

type request struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	Version     string    `json:"httpVersion"`
	Cookies     []cookie  `json:"cookies"`
	Headers     []pair    `json:"headers"`
	QueryString []pair    `json:"queryString"`
	PostData    *postData `json:"postData,omitempty"`
	HeadersSize int64     `json:"headersSize"`
	BodySize    int64     `json:"bodySize"`
}

type response struct {
	Status      int      `json:"status"`
	StatusText  string   `json:"statusText"`
	Version     string   `json:"httpVersion"`
	Cookies     []cookie `json:"cookies"`
	Headers     []pair   `json:"headers"`
	Content     content  `json:"content"`
	RedirectURL string   `json:"redirectURL"`
	HeadersSize int64    `json:"headersSize"`
	BodySize    int64    `json:"bodySize"`
	Transfer    int64    `json:"_transferSize,omitempty"`
	Error       text     `json:"_error,omitempty"`
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Path     string `json:"path,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Expires  string `json:"expires,omitempty"`
	HTTPOnly bool   `json:"httpOnly,omitempty"`
	Secure   bool   `json:"secure,omitempty"`
	SameSite string `json:"sameSite,omitempty"`
}

type postData struct {
	MimeType string  `json:"mimeType"`
	Text     string  `json:"text"`
	Encoding string  `json:"encoding,omitempty"` // "base64": not of the standard, written by some
	Params   []param `json:"params,omitempty"`
	Comment  string  `json:"comment,omitempty"`
}

type param struct {
	Name        string `json:"name"`
	Value       string `json:"value,omitempty"`
	FileName    string `json:"fileName,omitempty"`
	ContentType string `json:"contentType,omitempty"`
}

type content struct {
	Size        int64   `json:"size"`
	Compression int64   `json:"compression,omitempty"`
	MimeType    string  `json:"mimeType"`
	Text        *string `json:"text,omitempty"`
	Encoding    string  `json:"encoding,omitempty"`
	Comment     string  `json:"comment,omitempty"`
}

type timings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
	SSL     float64 `json:"ssl"`
}

type message struct {
	Type   string  `json:"type"` // "send", "receive"
	Time   float64 `json:"time"` // seconds since 1970
	Opcode int     `json:"opcode"`
	Data   string  `json:"data"` // base64 where opcode is 2
}

// text is a string that some programs write as a number or as null.
type text string

// UnmarshalJSON takes any scalar; of anything else it takes nothing.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	if len(b) > 0 && b[0] != '{' && b[0] != '[' && string(b) != "null" {
		*t = text(b)
	}
	return nil
}
