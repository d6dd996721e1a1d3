// Package match finds whose money a line of a bank statement is.
//
// Only a reference with its check digit, or a rule that the treasurer saved to act by itself, is certain. Everything else
// (the payer's name, the amount that a member was asked for) makes proposals, which a person confirms. Money that goes
// out, that takes an earlier movement back or that is in another currency is never certain.
package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// Member is who may have paid.
type Member struct {
	// ID and Number are the member's; Name is as the register has it.
	ID     string
	Number int64
	Name   string
	// Due is what the member was asked for and has not given yet, in minor units; 0 if nothing.
	Due int64
}

// Rule is what the treasurer saved for lines that come again.
type Rule struct {
	// ID names it.
	ID string
	// Contains is a text of the line, in any case and spacing; CounterpartyAccount is whole. Empty ones fit any line, but
	// one of them is needed.
	Contains, CounterpartyAccount string
	// Least and Most bound the amount in minor units, with its sign; both 0 for any.
	Least, Most int64
	// Member or Account is where the line belongs; just one of them.
	Member, Account string
	// Acts is true if the line may be taken without a person's confirming it.
	Acts bool
}

// Why a proposal is made.
type Why string

// The reasons, the surest first.
const (
	ByReference Why = "reference"
	ByRule      Why = "rule"
	ByName      Why = "name"
	ByInitial   Why = "initial"
	ByAmount    Why = "amount"
)

var worth = map[Why]int{ByReference: 400, ByRule: 300, ByName: 200, ByInitial: 100, ByAmount: 10}

// Share is part of a line for a member, or for an account of the chart.
type Share struct {
	// Member or Account, not both; Minor has the line's sign.
	Member, Account string
	Minor           int64
}

// Proposal is a way to take a line.
type Proposal struct {
	// Shares make the whole line.
	Shares []Share
	// Why it is made, and Rule which rule made it. AmountFits is true if the member was asked for just this amount.
	Why        Why
	Rule       string
	AmountFits bool
}

// Result is what was found for a line.
type Result struct {
	// Certain is true if the first proposal may be taken without a person.
	Certain bool
	// Proposals are at most MaxProposals, the best first.
	Proposals []Proposal
}

// MaxProposals is how many a person is shown.
const MaxProposals = 5

// Matcher knows the members and rules.
type Matcher struct {
	currency string
	members  []Member
	names    [][]string
	number   map[int64]int
	id       map[string]int
	surname  map[string][]int
	due      map[int64][]int
	rules    []Rule
	contains []string
}

// New makes a matcher for the currency of the books. It returns an Invalid fault for two members with one number or id, or
// a rule that says too little or too much.
func New(currency string, members []Member, rules []Rule) (*Matcher, error) {
	m := &Matcher{currency: currency, members: members, rules: rules, number: map[int64]int{}, id: map[string]int{}, surname: map[string][]int{}, due: map[int64][]int{}}
	for i, p := range members {
		_, twice := m.number[p.Number]
		if _, same := m.id[p.ID]; same || twice && p.Number != 0 || p.ID == "" {
			return nil, fault.New(fault.Invalid, "MEMBERS_UNCLEAR", fmt.Sprintf("Two members have the id %q or the number %d.", p.ID, p.Number))
		}
		m.id[p.ID] = i
		if p.Number > 0 {
			m.number[p.Number] = i
		}
		w := words(p.Name)
		m.names = append(m.names, w)
		if len(w) > 1 {
			m.surname[w[len(w)-1]] = append(m.surname[w[len(w)-1]], i)
		}
		if p.Due > 0 {
			m.due[p.Due] = append(m.due[p.Due], i)
		}
	}
	for _, r := range rules {
		if err := r.check(); err != nil {
			return nil, err
		}
		m.contains = append(m.contains, flat(r.Contains))
	}
	return m, nil
}

func (r *Rule) check() error {
	switch {
	case flat(r.Contains) == "" && r.CounterpartyAccount == "":
		return fault.Field("RULE_INVALID", "contains", "Say which text or which account number the line has.")
	case (r.Member == "") == (r.Account == ""):
		return fault.Field("RULE_INVALID", "member", "Choose either a member or an account for the lines of this rule.")
	case r.Least > r.Most:
		return fault.Field("RULE_INVALID", "least", "The least amount is more than the most.")
	}
	return nil
}

