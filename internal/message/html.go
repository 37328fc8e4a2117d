package message

import (
	"strings"

	"golang.org/x/net/html"
)

// parseHTML reads s as an html page, well formed or not: the tokenizer decides
// what is a tag as browsers do, and the spans of values are found inside its raw
// tokens. It keeps a rough stack of open elements, enough to say in which form,
// row or list item something stands.
func parseHTML(s string, depth int) *text {
	p := htmlParser{t: newText(s, "html", len(s)/48+8), depth: depth, counts: map[elementKey]int32{}}
	p.open = append(p.open, openElement{})
	z := html.NewTokenizer(strings.NewReader(s))
	at := 0
	for {
		kind := z.Next()
		raw := len(z.Raw())
		if kind == html.ErrorToken {
			if at < len(s) {
				p.t.broken = at
			}
			return p.t
		}
		switch kind {
		case html.TextToken:
			p.text(at, at+raw)
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(at, at+raw)
		case html.EndTagToken:
			p.end(tagName(s[at+2 : at+raw]))
		}
		at += raw
	}
}

// maxOpen bounds the stack of open elements; what is deeper is read as if it were flat.
const maxOpen = 256

type elementKey struct {
	parent   int32
	selector string
	list     bool // a hidden field may have the name of the boxes it goes with
}

type htmlParser struct {
	t      *text
	depth  int
	counts map[elementKey]int32 // elements of that selector so far
	open   []openElement        // innermost last; open[0] stands for the page
}

// openElement is an element whose end has not come yet.
type openElement struct {
	tag      string
	selector string
	parent   int32 // the container that its node belongs, or would belong, to
	holder   int32 // the container that its children's nodes belong to
	node     int32 // its own node; 0 = not made, for nothing in it needed one
	texts    int32 // runs of text so far
	list     bool
	row      bool // it is, or is inside, an element of a list such as a table's row
	form     bool // it is, or is inside, a form
	script   byte // 'j' JSON, 's' other script, 'x' anything else whose text is no text
}

// attribute is one attribute of a tag: its value's span, escaped, and how it stands there.
type attribute struct {
	name       string
	start, end int
	codec      codec
	has        bool // there is a value
}

func (p *htmlParser) top() *openElement { return &p.open[len(p.open)-1] }

func (p *htmlParser) start(from, to int) {
	tag, attrs := scanTag(p.t.s, from, to)
	if tag == "" {
		return
	}
	p.closeImplied(tag)
	up := *p.top()
	e := openElement{tag: tag, parent: up.holder, holder: up.holder, row: up.row, form: up.form}
	p.identify(&e, attrs)
	eager := eagerTags[tag]
	for _, a := range attrs {
		if a.has && isPart(a.name, e.selector) {
			eager = true
		}
	}
	if eager {
		p.make(&e, from)
		for _, a := range attrs {
			if a.has && isPart(a.name, e.selector) {
				p.attr(&e, a)
			}
		}
	}
	if holderTags[tag] || strings.Contains(e.selector, "[data-") || e.list && tag != "input" {
		p.make(&e, from)
		e.holder = e.node
	}
	e.row = e.row || rowTags[tag] || e.list && tag == "a" // a link may be a whole card
	e.form = e.form || tag == "form"
	if !voidTags[tag] && len(p.open) < maxOpen {
		e.script = scriptKind(tag, p.value(attrs, "type"))
		p.open = append(p.open, e)
	}
}

// make makes sure that e has a node.
func (p *htmlParser) make(e *openElement, at int) {
	if e.node != 0 {
		return
	}
	key := elementKey{e.parent, e.selector, e.list}
	num := p.counts[key]
	if e.script == 's' && num > 0 { // all scripts are one: their keys tell them apart
		e.node = p.t.element(e.parent, e.selector, 0, false)
		return
	}
	p.counts[key] = num + 1
	e.node = p.t.add(e.parent, node{by: byElement, name: e.selector, num: num, list: e.list, start: int32(at), end: int32(at)})
}

func (p *htmlParser) attr(e *openElement, a attribute) {
	if p.t.child(e.node, byAttr, a.name, 0) != 0 {
		return // browsers drop an attribute that is repeated
	}
	i := p.t.addLeaf(e.node, node{by: byAttr, name: a.name}, a.start, a.end, a.codec)
	val := p.t.nodes[i].val
	switch a.name {
	case "href", "action", "src", "formaction":
		p.t.attach(i, nestedURL(strings.Trim(val, htmlSpace), p.depth+1))
		if in := p.t.nodes[i].inner; in != nil && in.s != val {
			p.t.nodes[i].inner = nil // white space around a URL would be lost
		}
	default:
		p.t.attach(i, nested(val, p.depth+1))
	}
}

