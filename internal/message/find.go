package message

// find calls visit for every node that r names, in document order, until it returns false.
func (t *Tree) find(r Ref, visit func(*text, int32) bool) {
	sc := scanner{s: r.s}
	st := sc.next()
	switch {
	case st.kind == stepLayer && st.start == 0 && !isRelative(r.s), st.kind == stepRoot && st.name == "body":
		if b := t.content(); b != nil && b.layer == st.name {
			walk(b, 0, sc, visit)
		}
		return
	case st.kind != stepRoot:
		return
	}
	t.head()
	switch st.name {
	case "path", "query":
		if t.target != nil {
			if i := t.target.child(0, byName, st.name, 0); i != 0 {
				walk(t.target, i, sc, visit)
			}
		}
	case "header":
		name, num := sc.next(), 0
		ahead := sc
		if st := ahead.next(); st.kind == stepKey {
			sc, num = ahead, st.num
		}
		for _, f := range t.fields {
			if f.layer == "header" && f.nodes[0].num == int32(num) && f.prefix == name.name {
				walk(f, 0, sc, visit)
				return
			}
		}
	default: // cookie, set-cookie
		for _, f := range t.fields {
			if f.layer == st.name && !walk(f, 0, sc, visit) {
				return
			}
		}
	}
}

// walk follows the rest of a ref from node i of t. It is false when visit was.
func walk(t *text, i int32, sc scanner, visit func(*text, int32) bool) bool {
	for {
		st := sc.next()
		if st.kind == stepEnd {
			if in, root := t.into(i); in != nil && in.implied() && t.leafAt(i) == 0 {
				t, i = in, root // a script that is one JSON value
			}
			return sc.why != "" || visit(t, i)
		}
		if st.kind == stepLayer {
			if t, i = t.into(i); t == nil || t.layer != st.name {
				return true
			}
			continue
		}
		if in, root := t.into(i); in != nil && in.implied() && (st.kind == stepName || st.kind == stepIndex || st.kind == stepWild) {
			t, i = in, root
		}
		switch st.kind {
		case stepWild:
			return walkAll(t, i, byIndex, "", sc, visit)
		case stepName:
			var list string
			if i, sc, list = t.named(i, st, sc); list != "" {
				return walkAll(t, i, byElement, list, sc, visit)
			}
		case stepIndex:
			i = t.child(i, byIndex, "", st.num)
		case stepKey:
			i = t.child(i, byPlace, "", st.num)
		case stepAttr, stepText:
			by := byAttr
			if st.kind == stepText {
				by = byText
			}
			ahead := sc
			if num := ahead.next(); num.kind == stepDup {
				sc = ahead
				i = t.child(i, by, st.name, num.num)
			} else {
				i = t.child(i, by, st.name, 0)
			}
		default:
			return true
		}
		if i == 0 {
			return true
		}
	}
}

// named is the child of node i that the name st, and what tells it from its like,
// lead to, and the scanner behind them; 0 = none. Where html elements are asked
// for with [*], it is i itself and list is their selector.
func (t *text) named(i int32, st step, sc scanner) (k int32, rest scanner, list string) {
	by := byName
	switch t.layer {
	case "html":
		by = byElement
		if t.nodes[i].by == byText {
			by = byName // inside a script
		}
	case "form", "multipart", "cookie", "set-cookie", "params", "basic", "target":
		by = byKey
	case "url":
		if i == 0 {
			return t.child(i, by, st.name, 0), sc, "" // the place of a path segment is a step of its own
		}
		by = byKey
	}
	ahead := sc
	num := ahead.next()
	switch num.kind {
	case stepDup, stepKey:
		sc = ahead
	case stepIndex, stepWild:
		if by == byElement {
			sc = ahead
		} else {
			num = step{}
		}
	default:
		num = step{}
	}
	if by != byElement {
		return t.child(i, by, st.name, num.num), sc, ""
	}
	selector := sc.s[st.start+1 : st.end]
	if num.kind == stepWild {
		return i, sc, selector
	}
	return t.element(i, selector, num.num, num.kind == stepIndex), sc, ""
}

// walkAll follows the rest of a ref from each element of a list.
func walkAll(t *text, parent int32, by nodeKind, name string, sc scanner, visit func(*text, int32) bool) bool {
	for i := t.nodes[parent].first; i != 0; i = t.nodes[i].after {
		n := &t.nodes[i]
		if n.by == by && n.name == name && (by == byIndex || n.list) && !walk(t, i, sc, visit) {
			return false
		}
	}
	return true
}

// into is the text found inside node i, and its root.
func (t *text) into(i int32) (*text, int32) {
	if k := t.leafAt(i); k != 0 {
		i = k
	}
	return t.nodes[i].inner, 0
}

// leafAt is the value at node i: the node itself, or the one that is all of it.
func (t *text) leafAt(i int32) int32 {
	if t.nodes[i].leaf {
		return i
	}
	for k := t.nodes[i].first; k != 0; k = t.nodes[k].after {
		if t.nodes[k].by == byNothing {
			return k
		}
	}
	return 0
}

// sibling is the next element of the list that i is in.
func (t *text) sibling(i int32) int32 {
	n := &t.nodes[i]
	for k := n.after; k != 0; k = t.nodes[k].after {
		if m := &t.nodes[k]; m.by == n.by && m.list == n.list && m.name == n.name {
			return k
		}
	}
	return 0
}

// elements calls f with the first element of a list, 0 when the list is empty.
func (t *Tree) elements(list Ref, f func(x *text, first int32)) {
	found := false
	t.find(list, func(x *text, i int32) bool {
		if in, root := x.into(i); in != nil && in.implied() {
			x, i = in, root
		}
		n := &x.nodes[i]
		if x.layer != "html" && n.list {
			found = true
			f(x, n.first)
		}
		return false
	})
	if found {
		return
	}
	// An html list is named by its elements' selector, which the parent does not say of itself.
	parent, ok := list.Parent()
	if !ok {
		return
	}
	selector := list.s[len(parent.s):]
	if selector == "" || selector[0] != '.' {
		return
	}
	t.find(parent, func(x *text, i int32) bool {
		if x.layer != "html" {
			return false
		}
		for k := x.nodes[i].first; k != 0; k = x.nodes[k].after {
			if n := &x.nodes[k]; n.by == byElement && n.list && n.name == selector[1:] {
				f(x, k)
				break
			}
		}
		return false
	})
}
