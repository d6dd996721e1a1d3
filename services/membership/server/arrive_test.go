package server

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// ask asks to sign in and returns the attempt.
func (h *house) ask(email, language string) string {
	h.t.Helper()
	asked, err := h.people.RequestSignIn(context.Background(), &membershipv1.RequestSignInRequest{RequestId: newID(), Email: email, Language: language})
	if err != nil {
		h.t.Fatal(err)
	}
	return asked.GetAttempt()
}

func (h *house) byCode(attempt, code string) (*membershipv1.ConfirmSessionResponse, error) {
	return h.people.ConfirmSession(context.Background(), &membershipv1.ConfirmSessionRequest{
		RequestId: newID(), Attempt: attempt, Proof: &membershipv1.ConfirmSessionRequest_Code{Code: code},
	})
}

func (h *house) byLink(attempt, link string) (*membershipv1.ConfirmSessionResponse, error) {
	return h.people.ConfirmSession(context.Background(), &membershipv1.ConfirmSessionRequest{
		RequestId: newID(), Attempt: attempt, Proof: &membershipv1.ConfirmSessionRequest_Link{Link: link},
	})
}

// notTheCode is a code that is not this one.
func notTheCode(code string) string { return code[:5] + string('0'+(code[5]-'0'+1)%10) }

func TestJoinRefusesBadInput(t *testing.T) {
	h := open(t)
	h.found()
	good := func() *membershipv1.JoinRequest {
		return &membershipv1.JoinRequest{RequestId: newID(), Name: "Sam", Email: "sam@example.org", SoleMembership: true}
	}
	for _, c := range []struct {
		name   string
		change func(*membershipv1.JoinRequest)
		reason string
		field  string
	}{
		{"no name", func(r *membershipv1.JoinRequest) { r.Name = "" }, "JOIN_INVALID", "name"},
		{"a long name", func(r *membershipv1.JoinRequest) { r.Name = strings.Repeat("a", 101) }, "JOIN_INVALID", "name"},
		{"no address", func(r *membershipv1.JoinRequest) { r.Email = "sam" }, "JOIN_INVALID", "email"},
		{"a mail header", func(r *membershipv1.JoinRequest) { r.Email = "sam@example.org\nBcc: x@example.org" }, "JOIN_INVALID", "email"},
		{"not declared", func(r *membershipv1.JoinRequest) { r.SoleMembership = false }, "JOIN_INVALID", "sole_membership"},
		{"a language", func(r *membershipv1.JoinRequest) { r.Language = "tlh" }, "JOIN_INVALID", "language"},
		{"no such region", func(r *membershipv1.JoinRequest) { r.Region = "atlantis" }, "REGION_UNKNOWN", "region"},
		{"no region at all", func(r *membershipv1.JoinRequest) { r.Region = "\x01' --" }, "REGION_UNKNOWN", "region"},
		{"a NUL", func(r *membershipv1.JoinRequest) { r.Region = "\x00" }, "NUL_CHARACTER", "region"},
		{"no request id", func(r *membershipv1.JoinRequest) { r.RequestId = "" }, "REQUEST_ID_NEEDED", "request_id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good()
			c.change(r)
			_, err := h.people.Join(context.Background(), r)
			refused(t, err, codes.InvalidArgument, c.reason)
			if f := fault.Of(rpc.FromStatus(err)); len(f.Violations) != 1 || f.Violations[0].Field != c.field || f.Violations[0].Message == "" {
				t.Errorf("violations %v, want one of %s", f.Violations, c.field)
			}
		})
	}
	if _, err := h.people.Join(context.Background(), good()); err != nil {
		t.Errorf("the good one that the bad ones are made from: %v", err)
	}
	_, err := h.people.RequestSignIn(context.Background(), &membershipv1.RequestSignInRequest{RequestId: newID(), Email: "sam"})
	refused(t, err, codes.InvalidArgument, "EMAIL_INVALID")
	_, err = h.people.RequestSignIn(context.Background(), &membershipv1.RequestSignInRequest{RequestId: newID(), Email: "sam@example.org", Language: "fr"})
	refused(t, err, codes.InvalidArgument, "LANGUAGE_INVALID")
}

// TestAskingNeverLooksAtTheRegister: the answer to joining and to signing in comes without a look at who is a
// member, for the table of members is away. So neither what it says nor how long it takes can depend on that.
func TestAskingNeverLooksAtTheRegister(t *testing.T) {
	h := open(t)
	h.found()
	rename := func(statement string) {
		t.Helper()
		err := h.db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rename(`ALTER TABLE member RENAME TO member_away`)
	for _, email := range []string{"secretary@example.org", "nobody@example.org"} {
		joined, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{RequestId: newID(), Name: "Sam", Email: email, SoleMembership: true})
		if err != nil || len(joined.GetAttempt()) != 43 {
			t.Errorf("joining as %s: %v, %v", email, joined, err)
		}
		if attempt := h.ask(email, ""); len(attempt) != 43 {
			t.Errorf("signing in as %s: an attempt of %d characters", email, len(attempt))
		}
	}
	rename(`ALTER TABLE member_away RENAME TO member`)
	// The mail was asked for all the same, and comes.
	if h.newest("secretary@example.org", 2).link() == "" || h.newest("nobody@example.org", 1).link() == "" {
		t.Error("a mail without a link came")
	}
}

