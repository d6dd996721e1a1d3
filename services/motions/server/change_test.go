package server_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

func unavailable() error {
	return fault.New(fault.Unavailable, "ROOM_UNAVAILABLE", "Down.")
}

func TestFounding(t *testing.T) {
	h := newHouse(t, databasetest.SQLite(t))
	h.run()
	_, err := h.GetRuleBook(context.Background(), &motionsv1.GetRuleBookRequest{})
	refused(t, err, codes.FailedPrecondition, "NOT_FOUNDED")
	_, err = h.CreateMeeting(h.as(secretary), &motionsv1.CreateMeetingRequest{RequestId: fresh(), Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P",
		StartTime: timestamppb.New(begin.Add(40 * day))})
	refused(t, err, codes.FailedPrecondition, "NOT_FOUNDED")

	act := &motionsv1.ApplyFoundingRequest{Epoch: 1, Position: 2, Society: "LocalGov Digital", ActTime: timestamppb.New(begin)}
	_, err = h.founder.ApplyFounding(context.Background(), act)
	if !fault.Is(err, "OUTBOX_GAP") || fault.Of(err).Details["applied"] != "0" {
		t.Fatalf("the second event without the first: %v", err)
	}
	act.Position = 1
	for range 2 {
		if got := must(h.founder.ApplyFounding(context.Background(), act))(t); got.GetApplied() != 1 {
			t.Fatalf("applied %d", got.GetApplied())
		}
	}
	h.eventually("membership hears of the rules", func() bool {
		h.members.mu.Lock()
		defer h.members.mu.Unlock()
		return len(h.members.rules) > 0
	})
	h.members.mu.Lock()
	told := h.members.rules
	h.members.mu.Unlock()
	if len(told) != 1 || told[0].GetRuleBook() != 1 || !told[0].GetDonationRequired() || told[0].GetPosition() != 1 || told[0].GetEpoch() != 1 || !told[0].GetEffectiveTime().AsTime().Equal(begin) {
		t.Fatalf("told %v", told)
	}
	if got := told[0]; got.GetAdmission() != membershipv1.Admission_ADMISSION_AUTOMATIC || got.GetRegistered() || got.GetPoundIsShare() || got.GetRetentionYears() != 10 {
		t.Fatalf("membership was told %v", got)
	}
	books := h.till.told(h, 1)
	if len(books) != 1 || books[0].GetRuleBook() != 1 || books[0].GetPosition() != 1 || books[0].GetSecondOfficerAbovePence() != 10_000 || books[0].GetPoundIsShare() ||
		!books[0].GetEffectiveTime().AsTime().Equal(begin) {
		t.Fatalf("the ledger was told %v", books)
	}
	for _, version := range []int32{0, 1} {
		b := must(h.GetRuleBook(context.Background(), &motionsv1.GetRuleBookRequest{Version: version}))(t)
		if b.GetVersion() != 1 || b.GetAdoptedBy() != "founding act" || len(b.GetRules()) < 15 || b.GetRules()[0].GetClause() == "" || b.GetRules()[0].GetSource() == "" {
			t.Fatalf("the book: %v", b)
		}
	}
	_, err = h.GetRuleBook(context.Background(), &motionsv1.GetRuleBookRequest{Version: 2})
	refused(t, err, codes.NotFound, "RULE_BOOK_NOT_FOUND")
}

