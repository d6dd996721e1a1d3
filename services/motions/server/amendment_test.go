package server_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

const clauses = "That this meeting\n\n1. writes to the council by June;\n2. pays the fare of members.\n\nIt thanks the drivers."

func (h *house) amending() motionsv1.AmendmentServiceClient {
	return motionsv1.NewAmendmentServiceClient(h.conn)
}

func words(clause, old, now string) *motionsv1.Edit {
	return &motionsv1.Edit{Kind: motionsv1.EditKind_EDIT_KIND_WORDS, Clause: clause, OldWords: old, NewWords: now}
}

// amendable is an open regional meeting with a motion of several clauses on its paper.
func (h *house) amendable() (*motionsv1.Meeting, *motionsv1.Motion) {
	h.t.Helper()
	m := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	moved := must(h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "Fares", Text: clauses}))(h.t)
	seconded := must(h.SecondMotion(h.as(ben), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: moved.GetId()}))(h.t)
	mo := must(h.AcceptMotion(h.as(organiser), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: seconded.GetEtag()}))(h.t)
	h.watch.Set(m.GetStartTime().AsTime())
	h.attend(organiser, m, asha, ben, organiser)
	return h.open(organiser, m), mo
}

func (h *house) amends(mo *motionsv1.Motion, by caller, parent string, edits ...*motionsv1.Edit) *motionsv1.Amendment {
	h.t.Helper()
	return must(h.amending().MoveAmendment(h.as(by), &motionsv1.MoveAmendmentRequest{RequestId: fresh(), Motion: mo.GetId(), Parent: parent, Edits: edits}))(h.t)
}

// accepted is an amendment that was moved, seconded and accepted.
func (h *house) accepted(mo *motionsv1.Motion, by, seconder caller, parent string, edits ...*motionsv1.Edit) *motionsv1.Motion {
	h.t.Helper()
	a := h.amends(mo, by, parent, edits...).GetMotion()
	a = must(h.SecondMotion(h.as(seconder), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: a.GetId()}))(h.t)
	return must(h.AcceptMotion(h.as(organiser), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: a.GetId(), Etag: a.GetEtag()}))(h.t)
}

func (h *house) amendments(mo *motionsv1.Motion, c caller) *motionsv1.ListAmendmentsResponse {
	h.t.Helper()
	return must(h.amending().ListAmendments(h.as(c), &motionsv1.ListAmendmentsRequest{Motion: mo.GetId()}))(h.t)
}

func (h *house) motion(id string) *motionsv1.Motion {
	h.t.Helper()
	return must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: id}))(h.t)
}