// TestNobodysAddressAnswersAlike: with an address that nobody has, every answer to a code or a link is the same as with a
// member's, word for word.
func TestNobodysAddressAnswersAlike(t *testing.T) {
	h := open(t)
	h.found()
	known, unknown := h.ask("secretary@example.org", ""), h.ask("nobody@example.org", "")
	code := notTheCode(h.newest("secretary@example.org", 1).code())
	says := func(err error) string {
		t.Helper()
		f := fault.Of(rpc.FromStatus(err))
		if f == nil {
			t.Fatalf("no refusal: %v", err)
		}
		return fmt.Sprintf("%d %s %v %v", f.Kind, f.Error(), f.Violations, f.Details)
	}
	same := func(what string, a, b error) {
		t.Helper()
		if says(a) != says(b) {
			t.Errorf("%s: a member's address answers\n%s\nnobody's\n%s", what, says(a), says(b))
		}
	}
	_, a := h.byLink(known, "nonsense")
	_, b := h.byLink(unknown, "nonsense")
	same("a wrong link", a, b)
	for i := range membership.MaxWrongCodes + 2 {
		_, a = h.byCode(known, code)
		_, b = h.byCode(unknown, code)
		same(fmt.Sprint("wrong code ", i+1), a, b)
	}
	h.clock.pass(membership.AttemptLife)
	_, a = h.byCode(known, code)
	_, b = h.byCode(unknown, code)
	same("too late", a, b)
	if n := len(h.mail.to("nobody@example.org")); n != 0 {
		t.Errorf("%d mails went to an address that nobody has", n)
	}
}

func TestSigningIn(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	sam := h.join("Sam", "sam@example.org", "")
	// By the link, in the browser that asked, once.
	attempt := h.ask(sam.email, "")
	mail := h.newest(sam.email, 2)
	other := h.ask(secretary.email, "")
	_, err := h.byLink(other, mail.link())
	refused(t, err, codes.InvalidArgument, "LINK_OTHER")
	_, err = h.byLink("", mail.link())
	refused(t, err, codes.InvalidArgument, "ATTEMPT_UNKNOWN")
	_, err = h.byLink(strings.Repeat("a", 10_000), mail.link())
	refused(t, err, codes.InvalidArgument, "ATTEMPT_UNKNOWN")
	_, err = h.people.ConfirmSession(context.Background(), &membershipv1.ConfirmSessionRequest{RequestId: newID(), Attempt: attempt})
	refused(t, err, codes.InvalidArgument, "PROOF_NEEDED")
	_, err = h.byCode(attempt, "12345")
	refused(t, err, codes.InvalidArgument, "CODE_FORMAT")
	done, err := h.byLink(attempt, mail.link())
	if err != nil || done.GetMember() != sam.id || done.GetJoined() {
		t.Fatalf("%v, %v", done, err)
	}
	_, err = h.byLink(attempt, mail.link())
	refused(t, err, codes.FailedPrecondition, "LINK_USED")
	_, err = h.byCode(attempt, mail.code())
	refused(t, err, codes.FailedPrecondition, "LINK_USED")
	// Too late.
	attempt = h.ask(sam.email, "")
	mail = h.newest(sam.email, 3)
	h.clock.pass(membership.AttemptLife)
	_, err = h.byLink(attempt, mail.link())
	refused(t, err, codes.FailedPrecondition, "LINK_EXPIRED")
	_, err = h.byCode(attempt, mail.code())
	refused(t, err, codes.FailedPrecondition, "LINK_EXPIRED")
	// A code typed with spaces.
	attempt = h.ask(" SAM@example.org", "")
	code := h.newest(sam.email, 4).code()
	if done, err = h.byCode(attempt, code[:3]+" "+code[3:]); err != nil || done.GetMember() != sam.id {
		t.Errorf("%v, %v", done, err)
	}
	// An older mail does not work for a newer attempt.
	h.ask(sam.email, "")
	old := h.newest(sam.email, 5)
	newer := h.ask(sam.email, "")
	h.newest(sam.email, 6)
	_, err = h.byLink(newer, old.link())
	refused(t, err, codes.InvalidArgument, "LINK_OTHER")
}

