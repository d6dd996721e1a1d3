package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

func amendmentReply(store.MotionFacts, motions.Motion) ([]byte, error) {
	return []byte("amendment"), nil
}

// amendment keeps an amendment to a motion, accepted.
func (b bench) amendment(mo motions.Motion, edits ...amend.Edit) motions.Motion {
	b.t.Helper()
	a := motions.Motion{ID: b.id(), Meeting: mo.Meeting, Region: mo.Region, Kind: motions.Resolution, Majority: motions.Ordinary, Title: "Amendment ŵ", Text: "In words",
		State: motions.Accepted, Mover: "amender", MoverName: "Amender", MovedAt: begin, Seconder: "seconder", AcceptedAt: begin, AcceptedBy: "secretary", Version: 1}
	b.ok(b.AddAmendment(context.Background(), asks("amender"), mo.ID, func(f store.MotionFacts) (motions.Motion, error) {
		a.Position = motions.NextPlace(f.At.Paper, true)
		a.Amends = &motions.Amends{Motion: mo.ID, Number: len(f.Debate.Amendments) + 1, Edits: edits}
		return a, nil
	}, amendmentReply))
	return a
}

func TestAmendmentsAreKept(t *testing.T) {
	each(t, func(b bench) {
		m := b.meeting(motions.AGM, "", motions.Noticed, begin.Add(time.Hour))
		mo := b.motion(m, 1, "mover")
		first := b.amendment(mo, amend.Edit{Kind: amend.Words, Clause: "1", Old: "Two", New: "ŵ\u201cThree\u201d"}, amend.Edit{Kind: amend.Insert, Clause: "1", New: "And more."})
		second := b.amendment(mo, amend.Edit{Kind: amend.Replace, Clause: "1", New: "One."})

		f, err := b.MotionWithMeeting(context.Background(), first.ID, asks(""))
		if err != nil {
			t.Fatal(err)
		}
		first.Amends.Number = 1
		if diff := cmp.Diff(first, f.Motion); diff != "" {
			t.Errorf("kept: %s", diff)
		}
		if f.Debate.Motion.ID != mo.ID || len(f.Debate.Amendments) != 2 || f.Debate.Base != "Two\nlines" || len(f.At.Paper) != 3 || f.At.Paper[2].Amends == nil ||
			len(f.At.Paper[1].Amends.Edits) != 2 || f.At.NextPosition() != 2 {
			t.Errorf("the debate: %+v", f.Debate)
		}

		b.ok(b.ChangeMotion(context.Background(), asks("mover"), first.ID, func(f store.MotionFacts) (store.Change, error) {
			next := f.Motion
			a := *next.Amends
			a.MoverAgreed, a.SeconderAgreed = begin, begin.Add(time.Second)
			next.State, next.Amends, next.Version = motions.Agreed, &a, next.Version+1
			return store.Change{Motion: next}, nil
		}, motionReply))
		after, err := b.MotionWithMeeting(context.Background(), mo.ID, asks(""))
		if err != nil {
			t.Fatal(err)
		}
		if after.Motion.Text != "ŵ\u201cThree\u201d\nlines\n\nAnd more." || after.Motion.Version != mo.Version+1 || after.Debate.Base != "Two\nlines" {
			t.Errorf("the motion is %+v of %q", after.Motion, after.Debate.Base)
		}
		a, fell := after.Debate.Amendments[0], after.Debate.Amendments[1]
		if a.State != motions.Agreed || !a.Amends.SeconderAgreed.Equal(begin.Add(time.Second)) {
			t.Errorf("agreed: %+v", a)
		}
		if fell.ID != second.ID || fell.State != motions.Fallen || fell.Fate == nil || fell.Fate.Why != amend.ClauseDecided || fell.Fate.Other != first.ID || !fell.Fate.At.Equal(begin) {
			t.Errorf("fallen: %+v %+v", fell, fell.Fate)
		}
		texts, err := b.Texts(context.Background(), mo.ID)
		if err != nil || len(texts) != 2 || texts[0].Text != "Two\nlines" || texts[0].Amendment != "" || texts[1].Amendment != first.ID || texts[1].At != begin.UnixMicro() {
			t.Errorf("texts: %+v, %v", texts, err)
		}
		if all, err := b.Motions(context.Background(), store.MotionQuery{All: true, Limit: 10}); err != nil || len(all) != 1 {
			t.Errorf("%d motions in the list, %v", len(all), err)
		}
	})
}

// Two members move an amendment at once: each gets a number of its own.
func TestAmendmentsAtOnce(t *testing.T) {
	each(t, func(b bench) {
		mo := b.motion(b.meeting(motions.AGM, "", motions.Noticed, begin.Add(time.Hour)), 1, "mover")
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() { b.amendment(mo, amend.Edit{Kind: amend.Delete, Clause: "1"}) })
		}
		wait.Wait()
		f, err := b.MotionWithMeeting(context.Background(), mo.ID, asks(""))
		if err != nil {
			t.Fatal(err)
		}
		numbers := map[int]bool{}
		for _, a := range f.Debate.Amendments {
			numbers[a.Amends.Number] = true
		}
		if len(numbers) != 4 || !numbers[4] {
			t.Errorf("numbers: %v", numbers)
		}
	})
}

// A refused amendment leaves nothing.
func TestARefusedAmendmentLeavesNothing(t *testing.T) {
	each(t, func(b bench) {
		mo := b.motion(b.meeting(motions.AGM, "", motions.Noticed, begin.Add(time.Hour)), 1, "mover")
		_, err := b.AddAmendment(context.Background(), asks("x"), mo.ID, func(store.MotionFacts) (motions.Motion, error) {
			return motions.Motion{}, fault.New(fault.Conflict, "NO", "No.")
		}, amendmentReply)
		f, read := b.MotionWithMeeting(context.Background(), mo.ID, asks(""))
		if !fault.Is(err, "NO") || read != nil || len(f.Debate.Amendments) != 0 || strings.TrimSpace(f.Debate.Base) == "" {
			t.Errorf("%v, %v, %+v", err, read, f.Debate)
		}
	})
}
