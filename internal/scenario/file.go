package scenario

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// maxFile is the largest file that is made: 64 MiB.
const maxFile = 64 << 20

// fileBlock is how much of a text is drawn; what is longer repeats it.
const fileBlock = 16 << 10

// file reads file(BYTES) and file(BYTES, TYPE).
func (c call) file() (Expr, error) {
	const like = "file(20000, application/pdf)"
	if len(c.args) != 2 {
		if err := c.need(1, like); err != nil {
			return Expr{}, err
		}
	}
	n, err := strconv.ParseUint(c.args[0].text, 10, 32)
	if err != nil || n > maxFile {
		return Expr{}, &SyntaxError{Offset: c.args[0].at, Why: fmt.Sprintf("%q is not a number of bytes from 0 to %d", c.args[0].text, maxFile), Fix: "write it as in " + like}
	}
	e := Expr{Kind: "file", Low: float64(n)}
	if len(c.args) == 2 {
		media := c.args[1].text
		if kind, sub, ok := strings.Cut(media, "/"); !ok || kind == "" || sub == "" || strings.ContainsAny(media, "\"\\()<>@,;:[]?= \t") {
			return Expr{}, &SyntaxError{Offset: c.args[1].at, Why: fmt.Sprintf("%q is not a media type", media), Fix: "write it as in " + like}
		}
		e.Of = []string{media}
	}
	return e, nil
}

// magic is how files of a type begin, for receivers that look.
func magic(media string) string {
	switch media {
	case "application/pdf":
		return "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
	case "image/png":
		return "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	case "image/jpeg":
		return "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
	case "image/gif":
		return "GIF89a"
	case "application/zip":
		return "PK\x03\x04"
	}
	if strings.HasPrefix(media, "application/vnd.openxmlformats-") || strings.HasPrefix(media, "application/vnd.oasis.opendocument.") {
		return "PK\x03\x04"
	}
	return ""
}

// fileContent is a file of so many bytes: prose where the type is text, else what
// no compression makes smaller behind the beginning that the type has.
func fileContent(r *rand.Rand, size int, media string) string {
	var b strings.Builder
	b.Grow(size)
	if strings.HasPrefix(media, "text/") {
		for block := prose(r, min(size, fileBlock)/4+1) + "\n"; b.Len() < size; {
			b.WriteString(block[:min(len(block), size-b.Len())])
		}
		return b.String()
	}
	head := magic(media)
	b.WriteString(head[:min(len(head), size)])
	var word [8]byte
	for b.Len() < size {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		b.Write(word[:min(len(word), size-b.Len())])
	}
	return b.String()
}