// TestSendingTwiceDoesNothingTwice: the same request gets the same answer, though no secret is stored.
func TestSendingTwiceDoesNothingTwice(t *testing.T) {
	h := open(t)
	h.found()
	ask := &membershipv1.JoinRequest{RequestId: newID(), Name: "Sam", Email: "sam@example.org", SoleMembership: true}
	first, err := h.people.Join(context.Background(), ask)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.people.Join(context.Background(), ask)
	if err != nil || second.GetAttempt() != first.GetAttempt() {
		t.Errorf("%v, %v; want the first attempt again", second, err)
	}
	// The same id for another content is another request: whose the id was is not told.
	ask.Name = "Sam Jones"
	third, err := h.people.Join(context.Background(), ask)
	if err != nil || third.GetAttempt() == first.GetAttempt() {
		t.Errorf("another content: %v, %v", third, err)
	}
	mail := h.newest("sam@example.org", 2)
	confirm := &membershipv1.ConfirmSessionRequest{RequestId: newID(), Attempt: third.GetAttempt(), Proof: &membershipv1.ConfirmSessionRequest_Link{Link: mail.link()}}
	if _, err := h.people.ConfirmSession(context.Background(), confirm); err != nil {
		// The two mails may have been sent in either order.
		mail = h.newest("sam@example.org", 1)
		confirm.Proof = &membershipv1.ConfirmSessionRequest_Link{Link: mail.link()}
	}
	one, err := h.people.ConfirmSession(context.Background(), confirm)
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.people.ConfirmSession(context.Background(), confirm)
	if err != nil || two.GetSessionSecret() != one.GetSessionSecret() || two.GetMember() != one.GetMember() || !two.GetJoined() {
		t.Errorf("%v, %v; want %v", two, err, one)
	}
	if h.exchange(two.GetSessionSecret()) == "" {
		t.Error("the session of the second answer does not work")
	}
	if n := len(h.mail.to("sam@example.org")); n != 2 {
		t.Errorf("%d mails, want 2", n)
	}
}

// TestGuessingIsLimitedAndLocksNobodyOut: whatever strangers do with a member's address, the member signs in; and they get
// few guesses.
func TestGuessingIsLimitedAndLocksNobodyOut(t *testing.T) {
	h := open(t)
	h.found()
	sam := h.join("Sam", "sam@example.org", "")
	guesses := 0
	for i := range 10 {
		attempt := h.ask(sam.email, "")
		mail := h.newest(sam.email, i+2)
		if mail.link() == "" {
			t.Fatal("a mail without a link")
		}
		if mail.code() == "" {
			if _, err := h.byCode(attempt, "000000"); err == nil {
				t.Fatal("a code worked that was never mailed")
			}
			continue
		}
		for {
			_, err := h.byCode(attempt, notTheCode(mail.code()))
			guesses++
			if f := fault.Of(rpc.FromStatus(err)); f.Reason == "CODE_LIMIT" {
				break
			}
		}
		_, err := h.byCode(attempt, mail.code())
		refused(t, err, codes.ResourceExhausted, "CODE_LIMIT")
	}
	// One of the hour's codes went to Sam on joining.
	if want := (membership.CodesPerHour - 1) * membership.MaxWrongCodes; guesses != want {
		t.Errorf("%d guesses in an hour, want %d", guesses, want)
	}
	attempt := h.ask(sam.email, "")
	mail := h.newest(sam.email, 12)
	if !strings.Contains(mail.text, "There is no code this time") {
		t.Errorf("the mail does not say why it has no code:\n%s", mail.text)
	}
	if done, err := h.byLink(attempt, mail.link()); err != nil || done.GetMember() != sam.id {
		t.Errorf("Sam is locked out: %v", err)
	}
	h.clock.pass(time.Hour + time.Minute)
	h.ask(sam.email, "")
	if h.newest(sam.email, 13).code() == "" {
		t.Error("an hour later a mail still has no code")
	}
}

// TestAHallSignsIn: 250 people behind one address of the internet ask and confirm at once; nobody is refused.
func TestAHallSignsIn(t *testing.T) {
	if testing.Short() {
		t.Skip("250 people join and sign in: takes seconds")
	}
	h := open(t)
	h.found()
	const people = 250
	errs := make(chan error, people)
	slots := make(chan struct{}, 32)
	for i := range people {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			email := fmt.Sprintf("p%d@example.org", i)
			asked, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{RequestId: newID(), Name: "P", Email: email, SoleMembership: true})
			if err != nil {
				errs <- err
				return
			}
			for range 4000 {
				if all := h.mail.to(email); len(all) > 0 {
					_, err := h.byCode(asked.GetAttempt(), all[0].code())
					errs <- err
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
			errs <- fmt.Errorf("no mail came to %s", email)
		}()
	}
	for range people {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}
