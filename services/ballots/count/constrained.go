package count

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Constraint limits how many candidates of a group may, or must, be elected together.
//
// How it is held. A candidate whose election would leave no way to fill the places within every
// constraint is doomed; a candidate without whom there would be no way left is guarded. In the
// transferable methods a doomed candidate is excluded at once, before any surplus, the papers going on at
// their value; a guarded one is never excluded (I. D. Hill, "STV with constraints", Voting matters 9,
// 1998). In the other methods candidates are taken in the method's own order and a doomed one is passed
// over.
//
// Limits. A constrained count is not the method it starts from: it can pass over somebody whom the
// voters put first, it can break proportionality for solid coalitions, and in the transferable methods
// whom it dooms depends on the order in which others reached the quota. If the constraints allow fewer
// people than there are seats, seats stay empty.
type Constraint struct {
	// Name of the group, for the report.
	Name string
	// Candidates of the group, by number. A candidate may belong to several groups.
	Candidates []int
	// Min of them must be elected, at least.
	Min int
	// Max of them may be elected, at most; 0 for no limit.
	Max int
}

// String says the constraint in words.
func (c Constraint) String() string {
	var parts []string
	if c.Min > 0 {
		parts = append(parts, fmt.Sprintf("at least %d", c.Min))
	}
	if c.Max > 0 {
		parts = append(parts, fmt.Sprintf("at most %d", c.Max))
	}
	var who []string
	for _, n := range c.Candidates {
		who = append(who, strconv.Itoa(n))
	}
	return strings.Join(parts, " and ") + " of " + c.Name + " (candidates " + strings.Join(who, ", ") + ")"
}

// ParseConstraint reads "NAME<=N:1,4,7" or "NAME>=N:1,4,7".
func ParseConstraint(s string) (Constraint, error) {
	bad := fmt.Errorf("a constraint reads NAME<=N:1,4,7 or NAME>=N:1,4,7, not %q", s)
	rule, members, ok := strings.Cut(s, ":")
	if !ok {
		return Constraint{}, bad
	}
	name, n, most := strings.Cut(rule, "<=")
	if !most {
		if name, n, ok = strings.Cut(rule, ">="); !ok {
			return Constraint{}, bad
		}
	}
	limit, err := strconv.Atoi(strings.TrimSpace(n))
	if err != nil || limit < 1 {
		return Constraint{}, bad
	}
	c := Constraint{Name: strings.TrimSpace(name)}
	if most {
		c.Max = limit
	} else {
		c.Min = limit
	}
	for _, f := range strings.FieldsFunc(members, func(r rune) bool { return r == ',' || r == ' ' }) {
		k, err := strconv.Atoi(f)
		if err != nil {
			return Constraint{}, bad
		}
		c.Candidates = append(c.Candidates, k)
	}
	if c.Name == "" || len(c.Candidates) == 0 {
		return Constraint{}, bad
	}
	return c, nil
}

// warden holds the constraints during a count.
type warden struct {
	cs    []Constraint
	group []uint32 // by candidate: a bit for each constraint that counts them
	fill  int      // how many seats can be filled at most
	seats int
}

// newWarden returns the warden for e, or why nobody could satisfy the constraints.
func newWarden(method string, e *Election, cs []Constraint) (*warden, error) {
	w := &warden{cs: cs, group: make([]uint32, len(e.Candidates)+1), seats: e.Seats}
	var all []int
	for i, c := range e.Candidates {
		if !c.Withdrawn {
			all = append(all, i+1)
		}
	}
	w.fill = min(e.Seats, len(all))
	if len(cs) == 0 {
		return w, nil
	}
	if len(cs) > 32 {
		return nil, refuse(method, "%d constraints are more than 32", len(cs))
	}
	for i, c := range cs {
		if c.Min < 0 || c.Max < 0 || c.Max > 0 && c.Max < c.Min {
			return nil, refuse(method, "the constraint on %s asks for at least %d and at most %d", c.Name, c.Min, c.Max)
		}
		for _, k := range c.Candidates {
			if k < 1 || k > len(e.Candidates) {
				return nil, refuse(method, "the constraint on %s names candidate %d, who does not stand", c.Name, k)
			}
			w.group[k] |= 1 << i
		}
	}
	for ; w.fill >= 0; w.fill-- {
		if w.feasible(nil, all) {
			return w, nil
		}
	}
	return nil, refuse(method, "no %d of the candidates satisfy the constraints together", e.Seats)
}

