package har

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"

	"firedrill/internal/exchange"
)

// asked is the request's body.
func (e *entry) asked(header []exchange.Field) (exchange.Body, error) {
	p := e.Request.PostData
	if p == nil {
		if e.Request.BodySize > 0 { // its maker left it out
			return exchange.Body{Size: e.Request.BodySize, Cut: "opaque"}, nil
		}
		return exchange.Body{}, nil
	}
	var data []byte
	var err error
	switch {
	case p.Text != "" && strings.EqualFold(p.Encoding, "base64"):
		if data, err = base64.StdEncoding.DecodeString(p.Text); err != nil {
			return exchange.Body{}, errors.New("request.postData.text is not the base64 that it says to be")
		}
	case p.Text != "":
		data = []byte(p.Text)
	default:
		data = p.form()
	}
	coding, _ := exchange.Get(header, "Content-Encoding")
	body := exchange.Body{Size: e.Request.BodySize, Decoded: int64(len(data)), Encoding: coding, Data: data}
	if body.Size <= 0 {
		body.Size = body.Decoded
	}
	return body, nil
}

// form is the body that params tell of.
func (p *postData) form() []byte {
	if len(p.Params) == 0 {
		return nil
	}
	media, attributes, _ := mime.ParseMediaType(p.MimeType)
	boundary := attributes["boundary"]
	if media != "multipart/form-data" || boundary == "" {
		parts := make([]string, len(p.Params))
		for i, f := range p.Params {
			parts[i] = escaped(f.Name) + "=" + escaped(f.Value)
		}
		return []byte(strings.Join(parts, "&"))
	}
	var b bytes.Buffer
	for _, f := range p.Params {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q", boundary, f.Name)
		if f.FileName != "" {
			fmt.Fprintf(&b, "; filename=%q", f.FileName)
		}
		if f.ContentType != "" {
			fmt.Fprintf(&b, "\r\nContent-Type: %s", f.ContentType)
		}
		fmt.Fprintf(&b, "\r\n\r\n%s\r\n", f.Value)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// escaped is a part of a form. Some programs write params as they were on the
// wire: what is escaped already stays so.
func escaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil && plain != s && url.QueryEscape(plain) == s {
		return s
	}
	return url.QueryEscape(s)
}

// answered is the answer's body.
func (e *entry) answered(x *exchange.Exchange) (exchange.Body, error) {
	c := &e.Response.Content
	coding, _ := exchange.Get(x.Response.Header, "Content-Encoding")
	body := exchange.Body{Encoding: coding, Decoded: max(0, c.Size), Size: e.Response.BodySize}
	if c.Text != nil && *c.Text != "" {
		body.Data = []byte(*c.Text)
		if strings.EqualFold(c.Encoding, "base64") {
			data, err := base64.StdEncoding.DecodeString(*c.Text)
			if err != nil {
				return body, errors.New("response.content.text is not the base64 that it says to be")
			}
			body.Data = data
		}
		body.Decoded = int64(len(body.Data))
	} else if body.Decoded > 0 && x.Request.Method != "HEAD" && x.Response.Status != 304 {
		body.Cut = "opaque" // its maker left it out
	} else {
		body.Decoded = 0
	}
	if body.Size < 0 {
		body.Size = max(0, body.Decoded-max(0, c.Compression))
	}
	if coding == "" && body.Cut == "" {
		body.Size = body.Decoded
	}
	if media, _, _ := strings.Cut(c.MimeType, ";"); strings.TrimSpace(media) == "text/event-stream" && len(body.Data) > 0 {
		body.Chunks = []exchange.Chunk{{At: x.Timing.FirstByte, Size: len(body.Data)}}
	}
	return body, nil
}
