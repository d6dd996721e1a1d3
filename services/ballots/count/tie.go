package count

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
)

// How a tie was broken.
const (
	// ByEarlierStage is by the votes at the most recent earlier stage at which the tied differed.
	ByEarlierStage = "earlier stage"
	// ByLot is by a lot drawn from the published seed.
	ByLot = "lot"
	// ByTieOrder is by an order drawn beforehand that the ballot file states.
	ByTieOrder = "stated order"
	// ByNumber is by the order of candidates, for want of a seed.
	ByNumber = "candidate order"
)

// Tie is a tie and how it was broken.
type Tie struct {
	// For says what was to be chosen: "surplus", "exclusion", "election" or "order".
	For string `json:"for"`
	// Among are the tied candidates, ascending.
	Among []int `json:"among"`
	// Chosen was chosen. For "order", candidates in the order decided.
	Chosen []int `json:"chosen"`
	// By is ByEarlierStage, ByLot, ByTieOrder or ByNumber.
	By string `json:"by"`
	// Stage is the earlier stage that decided, for ByEarlierStage.
	Stage int `json:"stage,omitempty"`
	// Draw is the number of the lot in this count, from 1, for ByLot.
	Draw int `json:"draw,omitempty"`
}

// Lot is a source of lots that anyone can draw again. For draw number d (1 for the first lot of a count)
// each tied candidate c gets the SHA-256 of the text "seed:d:c" in hexadecimal; the candidate whose hash
// sorts first is drawn. printf %s 'seed:1:3' | sha256sum shows one. The seed must be something that
// nobody could choose or foresee when the ballots were closed, such as dice thrown in public.
type Lot struct {
	// Seed is the published text. Empty: candidates are drawn in the order of their numbers.
	Seed string
	// Order, where given, stands for every lot: the candidate who comes first is drawn.
	Order []int

	draws int
}

func newLot(e *Election, o Options) *Lot { return &Lot{Seed: o.Seed, Order: e.TieOrder} }

// Draw puts the tied candidates in the order in which they are drawn and says how.
func (l *Lot) Draw(tied []int) (order []int, by string, draw int) {
	order = append([]int(nil), tied...)
	sort.Ints(order)
	switch {
	case len(l.Order) > 0:
		place := make(map[int]int, len(l.Order))
		for i, c := range l.Order {
			place[c] = i
		}
		sort.SliceStable(order, func(i, j int) bool { return place[order[i]] < place[order[j]] })
		return order, ByTieOrder, 0
	case l.Seed == "":
		return order, ByNumber, 0
	}
	l.draws++
	keys := make(map[int][]byte, len(order))
	for _, c := range order {
		h := sha256.Sum256([]byte(l.Seed + ":" + strconv.Itoa(l.draws) + ":" + strconv.Itoa(c)))
		keys[c] = []byte(hex.EncodeToString(h[:]))
	}
	sort.SliceStable(order, func(i, j int) bool { return bytes.Compare(keys[order[i]], keys[order[j]]) < 0 })
	return order, ByLot, l.draws
}

// one draws one of the tied and records the tie.
func (l *Lot) one(purpose string, tied []int) (int, Tie) {
	order, by, draw := l.Draw(tied)
	return order[0], Tie{For: purpose, Among: ascending(tied), Chosen: order[:1], By: by, Draw: draw}
}

func ascending(c []int) []int {
	s := append([]int(nil), c...)
	sort.Ints(s)
	return s
}

// lookBack narrows tied candidates by their votes at earlier stages, the most recent first: at each stage
// at which they differ only those with the most (or the fewest) votes stay. It stops when one is left and
// returns who is left and the last stage, from 1, that told them apart (0 if none did). votes[s] are the
// votes at the end of stage s+1; cmp compares two of them.
func lookBack[V any](votes [][]V, cmp func(a, b V) int, tied []int, most bool) (left []int, stage int) {
	left = append([]int(nil), tied...)
	for s := len(votes) - 1; s >= 0 && len(left) > 1; s-- {
		best := votes[s][left[0]]
		for _, c := range left[1:] {
			if d := cmp(votes[s][c], best); d > 0 == most && d != 0 {
				best = votes[s][c]
			}
		}
		var keep []int
		for _, c := range left {
			if cmp(votes[s][c], best) == 0 {
				keep = append(keep, c)
			}
		}
		if len(keep) < len(left) {
			left, stage = keep, s+1
		}
	}
	return left, stage
}

// explain says a tie in words.
func (t Tie) explain(e *Election) string {
	who := list(e, t.Among)
	what := map[string]string{
		"surplus":   "whose surplus is transferred first",
		"exclusion": "who is excluded",
		"election":  "who is elected",
		"order":     "who stands before whom",
	}[t.For]
	first := e.Name(t.Chosen[0])
	if t.For == "order" {
		first = list(e, t.Chosen)
	}
	switch t.By {
	case ByEarlierStage:
		return fmt.Sprintf("Tie between %s for %s: %s, by the votes at stage %d, the most recent at which they differed.", who, what, first, t.Stage)
	case ByLot:
		return fmt.Sprintf("Tie between %s for %s: %s, by lot %d drawn from the published seed.", who, what, first, t.Draw)
	case ByTieOrder:
		return fmt.Sprintf("Tie between %s for %s: %s, by the order for ties that the ballot file states.", who, what, first)
	}
	return fmt.Sprintf("Tie between %s for %s: %s, by the order of candidates, because no seed for a lot was given. A declaration needs a lot: publish a seed and count again.", who, what, first)
}

// list joins names: "A, B and C".
func list(e *Election, cs []int) string {
	s := ""
	for i, c := range cs {
		switch {
		case i == 0:
		case i == len(cs)-1:
			s += " and "
		default:
			s += ", "
		}
		s += e.Name(c)
	}
	return s
}