// idle tells that there is nothing to hold.
func (w *warden) idle() bool { return len(w.cs) == 0 }

// feasible tells whether the elected and some of the available can fill the seats within the constraints.
func (w *warden) feasible(elected, available []int) bool {
	left := w.fill - len(elected)
	if left < 0 || left > len(available) {
		return false
	}
	if w.idle() {
		return true
	}
	have := make([]int, len(w.cs))
	count := func(g uint32, n int) {
		for i := range w.cs {
			if g>>i&1 == 1 {
				have[i] += n
			}
		}
	}
	for _, c := range elected {
		count(w.group[c], 1)
	}
	classes := map[uint32]int{}
	for _, c := range available {
		classes[w.group[c]]++
	}
	var groups []uint32
	for g := range classes {
		groups = append(groups, g)
	}
	sort.Slice(groups, func(i, j int) bool { return groups[i] < groups[j] })
	failed := map[string]bool{}
	var try func(i, left int) bool
	try = func(i, left int) bool {
		for k, c := range w.cs {
			if c.Max > 0 && have[k] > c.Max {
				return false
			}
		}
		if i == len(groups) {
			for k, c := range w.cs {
				if have[k] < c.Min {
					return false
				}
			}
			return left == 0
		}
		key := fmt.Sprint(i, left, have)
		if failed[key] {
			return false
		}
		for n := min(left, classes[groups[i]]); n >= 0; n-- {
			count(groups[i], n)
			ok := try(i+1, left-n)
			count(groups[i], -n)
			if ok {
				return true
			}
		}
		failed[key] = true
		return false
	}
	return try(0, left)
}

// doomed returns the available who cannot be elected beside the elected.
func (w *warden) doomed(elected, available []int) []int {
	return w.pick(available, func(c int, rest []int) bool {
		return !w.feasible(append(append([]int(nil), elected...), c), rest)
	})
}

// guarded returns the available without whom the seats cannot be filled.
func (w *warden) guarded(elected, available []int) []int {
	return w.pick(available, func(_ int, rest []int) bool { return !w.feasible(elected, rest) })
}

func (w *warden) pick(available []int, is func(c int, rest []int) bool) []int {
	if w.idle() {
		return nil
	}
	var out []int
	for _, c := range available {
		if is(c, without(available, c)) {
			out = append(out, c)
		}
	}
	return out
}

// fit elects from the front of an order of candidates, passing over the doomed.
func (w *warden) fit(order []int) (elected, passed []int) {
	rest := order
	for len(rest) > 0 && len(elected) < w.fill {
		c := rest[0]
		rest = rest[1:]
		if !w.idle() && !w.feasible(append(append([]int(nil), elected...), c), rest) {
			passed = append(passed, c)
			continue
		}
		elected = append(elected, c)
	}
	return elected, passed
}

// notes says how constraints are held and what they cost, for the report. Transfers tells which kind of
// method it is.
func (w *warden) notes(transfers bool) []string {
	if w.idle() {
		return nil
	}
	how := "Constraints were held by taking candidates in the method's order and passing over each who would have left no way to fill the seats within them."
	if transfers {
		how = "Constraints were held by excluding at once each candidate who could no longer be elected within them, and never excluding one without whom they could not be met (Hill, Voting matters 9, 1998)."
	}
	cost := "Limits: such a count can pass over somebody whom the voters put first"
	if transfers {
		cost += ", can break proportionality, and depends on who reached the quota earlier"
	}
	if w.fill < w.seats {
		cost += fmt.Sprintf("; these constraints let only %d of %d seats be filled", w.fill, w.seats)
	}
	return []string{how, cost + "."}
}

// words says the constraints for the report.
func (w *warden) words() []string {
	var s []string
	for _, c := range w.cs {
		s = append(s, c.String())
	}
	return s
}

func without(cs []int, gone int) []int {
	out := make([]int, 0, len(cs))
	for _, c := range cs {
		if c != gone {
			out = append(out, c)
		}
	}
	return out
}

func contains(cs []int, c int) bool {
	for _, k := range cs {
		if k == c {
			return true
		}
	}
	return false
}
