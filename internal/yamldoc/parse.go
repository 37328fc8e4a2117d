package yamldoc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads one YAML document. name is for messages. The error, if any, is an
// *Error; an empty file is one.
func Parse(name string, src []byte) (*Node, *Error) {
	text, f, bad := guard(name, src)
	if bad != nil {
		return nil, bad
	}
	doc, bad := f.syntax(text)
	if bad != nil {
		return nil, bad
	}
	c := &converter{file: f, anchors: map[string]ast.Node{}}
	return c.node(doc, 0)
}

// syntax runs the YAML library and returns the body of the one document.
func (f *file) syntax(text string) (body ast.Node, bad *Error) {
	// The library is trusted with files, not with every byte sequence: what makes
	// it panic is reported as a file that cannot be read.
	defer func() {
		if p := recover(); p != nil {
			body, bad = nil, f.errorAt(1, 1, "this cannot be read as YAML", "look for unusual brackets, quotes or indentation; simplify the file until it is read")
		}
	}()
	tokens := lexer.Tokenize(text)
	if bad := f.guardDepth(tokens); bad != nil {
		return nil, bad
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, f.syntaxError(err)
	}
	return f.single(parsed)
}

func (f *file) single(parsed *ast.File) (ast.Node, *Error) {
	var body ast.Node
	for _, d := range parsed.Docs {
		if dir, ok := d.Body.(*ast.DirectiveNode); ok {
			return nil, f.errorAtToken(dir.GetToken(), "YAML directives are not used here", "remove the line that begins with %")
		}
		if d.Body == nil {
			continue
		}
		if body != nil {
			at := d.Start
			if at == nil {
				at = d.Body.GetToken()
			}
			return nil, f.errorAtToken(at, "a second document begins here", "one file holds one document: remove the ---, or make two files")
		}
		body = d.Body
	}
	if body == nil {
		return nil, f.errorAt(1, 1, "the file is empty", "is this the right file?")
	}
	return body, nil
}

func (f *file) errorAtToken(tk *token.Token, why, fix string) *Error {
	if tk == nil || tk.Position == nil {
		return f.errorAt(1, 1, why, fix)
	}
	return f.errorAt(tk.Position.Line, tk.Position.Column, why, fix)
}

// advice says what to do about the library's messages, by a part of each.
var advice = []struct{ part, why, fix string }{
	{"mapping value is not allowed", "a key cannot stand here", `check the indentation of this line; put text that holds ": " in quotes`},
	{"reserved character", "", "put the text in quotes"},
	{"must be specified", "a comma or closing bracket is missing", "inside [ ] or { }, text that holds one of , [ ] { } needs quotes"},
	{"sequence end token", "the list is not closed", "close it with ]"},
	{"flow mapping end token", "the mapping is not closed", "close it with }"},
	{"could not find end character", "the quoted text is not closed", "close it with the quote that it begins with"},
	{"could not find '['", "] closes nothing", "remove it, or put the text in quotes"},
	{"could not find '{'", "} closes nothing", "remove it, or put the text in quotes"},
	{"non-map value is specified", "text stands where a key is expected", `write "key: value", and check the indentation`},
	{"unexpected key name", "", `write "key: value", and check the indentation`},
	{"directive", "", "text that begins with % needs quotes"},
}

func (f *file) syntaxError(err error) *Error {
	why, fix := err.Error(), ""
	var at *token.Token
	var known interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &known) {
		why, at = known.GetMessage(), known.GetToken()
	}
	if at != nil && strings.Contains(why, "mapping value is not allowed") {
		at = lastLine(at)
	}
	for _, a := range advice {
		if strings.Contains(why, a.part) {
			fix = a.fix
			if a.why != "" {
				why = a.why
			}
			break
		}
	}
	if fix == "" {
		fix = "check indentation, quotes and brackets here"
	}
	return f.errorAtToken(at, "not valid YAML: "+why, fix)
}

// lastLine is where the last line of a text over several lines begins: the
// library says where the text begins, but the key that cannot stand there is its end.
func lastLine(tk *token.Token) *token.Token {
	text := strings.TrimRight(tk.Origin, " \n")
	above := strings.Count(strings.TrimLeft(text, " \n"), "\n")
	if above == 0 {
		return tk
	}
	last := text[strings.LastIndexByte(text, '\n')+1:]
	position := *tk.Position
	position.Line += above
	position.Column = 1 + len(last) - len(strings.TrimLeft(last, " "))
	return &token.Token{Position: &position}
}

// converter makes nodes of the library's tree, resolving aliases within bounds.
type converter struct {
	file    *file
	anchors map[string]ast.Node
	nodes   int
}