func (p *htmlParser) text(from, to int) {
	e := p.top()
	s := p.t.s
	switch e.script {
	case 'j':
		p.make(e, from)
		i := p.t.add(e.node, node{by: byText, name: "script", start: int32(from), end: int32(to), val: s[from:to]})
		if in := parseJSON(s[from:to], true, p.depth+1); in != nil {
			p.t.attach(i, in)
		}
		return
	case 's':
		p.script(e, from, to)
		return
	case 'x':
		return
	}
	if e.tag != "textarea" {
		for from < to && strings.IndexByte(htmlSpace, s[from]) >= 0 {
			from++
		}
		for to > from && strings.IndexByte(htmlSpace, s[to-1]) >= 0 {
			to--
		}
	}
	if from == to {
		return
	}
	if len(p.open) == 1 && e.selector == "" {
		e.selector = "body"
	}
	p.make(e, from)
	i := p.t.addLeaf(e.node, node{by: byText, name: "text", num: e.texts}, from, to, asText)
	e.texts++
	p.t.attach(i, nested(p.t.nodes[i].val, p.depth+1))
}

// script adds the literals of an inline script below its /script.
func (p *htmlParser) script(e *openElement, from, to int) {
	var holder int32
	var counts counter
	for lit := range scriptLiterals(p.t.s, from, to) {
		if holder == 0 {
			p.make(e, from)
			if holder = p.t.child(e.node, byText, "script", 0); holder == 0 {
				holder = p.t.add(e.node, node{by: byText, name: "script", start: int32(from), end: int32(to)})
			}
			counts = counter{t: p.t, parent: holder, by: byName}
		}
		n := node{by: byName, name: lit.key, num: counts.next(lit.key), kind: lit.kind}
		i := p.t.addLeaf(holder, n, lit.start, lit.end, lit.codec)
		p.t.attach(i, nested(p.t.nodes[i].val, p.depth+1))
	}
}

// end closes the innermost open element of that tag, and what was left open in it.
func (p *htmlParser) end(tag string) {
	for i := len(p.open) - 1; i > 0; i-- {
		if p.open[i].tag == tag {
			p.open = p.open[:i]
			return
		}
		if tag != "table" && tag != "form" && p.open[i].tag == "table" {
			return // an end tag does not reach out of its table
		}
	}
}

// closeImplied closes the elements that a new one of that tag ends (HTML section 13.1.2.4).
func (p *htmlParser) closeImplied(tag string) {
	for _, c := range impliedEnds[tag] {
		for i := len(p.open) - 1; i > 0; i-- {
			t := p.open[i].tag
			if t == c {
				p.open = p.open[:i]
				break
			}
			if t == "table" || t == "select" || (t == "ul" || t == "ol") && c == "li" || t == "dl" {
				break
			}
		}
	}
}

var impliedEnds = map[string][]string{
	"a": {"a"}, "li": {"li"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"}, "option": {"option"},
	"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"},
	"tbody": {"td", "th", "tr", "thead", "tbody"}, "tfoot": {"td", "th", "tr", "thead", "tbody"},
	"p": {"p"}, "h1": {"p"}, "h2": {"p"}, "h3": {"p"}, "div": {"p"}, "ul": {"p"}, "ol": {"p"}, "table": {"p"}, "form": {"p"},
}

func tagSet(tags string) map[string]bool {
	set := map[string]bool{}
	for tag := range strings.FieldsSeq(tags) {
		set[tag] = true
	}
	return set
}

var (
	voidTags = tagSet("area base br col embed hr img input link meta source track wbr")
	// eagerTags count in lists and rows even when there is nothing in them.
	eagerTags = tagSet("tr td th li option form select article")
	// holderTags hold the names of what stands in them.
	holderTags = tagSet("form select tr li article table thead tfoot ul ol dl nav main header footer aside fieldset")
	// rowTags are the elements of lists: what stands in one is a property of it, not a list of its own.
	rowTags  = tagSet("tr li article")
	listTags = tagSet("tr li article option")
)
