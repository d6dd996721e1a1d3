package count

// node is the papers that have passed through the same elected candidates in the same order, for whom
// they are therefore worth the same. All papers of a node are reckoned at once, which is exact: the rule
// rounds per paper, and these papers round alike.
type node struct {
	c     int   // the elected candidate passed last, 0 at the root
	total int64 // papers that reach the node
	stops []stop
	index []uint16 // by candidate: one more than the place in stops; only where there are many
	next  []*node
}

// stop is the papers of a node that go to a hopeful candidate.
type stop struct {
	c      int
	tally  int64
	papers []paper
}

// stop returns the node's stop at c, a new one where there is none.
func (n *node) stop(c, candidates int) *stop {
	if n.index != nil {
		if i := n.index[c]; i > 0 {
			return &n.stops[i-1]
		}
	} else {
		for i := range n.stops {
			if n.stops[i].c == c {
				return &n.stops[i]
			}
		}
	}
	n.stops = append(n.stops, stop{c: c})
	switch {
	case n.index != nil:
		n.index[c] = uint16(len(n.stops))
	case len(n.stops) == 8:
		n.index = make([]uint16, candidates+1)
		for i, s := range n.stops {
			n.index[s.c] = uint16(i + 1)
		}
	}
	return &n.stops[len(n.stops)-1]
}

// take removes the node's stop at c and returns its papers.
func (n *node) take(c int) []paper {
	for i, s := range n.stops {
		if s.c != c {
			continue
		}
		last := len(n.stops) - 1
		n.stops[i] = n.stops[last]
		n.stops = n.stops[:last]
		if n.index != nil {
			n.index[c] = 0
			if i < last {
				n.index[n.stops[i].c] = uint16(i + 1)
			}
		}
		return s.papers
	}
	return nil
}

// child returns the node behind elected candidate c, a new one where there is none.
func (n *node) child(c int) *node {
	for _, d := range n.next {
		if d.c == c {
			return d
		}
	}
	d := &node{c: c}
	n.next = append(n.next, d)
	return d
}
