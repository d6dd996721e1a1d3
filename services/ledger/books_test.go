package ledger_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

const today = "2026-11-21"

// book is a journal in memory, kept as the store keeps it.
type book struct {
	entries []ledger.Entry
	events  []ledger.Settled
	// roots and depths are those of the chains of reversals, by index.
	roots, depths []int
}

// add appends an entry; reverses is the index of the entry that it reverses, or -1.
func (b *book) add(e ledger.Entry, reverses int) {
	i := len(b.entries)
	e.ID = fmt.Sprintf("00000000-0000-7000-8000-%012d", i+1)
	e.Number, e.Entered = int64(i+1), 1_790_000_000_000_000+int64(i)*1_000_001
	root, depth := i, 0
	if reverses >= 0 {
		root, depth = b.roots[reverses], b.depths[reverses]+1
		b.entries[reverses].ReversedBy = e.ID
	}
	b.entries, b.roots, b.depths = append(b.entries, e), append(b.roots, root), append(b.depths, depth)
	if s, ok := ledger.StandingEvent(e, b.entries[root], depth); ok {
		b.events = append(b.events, s)
	}
}

func (b *book) sums() map[string]int64 {
	sums := map[string]int64{}
	for _, e := range b.entries {
		for _, p := range e.Postings {
			sums[p.Account] += p.Amount.Pence
		}
	}
	maps.DeleteFunc(sums, func(_ string, pence int64) bool { return pence == 0 })
	return sums
}

// stands computes who has given from the journal alone: whose donation of at least the £1 no reversal answers, counting
// a reversed reversal as none.
func (b *book) stands() map[string]bool {
	given := map[string]bool{}
	for i, e := range b.entries {
		if e.ReversedBy == "" && b.depths[i]%2 == 0 && b.entries[b.roots[i]].Counts() {
			given[e.Member] = true
		}
	}
	return given
}

// told computes the same from what membership is told.
func (b *book) told(t interface{ Fatalf(string, ...any) }) map[string]bool {
	standing := map[string]string{}
	for _, s := range b.events {
		if s.Reverses == "" {
			standing[s.Entry] = s.Member
			continue
		}
		if standing[s.Reverses] != s.Member {
			t.Fatalf("event %s takes back %s of %s, which does not stand", s.Entry, s.Reverses, s.Member)
		}
		delete(standing, s.Reverses)
	}
	given := map[string]bool{}
	for _, m := range standing {
		given[m] = true
	}
	return given
}

var (
	amounts = rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(1, ledger.MaxPence), rapid.Just(int64(ledger.MembershipPence)), rapid.Just(int64(ledger.MembershipPence-1)))
	dates   = rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(2000, 2026).Draw(t, "year"), rapid.IntRange(1, 11).Draw(t, "month"), rapid.IntRange(1, 21).Draw(t, "day"))
	})
	texts = rapid.OneOf(rapid.StringN(1, 40, 200), rapid.StringMatching(`[=+@;|"'\\(){}\[\]!*#^~<>,:% a-z0-9-]{1,30}`), rapid.Just("2026-01-02=2026-01-03"), rapid.Just("  include /etc/passwd"))
)

// general draws a balanced entry that the decision accepts; every text that it refuses is drawn again.
func general(t *rapid.T) ledger.Entry {
	n := rapid.IntRange(1, 5).Draw(t, "postings")
	var postings []ledger.Posting
	rest := int64(0)
	for range n {
		pence := amounts.Draw(t, "pence") / int64(n)
		if rapid.Bool().Draw(t, "credit") {
			pence = -pence
		}
		if pence == 0 {
			pence = 1
		}
		rest -= pence
		postings = append(postings, ledger.Posting{Account: rapid.SampledFrom(ledger.Chart).Draw(t, "account").ID, Amount: ledger.Pounds(pence)})
	}
	if rest == 0 {
		postings = append(postings, ledger.Posting{Account: ledger.Bank, Amount: ledger.Pounds(7)})
		rest = -7
	}
	postings = append(postings, ledger.Posting{Account: rapid.SampledFrom(ledger.Chart).Draw(t, "account").ID, Amount: ledger.Pounds(rest)})
	for {
		e, err := ledger.NewGeneral(dates.Draw(t, "date"), texts.Draw(t, "description"), "", postings, today)
		if err == nil {
			return e
		}
		if len(postings) < 2 {
			t.Fatal(err)
		}
	}
}