func flat(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// Match says whose the line is.
func (m *Matcher) Match(l *statement.Line) Result {
	var found Result
	if l.Currency != m.currency || l.Minor == 0 {
		return found
	}
	plain := l.Minor > 0 && !l.Reversal && !l.Repeats
	if plain {
		if p, certain := m.byReference(l); len(p.Shares) > 0 {
			found.Proposals = append(found.Proposals, p)
			found.Certain = certain
		}
	}
	rules := m.byRule(l)
	if len(found.Proposals) == 0 && len(rules) == 1 {
		i := slices.IndexFunc(m.rules, func(r Rule) bool { return r.ID == rules[0].Rule })
		found.Certain = m.rules[i].Acts && !l.Reversal && !l.Repeats
	}
	found.Proposals = append(found.Proposals, rules...)
	if l.Minor > 0 && !found.Certain {
		found.Proposals = append(found.Proposals, m.byName(l)...)
	}
	slices.SortStableFunc(found.Proposals, func(a, b Proposal) int { return cmp.Compare(b.rank(), a.rank()) })
	found.Proposals = distinct(found.Proposals)
	return found
}

func (p *Proposal) rank() int {
	if p.AmountFits {
		return worth[p.Why] + 50
	}
	return worth[p.Why]
}

func distinct(all []Proposal) []Proposal {
	var kept []Proposal
	for _, p := range all {
		if len(kept) < MaxProposals && !slices.ContainsFunc(kept, func(k Proposal) bool { return slices.Equal(k.Shares, p.Shares) }) {
			kept = append(kept, p)
		}
	}
	return kept
}

// byReference proposes by the references in the line, or in the single payments of a batch. It is certain if one member is
// named, or if each payment of a batch names one and gives its amount.
func (m *Matcher) byReference(l *statement.Line) (Proposal, bool) {
	p := Proposal{Why: ByReference}
	if len(l.Parts) > 0 {
		for _, part := range l.Parts {
			who := m.named(part.Reference, part.EndToEnd, part.Description)
			if len(who) != 1 || !part.HasAmount || part.Minor <= 0 {
				return Proposal{}, false
			}
			id := m.members[who[0]].ID
			if i := slices.IndexFunc(p.Shares, func(s Share) bool { return s.Member == id }); i >= 0 {
				p.Shares[i].Minor += part.Minor
			} else {
				p.Shares = append(p.Shares, Share{Member: id, Minor: part.Minor})
			}
		}
		if Split(l, p.Shares) != nil {
			return Proposal{}, false
		}
		return p, true
	}
	who := m.named(l.Texts()...)
	switch {
	case len(who) == 0:
		return p, false
	case len(who) == 1:
		p.Shares = []Share{{Member: m.members[who[0]].ID, Minor: l.Minor}}
		p.AmountFits = m.members[who[0]].Due == l.Minor
		return p, true
	case l.Minor%int64(len(who)) != 0:
		return p, false
	}
	// One paid for several: equal parts are a guess, which a person looks at.
	for _, i := range who {
		p.Shares = append(p.Shares, Share{Member: m.members[i].ID, Minor: l.Minor / int64(len(who))})
	}
	return p, false
}

// named returns the members whose references stand in the texts. A reference that checks but is nobody's is no one's.
func (m *Matcher) named(texts ...string) []int {
	var who []int
	for _, t := range texts {
		for _, n := range References(t) {
			if i, ok := m.number[n]; ok && !slices.Contains(who, i) {
				who = append(who, i)
			}
		}
	}
	return who
}

func (m *Matcher) byRule(l *statement.Line) []Proposal {
	var all []Proposal
	text := flat(strings.Join(l.Texts(), " "))
	for i, r := range m.rules {
		if !strings.Contains(text, m.contains[i]) || r.CounterpartyAccount != "" && flat(r.CounterpartyAccount) != flat(l.CounterpartyAccount) ||
			(r.Least != 0 || r.Most != 0) && (l.Minor < r.Least || l.Minor > r.Most) {
			continue
		}
		if _, ok := m.id[r.Member]; r.Member != "" && !ok {
			continue // who left since
		}
		all = append(all, Proposal{Shares: []Share{{Member: r.Member, Account: r.Account, Minor: l.Minor}}, Why: ByRule, Rule: r.ID})
	}
	return all
}

// byName proposes members whose names stand in the line, and, if the only one asked for just this amount is one, that one.
func (m *Matcher) byName(l *statement.Line) []Proposal {
	var all []Proposal
	text := words(l.Counterparty + " " + l.Description)
	seen := map[int]bool{}
	for _, w := range text {
		for _, i := range m.surname[w] {
			if seen[i] {
				continue
			}
			seen[i] = true
			why, like := ByName, likeness(m.names[i], text)
			if like == byInitial {
				why = ByInitial
			}
			if like != unlike {
				all = append(all, Proposal{Shares: []Share{{Member: m.members[i].ID, Minor: l.Minor}}, Why: why, AmountFits: m.members[i].Due == l.Minor})
			}
		}
	}
	if who := m.due[l.Minor]; len(who) == 1 && !seen[who[0]] {
		all = append(all, Proposal{Shares: []Share{{Member: m.members[who[0]].ID, Minor: l.Minor}}, Why: ByAmount, AmountFits: true})
	}
	return all
}

// Split checks that shares make a line: each for one member or account, none twice, all of the line's sign, and their sum
// the line's amount.
func Split(l *statement.Line, shares []Share) error {
	var sum int64
	seen := map[[2]string]bool{}
	for i, s := range shares {
		field := fmt.Sprintf("shares[%d]", i)
		to := [2]string{s.Member, s.Account}
		switch {
		case (s.Member == "") == (s.Account == ""):
			return fault.Field("SPLIT_INVALID", field, "Choose a member or an account for each share.")
		case seen[to]:
			return fault.Field("SPLIT_INVALID", field, "A member or account has two shares: add them up.")
		case s.Minor == 0 || (s.Minor < 0) != (l.Minor < 0):
			return fault.Field("SPLIT_INVALID", field, "A share is at least 1p, the same way as the line.")
		case l.Minor > 0 && s.Minor > l.Minor-sum || l.Minor < 0 && s.Minor < l.Minor-sum:
			return fault.Field("SPLIT_INVALID", field, "The shares are more than the line.")
		}
		seen[to] = true
		sum += s.Minor
	}
	if sum != l.Minor {
		return fault.Field("SPLIT_INVALID", "shares", fmt.Sprintf("The shares make %s, but the line is %s.",
			statement.Decimal(sum, l.Currency), statement.Decimal(l.Minor, l.Currency)))
	}
	return nil
}
