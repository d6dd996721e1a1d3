package belenios

import (
	"fmt"
	"slices"
	"testing"
)

// choose is a vote for one answer of n.
func choose(n, which int) []int {
	v := make([]int, n)
	v[which] = 1
	return v
}

// makeYesNo makes a whole election on a motion, with revotes.
func makeYesNo(t testing.TB, g Group, size, needed int, decrypters ...int) *made {
	m := makeElection(t, "yes/no "+g.Name(), plan{group: g, questions: yesNoAbstain, voters: 7, size: size, threshold: needed})
	for i, which := range []int{0, 0, 1, 2, 0, 1} {
		m.vote(i, Choices{choose(3, which)})
	}
	m.vote(0, Choices{choose(3, 2)})
	m.vote(4, Choices{choose(3, 0)})
	m.close(0)
	m.decrypt(decrypters...)
	return m
}

func makeThreeOfSeven(t testing.TB, g Group, size, needed int, decrypters ...int) *made {
	m := makeElection(t, "3 of 7 "+g.Name(), plan{group: g, questions: threeOfSeven, voters: 6, size: size, threshold: needed})
	for i, v := range [][]int{{0, 1, 0, 1, 0, 0, 0, 1}, {1, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 1, 0, 0, 0, 0, 0}, {0, 1, 1, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 1, 1}} {
		m.vote(i, Choices{v})
	}
	m.vote(1, Choices{{0, 1, 1, 1, 0, 0, 0, 0}})
	m.vote(2, Choices{{1, 0, 0, 0, 0, 0, 0, 0}})
	m.close(0)
	m.decrypt(decrypters...)
	return m
}

func makeRanked(t testing.TB, g Group, size, needed, shuffles int, decrypters ...int) *made {
	m := makeElection(t, "ranked "+g.Name(), plan{group: g, questions: rankFive, voters: 6, size: size, threshold: needed})
	for i, v := range [][]int{{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, {0, 0, 1, 0, 2}, {255, 0, 7, 8, 9}, {2, 1, 3, 4, 5}} {
		m.vote(i, Choices{v})
	}
	m.vote(1, Choices{{1, 0, 0, 0, 0}})
	m.close(shuffles)
	m.decrypt(decrypters...)
	return m
}

// checkCounts compares an archive's result with the plain tally.
func checkCounts(t *testing.T, m *made) {
	t.Helper()
	rep := m.verify()
	for i := range m.e.Questions {
		if got, want := rep.Result.Counts[i], m.counts(i); !slices.Equal(got, want) {
			t.Errorf("question %d: %v, want %v", i+1, got, want)
		}
	}
}

func TestMadeElections(t *testing.T) {
	for _, g := range []Group{Ed25519(), Belenios2048(), RFC3526()} {
		if g.Name() == "RFC-3526-2048" && !full() {
			continue // eight times slower than the others, and nothing in it depends on the group
		}
		t.Run(g.Name(), func(t *testing.T) {
			t.Parallel()
			checkCounts(t, makeYesNo(t, g, 1, 0, 1))
			if g.Name() == "RFC-3526-2048" {
				return
			}
			checkCounts(t, makeYesNo(t, g, 3, 2, 3, 1))
			checkCounts(t, makeThreeOfSeven(t, g, 2, 0, 2, 1))
			checkCounts(t, makeThreeOfSeven(t, g, 3, 2, 2, 3))
		})
	}
}

func TestMadeRanked(t *testing.T) {
	for _, g := range []Group{Ed25519(), RFC3526()} {
		if g.Name() == "RFC-3526-2048" && !full() {
			continue
		}
		t.Run(g.Name(), func(t *testing.T) {
			t.Parallel()
			size, needed := 3, 2
			if g.Name() != "Ed25519" {
				size, needed = 1, 0
			}
			owners := []int{1}
			if size > 1 {
				owners = []int{3, 1}
			}
			m := makeRanked(t, g, size, needed, min(size, 2), owners...)
			rep := m.verify()
			var want [][]int
			for _, v := range m.votes {
				want = append(want, v[0])
			}
			got := slices.Clone(rep.Result.Rankings[0])
			slices.SortFunc(got, slices.Compare)
			slices.SortFunc(want, slices.Compare)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