// An amendment that is carried makes another fall; the motion's text changes, and the motion is put as amended.
func TestACarriedAmendmentMakesAnotherFall(t *testing.T) {
	h := founded(t)
	h.run()
	_, mo := h.amendable()
	late := h.accepted(mo, ben, asha, "", words("3", "fare", "whole fare"))
	may := h.accepted(mo, ben, asha, "", words("2", "June", "May"))
	drop := h.accepted(mo, organiser, ben, "", &motionsv1.Edit{Kind: motionsv1.EditKind_EDIT_KIND_DELETE, Clause: "2"})

	list := h.amendments(mo, nobody)
	var order []string
	for _, a := range list.GetAmendments() {
		order = append(order, a.GetMotion().GetId())
	}
	if !slices.Equal(order, []string{may.GetId(), drop.GetId(), late.GetId()}) {
		t.Errorf("the order of voting: %v", order)
	}
	if c := list.GetClashes(); len(c) != 2 || c[0].GetCarried() != may.GetId() || c[0].GetFalls() != drop.GetId() || c[0].GetWhy() != motionsv1.Why_WHY_CLAUSE_DECIDED ||
		c[1].GetWhy() != motionsv1.Why_WHY_LEFT_OUT || c[1].GetClause() != "2" {
		t.Errorf("clashes: %v", c)
	}
	paper := must(h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: mo.GetMeeting()}))(t).GetOrderPaper()
	if len(paper) != 4 || paper[0].GetId() != may.GetId() || paper[0].GetAmends() != mo.GetId() || paper[0].GetAmendmentNumber() != 2 || paper[0].GetPosition() != 0 || paper[3].GetId() != mo.GetId() {
		t.Errorf("the order paper: %v", paper)
	}
	if all := must(h.ListMotions(h.as(nobody), &motionsv1.ListMotionsRequest{}))(t).GetMotions(); len(all) != 1 {
		t.Errorf("amendments stand among the motions: %v", all)
	}

	// The motion is put after its amendments, and they in their order.
	_, err := h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "AMENDMENTS_FIRST")
	_, err = h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: late.GetId(), Etag: late.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "AMENDMENT_ORDER")
	// Who has not seen it as it is may not put it, and is told so before anything else.
	_, err = h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: may.GetId()})
	refused(t, err, codes.FailedPrecondition, "ETAG_MISSING")

	if d := h.decided(organiser, may, 2, 1, 0); d.GetState() != motionsv1.MotionState_MOTION_STATE_CARRIED || d.GetVote().GetResult().GetBase() != 3 {
		t.Fatalf("declared: %v", d)
	}
	after := h.amendments(mo, nobody)
	if a := after.GetAmendments()[1]; a.GetMotion().GetState() != motionsv1.MotionState_MOTION_STATE_FALLEN || a.GetWhy() != motionsv1.Why_WHY_CLAUSE_DECIDED || a.GetOther() != may.GetId() {
		t.Errorf("it did not fall: %v", a)
	}
	if v := after.GetVersions(); len(v) != 2 || v[0].GetText() != clauses || v[1].GetAmendment() != may.GetId() {
		t.Errorf("versions: %v", v)
	}
	h.decided(organiser, late, 1, 2, 0)
	amended := h.motion(mo.GetId())
	want := "That this meeting\n\n1. writes to the council by May;\n2. pays the fare of members.\n\nIt thanks the drivers."
	if amended.GetText() != want {
		t.Errorf("it reads %q", amended.GetText())
	}
	// The etag from before the amendment is not that of the text that is put.
	_, err = h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
	if d := h.decided(organiser, amended, 3, 0, 0); d.GetState() != motionsv1.MotionState_MOTION_STATE_CARRIED || d.GetText() != want {
		t.Errorf("declared: %v", d)
	}
	// What fell stays on the record and is put no more; the tabled motion has the text as amended.
	fallen := h.motion(drop.GetId())
	_, err = h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: drop.GetId(), Etag: fallen.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "MOTION_STATE")
	h.watch.Set(begin)
	agm := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 56*day)
	carried := h.motion(may.GetId())
	_, err = h.TableMotion(h.as(organiser), &motionsv1.TableMotionRequest{RequestId: fresh(), Motion: may.GetId(), Meeting: agm.GetId(), Etag: carried.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "IS_AMENDMENT")
	tabled := must(h.TableMotion(h.as(organiser), &motionsv1.TableMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Meeting: agm.GetId(), Etag: h.motion(mo.GetId()).GetEtag()}))(t)
	if on := h.motion(tabled.GetTabledAs()); on.GetText() != want {
		t.Errorf("tabled with %q", on.GetText())
	}
}

// An amendment to an amendment is voted on before it and changes it; deeper none goes.
func TestAnAmendmentToAnAmendment(t *testing.T) {
	h := founded(t)
	h.run()
	_, mo := h.amendable()
	parent := h.accepted(mo, ben, asha, "", words("2", "by June", "before the end of May"))
	child := h.accepted(mo, asha, ben, parent.GetId(), words("1", "the end of", "the 9th of"))
	_, err := h.amending().MoveAmendment(h.as(ben), &motionsv1.MoveAmendmentRequest{RequestId: fresh(), Motion: mo.GetId(), Parent: child.GetId(), Edits: []*motionsv1.Edit{words("1", "9th", "1st")}})
	refused(t, err, codes.InvalidArgument, "AMENDMENT_DEPTH")
	_, err = h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: parent.GetId(), Etag: parent.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "AMENDMENT_ORDER")
	h.decided(organiser, child, 2, 0, 0)
	if got := h.motion(mo.GetId()).GetText(); got != clauses {
		t.Errorf("the motion changed already: %q", got)
	}
	h.decided(organiser, h.motion(parent.GetId()), 2, 0, 0)
	if got := h.motion(mo.GetId()).GetText(); got != "That this meeting\n\n1. writes to the council before the 9th of May;\n2. pays the fare of members.\n\nIt thanks the drivers." {
		t.Errorf("it reads %q", got)
	}
	// One that waits for its parent falls with it.
	second := h.accepted(mo, ben, asha, "", words("4", "drivers", "guards"))
	waits := h.amends(mo, asha, second.GetId(), words("1", "guards", "crew"))
	h.decided(organiser, second, 0, 2, 0)
	for _, a := range h.amendments(mo, organiser).GetAmendments() {
		if a.GetMotion().GetId() == waits.GetMotion().GetId() && (a.GetWhy() != motionsv1.Why_WHY_PARENT_DECIDED || a.GetOther() != second.GetId()) {
			t.Errorf("it did not fall with its parent: %v", a)
		}
	}
}

