package session

import (
	"sort"
	"time"

	"firedrill/internal/exchange"
)

// nearby is how far from an identified request one without identity may lie to be taken for the same client's.
const nearby = 10 * time.Minute

// adopt gives the requests that show no identity (the page before the log-in) to
// the session they belong to: by connection, else by client; what is left over
// stays together by client.
func (g *grouper) adopt() {
	byConn, byClient := map[connKey][]int{}, map[clientKey][]int{}
	for i, e := range g.events {
		byClient[clientOf(e)] = append(byClient[clientOf(e)], i)
		if e.X.Conn != 0 {
			byConn[connOf(e)] = append(byConn[connOf(e)], i)
		}
	}
	shared := map[connKey]bool{}
	for k, list := range byConn {
		shared[k] = g.interleaved(list)
	}
	type match struct{ orphan, owner int }
	var matches []match
	rest := map[clientKey]int{}
	for i, e := range g.events {
		if g.known[i] {
			continue
		}
		owner := -1
		if k := connOf(e); e.X.Conn != 0 && !shared[k] {
			owner = g.nearest(byConn[k], i)
		}
		if owner < 0 {
			owner = g.nearest(byClient[clientOf(e)], i)
		}
		if owner >= 0 {
			matches = append(matches, match{i, owner})
			continue
		}
		k := clientOf(e)
		if first, ok := rest[k]; ok {
			matches = append(matches, match{i, first})
		} else {
			rest[k] = i
		}
	}
	for _, m := range matches {
		g.union(m.orphan, m.owner)
	}
}

type connKey struct {
	client string
	conn   uint64
}

type clientKey struct{ client, agent string }

func connOf(e *Event) connKey { return connKey{e.X.Client, e.X.Conn} }

func clientOf(e *Event) clientKey {
	agent, _ := exchange.Get(e.X.Request.Header, "User-Agent")
	return clientKey{e.X.Client, agent}
}

// interleaved reports whether a connection carries several clients at once.
func (g *grouper) interleaved(list []int) bool {
	last, returns := -1, 0
	seen := map[int]bool{}
	for _, i := range list {
		if !g.known[i] {
			continue
		}
		if root := g.find(i); root != last {
			if seen[root] {
				returns++
			}
			seen[root], last = true, root
		}
	}
	return returns > 0
}

// nearest is the identified event of list that follows event i soonest, else the
// one that precedes it most closely; -1 when none is nearby.
func (g *grouper) nearest(list []int, i int) int {
	at := sort.SearchInts(list, i)
	for _, j := range list[min(at+1, len(list)):] {
		if g.events[j].Start().Sub(g.events[i].End()) > nearby {
			break
		}
		if g.known[j] {
			return j
		}
	}
	for k := at - 1; k >= 0; k-- {
		j := list[k]
		if g.events[i].Start().Sub(g.events[j].End()) > nearby {
			break
		}
		if g.known[j] {
			return j
		}
	}
	return -1
}