// Every change that two people may make at once says what it saw.
func TestETags(t *testing.T) {
	h := founded(t)
	agm := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 56*day)
	changes := map[string]func(etag string) error{}
	changes["giveNotice"] = func(etag string) error {
		_, err := h.GiveNotice(h.as(secretary), &motionsv1.GiveNoticeRequest{RequestId: fresh(), Meeting: agm.GetId(), Etag: etag})
		return err
	}
	regional := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	moved := must(h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: regional.GetId(), Title: "T", Text: "T"}))(t)
	changes["open"] = func(etag string) error {
		_, err := h.OpenMeeting(h.as(organiser), &motionsv1.OpenMeetingRequest{RequestId: fresh(), Meeting: regional.GetId(), Etag: etag})
		return err
	}
	changes["close"] = func(etag string) error {
		_, err := h.CloseMeeting(h.as(organiser), &motionsv1.CloseMeetingRequest{RequestId: fresh(), Meeting: regional.GetId(), Etag: etag})
		return err
	}
	changes["accept"] = func(etag string) error {
		_, err := h.AcceptMotion(h.as(organiser), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: etag})
		return err
	}
	changes["withdraw"] = func(etag string) error {
		_, err := h.WithdrawMotion(h.as(asha), &motionsv1.WithdrawMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: etag})
		return err
	}
	changes["table"] = func(etag string) error {
		_, err := h.TableMotion(h.as(organiser), &motionsv1.TableMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Meeting: agm.GetId(), Etag: etag})
		return err
	}
	changes["openVote"] = func(etag string) error {
		_, err := h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: etag})
		return err
	}
	changes["closeVote"] = func(etag string) error {
		_, err := h.CloseVote(h.as(organiser), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: etag})
		return err
	}
	changes["declare"] = func(etag string) error {
		_, err := h.DeclareVote(h.as(organiser), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: etag})
		return err
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			refused(t, change(""), codes.FailedPrecondition, "ETAG_MISSING")
			refused(t, change("0"), codes.FailedPrecondition, "ETAG_MISMATCH")
		})
	}
	// The edge hands If-Match on with its quotes.
	ctx := metadata.AppendToOutgoingContext(h.as(secretary), "if-match", `"`+agm.GetEtag()+`"`)
	noticed := must(h.GiveNotice(ctx, &motionsv1.GiveNoticeRequest{RequestId: fresh(), Meeting: agm.GetId()}))(t)
	if noticed.GetEtag() == agm.GetEtag() {
		t.Fatal("the etag stayed")
	}
	refused(t, changes["giveNotice"](agm.GetEtag()), codes.FailedPrecondition, "ETAG_MISMATCH")
	// What changes the order paper changes the meeting's etag; a member who arrives does not.
	seconded := must(h.SecondMotion(h.as(ben), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: moved.GetId()}))(t)
	if err := changes["accept"](seconded.GetEtag()); err != nil {
		t.Fatal(err)
	}
	after := must(h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: regional.GetId()}))(t)
	if after.GetEtag() == regional.GetEtag() {
		t.Fatal("the order paper changed and the meeting's etag stayed")
	}
	h.watch.Set(regional.GetStartTime().AsTime())
	if got := h.attend(organiser, regional, asha, ben, organiser); got.GetEtag() != after.GetEtag() || got.GetPresent() != 3 {
		t.Fatalf("after arrivals: %v", got)
	}
}

