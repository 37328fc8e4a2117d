package yamldoc

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// The bounds of what is read.
const (
	MaxSize  = 1 << 20 // bytes of a file
	maxDepth = 64      // maps and lists inside each other
	maxNodes = 100_000 // values, those behind aliases counted each time
	maxWords = 20_000  // words and signs; the parser's time grows with their square: a second here
)

// guard refuses what no person writes into such a file, before the YAML library
// sees it: its positions are exact for what is left. It returns the text with
// \n line ends and without a byte order mark.
func guard(name string, src []byte) (string, *file, *Error) {
	f := &file{name: name}
	if len(src) > MaxSize {
		return "", nil, f.errorAt(1, 1, fmt.Sprintf("the file has %d bytes, more than %d", len(src), MaxSize),
			"is this the right file? Such files are a few kilobytes")
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n")
	f.lines = strings.Split(text, "\n")
	for i, line := range f.lines {
		if err := f.guardLine(i+1, line); err != nil {
			return "", nil, err
		}
	}
	return text, f, nil
}

func (f *file) guardLine(number int, line string) *Error {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 && len(indent) < len(line) {
		return f.errorAt(number, tab+1, "a tab in the indentation", "indent with spaces")
	}
	column := 0
	for i := 0; i < len(line); {
		column++
		r, size := utf8.DecodeRuneInString(line[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return f.errorAt(number, column, fmt.Sprintf("byte 0x%02x is not UTF-8", line[i]), "save the file as UTF-8 text")
		case r < ' ' && r != '\t', r == 0x7f, r == 0x85, r == 0x2028, r == 0x2029, r == '\ufeff':
			return f.errorAt(number, column, fmt.Sprintf("control character %U", r), "remove it; in quoted text write it as an escape")
		}
		i += size
	}
	return nil
}

// guardDepth bounds size and nesting before the parser, which recurses, takes over.
func (f *file) guardDepth(tokens token.Tokens) *Error {
	if len(tokens) > maxWords {
		at := tokens[maxWords].Position
		return f.errorAt(at.Line, at.Column, fmt.Sprintf("more than %d words and signs up to here", maxWords), "is this the right file? Such files are a few pages")
	}
	depth, line, onLine := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, onLine = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			onLine++
		}
		if depth > maxDepth || onLine > maxDepth || tk.Position.IndentNum > 10*maxDepth {
			return f.errorAt(tk.Position.Line, tk.Position.Column, "nested too deep", "is this the right file?")
		}
	}
	return nil
}
