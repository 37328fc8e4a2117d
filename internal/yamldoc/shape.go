package yamldoc

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape says what a value of a language may be. Exactly one of these holds:
//
//	Kind Text, Integer, Decimal, Bool   a scalar (Decimal: any number)
//	Kind List, Elem                     a list
//	Kind Map, Fields                    a mapping with fixed keys
//	Kind Map, Elem                      a mapping with keys of a person's choice
//	OneOf                               the first alternative whose kind fits the value
type Shape struct {
	Kind Kind
	Name string // of a part that the language names: goes to the schema's definitions
	Doc  string // one sentence for editors
	What string // what is expected, for messages: "a duration such as 30s"; "" = the kind's name

	Words    []string                   // Text, Bool: the only texts allowed
	Example  string                     // Text: what stands in for a value in a message
	Pattern  string                     // Text: regular expression for editors, no stricter than Check
	Check    func(text string) *Trouble // Text: what is wrong with it, or nil
	Min, Max *float64                   // Integer, Decimal: inclusive bounds

	Hidden bool // Text: a secret, never repeated in a message

	Elem  *Shape                    // of a List, of a Map's values
	Key   func(key string) *Trouble // Map with Elem: what is wrong with a key
	Least int                       // List, Map: fewest entries
	Set   bool                      // List of Text: no entry twice

	Fields []Field // Map with fixed keys
	Cases  *Cases  // Map with fixed keys: which of them belong together

	OneOf []*Shape
}

// Field is a key of a mapping with fixed keys.
type Field struct {
	Key      string
	Required bool
	Unless   string   // not required where this other key stands
	Without  []string // keys that cannot stand beside this one
	Shape    *Shape
	Doc      string // for editors; "" = the shape's
}

// Cases makes the keys of a mapping depend on the value of one of them.
type Cases struct {
	By     string // the deciding key; must be a required field with Words
	Always []string
	Of     []Case
}

// Case is one value of the deciding key and the keys that go with it.
type Case struct {
	Value    string
	Required []string
	Optional []string
}

// Accepts reports whether a key belongs to the case.
func (c *Cases) accepts(value, key string) bool {
	if key == c.By || slices.Contains(c.Always, key) {
		return true
	}
	for _, o := range c.Of {
		if o.Value == value {
			return slices.Contains(o.Required, key) || slices.Contains(o.Optional, key)
		}
	}
	return false
}

// Conform checks a file's root against the shape and returns what is wrong
// first, in the order in which a person would want to mend it: an unknown key
// before a missing one, a map before its values.
func (s *Shape) Conform(root *Node) *Error { return s.conform(root, "") }

func (s *Shape) conform(n *Node, path string) *Error {
	if s.OneOf != nil {
		return s.alternative(n, path)
	}
	if !s.fits(n.Kind) {
		return s.mismatch(n, path)
	}
	switch s.Kind {
	case Text:
		return s.text(n, path)
	case Integer, Decimal:
		return s.number(n, path)
	case List:
		return s.list(n, path)
	case Bool:
		if s.Words != nil && !slices.Contains(s.Words, strings.ToLower(n.Text)) {
			return n.Errorf(fmt.Sprintf("%s can only be %s", path, strings.Join(s.Words, " or ")), "remove the key")
		}
	case Map:
		if s.Elem != nil {
			return s.open(n, path)
		}
		return s.fixed(n, path)
	}
	return nil
}

func (s *Shape) fits(k Kind) bool {
	return s.Kind == k || s.Kind == Decimal && k == Integer
}

func (s *Shape) alternative(n *Node, path string) *Error {
	for _, o := range s.OneOf {
		if o.fits(n.Kind) {
			return o.conform(n, path)
		}
	}
	return s.mismatch(n, path)
}

// expected is the shape in words.
func (s *Shape) expected() string {
	if s.What != "" || s.OneOf == nil {
		return or(s.What, s.Kind.String())
	}
	var all []string
	for _, o := range s.OneOf {
		all = append(all, o.expected())
	}
	return strings.Join(all, " or ")
}

