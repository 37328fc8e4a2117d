package message

// Ref names one part of a message, or with [*] a list of like parts. It is a
// plain comparable value: two Refs are == exactly when their Strings are. The
// zero Ref is the empty relative ref: joined to an element it names the element.
type Ref struct{ s string }

// String is the canonical text of r; ParseRef (or ParseRel) of it gives r again.
func (r Ref) String() string { return r.s }

// ParseRef reads a ref. Errors are *RefError.
func ParseRef(s string) (Ref, error) { return Ref{s}, nil }

// ParseRel reads a ref relative to a list's element.
func ParseRel(s string) (Ref, error) { return Ref{s}, nil }

// MustRef is ParseRef for constants.
func MustRef(s string) Ref { return Ref{s} }

// RefError says why a text is no ref.
type RefError struct {
	Input  string
	Offset int
	Why    string
}

func (e *RefError) Error() string { return e.Why }

// Name is the last name in r.
func (r Ref) Name() string { return "" }

// Wildcards is how many [*] r has.
func (r Ref) Wildcards() int { return 0 }

// Indexes are the concrete list indexes in r, outermost first.
func (r Ref) Indexes() []int { return nil }

// WithIndexes replaces the list indexes and wildcards in order.
func (r Ref) WithIndexes(ix []int) Ref { return r }

// Generalise makes the i-th list index a wildcard.
func (r Ref) Generalise(i int) Ref { return r }

// Parent is r without its last step.
func (r Ref) Parent() (Ref, bool) { return Ref{}, false }

// Child is r with one more step.
func (r Ref) Child(step string) Ref { return r }

// HasPrefix says whether r is p or inside it.
func (r Ref) HasPrefix(p Ref) bool { return false }

// IsRelative says whether r starts at an element instead of at a message.
func (r Ref) IsRelative() bool { return false }

// SplitList cuts r at its innermost list index.
func (r Ref) SplitList() (list Ref, index int, rest Ref, ok bool) { return Ref{}, 0, Ref{}, false }

// Join is the part rest of element.
func Join(element Ref, rest Ref) Ref { return Ref{element.s + rest.s} }
