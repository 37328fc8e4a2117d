package redact

import (
	"hash/maphash"
	"sync"
)

// remembered is how many secrets a Redactor remembers, and derivedKept how many
// values that could be made from them. An entry takes some 150 bytes.
const (
	remembered  = 1 << 16
	derivedKept = 1 << 17
	shards      = 16
)

// memory is a bounded map that forgets what was not asked for longest. Keys are
// seeded hashes of values: the values themselves are not kept. Safe for concurrent use.
type memory[V any] struct {
	seed  maphash.Seed
	shard [shards]shard[V]
}

type shard[V any] struct {
	mu         sync.Mutex
	at         map[uint64]int32
	slots      []slot[V]
	head, tail int32 // most and least recently used; -1 = none
	max        int
}

type slot[V any] struct {
	key        uint64
	prev, next int32
	val        V
}

func newMemory[V any](seed maphash.Seed, size int) *memory[V] {
	m := &memory[V]{seed: seed}
	for i := range m.shard {
		m.shard[i] = shard[V]{at: map[uint64]int32{}, head: -1, tail: -1, max: size / shards}
	}
	return m
}

// get is what was put under value.
func (m *memory[V]) get(value string) (v V, ok bool) { return m.getKey(maphash.String(m.seed, value)) }

func (m *memory[V]) getKey(key uint64) (v V, ok bool) {
	s := &m.shard[key%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at[key]
	if !ok {
		return v, false
	}
	s.touch(i)
	return s.slots[i].val, true
}

// put keeps v under value; it is false, and changes nothing, when there is one already.
func (m *memory[V]) put(value string, v V) bool {
	key := maphash.String(m.seed, value)
	s := &m.shard[key%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.at[key]; ok {
		s.touch(i)
		return false
	}
	var i int32
	if len(s.slots) < s.max {
		i = int32(len(s.slots))
		s.slots = append(s.slots, slot[V]{})
	} else {
		i = s.tail
		s.unlink(i)
		delete(s.at, s.slots[i].key)
	}
	s.slots[i].key, s.slots[i].val = key, v
	s.at[key] = i
	s.pushFront(i)
	return true
}

func (s *shard[V]) touch(i int32) {
	if s.head != i {
		s.unlink(i)
		s.pushFront(i)
	}
}

func (s *shard[V]) unlink(i int32) {
	e := &s.slots[i]
	if e.prev >= 0 {
		s.slots[e.prev].next = e.next
	} else {
		s.head = e.next
	}
	if e.next >= 0 {
		s.slots[e.next].prev = e.prev
	} else {
		s.tail = e.prev
	}
}

func (s *shard[V]) pushFront(i int32) {
	s.slots[i].prev, s.slots[i].next = -1, s.head
	if s.head >= 0 {
		s.slots[s.head].prev = i
	} else {
		s.tail = i
	}
	s.head = i
}