func (s *Shape) mismatch(n *Node, path string) *Error {
	what := or(path, "the file")
	if n.Kind == Null && path == "" {
		return n.Errorf("the file is empty", "is this the right file?")
	}
	if n.Kind == Null {
		return n.Errorf(what+" has no value", "write "+s.expected()+", or remove the key")
	}
	fix := "write " + s.expected()
	textual := s.Kind == Text && s.OneOf == nil
	switch {
	case textual && s.Hidden:
		fix = "put it in quotes"
	case textual && s.Example != "":
		fix = "write for instance " + fmt.Sprintf(s.Example, n.Text)
	case textual && s.Words != nil:
		fix = DidYouMean(n.Text, s.Words)
	case textual && n.Text != "" && (s.Check == nil || s.Check(n.Text) == nil):
		fix = fmt.Sprintf("put it in quotes: %q", n.Text)
	case s.Kind == Bool && n.Kind == Text:
		fix = "write true or false, without quotes"
	case (s.Kind == Integer || s.Kind == Decimal) && n.Kind == Text:
		fix = "write a plain number, without quotes and without a unit"
	case s.Kind == List && n.Kind != Map:
		fix = fmt.Sprintf("write it as a list: [%s]", n.Text)
	}
	return n.Errorf(fmt.Sprintf("%s must be %s, and is %s", what, s.expected(), n.Kind), fix)
}

func (s *Shape) text(n *Node, path string) *Error {
	switch {
	case n.Text == "" && s.Check == nil:
		return n.Errorf(or(path, "the text")+" is empty", "write "+s.expected()+", or remove the key")
	case s.Words != nil && !slices.Contains(s.Words, n.Text):
		return n.Errorf(fmt.Sprintf("%s cannot be %q", path, n.Text), DidYouMean(n.Text, s.Words))
	case s.Check != nil:
		if t := s.Check(n.Text); t != nil {
			return n.Trouble(&Trouble{Offset: t.Offset, Why: prefix(path, t.Why), Fix: t.Fix})
		}
	}
	return nil
}

func (s *Shape) number(n *Node, path string) *Error {
	v, ok := n.Number()
	switch {
	case !ok:
		return n.Errorf(fmt.Sprintf("%s: %q is not a plain decimal number", path, n.Text), "write digits, such as 20 or 0.5")
	case s.Min != nil && v < *s.Min:
		return n.Errorf(fmt.Sprintf("%s is %s and must be at least %s", path, n.Text, number(*s.Min)), "write "+number(*s.Min)+" or more")
	case s.Max != nil && v > *s.Max:
		return n.Errorf(fmt.Sprintf("%s is %s and must be at most %s", path, n.Text, number(*s.Max)), "write "+number(*s.Max)+" or less")
	}
	return nil
}