func (c *converter) node(n ast.Node, depth int) (*Node, *Error) {
	at := c.file.errorAtToken(tokenOf(n), "", "")
	c.nodes++
	switch {
	case c.nodes > maxNodes:
		return nil, at.because(fmt.Sprintf("more than %d values, those behind aliases counted each time", maxNodes), "use fewer aliases")
	case depth > maxDepth:
		return nil, at.because("nested too deep", "is this the right file?")
	}
	out := &Node{Line: at.Line, Column: at.Column, file: c.file}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(out, n.Values, n.IsFlowStyle, depth)
	case *ast.MappingValueNode:
		return c.mapping(out, []*ast.MappingValueNode{n}, false, depth)
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			item, err := c.node(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	case *ast.AnchorNode:
		value, err := c.node(n.Value, depth+1)
		if err == nil {
			c.anchors[nameOf(n.Name)] = n.Value // after its value: an anchor cannot hold itself
		}
		return value, err
	case *ast.AliasNode:
		name := nameOf(n.Value)
		target, ok := c.anchors[name]
		if !ok {
			return nil, at.because(fmt.Sprintf("no anchor &%s stands before this alias", name), "text that begins with * needs quotes")
		}
		return c.node(target, depth+1)
	case *ast.TagNode:
		return nil, at.because("YAML tags are not used here", "remove "+n.GetToken().Value+"; put text in quotes")
	}
	return c.scalar(out, n)
}

func (c *converter) scalar(out *Node, n ast.Node) (*Node, *Error) {
	tk := tokenOf(n)
	switch n := n.(type) {
	case nil, *ast.NullNode:
		out.Kind = Null
	case *ast.BoolNode:
		out.Kind, out.Text = Bool, tk.Value
	case *ast.IntegerNode:
		out.Kind, out.Text = Integer, tk.Value
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.Kind, out.Text = Decimal, tk.Value
	case *ast.LiteralNode:
		out.Kind = Text
		if n.Value != nil {
			out.Text = n.Value.Value
		}
		return out, nil
	case *ast.StringNode:
		out.Kind, out.Text = Text, n.Value
		quoted := tk.Type == token.DoubleQuoteType || tk.Type == token.SingleQuoteType
		out.inner = c.file.innerColumn(out.Line, out.Column, out.Text, quoted)
	default:
		return nil, out.Errorf("this kind of YAML value is not used here", "write text, a number, a list or a mapping")
	}
	return out, nil
}

func (c *converter) mapping(out *Node, values []*ast.MappingValueNode, flow bool, depth int) (*Node, *Error) {
	out.Kind = Map
	seen := map[string]int{} // key → line
	var merged []Pair
	for i, v := range values {
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			pairs, err := c.merge(v, depth)
			if err != nil {
				return nil, err
			}
			merged = append(merged, pairs...)
			continue
		}
		key, err := c.key(v.Key)
		if err != nil {
			return nil, err
		}
		if i == 0 && !flow {
			out.Line, out.Column = key.Line, key.Column
		}
		if line, twice := seen[key.Text]; twice {
			return nil, key.Errorf(fmt.Sprintf("%q stands here twice", key.Text), fmt.Sprintf("it is already on line %d: remove one of the two", line))
		}
		seen[key.Text] = key.Line
		value, err := c.node(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		out.Pairs = append(out.Pairs, Pair{key, value})
	}
	for _, p := range merged {
		if _, own := seen[p.Key.Text]; !own {
			seen[p.Key.Text] = p.Key.Line
			out.Pairs = append(out.Pairs, p)
		}
	}
	return out, nil
}

// merge returns the pairs behind `<<: *anchor`.
func (c *converter) merge(v *ast.MappingValueNode, depth int) ([]Pair, *Error) {
	from, err := c.node(v.Value, depth+1)
	if err != nil {
		return nil, err
	}
	if from.Kind != Map {
		return nil, c.file.errorAtToken(tokenOf(v.Key), "<< takes the alias of one mapping, and got "+from.Kind.String(), "write <<: *name, with &name at a mapping above")
	}
	return from.Pairs, nil
}

func (c *converter) key(k ast.MapKeyNode) (*Node, *Error) {
	n, ok := k.(*ast.StringNode)
	if !ok {
		return nil, c.file.errorAtToken(tokenOf(k), "a key must be text", "put the key in quotes")
	}
	return c.scalar(c.at(n), n)
}

func (c *converter) at(n ast.Node) *Node {
	e := c.file.errorAtToken(tokenOf(n), "", "")
	return &Node{Line: e.Line, Column: e.Column, file: c.file}
}

func (e *Error) because(why, fix string) *Error {
	e.Why, e.Fix = why, fix
	return e
}

func tokenOf(n ast.Node) *token.Token {
	if n == nil {
		return nil
	}
	return n.GetToken()
}

func nameOf(n ast.Node) string {
	if tk := tokenOf(n); tk != nil {
		return tk.Value
	}
	return ""
}