// drawn draws a book of donations, spending and reversals.
func drawn(t *rapid.T) *book {
	b := &book{}
	for range rapid.IntRange(1, 40).Draw(t, "entries") {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			b.add(general(t), -1)
		case 1, 2:
			member := rapid.SampledFrom([]string{"ada", "ben", "cas"}).Draw(t, "member")
			e, err := ledger.NewDonation(member, amounts.Draw(t, "pence"), rapid.SampledFrom([]ledger.Method{ledger.ByBank, ledger.ByCash}).Draw(t, "method"),
				dates.Draw(t, "date"), "", today, b.stands()[member])
			if err != nil {
				t.Fatal(err)
			}
			b.add(e, -1)
		case 3:
			if len(b.entries) == 0 {
				continue
			}
			i := rapid.IntRange(0, len(b.entries)-1).Draw(t, "reversed")
			e, err := ledger.NewReversal(b.entries[i], "drawn", today)
			if refused := b.entries[i].ReversedBy != ""; refused != (err != nil) {
				t.Fatalf("reversing an entry reversed by %q: %v", b.entries[i].ReversedBy, err)
			}
			if err == nil {
				b.add(e, i)
			}
		}
	}
	return b
}

func TestBooksBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t)
		for _, e := range b.entries {
			if err := ledger.Balanced(e.Postings); err != nil {
				t.Fatalf("entry %d: %v", e.Number, err)
			}
		}
		lines, debit, credit := ledger.TrialBalance(b.sums())
		if debit != credit {
			t.Fatalf("the trial balance: %d in debit, %d in credit", debit, credit)
		}
		for i, l := range lines {
			if l.Debit != 0 && l.Credit != 0 || l.Debit < 0 || l.Credit < 0 || l.Account.Type == "" || i > 0 && lines[i-1].Account.ID >= l.Account.ID {
				t.Fatalf("line %d: %+v", i, l)
			}
		}
	})
}

func TestAReversalUndoesAndItsReversalRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t)
		b.add(general(t), -1)
		i := rapid.IntRange(0, len(b.entries)-1).Draw(t, "entry")
		if b.entries[i].ReversedBy != "" {
			t.Skip("reversed already")
		}
		sums, stands := b.sums(), b.stands()
		without := maps.Clone(sums)
		for _, p := range b.entries[i].Postings {
			without[p.Account] -= p.Amount.Pence
		}
		maps.DeleteFunc(without, func(_ string, pence int64) bool { return pence == 0 })

		e, err := ledger.NewReversal(b.entries[i], "wrong", today)
		if err != nil {
			t.Fatal(err)
		}
		b.add(e, i)
		if d := cmp.Diff(without, b.sums()); d != "" {
			t.Fatalf("the books after the reversal are not those without the entry:\n%s", d)
		}
		again, err := ledger.NewReversal(b.entries[len(b.entries)-1], "right after all", today)
		if err != nil {
			t.Fatal(err)
		}
		b.add(again, len(b.entries)-1)
		if d := cmp.Diff(sums, b.sums()); d != "" {
			t.Fatalf("the books after the reversal's reversal:\n%s", d)
		}
		if d := cmp.Diff(stands, b.stands()); d != "" {
			t.Fatalf("who stands after the reversal's reversal:\n%s", d)
		}
	})
}

func TestStandingIsAFunctionOfTheChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t)
		if d := cmp.Diff(b.stands(), b.told(t)); d != "" {
			t.Fatalf("who stands, from the journal (-) and from what membership is told (+):\n%s", d)
		}
		for i, e := range b.entries {
			s, ok := ledger.StandingEvent(e, b.entries[b.roots[i]], b.depths[i])
			if ok != b.entries[b.roots[i]].Counts() {
				t.Fatalf("entry %d makes an event: %v", e.Number, ok)
			}
			if ok && (s.Entry != e.ID || s.Member != b.entries[b.roots[i]].Member || s.Pence < ledger.MembershipPence || s.At != e.Entered) {
				t.Fatalf("entry %d makes %+v", e.Number, s)
			}
		}
	})
}