// Number returns a scalar's value where it is a plain decimal number.
func (n *Node) Number() (float64, bool) {
	if n == nil || n.Text == "" {
		return 0, false
	}
	digits := strings.TrimLeft(n.Text, "-")
	if len(n.Text)-len(digits) > 1 || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 ||
		digits == "" || digits[0] == '.' || digits[len(digits)-1] == '.' || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return 0, false // octal, hexadecimal, 1_000, exponents, infinities: no person means them here
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

func (s *Shape) list(n *Node, path string) *Error {
	if len(n.Items) < s.Least {
		return n.Errorf(or(path, "the list")+" is empty", "write "+s.expected())
	}
	seen := map[string]int{}
	for i, item := range n.Items {
		if err := s.Elem.conform(item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
		if line, twice := seen[item.Text]; s.Set && twice {
			return item.Errorf(fmt.Sprintf("%q stands in %s twice", item.Text, path), fmt.Sprintf("it is already on line %d: remove one of the two", line))
		}
		seen[item.Text] = item.Line
	}
	return nil
}

func (s *Shape) open(n *Node, path string) *Error {
	if err := s.least(n, path); err != nil {
		return err
	}
	for _, p := range n.Pairs {
		if s.Key != nil {
			if t := s.Key(p.Key.Text); t != nil {
				return p.Key.Trouble(&Trouble{Offset: t.Offset, Why: prefix(path, t.Why), Fix: t.Fix})
			}
		}
		if err := s.Elem.conform(p.Value, join(path, p.Key.Text)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shape) least(n *Node, path string) *Error {
	if len(n.Pairs) >= s.Least {
		return nil
	}
	return n.Errorf(or(path, "the file")+" is empty", "write "+s.expected())
}

func (s *Shape) fixed(n *Node, path string) *Error {
	if err := s.least(n, path); err != nil {
		return err
	}
	known := s.keys()
	for _, p := range n.Pairs {
		if !slices.Contains(known, p.Key.Text) {
			return p.Key.Errorf(fmt.Sprintf("unknown key %q%s", p.Key.Text, in(path)), DidYouMean(p.Key.Text, known))
		}
	}
	if err := s.cases(n, path); err != nil {
		return err
	}
	for _, f := range s.Fields {
		if err := f.alone(n, path); err != nil {
			return err
		}
		if f.Required && n.Key(f.Key) == nil && (f.Unless == "" || n.Key(f.Unless) == nil) {
			return n.Errorf(fmt.Sprintf("%q is missing%s", f.Key, in(path)), fmt.Sprintf("add %s: with %s", f.Key, f.Shape.expected()))
		}
	}
	for _, p := range n.Pairs {
		if err := s.field(p.Key.Text).Shape.conform(p.Value, join(path, p.Key.Text)); err != nil {
			return err
		}
	}
	return nil
}

// alone checks that no key stands beside the field that it cannot stand beside.
func (f Field) alone(n *Node, path string) *Error {
	if n.Key(f.Key) == nil {
		return nil
	}
	for _, other := range f.Without {
		if at := n.Key(other); at != nil {
			return at.Errorf(fmt.Sprintf("%q cannot stand beside %q%s", other, f.Key, in(path)), fmt.Sprintf("remove %s, or %s", other, f.Key))
		}
	}
	return nil
}

// cases checks that the keys belong to the value of the deciding key.
func (s *Shape) cases(n *Node, path string) *Error {
	if s.Cases == nil {
		return nil
	}
	deciding := n.Get(s.Cases.By)
	if deciding == nil || deciding.Kind != Text {
		return nil // missing or of a wrong kind: said by the field itself
	}
	at := slices.IndexFunc(s.Cases.Of, func(c Case) bool { return c.Value == deciding.Text })
	if at < 0 {
		return s.field(s.Cases.By).Shape.conform(deciding, join(path, s.Cases.By))
	}
	c := s.Cases.Of[at]
	takes := slices.Concat(c.Required, c.Optional, s.Cases.Always)
	for _, p := range n.Pairs {
		if !s.Cases.accepts(c.Value, p.Key.Text) {
			return p.Key.Errorf(fmt.Sprintf("%s %s does not take %q%s", s.Cases.By, c.Value, p.Key.Text, in(path)),
				fmt.Sprintf("it takes %s; %s belongs to %s", strings.Join(takes, ", "), p.Key.Text, strings.Join(s.Cases.owners(p.Key.Text), ", ")))
		}
	}
	for _, key := range c.Required {
		if n.Key(key) == nil {
			return deciding.Errorf(fmt.Sprintf("%s %s needs %q%s", s.Cases.By, c.Value, key, in(path)), fmt.Sprintf("add %s: with %s", key, s.field(key).Shape.expected()))
		}
	}
	return nil
}

func (c *Cases) owners(key string) []string {
	var all []string
	for _, o := range c.Of {
		if c.accepts(o.Value, key) {
			all = append(all, o.Value)
		}
	}
	return all
}

func (s *Shape) keys() []string {
	all := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		all[i] = f.Key
	}
	return all
}

func (s *Shape) field(key string) Field {
	return s.Fields[slices.IndexFunc(s.Fields, func(f Field) bool { return f.Key == key })]
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func prefix(path, why string) string {
	if path == "" {
		return why
	}
	return path + ": " + why
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