// Mover and seconder take an amendment in: it needs no vote, and what clashes with it falls.
func TestAFriendlyAmendment(t *testing.T) {
	h := founded(t)
	_, mo := h.amendable()
	a := h.amends(mo, organiser, "", words("2", "June", "May"))
	other := h.amends(mo, organiser, "", words("2", "June", "July"))
	agree := func(c caller, etag string) (*motionsv1.Amendment, error) {
		return h.amending().AgreeAmendment(h.as(c), &motionsv1.AgreeAmendmentRequest{RequestId: fresh(), Motion: a.GetMotion().GetId(), Etag: etag})
	}
	_, err := agree(organiser, a.GetMotion().GetEtag())
	refused(t, err, codes.PermissionDenied, "NOT_MOVER_OR_SECONDER")
	_, err = agree(asha, "")
	refused(t, err, codes.FailedPrecondition, "ETAG_MISSING")
	once := must(agree(asha, a.GetMotion().GetEtag()))(t)
	if once.GetMotion().GetState() != motionsv1.MotionState_MOTION_STATE_MOVED || once.GetMoverAgreeTime() == nil || once.GetSeconderAgreeTime() != nil {
		t.Fatalf("after one consent: %v", once)
	}
	_, err = agree(ben, a.GetMotion().GetEtag())
	refused(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
	if both := must(agree(ben, once.GetMotion().GetEtag()))(t); both.GetMotion().GetState() != motionsv1.MotionState_MOTION_STATE_AGREED {
		t.Fatalf("after both: %v", both)
	}
	if got := h.motion(mo.GetId()).GetText(); got == clauses || h.motion(a.GetMotion().GetId()).GetState() != motionsv1.MotionState_MOTION_STATE_AGREED {
		t.Errorf("it reads %q", got)
	}
	if got := must(h.GetMotion(h.as(organiser), &motionsv1.GetMotionRequest{Motion: other.GetMotion().GetId()}))(t); got.GetState() != motionsv1.MotionState_MOTION_STATE_FALLEN {
		t.Errorf("the other: %v", got)
	}
	_, err = h.amending().MoveAmendment(h.as(ben), &motionsv1.MoveAmendmentRequest{RequestId: fresh(), Motion: mo.GetId(), Edits: []*motionsv1.Edit{words("2", "June", "August")}})
	refused(t, err, codes.FailedPrecondition, "AMENDMENT_CLASHES")
}

// What may be seen and asked before an amendment is moved, and what is refused.
func TestProposingAnAmendment(t *testing.T) {
	h := founded(t)
	m, mo := h.amendable()
	checked := must(h.amending().CheckAmendment(h.as(nobody), &motionsv1.CheckAmendmentRequest{Motion: mo.GetId(),
		Clauses: []*motionsv1.Clause{{Id: "2", Text: "1. writes to the council and the mayor by June;"}, {Id: "4", Text: ""}}}))(t)
	if len(checked.GetEdits()) != 2 || checked.GetEdits()[0].GetNewWords() != "council and the mayor" || checked.GetEdits()[1].GetKind() != motionsv1.EditKind_EDIT_KIND_DELETE ||
		len(checked.GetLines()) != 2 || checked.GetLines()[1].GetState() != motionsv1.ClauseState_CLAUSE_STATE_REMOVED {
		t.Fatalf("checked: %v", checked)
	}
	a := h.amends(mo, ben, "", checked.GetEdits()...)
	if a.GetMotion().GetText() != "In clause 2, leave out \u201ccouncil\u201d and put in \u201ccouncil and the mayor\u201d.\n\nLeave out clause 4." {
		t.Errorf("in words: %q", a.GetMotion().GetText())
	}
	// Until it is accepted, only those see it who may second it, its mover and officers.
	if n := len(h.amendments(mo, nobody).GetAmendments()) + len(h.amendments(mo, carys).GetAmendments()); n != 0 {
		t.Errorf("%d amendments are shown to others", n)
	}
	if n := len(h.amendments(mo, asha).GetAmendments()); n != 1 {
		t.Errorf("%d amendments to second", n)
	}
	_, err := h.amending().ReadMotion(h.as(carys), &motionsv1.ReadMotionRequest{Motion: mo.GetId(), Amendments: []string{a.GetMotion().GetId()}})
	refused(t, err, codes.NotFound, "MOTION_NOT_FOUND")
	reading := must(h.amending().ReadMotion(h.as(ben), &motionsv1.ReadMotionRequest{Motion: mo.GetId(), Amendments: []string{a.GetMotion().GetId()}}))(t)
	if reading.GetText() != "That this meeting\n\n1. writes to the council and the mayor by June;\n2. pays the fare of members." {
		t.Errorf("it would read %q", reading.GetText())
	}
	clash := must(h.amending().CheckAmendment(h.as(ben), &motionsv1.CheckAmendmentRequest{Motion: mo.GetId(), Edits: []*motionsv1.Edit{words("2", "council", "bishop")}}))(t)
	if c := clash.GetClashes(); len(c) != 2 || c[0].GetCarried() != a.GetMotion().GetId() || c[0].GetFalls() != "" {
		t.Errorf("clashes: %v", c)
	}

	move := func(c caller, edits ...*motionsv1.Edit) error {
		_, err := h.amending().MoveAmendment(h.as(c), &motionsv1.MoveAmendmentRequest{RequestId: fresh(), Motion: mo.GetId(), Edits: edits})
		return err
	}
	refused(t, move(carys, words("2", "June", "May")), codes.PermissionDenied, "OTHER_REGION")
	refused(t, move(unpaid, words("2", "June", "May")), codes.PermissionDenied, "NOT_IN_GOOD_STANDING")
	refused(t, move(ben, words("9", "June", "May")), codes.InvalidArgument, "AMENDMENT_CLAUSE")
	refused(t, move(ben), codes.InvalidArgument, "AMENDMENT_EMPTY")
	_, err = h.SecondMotion(h.as(ben), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: a.GetMotion().GetId()})
	refused(t, err, codes.PermissionDenied, "MOVER_CANNOT_SECOND")
	seen := must(h.GetMeeting(h.as(organiser), &motionsv1.GetMeetingRequest{Meeting: m.GetId()}))(t)
	must(h.CloseMeeting(h.as(organiser), &motionsv1.CloseMeetingRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: seen.GetEtag()}))(t)
	refused(t, move(ben, words("3", "fare", "tea")), codes.FailedPrecondition, "MEETING_HAS_BEGUN")
}

