package server

import (
	"time"

	"google.golang.org/protobuf/proto"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

var editKinds = map[amend.Kind]motionsv1.EditKind{
	amend.Words:   motionsv1.EditKind_EDIT_KIND_WORDS,
	amend.Replace: motionsv1.EditKind_EDIT_KIND_REPLACE,
	amend.Delete:  motionsv1.EditKind_EDIT_KIND_DELETE,
	amend.Insert:  motionsv1.EditKind_EDIT_KIND_INSERT,
}

var clauseStates = map[amend.State]motionsv1.ClauseState{
	amend.Unchanged: motionsv1.ClauseState_CLAUSE_STATE_UNCHANGED,
	amend.Changed:   motionsv1.ClauseState_CLAUSE_STATE_CHANGED,
	amend.Added:     motionsv1.ClauseState_CLAUSE_STATE_ADDED,
	amend.Removed:   motionsv1.ClauseState_CLAUSE_STATE_REMOVED,
}

var marks = map[amend.Mark]motionsv1.Mark{
	amend.Same: motionsv1.Mark_MARK_SAME,
	amend.Out:  motionsv1.Mark_MARK_OUT,
	amend.In:   motionsv1.Mark_MARK_IN,
}

var whys = map[amend.Why]motionsv1.Why{
	amend.LeftOut:       motionsv1.Why_WHY_LEFT_OUT,
	amend.Replaced:      motionsv1.Why_WHY_REPLACED,
	amend.WordsDecided:  motionsv1.Why_WHY_WORDS_DECIDED,
	amend.ClauseDecided: motionsv1.Why_WHY_CLAUSE_DECIDED,
	amend.SameChange:    motionsv1.Why_WHY_SAME_CHANGE,
	amend.NothingLeft:   motionsv1.Why_WHY_NOTHING_LEFT,
	amend.ParentGone:    motionsv1.Why_WHY_PARENT_GONE,
	amend.ParentDecided: motionsv1.Why_WHY_PARENT_DECIDED,
	amend.MotionGone:    motionsv1.Why_WHY_MOTION_GONE,
}

func editsOf(in []*motionsv1.Edit) []amend.Edit {
	var all []amend.Edit
	for _, e := range in {
		all = append(all, amend.Edit{Kind: keyOf(editKinds, e.GetKind()), Clause: e.GetClause(), Old: e.GetOldWords(), Occurrence: int(e.GetOccurrence()), New: e.GetNewWords()})
	}
	return all
}

func editsProto(in []amend.Edit) []*motionsv1.Edit {
	var all []*motionsv1.Edit
	for _, e := range in {
		all = append(all, &motionsv1.Edit{Kind: editKinds[e.Kind], Clause: e.Clause, OldWords: e.Old, Occurrence: int32(e.Occurrence), NewWords: e.New})
	}
	return all
}

func linesProto(lines []amend.Line) []*motionsv1.Line {
	var all []*motionsv1.Line
	for _, l := range lines {
		out := &motionsv1.Line{Id: l.ID, State: clauseStates[l.State], Was: l.Was, Now: l.Now, Amendments: l.By}
		for _, p := range amend.Show(l.Was, l.Now) {
			out.Pieces = append(out.Pieces, &motionsv1.Piece{Mark: marks[p.Mark], Text: p.Text})
		}
		all = append(all, out)
	}
	return all
}

// touched are the lines that an amendment changes.
func touched(lines []amend.Line) []amend.Line {
	var all []amend.Line
	for _, l := range lines {
		if l.State != amend.Unchanged {
			all = append(all, l)
		}
	}
	return all
}

// changes are what an amendment changes of what it amends.
func changes(d motions.Debate, a amend.Amendment) []amend.Line {
	base := amend.Parse(d.Base)
	for _, m := range d.Amendments {
		if m.ID == a.Parent && a.Parent != "" {
			base = amend.Proposal(m.Amendment())
		}
	}
	lines, err := amend.Apply(base, []amend.Amendment{a})
	if err != nil {
		return nil // One amendment does not clash with itself.
	}
	return touched(lines)
}

func amendmentProto(d motions.Debate, m motions.Motion) *motionsv1.Amendment {
	out := &motionsv1.Amendment{
		Motion: motionProto(m), Amends: m.Amends.Motion, Parent: m.Amends.Parent, Number: int32(m.Amends.Number), Edits: editsProto(m.Amends.Edits),
		MoverAgreeTime: stamp(m.Amends.MoverAgreed), SeconderAgreeTime: stamp(m.Amends.SeconderAgreed), Lines: linesProto(changes(d, d.Effective(m))),
	}
	if m.Fate != nil {
		out.Why, out.Other = whys[m.Fate.Why], m.Fate.Other
	}
	return out
}

func clashesProto(in []amend.Clash, shown func(string) bool) []*motionsv1.Clash {
	var all []*motionsv1.Clash
	for _, c := range in {
		if shown(c.If) && shown(c.Falls) {
			all = append(all, &motionsv1.Clash{Carried: c.If, Falls: c.Falls, Why: whys[c.Why], Clause: c.Clause})
		}
	}
	return all
}

func clausesProto(in []amend.Clause) []*motionsv1.Clause {
	var all []*motionsv1.Clause
	for _, c := range in {
		all = append(all, &motionsv1.Clause{Id: c.ID, Text: c.Text})
	}
	return all
}

func versionsProto(in []store.TextVersion) []*motionsv1.TextVersion {
	var all []*motionsv1.TextVersion
	for _, v := range in {
		all = append(all, &motionsv1.TextVersion{Number: int32(v.Number), Text: v.Text, Amendment: v.Amendment, Time: stamp(time.UnixMicro(v.At))})
	}
	return all
}

func encodeAmendment(f store.MotionFacts, m motions.Motion) ([]byte, error) {
	return proto.Marshal(amendmentProto(f.Debate, m))
}
