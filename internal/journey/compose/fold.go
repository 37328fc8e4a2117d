package compose

import (
	"strconv"
	"strings"
)

// maxBody is the longest run of nodes that is looked for as a loop's body.
const maxBody = 60

// node is one event, or a loop: its body once per turn.
type node struct {
	sig   int       // number of its signature: equal for equal shapes, whatever the number of turns
	event int       // index in the walk; of a leaf
	turns [][]*node // of a loop; nil for a leaf
}

// folder folds walks. Loop bodies seen anywhere are remembered, so that a block
// which ran once in one place and several times in another has one shape.
type folder struct {
	sigs    interner          // signatures of nodes
	bodies  map[string]bool   // joined signatures of known loop bodies
	sizes   [maxBody + 1]bool // lengths of known bodies
	longest int
}

func newFolder() *folder {
	return &folder{sigs: interner{numbers: map[string]int{}}, bodies: map[string]bool{}}
}

// fold turns a walk's symbols into a shape.
func (f *folder) fold(symbols []int) []*node {
	nodes := make([]*node, len(symbols))
	for i, s := range symbols {
		nodes[i] = &node{sig: f.sigs.of("e" + strconv.Itoa(s)), event: i}
	}
	for size := 1; size <= min(maxBody, len(nodes), max(len(nodes)/2, f.longest)); {
		folded, changed := f.pass(nodes, size)
		nodes = folded
		if changed && size > 1 {
			size = 1 // what is shorter now may repeat in new ways
			continue
		}
		size++
	}
	return nodes
}

// pass folds the runs of one length: repeated ones, and single ones that are known bodies.
func (f *folder) pass(nodes []*node, size int) ([]*node, bool) {
	var out []*node
	changed := false
	for i := 0; i < len(nodes); {
		times := f.repeats(nodes[i:], size)
		if times < 2 && !(times == 1 && f.known(nodes[i:i+size])) {
			out = append(out, nodes[i])
			i++
			continue
		}
		key := bodyKey(nodes[i : i+size])
		if !f.bodies[key] {
			f.bodies[key] = true
			f.sizes[size] = true
			f.longest = max(f.longest, size)
		}
		loop := &node{sig: f.sigs.of("(" + key + ")")}
		for range times {
			loop.turns = append(loop.turns, nodes[i:i+size:i+size])
			i += size
		}
		out = append(out, loop)
		changed = true
	}
	return out, changed
}

// repeats is how often the run of that length at the head of nodes follows itself,
// itself included; 0 when there is none, or it is a loop already.
func (f *folder) repeats(nodes []*node, size int) int {
	if len(nodes) < size || size == 1 && nodes[0].turns != nil {
		return 0
	}
	times := 1
	for at := size; at+size <= len(nodes); at += size {
		for k := range size {
			if nodes[at+k].sig != nodes[k].sig {
				return times
			}
		}
		times++
	}
	return times
}

func (f *folder) known(run []*node) bool {
	return f.sizes[len(run)] && f.bodies[bodyKey(run)]
}

func bodyKey(run []*node) string {
	var b strings.Builder
	for i, n := range run {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n.sig))
	}
	return b.String()
}

// shape is the signature of a whole walk.
func shape(nodes []*node) string { return bodyKey(nodes) }