// The rules say until when: a week before an annual general meeting, never for a special one.
func TestUntilWhenAmendmentsMayBeMoved(t *testing.T) {
	h := founded(t)
	agm := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 40*day))
	special := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_SPECIAL, "", 40*day))
	edit := words("1", "so", "otherwise")
	move := func(mo *motionsv1.Motion) error {
		_, err := h.amending().MoveAmendment(h.as(carys), &motionsv1.MoveAmendmentRequest{RequestId: fresh(), Motion: mo.GetId(), Edits: []*motionsv1.Edit{edit}})
		return err
	}
	refused(t, move(h.proposed(special, secretary, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)), codes.FailedPrecondition, "AMENDMENTS_NOT_ALLOWED")
	mo := h.proposed(agm, secretary, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)
	last := h.amendments(mo, nobody)
	h.watch.Set(last.GetDeadline().AsTime())
	if err := move(mo); err != nil || !last.GetOpen() {
		t.Errorf("at the last moment: %v", err)
	}
	h.watch.Set(last.GetDeadline().AsTime().Add(1000))
	edit = words("1", "it", "this")
	refused(t, move(mo), codes.FailedPrecondition, "AMENDMENT_TOO_LATE")
	if h.amendments(mo, nobody).GetOpen() {
		t.Error("they may still be moved")
	}
}