// A request that is sent twice happens once, and an id that is used for something else is refused.
func TestTwiceIsOnce(t *testing.T) {
	h := founded(t)
	req := &motionsv1.CreateMeetingRequest{RequestId: fresh(), Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P", StartTime: timestamppb.New(begin.Add(40 * day))}
	first := must(h.CreateMeeting(h.as(secretary), req))(t)
	second := must(h.CreateMeeting(h.as(secretary), req))(t)
	if !proto.Equal(first, second) {
		t.Fatalf("%v, then %v", first, second)
	}
	other := proto.Clone(req).(*motionsv1.CreateMeetingRequest)
	other.Title = "U"
	_, err := h.CreateMeeting(h.as(secretary), other)
	refused(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
	_, err = h.CreateMeeting(h.as(secretary), &motionsv1.CreateMeetingRequest{})
	refused(t, err, codes.InvalidArgument, "REQUEST_ID_NEEDED")
	h.notice(secretary, first)

	move := &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: first.GetId(), Title: "T", Text: "T"}
	mine := must(h.MoveMotion(h.as(asha), move))(t)
	if again := must(h.MoveMotion(h.as(asha), move))(t); again.GetId() != mine.GetId() {
		t.Fatal("moved twice")
	}
	// The same id of another person is another request.
	if theirs := must(h.MoveMotion(h.as(ben), move))(t); theirs.GetId() == mine.GetId() || theirs.GetMover() != ben.member {
		t.Fatalf("another person's request id: %v", theirs)
	}
	if all := must(h.ListMotions(h.as(secretary), &motionsv1.ListMotionsRequest{}))(t); len(all.GetMotions()) != 2 {
		t.Fatalf("%d motions", len(all.GetMotions()))
	}
}

func TestAttendanceIsCounted(t *testing.T) {
	h := founded(t)
	m := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	record := func(departed bool, members ...string) (*motionsv1.Meeting, error) {
		return h.RecordAttendance(h.as(organiser), &motionsv1.RecordAttendanceRequest{RequestId: fresh(), Meeting: m.GetId(), Members: members, Departed: departed})
	}
	_, err := record(false, asha.member)
	refused(t, err, codes.FailedPrecondition, "MEETING_NOT_TODAY")
	h.watch.Set(m.GetStartTime().AsTime())
	_, err = record(false)
	refused(t, err, codes.InvalidArgument, "MEMBERS_NEEDED")
	_, err = record(false, asha.member, asha.member)
	refused(t, err, codes.InvalidArgument, "MEMBERS_TWICE")
	for _, who := range []caller{carys, unpaid, {member: "m-stranger"}} {
		_, err = record(false, asha.member, who.member)
		refused(t, err, codes.InvalidArgument, "NOT_ELECTORS")
	}
	for _, step := range []struct {
		departed bool
		who      []string
		present  int64
	}{
		{false, []string{asha.member, ben.member}, 2},
		{false, []string{asha.member}, 2},
		{true, []string{ben.member}, 1},
		{true, []string{ben.member, organiser.member}, 1},
		{false, []string{ben.member, organiser.member}, 3},
	} {
		if got := must(record(step.departed, step.who...))(t); got.GetPresent() != step.present || got.GetQuorum() != 3 {
			t.Fatalf("%+v: present %d, quorum %d", step, got.GetPresent(), got.GetQuorum())
		}
	}
	must(record(true, ben.member))(t)
	seen := must(h.GetMeeting(h.as(asha), &motionsv1.GetMeetingRequest{Meeting: m.GetId()}))(t)
	if !seen.GetCallerPresent() {
		t.Fatal("asha is not told that she is present")
	}
	_, err = h.OpenMeeting(h.as(organiser), &motionsv1.OpenMeetingRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: seen.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "NOT_QUORATE")
}

// A vote is put only while enough are present: leaving members take the quorum with them.
func TestQuorumAtEveryVote(t *testing.T) {
	h := founded(t)
	m, mo := h.midlandsMeets()
	must(h.RecordAttendance(h.as(organiser), &motionsv1.RecordAttendanceRequest{RequestId: fresh(), Meeting: m.GetId(), Members: []string{ben.member}, Departed: true}))(t)
	_, err := h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "NOT_QUORATE")
	h.attend(organiser, m, ben)
	opened := must(h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
	_, err = h.CloseMeeting(h.as(organiser), &motionsv1.CloseMeetingRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: m.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "VOTE_NOT_DECLARED")
	_, err = h.WithdrawMotion(h.as(asha), &motionsv1.WithdrawMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: opened.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "MOTION_STATE")
}

// While challenges of the roll wait the motion goes back to the order paper with the reason; the same request stays refused, and once
// they are decided the chair puts the motion again, as a vote with a ballot of its own.
func TestARefusedRollPutsTheMotionBack(t *testing.T) {
	h := founded(t)
	_, mo := h.midlandsMeets()
	get := func() *motionsv1.Motion {
		return must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: mo.GetId()}))(t)
	}
	h.members.fail(fault.New(fault.Conflict, "CHALLENGES_OPEN", "Challenges wait to be decided."))
	first := &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}
	_, err := h.OpenVote(h.as(organiser), first)
	refused(t, err, codes.FailedPrecondition, "CHALLENGES_OPEN")
	back := get()
	if back.GetState() != motionsv1.MotionState_MOTION_STATE_ACCEPTED || back.GetVote() != nil || back.GetEtag() == mo.GetEtag() {
		t.Fatalf("after the refusal: %v", back)
	}
	_, err = h.OpenVote(h.as(organiser), first)
	refused(t, err, codes.FailedPrecondition, "VOTE_NOT_OPENED")
	if len(h.box.opened) != 0 || h.members.frozenRolls() != 0 {
		t.Fatalf("a ballot was opened: %v", h.box.opened)
	}
	h.members.fail(nil)
	_, err = h.OpenVote(h.as(organiser), first)
	refused(t, err, codes.FailedPrecondition, "VOTE_NOT_OPENED")
	again := must(h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: back.GetEtag()}))(t)
	if again.GetState() != motionsv1.MotionState_MOTION_STATE_VOTING || h.box.opened[again.GetVote().GetBallot()] == nil || len(h.box.opened) != 1 {
		t.Fatalf("put again: %v", again)
	}
}

// A refusal that only the background hears, after the room was down, puts the motion back as well.
func TestTheBackgroundPutsAMotionBack(t *testing.T) {
	h := founded(t)
	_, mo := h.midlandsMeets()
	h.members.fail(unavailable())
	must(h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
	h.members.fail(fault.New(fault.Conflict, "CHALLENGES_OPEN", "Challenges wait to be decided."))
	h.run()
	h.eventually("the motion is back on the order paper", func() bool {
		return must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: mo.GetId()}))(t).GetState() == motionsv1.MotionState_MOTION_STATE_ACCEPTED
	})
}

