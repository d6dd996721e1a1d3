package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

func (h *house) privacy() membershipv1.PrivacyServiceClient {
	h.t.Helper()
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return membershipv1.NewPrivacyServiceClient(conn)
}

// TestMyData gives a person everything held on them and nothing on anybody else, no secret and no hash of one.
func TestMyData(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.region(secretary, "midlands")
	sam, kim := h.join("Sam Jones", "sam@example.org", "midlands"), h.join("Kim Lee", "kim@example.org", "midlands")
	h.settle(sam.id)
	h.grant(secretary, sam, membershipv1.Role_ROLE_ORGANISER, "midlands")
	sam.token = h.exchange(sam.session)
	p := h.privacy()
	if _, err := p.SetMyAccessNeeds(with(sam.token), &membershipv1.SetMyAccessNeedsRequest{
		RequestId: newID(), Meeting: "m", Needs: "a loop", MeetingTime: timestamppb.New(h.clock.Now().Add(24 * time.Hour)),
	}); err != nil {
		t.Fatal(err)
	}
	body, err := p.GetMyData(with(sam.token), &membershipv1.GetMyDataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(body.GetData())
	for _, want := range []string{"sam@example.org", "Sam Jones", `"kind": "admitted"`, `"role": "organiser"`, `"pence": 100`, "a loop", `"kind": "join"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in it:\n%s", want, text)
		}
	}
	for _, other := range []string{kim.id, "kim@", "secretary@", sam.session, sam.token, `"hash"`, `"salt"`} {
		if strings.Contains(text, other) {
			t.Errorf("%s is in it:\n%s", other, text)
		}
	}
	var read struct {
		Format   string
		Sessions []any
		Leaves   []int64 `json:"public_log_leaves"`
	}
	if err := json.Unmarshal(body.GetData(), &read); err != nil || read.Format != "folkmoot/my-data/membership/v1" || len(read.Sessions) != 1 || len(read.Leaves) < 4 {
		t.Errorf("%+v %v", read, err)
	}
	held, err := p.GetMyRetention(with(sam.token), &membershipv1.GetMyRetentionRequest{})
	if err != nil || held.GetYears() != 10 || held.GetLeftTime() != nil {
		t.Fatalf("%v %v", held, err)
	}
	parts := map[string]string{}
	for _, d := range held.GetHeld() {
		parts[d.GetPart()] = d.GetBasis()
		if d.GetErasable() != strings.Contains("contact sessions attempts access_needs", d.GetPart()) {
			t.Errorf("%v", d)
		}
	}
	for part, basis := range map[string]string{"entry": "law", "history": "law", "offices": "law", "donations": "accounts", "contact": "contract", "access_needs": "consent"} {
		if parts[part] != basis {
			t.Errorf("%s is held by %q, want %q", part, parts[part], basis)
		}
	}
}

// TestEraseMe is refused to a member, to whoever has not said that they know, and without a fresh sign-in.
func TestEraseMe(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	sam := h.join("Sam Jones", "sam@example.org", "")
	p := h.privacy()
	erase := func(who *member, confirmed bool) error {
		_, err := p.EraseMe(with(who.token), &membershipv1.EraseMeRequest{RequestId: newID(), Confirmed: confirmed})
		return err
	}
	refused(t, erase(sam, false), codes.InvalidArgument, "NOT_CONFIRMED")
	refused(t, erase(sam, true), codes.FailedPrecondition, "STILL_A_MEMBER")
	refused(t, erase(secretary, true), codes.FailedPrecondition, "STILL_AN_OFFICER")
	h.clock.pass(20 * time.Minute)
	sam.token = h.exchange(sam.session)
	refused(t, erase(sam, true), codes.Unauthenticated, "FRESH_SIGN_IN")

	kim := h.join("Kim Lee", "kim@example.org", "")
	h.left(kim)
	if err := erase(kim, true); err != nil {
		t.Fatal(err)
	}
	_, err := p.GetMyData(with(kim.token), &membershipv1.GetMyDataRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	_, err = h.people.ExchangeSession(t.Context(), &membershipv1.ExchangeSessionRequest{SessionSecret: kim.session})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	if m, err := h.people.GetMember(with(h.exchange(secretary.session)), &membershipv1.GetMemberRequest{Member: kim.id}); err != nil || m.GetName() != "Kim Lee" || strings.Contains(m.GetEmail(), "kim") {
		t.Errorf("the statutory entry: %v %v", m, err)
	}
}

// left writes into the register that a member left just now.
func (h *house) left(m *member) {
	h.t.Helper()
	err := h.db.InTx(h.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		at := h.clock.Now().UnixMicro()
		_, err := tx.ExecContext(ctx, `INSERT INTO event (number, member, kind, at, recorded, region, reason, decider)
			SELECT MAX(number) + 1, $1, 'resigned', CAST($2 AS BIGINT), CAST($2 AS BIGINT), '', '', '' FROM event`, m.id, at)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestAccessNeedsByOffice: the secretary reads those of all, an organiser those of their own region's meetings, nobody else any.
func TestAccessNeedsByOffice(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.region(secretary, "midlands")
	h.region(secretary, "london")
	sam, kim, lou := h.join("Sam Jones", "sam@example.org", "midlands"), h.join("Kim Lee", "kim@example.org", "midlands"), h.join("Lou Ray", "lou@example.org", "london")
	h.grant(secretary, kim, membershipv1.Role_ROLE_ORGANISER, "midlands")
	h.grant(secretary, lou, membershipv1.Role_ROLE_ORGANISER, "london")
	kim.token, lou.token = h.exchange(kim.session), h.exchange(lou.session)
	p := h.privacy()
	at := timestamppb.New(h.clock.Now().Add(7 * 24 * time.Hour))
	set := func(in *membershipv1.SetMyAccessNeedsRequest) error {
		in.RequestId = newID()
		_, err := p.SetMyAccessNeeds(with(sam.token), in)
		return err
	}
	if err := set(&membershipv1.SetMyAccessNeedsRequest{Meeting: "m", Region: "midlands", Needs: "a ramp", MeetingTime: at}); err != nil {
		t.Fatal(err)
	}
	refused(t, set(&membershipv1.SetMyAccessNeedsRequest{Meeting: "m", Needs: "x"}), codes.InvalidArgument, "MEETING_TIME")
	refused(t, set(&membershipv1.SetMyAccessNeedsRequest{Needs: "x", MeetingTime: at}), codes.InvalidArgument, "MEETING_NEEDED")
	refused(t, set(&membershipv1.SetMyAccessNeedsRequest{Meeting: "m", Needs: strings.Repeat("x", 501), MeetingTime: at}), codes.InvalidArgument, "NEEDS_TOO_LONG")
	refused(t, set(&membershipv1.SetMyAccessNeedsRequest{Meeting: "m", Region: "atlantis", Needs: "x", MeetingTime: at}), codes.InvalidArgument, "REGION_UNKNOWN")
	for who, want := range map[*member]int{secretary: 1, kim: 1, lou: 0} {
		got, err := p.ListAccessNeeds(with(who.token), &membershipv1.ListAccessNeedsRequest{Meeting: "m"})
		if err != nil || len(got.GetNeeds()) != want {
			t.Errorf("%s sees %v, %v", who.email, got, err)
		}
	}
	for _, who := range []*member{sam, treasurer} {
		_, err := p.ListAccessNeeds(with(who.token), &membershipv1.ListAccessNeedsRequest{Meeting: "m"})
		refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	}
	_, err := p.GetRetentionReport(with(treasurer.token), &membershipv1.GetRetentionReportRequest{})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	report, err := p.GetRetentionReport(with(secretary.token), &membershipv1.GetRetentionReportRequest{})
	if err != nil || report.GetYears() != 10 || report.GetDue()[0].GetCount() != 1 {
		t.Fatalf("%v %v", report, err)
	}
	h.clock.pass(14*24*time.Hour + time.Second)
	if err := h.server.retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	secretary.token = h.exchange(secretary.session)
	if report, err = p.GetRetentionReport(with(secretary.token), &membershipv1.GetRetentionReportRequest{}); err != nil || report.GetDue()[0].GetCount() != 0 {
		t.Fatalf("%v %v", report, err)
	}
	found := false
	for _, d := range report.GetDeletions() {
		found = found || d.GetKind() == "access_needs" && d.GetCount() == 1
	}
	if !found {
		t.Errorf("what was deleted is not told: %v", report)
	}
}
