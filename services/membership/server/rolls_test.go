package server

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/verify"
)

func (h *house) rolls() membershipv1.RollServiceClient {
	h.t.Helper()
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return membershipv1.NewRollServiceClient(conn)
}

// prepare prepares the roll of a meeting of which notice is given now.
func (h *house) prepare(by *member, meeting string) (*membershipv1.RollRecord, error) {
	h.motions.called[meeting] = &motionsv1.CalledMeeting{Meeting: meeting, NoticeTime: timestamppb.New(h.clock.Now())}
	return h.rolls().PrepareRoll(with(by.token), &membershipv1.PrepareRollRequest{
		RequestId: newID(), Meeting: meeting, Title: "Annual general meeting", NoticeTime: timestamppb.New(h.clock.Now()),
	})
}

// TestARollInPublic: what anybody sees of a roll, what a member sees of their own place, and that both can be shown without the house.
func TestARollInPublic(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.rule(1, true)
	asha, ben := h.join("Asha", "asha@example.org", ""), h.join("Ben", "ben@example.org", "")
	h.settle(asha.id)
	h.clock.pass(5 * time.Minute)
	rolls := h.rolls()
	roll, err := h.prepare(secretary, "agm")
	if err != nil || roll.GetCount() != 1 || roll.GetRuleBook() != 1 || !roll.GetDonationRequired() || roll.GetRoot() == "" || roll.GetUseTime() != nil || roll.GetBallot() != "" {
		t.Fatalf("%v, %v", roll, err)
	}
	public, err := rolls.GetRoll(context.Background(), &membershipv1.GetRollRequest{Roll: roll.GetId()})
	if err != nil || public.GetFingerprint() != roll.GetFingerprint() || public.GetLeaf() < 1 {
		t.Errorf("%v, %v", public, err)
	}
	entry := func(by *member, who string) (*membershipv1.GetRollEntryResponse, error) {
		return rolls.GetRollEntry(with(by.token), &membershipv1.GetRollEntryRequest{Roll: roll.GetId(), Member: who})
	}
	if e, err := entry(asha, ""); err != nil || !e.GetOnRoll() || e.GetNumber() != 1 || e.GetReason() != "" || !strings.Contains(e.GetExplanation(), "it settled on") {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := entry(ben, ben.id); err != nil || e.GetOnRoll() || e.GetReason() != "donation_not_settled" || e.GetContact() == "" {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := entry(secretary, ben.id); err != nil || e.GetReason() != "donation_not_settled" {
		t.Errorf("%v, %v", e, err)
	}
	_, err = entry(ben, asha.id)
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	_, err = entry(treasurer, asha.id)
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	_, err = rolls.GetMyRollProof(with(ben.token), &membershipv1.GetMyRollProofRequest{Roll: roll.GetId()})
	refused(t, err, codes.NotFound, "NOT_ON_ROLL")
	for _, id := range []string{"", "nothing", "00000000-0000-4000-8000-000000000000"} {
		_, err = rolls.GetRoll(context.Background(), &membershipv1.GetRollRequest{Roll: id})
		refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
		_, err = rolls.GetMyRollProof(with(asha.token), &membershipv1.GetMyRollProofRequest{Roll: id})
		refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
		_, err = rolls.GetRollProof(context.Background(), &membershipv1.GetRollProofRequest{Roll: id})
		refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
	}
	log, err := rolls.GetRollProof(context.Background(), &membershipv1.GetRollProofRequest{Roll: roll.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := rolls.GetMyRollProof(with(asha.token), &membershipv1.GetMyRollProofRequest{Roll: roll.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"the roll's": log.GetData(), "a member's": mine.GetData()} {
		r, err := verify.Proof(file, h.log.VerifierKey())
		if err != nil || r.Wrong() != 0 || len(r.Findings) == 0 {
			t.Errorf("%s proof: %+v, %v", name, r, err)
		}
		if !bytes.Contains(file, []byte(roll.GetFingerprint())) {
			t.Errorf("%s proof does not hold the fingerprint", name)
		}
	}
	spoilt := []func(*RollProofFile){
		func(f *RollProofFile) { f.Entry.Member = ben.id },
		func(f *RollProofFile) { f.Entry.Number = 2 },
		func(f *RollProofFile) { f.Entry.Number = 0 },
		func(f *RollProofFile) { f.Entry.Region = "london" },
		func(f *RollProofFile) { f.Entry.Salt[0] ^= 1 },
		func(f *RollProofFile) { f.Entry.Hashes = append(f.Entry.Hashes, make([]byte, 32)) },
		func(f *RollProofFile) { f.Log.Leaves = nil },
		func(f *RollProofFile) {
			f.Log.Leaves[0].Content = strings.Replace(f.Log.Leaves[0].Content, `"count":1`, `"count":2`, 1)
		},
	}
	for i, spoil := range spoilt {
		var f RollProofFile
		if err := json.Unmarshal(mine.GetData(), &f); err != nil {
			t.Fatal(err)
		}
		spoil(&f)
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := verify.Proof(raw, h.log.VerifierKey()); err != nil || r.Wrong() == 0 {
			t.Errorf("spoilt copy %d verifies: %v", i, err)
		}
	}
}

// TestChallengingOverTheWire: who may bring and decide a challenge, and what the vote waits for.
func TestChallengingOverTheWire(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	h.rule(1, true)
	ben := h.join("Ben", "ben@example.org", "")
	h.clock.pass(5 * time.Minute)
	notice := h.clock.Now()
	rolls := h.rolls()
	h.motions.called["m"] = &motionsv1.CalledMeeting{Meeting: "m", NoticeTime: timestamppb.New(notice)}
	h.motions.called["draft"] = &motionsv1.CalledMeeting{Meeting: "draft"}
	for meeting, want := range map[string]string{"invented": "MEETING_NOT_FOUND", "draft": "MEETING_NOT_NOTICED"} {
		r := &membershipv1.PrepareRollRequest{RequestId: newID(), Meeting: meeting, Title: "t", NoticeTime: timestamppb.New(notice)}
		if _, err := rolls.PrepareRoll(with(chair.token), r); status.Code(err) == codes.OK || !fault.Is(rpc.FromStatus(err), want) {
			t.Errorf("%s: %v, want %s", meeting, err, want)
		}
	}
	for name, r := range map[string]*membershipv1.PrepareRollRequest{
		"no meeting": {Title: "t", NoticeTime: timestamppb.New(notice)}, "no title": {Meeting: "m", NoticeTime: timestamppb.New(notice)},
		"no notice": {Meeting: "m", Title: "t"}, "tomorrow": {Meeting: "m", Title: "t", NoticeTime: timestamppb.New(notice.Add(time.Hour))},
		"an earlier notice": {Meeting: "m", Title: "t", NoticeTime: timestamppb.New(notice.Add(-time.Minute))},
		"another region":    {Meeting: "m", Title: "t", NoticeTime: timestamppb.New(notice), Region: "atlantis"},
	} {
		t.Run(name, func(t *testing.T) {
			r.RequestId = newID()
			_, err := rolls.PrepareRoll(with(chair.token), r)
			refused(t, err, codes.InvalidArgument, "ROLL_INVALID")
		})
	}
	roll, err := h.prepare(chair, "agm")
	if err != nil || roll.GetCount() != 0 {
		t.Fatalf("%v, %v", roll, err)
	}
	bring := func(by *member, r *membershipv1.ChallengeRollRequest) (*membershipv1.RollChallenge, error) {
		r.RequestId, r.Roll = newID(), roll.GetId()
		return rolls.ChallengeRoll(with(by.token), r)
	}
	omission := membershipv1.ChallengeKind_CHALLENGE_KIND_OMISSION
	_, err = bring(ben, &membershipv1.ChallengeRollRequest{Reason: "r", Member: ben.id})
	refused(t, err, codes.InvalidArgument, "CHALLENGE_INVALID")
	mine, err := bring(ben, &membershipv1.ChallengeRollRequest{Kind: omission, Reason: "I paid the treasurer in cash.", Member: ben.id})
	if err != nil || mine.GetState() != membershipv1.ChallengeState_CHALLENGE_STATE_OPEN || mine.GetChallengerName() != "Ben" {
		t.Fatalf("%v, %v", mine, err)
	}
	freeze := func() (*membershipv1.Roll, error) {
		return h.as(auth.Motions).FreezeRoll(context.Background(), &membershipv1.FreezeRollRequest{
			Purpose: "ballot", NoticeTime: timestamppb.New(notice), DonationRequired: true, RuleBook: 1, Meeting: "agm", Title: "To bid",
		})
	}
	_, err = freeze()
	refused(t, err, codes.FailedPrecondition, "CHALLENGES_OPEN")
	decide := func(by *member, uphold bool, reason string) (*membershipv1.RollChallenge, error) {
		return rolls.DecideRollChallenge(with(by.token), &membershipv1.DecideRollChallengeRequest{RequestId: newID(), Challenge: mine.GetId(), Uphold: uphold, Reason: reason})
	}
	_, err = decide(secretary, true, "")
	refused(t, err, codes.InvalidArgument, "DECISION_INVALID")
	for by, want := range map[*member]int{ben: 1, chair: 1, secretary: 1} {
		all, err := rolls.ListRollChallenges(with(by.token), &membershipv1.ListRollChallengesRequest{Roll: roll.GetId()})
		if err != nil || len(all.GetChallenges()) != want {
			t.Errorf("%v, %v; want %d", all, err, want)
		}
	}
	other := h.join("Dev", "dev@example.org", "")
	if all, err := rolls.ListRollChallenges(with(other.token), &membershipv1.ListRollChallengesRequest{Roll: roll.GetId()}); err != nil || len(all.GetChallenges()) != 0 {
		t.Errorf("another member sees %v, %v", all, err)
	}
	_, err = rolls.ListRollChallenges(with(chair.token), &membershipv1.ListRollChallengesRequest{Roll: "nothing"})
	refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
	// Rolls are listed latest first, so each has a time of its own here.
	h.clock.pass(time.Second)
	decided, err := decide(chair, true, "The treasurer confirms it.")
	if err != nil || decided.GetState() != membershipv1.ChallengeState_CHALLENGE_STATE_UPHELD || decided.GetSupersedingRoll() == "" || decided.GetDecider() != chair.id {
		t.Fatalf("%v, %v", decided, err)
	}
	_, err = decide(secretary, false, "Again.")
	refused(t, err, codes.FailedPrecondition, "CHALLENGE_DECIDED")
	h.clock.pass(time.Second)
	used, err := freeze()
	if err != nil || used.GetCount() != 1 {
		t.Fatalf("%v, %v", used, err)
	}
	why, err := h.as(auth.Ballots).ExplainRoll(context.Background(), &membershipv1.ExplainRollRequest{Roll: used.GetId(), Member: ben.id})
	if err != nil || !why.GetOnRoll() || !strings.Contains(why.GetExplanation(), "The treasurer confirms it.") {
		t.Errorf("%v, %v", why, err)
	}
	list, err := rolls.ListRolls(context.Background(), &membershipv1.ListRollsRequest{Meeting: "agm", PageSize: 2})
	if err != nil || len(list.GetRolls()) != 2 || list.GetRolls()[0].GetTitle() != "To bid" || list.GetRolls()[0].GetBallot() != "ballot" || list.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", list, err)
	}
	last, err := rolls.ListRolls(context.Background(), &membershipv1.ListRollsRequest{Meeting: "agm", PageSize: 2, PageToken: list.GetNextPageToken()})
	if err != nil || len(last.GetRolls()) != 1 || last.GetRolls()[0].GetSupersededBy() != decided.GetSupersedingRoll() || last.GetNextPageToken() != "" {
		t.Errorf("%v, %v", last, err)
	}
	_, err = rolls.ListRolls(context.Background(), &membershipv1.ListRollsRequest{PageToken: list.GetNextPageToken()})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	compared, err := rolls.CompareRolls(context.Background(), &membershipv1.CompareRollsRequest{Roll: roll.GetId(), With: used.GetId()})
	if err != nil || compared.GetBoth() != 0 || compared.GetOnlySecond() != 1 {
		t.Errorf("%v, %v", compared, err)
	}
	named, err := rolls.ListRollDifferences(with(secretary.token), &membershipv1.ListRollDifferencesRequest{Roll: roll.GetId(), With: used.GetId()})
	if err != nil || len(named.GetDifferences()) != 1 || named.GetDifferences()[0].GetName() != "Ben" || named.GetDifferences()[0].GetChange() != "gained_standing" {
		t.Errorf("%v, %v", named, err)
	}
	_, err = bring(ben, &membershipv1.ChallengeRollRequest{Kind: omission, Reason: "r", Member: ben.id})
	refused(t, err, codes.FailedPrecondition, "ROLL_SUPERSEDED")
	_, err = h.prepare(chair, "agm")
	refused(t, err, codes.FailedPrecondition, "ROLL_USED")
}