// While another room is down a vote waits in opening or closing, and goes on by itself.
func TestAnotherRoomIsDown(t *testing.T) {
	h := founded(t)
	h.run()
	_, mo := h.midlandsMeets()
	h.members.fail(unavailable())
	opening := must(h.OpenVote(h.as(organiser), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
	if opening.GetState() != motionsv1.MotionState_MOTION_STATE_OPENING || opening.GetVote().GetBallot() == "" || opening.GetVote().GetOpenTime() != nil {
		t.Fatalf("without membership: %v", opening)
	}
	_, err := h.CloseVote(h.as(organiser), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: opening.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "MOTION_STATE")
	h.members.fail(nil)
	get := func() *motionsv1.Motion {
		return must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: mo.GetId()}))(t)
	}
	h.eventually("the vote is open", func() bool { return get().GetState() == motionsv1.MotionState_MOTION_STATE_VOTING })
	frozen := h.members.frozen[0]
	if frozen.GetPurpose() != opening.GetVote().GetBallot() || frozen.GetRegion() != "midlands" || !frozen.GetDonationRequired() || frozen.GetRuleBook() != 1 ||
		!frozen.GetNoticeTime().AsTime().Equal(begin) || frozen.GetContact() == "" {
		t.Fatalf("asked for the roll: %v", frozen)
	}
	handed := h.box.opened[opening.GetVote().GetBallot()]
	if handed.GetQuestion() != mo.GetTitle() || handed.GetMotion() != mo.GetId() || handed.GetRollCount() != 3 || len(handed.GetRollFingerprint()) != 32 || handed.GetRule() == "" || handed.GetRegion() != "midlands" {
		t.Fatalf("handed to ballots: %v", handed)
	}
	voting := get()
	h.box.cast(voting.GetVote().GetBallot(), 1, 2, 0)
	h.box.fail(unavailable())
	closing := must(h.CloseVote(h.as(organiser), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: voting.GetEtag()}))(t)
	if closing.GetState() != motionsv1.MotionState_MOTION_STATE_CLOSING {
		t.Fatalf("without ballots: %v", closing)
	}
	_, err = h.DeclareVote(h.as(organiser), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: closing.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "MOTION_STATE")
	h.box.fail(nil)
	h.eventually("the vote is closed", func() bool { return get().GetState() == motionsv1.MotionState_MOTION_STATE_CLOSED })
	lost := must(h.DeclareVote(h.as(organiser), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: get().GetEtag()}))(t)
	if lost.GetState() != motionsv1.MotionState_MOTION_STATE_LOST {
		t.Fatalf("declared: %v", lost)
	}
	_, err = h.TableMotion(h.as(organiser), &motionsv1.TableMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Meeting: lost.GetMeeting(), Etag: lost.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "NOT_CARRIED")
}

// Pages that need the register still show what they can without it; what decides is refused.
func TestWithoutTheRegister(t *testing.T) {
	h := founded(t)
	m := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 40*day))
	h.members.fail(unavailable())
	must(h.ListMotions(h.as(asha), &motionsv1.ListMotionsRequest{}))(t)
	_, err := h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "T", Text: "T"})
	refused(t, err, codes.Unavailable, "ROOM_UNAVAILABLE")
	h.watch.Set(m.GetStartTime().AsTime())
	_, err = h.OpenMeeting(h.as(chair), &motionsv1.OpenMeetingRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: m.GetEtag()})
	refused(t, err, codes.Unavailable, "ROOM_UNAVAILABLE")
	h.members.fail(nil)
	h.members.add(asha.member, "Asha Adeyemi", "midlands", membershipv1.Standing_STANDING_LEFT)
	_, err = h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "T", Text: "T"})
	refused(t, err, codes.PermissionDenied, "NOT_IN_GOOD_STANDING")
}

// TestDeclaringAsksForAFreshSignIn: eleven minutes after signing in the chair closes a vote, and signs in again to declare it.
func TestDeclaringAsksForAFreshSignIn(t *testing.T) {
	h := newHouse(t, databasetest.SQLite(t))
	late, before := chair, chair
	late.since, before.since = 11*time.Minute, 9*time.Minute
	declare := func(c caller) error {
		_, err := h.DeclareVote(h.as(c), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: "00000000-0000-4000-8000-000000000000", Etag: "1"})
		return err
	}
	refused(t, declare(late), codes.Unauthenticated, "FRESH_SIGN_IN")
	refused(t, declare(before), codes.NotFound, "MOTION_NOT_FOUND")
	rules := motionsv1.NewRuleBookServiceClient(h.conn)
	adopt := func(c caller) error {
		_, err := rules.AdoptRules(h.as(c), &motionsv1.AdoptRulesRequest{RequestId: fresh()})
		return err
	}
	late.roles, before.roles = secretary.roles, secretary.roles
	refused(t, adopt(late), codes.Unauthenticated, "FRESH_SIGN_IN")
	if err := adopt(before); err == nil || fault.Is(rpc.FromStatus(err), "FRESH_SIGN_IN") {
		t.Errorf("adopting nothing nine minutes after signing in: %v", err)
	}
	late.roles = chair.roles
	_, err := h.CloseVote(h.as(late), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: "00000000-0000-4000-8000-000000000000", Etag: "1"})
	refused(t, err, codes.NotFound, "MOTION_NOT_FOUND")
}
