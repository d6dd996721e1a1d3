package server

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func (h *house) desk() membershipv1.DeskServiceClient {
	return membershipv1.NewDeskServiceClient(h.conn)
}

// paper enters a person without e-mail.
func (h *house) paper(by *member, name, region string) *member {
	h.t.Helper()
	done, err := h.desk().EnterMember(with(by.token), &membershipv1.EnterMemberRequest{
		RequestId: newID(), Name: name, Region: region, SoleMembership: true, Reason: "Paper form.",
	})
	if err != nil || !done.GetAdmitted() {
		h.t.Fatal(done, err)
	}
	return &member{id: done.GetMember()}
}

// TestTwoOfficersSignAMemberIn: from the paper form to the session, with all that stands on record of it.
func TestTwoOfficersSignAMemberIn(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	c := h.desk()
	mia := h.paper(secretary, "Mia Jones", "")
	entry, err := h.people.GetMember(with(secretary.token), &membershipv1.GetMemberRequest{Member: mia.id})
	if err != nil || entry.GetEmail() != "" || entry.GetNumber() == 0 {
		t.Fatalf("%v, %v", entry, err)
	}
	asked, err := c.AskForCard(with(secretary.token), &membershipv1.AskForCardRequest{RequestId: newID(), Member: mia.id, Reason: "Has no e-mail."})
	if err != nil || asked.GetState() != membershipv1.CardState_CARD_STATE_ASKED || asked.GetName() != "Mia Jones" {
		t.Fatalf("%v, %v", asked, err)
	}
	make := &membershipv1.MakeCardRequest{RequestId: newID(), Card: asked.GetId(), Seen: true}
	_, err = c.MakeCard(with(secretary.token), make)
	refused(t, err, codes.PermissionDenied, "SECOND_OFFICER_NEEDED")
	made, err := c.MakeCard(with(chair.token), make)
	if err != nil || made.GetCard().GetState() != membershipv1.CardState_CARD_STATE_MADE || made.GetLink() != "https://vote.example.org/card?code="+made.GetCode() {
		t.Fatalf("%v, %v", made, err)
	}
	if again, err := c.MakeCard(with(chair.token), make); err != nil || again.GetCode() != made.GetCode() {
		t.Errorf("the same request again: %v, %v", again, err)
	}
	_, err = c.MakeCard(with(chair.token), &membershipv1.MakeCardRequest{RequestId: newID(), Card: asked.GetId(), Seen: true})
	refused(t, err, codes.FailedPrecondition, "CARD_DONE")
	list, err := c.ListCards(with(secretary.token), &membershipv1.ListCardsRequest{})
	if err != nil || len(list.GetCards()) != 1 || strings.Contains(list.String(), made.GetCode()) {
		t.Errorf("the list: %v, %v", list, err)
	}

	// A thousand wrong codes take nothing away from the member.
	for i := range 1000 {
		wrong := membership.NewCardCode([]byte{9, 9, 9, 9, 9, 9, byte(i >> 8), byte(i)})
		_, err := h.server.UseCard(context.Background(), &membershipv1.UseCardRequest{RequestId: newID(), Code: wrong})
		if err == nil {
			t.Fatal("a wrong code signed somebody in")
		}
	}
	use := &membershipv1.UseCardRequest{RequestId: newID(), Code: strings.ToLower(made.GetCode())}
	done, err := c.UseCard(context.Background(), use)
	if err != nil || done.GetMember() != mia.id {
		t.Fatalf("%v, %v", done, err)
	}
	if again, err := c.UseCard(context.Background(), use); err != nil || again.GetSessionSecret() != done.GetSessionSecret() {
		t.Errorf("the same request again: %v, %v", again, err)
	}
	_, err = c.UseCard(context.Background(), &membershipv1.UseCardRequest{RequestId: newID(), Code: made.GetCode()})
	refused(t, err, codes.FailedPrecondition, "CARD_USED")

	mia.token = h.exchange(done.GetSessionSecret())
	sessions, err := h.signing().ListSessions(with(mia.token), &membershipv1.ListSessionsRequest{})
	if err != nil || len(sessions.GetSessions()) != 1 || sessions.GetSessions()[0].GetMethod() != "card" {
		t.Errorf("the member's sessions: %v, %v", sessions, err)
	}
	if got, want := h.history(mia, mia), "applied confirmed_on_paper admitted card_asked card_made card_used"; got != want {
		t.Errorf("the history: %q; want %q", got, want)
	}
	var acts []string
	all, err := membershipv1.NewOfficerActsServiceClient(h.conn).ListOfficerActs(with(mia.token), &membershipv1.ListOfficerActsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all.GetActs() {
		if m := a.GetMethod(); strings.Contains(m, "Desk") && !a.GetCounted() {
			acts = append(acts, a.GetRole()+" "+m[strings.LastIndexByte(m, '/')+1:])
		}
	}
	slices.Sort(acts)
	if got := strings.Join(acts, ", "); got != "chair MakeCard, secretary AskForCard, secretary EnterMember" {
		t.Errorf("the officers' acts: %s", got)
	}
	if err := h.server.store.CheckLog(t.Context()); err != nil {
		t.Errorf("the public log: %v", err)
	}
	// Neither the code nor its address is in the database or in the log.
	if text := h.logged.String(); strings.Contains(text, made.GetCode()) {
		t.Error("the code is in the log")
	}
}

func TestCardsAreRefused(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	h.region(secretary, "london")
	h.region(secretary, "midlands")
	c := h.desk()
	ben := h.join("Ben", "ben@example.org", "midlands")
	h.grant(secretary, ben, membershipv1.Role_ROLE_ORGANISER, "midlands")
	ben.token = h.exchange(ben.session)
	mia, dai := h.paper(secretary, "Mia", "london"), h.paper(secretary, "Dai", "midlands")
	ask := func(by *member, whom string) (*membershipv1.DeskCard, error) {
		return c.AskForCard(with(by.token), &membershipv1.AskForCardRequest{RequestId: newID(), Member: whom, Reason: "Has no e-mail."})
	}
	use := func(code string) error {
		_, err := c.UseCard(context.Background(), &membershipv1.UseCardRequest{RequestId: newID(), Code: code})
		return err
	}
	made := func(card string) string {
		t.Helper()
		m, err := c.MakeCard(with(chair.token), &membershipv1.MakeCardRequest{RequestId: newID(), Card: card, Seen: true})
		if err != nil {
			t.Fatal(err)
		}
		return m.GetCode()
	}
	_, err := ask(ben, mia.id)
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	_, err = ask(secretary, ben.id)
	refused(t, err, codes.FailedPrecondition, "CARD_HAS_EMAIL")
	_, err = ask(secretary, newID())
	refused(t, err, codes.NotFound, "MEMBER_NOT_FOUND")
	card, err := ask(ben, dai.id)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ask(secretary, mia.id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.MakeCard(with(ben.token), &membershipv1.MakeCardRequest{RequestId: newID(), Card: other.GetId(), Seen: true})
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	_, err = c.CancelCard(with(ben.token), &membershipv1.CancelCardRequest{RequestId: newID(), Card: other.GetId()})
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	if list, err := c.ListCards(with(ben.token), &membershipv1.ListCardsRequest{}); err != nil || len(list.GetCards()) != 1 || list.GetCards()[0].GetId() != card.GetId() {
		t.Errorf("the organiser sees %v, %v", list, err)
	}
	_, err = c.MakeCard(with(chair.token), &membershipv1.MakeCardRequest{RequestId: newID(), Card: card.GetId()})
	refused(t, err, codes.InvalidArgument, "CARD_UNSEEN")
	_, err = c.MakeCard(with(chair.token), &membershipv1.MakeCardRequest{RequestId: newID(), Card: newID(), Seen: true})
	refused(t, err, codes.NotFound, "CARD_NOT_FOUND")

	code := made(card.GetId())
	if _, err := c.CancelCard(with(ben.token), &membershipv1.CancelCardRequest{RequestId: newID(), Card: card.GetId()}); err != nil {
		t.Fatal(err)
	}
	refused(t, use(code), codes.InvalidArgument, "CARD_UNKNOWN")
	refused(t, use("ABCD"), codes.InvalidArgument, "CARD_FORMAT")
	refused(t, use(strings.Repeat("A", 300)), codes.InvalidArgument, "CARD_FORMAT")
	code = made(other.GetId())
	h.clock.pass(membership.CardLife)
	refused(t, use(code), codes.FailedPrecondition, "CARD_EXPIRED")
	_, err = ask(secretary, mia.id)
	refused(t, err, codes.Unauthenticated, "FRESH_SIGN_IN")
	h.again(secretary, chair)
	card, err = ask(secretary, mia.id)
	if err != nil {
		t.Fatal(err)
	}
	code = made(card.GetId())
	// Whoever has an address meanwhile signs in with it.
	mia.token = h.exchange(h.useCard(code))
	h.giveEmail(mia, "mia@example.org")
	_, err = ask(secretary, mia.id)
	refused(t, err, codes.FailedPrecondition, "CARD_HAS_EMAIL")
	h.clock.pass(48 * time.Hour)
	if err := h.server.store.Forget(t.Context(), h.clock.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	refused(t, use(code), codes.InvalidArgument, "CARD_UNKNOWN")
}

func (h *house) useCard(code string) string {
	h.t.Helper()
	done, err := h.desk().UseCard(context.Background(), &membershipv1.UseCardRequest{RequestId: newID(), Code: code})
	if err != nil {
		h.t.Fatal(err)
	}
	return done.GetSessionSecret()
}

// giveEmail has a member confirm an address.
func (h *house) giveEmail(m *member, email string) {
	h.t.Helper()
	asked, err := h.entries.RequestEmail(with(m.token), &membershipv1.RequestEmailRequest{RequestId: newID(), Email: email})
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.entries.ConfirmEmail(with(m.token), &membershipv1.ConfirmEmailRequest{
		RequestId: newID(), Attempt: asked.GetAttempt(), Proof: &membershipv1.ConfirmEmailRequest_Code{Code: h.newest(email, 1).code()},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	m.email = email
}
