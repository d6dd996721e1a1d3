package amend

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Kind is what an edit does.
type Kind string

// The kinds of edit.
const (
	// Words puts New in the place of Old in a clause; an empty New leaves Old out.
	Words Kind = "words"
	// Replace puts New in the place of the whole clause.
	Replace Kind = "replace"
	// Delete leaves the clause out.
	Delete Kind = "delete"
	// Insert adds New as a clause after the clause, or at the beginning if none is named.
	Insert Kind = "insert"
)

// Edit is one change of one clause.
type Edit struct {
	Kind Kind
	// Clause is the id of the clause in the base. In an amendment to an amendment it is the number of the edit that is
	// changed: "1", "2", …
	Clause string
	// Old are the words that Words takes out, exactly as they stand.
	Old string
	// Occurrence says which of several places Old stands at, from 1; 0 if it stands at one only.
	Occurrence int
	// New is what comes in.
	New string
}

// Amendment is a proposal to change a motion's text, or to change another amendment.
type Amendment struct {
	// ID is the amendment's, Number its place among the amendments to the motion, from 1, in the order moved.
	ID     string
	Number int
	// Parent is the amendment that it amends, or empty: it amends the motion.
	Parent string
	Edits  []Edit
}

const (
	// maxEdits is the most changes one amendment may make.
	maxEdits = 50
	field    = "edits"
)

func refuse(reason, format string, args ...any) error {
	return fault.Field(reason, field, fmt.Sprintf(format, args...))
}

// span is where words stand in a clause, in bytes.
type span struct{ from, to int }

// find returns where an edit's words stand in a clause. It refuses words that do not stand there, and words that stand
// at several places where the edit does not say at which: AMENDMENT_WORDS.
func (e Edit) find(text string) (span, error) {
	if e.Old == "" || strings.Contains(e.Old+e.New, "\n") || e.Old != strings.TrimSpace(e.Old) || e.New != strings.TrimSpace(e.New) {
		return span{}, refuse("AMENDMENT_WORDS", "Name whole words to be changed, within one line; to change more, replace the clause.")
	}
	var at []int
	for i := 0; ; {
		j := strings.Index(text[i:], e.Old)
		if j < 0 {
			break
		}
		at = append(at, i+j)
		i += j + 1
	}
	switch {
	case len(at) == 0:
		return span{}, refuse("AMENDMENT_WORDS", "The words %q do not stand in clause %s.", e.Old, e.Clause)
	case e.Occurrence == 0 && len(at) > 1:
		return span{}, refuse("AMENDMENT_WORDS", "The words %q stand %d times in clause %s: say which, or name more of the words around them.", e.Old, len(at), e.Clause)
	case e.Occurrence < 0 || e.Occurrence > len(at):
		return span{}, refuse("AMENDMENT_WORDS", "The words %q stand only %d times in clause %s.", e.Old, len(at), e.Clause)
	}
	i := at[max(e.Occurrence, 1)-1]
	return e.spaced(text, span{i, i + len(e.Old)}), nil
}

// spaced takes the space beside words that are left out along, so that no two spaces stay side by side.
func (e Edit) spaced(text string, s span) span {
	if e.New != "" {
		return s
	}
	before, after := strings.HasSuffix(text[:s.from], " "), strings.HasPrefix(text[s.to:], " ")
	switch {
	case after && (before || s.from == 0):
		s.to++
	case before:
		s.from--
	}
	return s
}

// check refuses an edit that a clause does not take.
func (e Edit) check(text string) error {
	switch e.Kind {
	case Words:
		s, err := e.find(text)
		if err != nil {
			return err
		}
		if e.Old == e.New {
			return refuse("AMENDMENT_SAME", "Clause %s would stay as it is.", e.Clause)
		}
		if strings.TrimSpace(text[:s.from]+e.New+text[s.to:]) == "" {
			return refuse("AMENDMENT_SAME", "Nothing of clause %s would be left: leave the clause out instead.", e.Clause)
		}
	case Replace, Insert:
		if e.New != strings.TrimSpace(e.New) || !single(e.New) {
			return refuse("AMENDMENT_ONE_CLAUSE", "Write one clause: a paragraph, or one item of a list.")
		}
		if e.Kind == Replace && e.New == text {
			return refuse("AMENDMENT_SAME", "Clause %s would stay as it is.", e.Clause)
		}
	case Delete:
		if e.New != "" {
			return refuse("AMENDMENT_ONE_CLAUSE", "A clause that is left out has no new words.")
		}
	default:
		return refuse("AMENDMENT_KIND", "Say what the change does: words, replace, delete or insert.")
	}
	return nil
}

// Check refuses an amendment that does not fit the text it amends: one without edits, of a clause that is not there,
// of words that are not there, with edits that cannot both stand, or that leaves nothing (such an amendment is a vote
// against the motion, which members have without it). base are the motion's clauses; for an amendment to an amendment
// pass what [Proposal] returns.
func Check(base []Clause, a Amendment) error {
	if len(a.Edits) == 0 || len(a.Edits) > maxEdits {
		return refuse("AMENDMENT_EMPTY", "An amendment makes from 1 to %d changes.", maxEdits)
	}
	text := map[string]string{}
	for _, c := range base {
		text[c.ID] = c.Text
	}
	for i, e := range a.Edits {
		was, ok := text[e.Clause]
		if !ok && (e.Kind != Insert || e.Clause != "") {
			return refuse("AMENDMENT_CLAUSE", "There is no clause %q in the text that is amended.", e.Clause)
		}
		switch {
		case a.Parent != "" && e.Kind == Insert:
			return refuse("AMENDMENT_DEPTH", "An amendment to an amendment changes its words; to add a clause, move an amendment to the motion.")
		case a.Parent != "" && was == "" && e.Kind != Delete:
			return refuse("AMENDMENT_DEPTH", "Change %s proposes no words that could be amended: it can only be left out.", e.Clause)
		}
		if err := e.check(was); err != nil {
			return err
		}
		for _, before := range a.Edits[:i] {
			if why := collide(text, before, e); why != "" {
				return refuse("AMENDMENT_TWICE", "Two of its changes meet in clause %s.", e.Clause)
			}
		}
	}
	if len(Clauses(apply(base, []Amendment{a}))) == 0 {
		return refuse("AMENDMENT_NEGATES", "The amendment leaves nothing of the text: that is a vote against it.")
	}
	return nil
}

// Proposal is what an amendment proposes, as clauses that an amendment to it may edit: for each of its edits the new
// words, under the edit's number. What leaves a clause out proposes no words.
func Proposal(a Amendment) []Clause {
	all := make([]Clause, len(a.Edits))
	for i, e := range a.Edits {
		all[i] = Clause{ID: strconv.Itoa(i + 1), Before: "\n\n", Text: e.New}
	}
	return all
}

// Amended is an amendment of a text as changed by amendments to it that were carried. Those that cannot all stand are
// refused as [Apply] refuses them, and those that would leave an amendment which does not pass [Check] as Check does.
func Amended(base []Clause, a Amendment, carried []Amendment) (Amendment, error) {
	lines, err := Apply(Proposal(a), carried)
	if err != nil {
		return Amendment{}, err
	}
	out := a
	out.Edits = nil
	for i, l := range lines {
		if l.State == Removed {
			continue
		}
		e := a.Edits[i]
		e.New = l.Now
		out.Edits = append(out.Edits, e)
	}
	return out, Check(base, out)
}
