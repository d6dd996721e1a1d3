package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// rules tells the rule book's next version.
func (h *house) rules(r *membershipv1.ApplyRulesRequest) {
	h.t.Helper()
	h.ruled++
	r.Epoch, r.Position, r.RuleBook, r.EffectiveTime = 1, h.ruled, int32(h.ruled), timestamppb.New(h.clock.Now())
	if _, err := h.as(auth.Motions).ApplyRules(context.Background(), r); err != nil {
		h.t.Fatal(err)
	}
}

// TestJoiningARegisteredSociety: only there an address is asked for, it is not in the entry before the person confirmed, and where nobody joined
// by the attempt it is gone.
func TestJoiningARegisteredSociety(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	ask := func(email, address string) (*membershipv1.JoinResponse, error) {
		return h.people.Join(context.Background(), &membershipv1.JoinRequest{
			RequestId: newID(), Name: "Sam", Email: email, SoleMembership: true, Language: "en", PostalAddress: address,
		})
	}
	confirm := func(email string, n int, attempt string) *member {
		t.Helper()
		done, err := h.people.ConfirmSession(context.Background(), &membershipv1.ConfirmSessionRequest{
			RequestId: newID(), Attempt: attempt, Proof: &membershipv1.ConfirmSessionRequest_Code{Code: h.newest(email, n).code()},
		})
		if err != nil {
			t.Fatal(err)
		}
		return &member{id: done.GetMember(), email: email, session: done.GetSessionSecret(), token: h.exchange(done.GetSessionSecret())}
	}
	kept := func(whose *member) string {
		t.Helper()
		p, err := h.entries.GetPostal(with(secretary.token), &membershipv1.GetPostalRequest{Member: whose.id})
		if err != nil {
			t.Fatal(err)
		}
		return p.GetAddress()
	}
	waiting := func() (n int) {
		t.Helper()
		if err := h.db.Reader().QueryRowContext(context.Background(), `SELECT COUNT(*) FROM joining_postal`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if f, err := h.people.GetFounding(context.Background(), &membershipv1.GetFoundingRequest{}); err != nil || f.GetPostalAsked() {
		t.Errorf("%v, %v", f, err)
	}
	_, err := ask("sam@example.org", "1 Road\nTown")
	refused(t, err, codes.InvalidArgument, "POSTAL_NOT_ASKED")

	h.rules(&membershipv1.ApplyRulesRequest{Registered: true})
	if f, err := h.people.GetFounding(context.Background(), &membershipv1.GetFoundingRequest{}); err != nil || !f.GetPostalAsked() {
		t.Errorf("%v, %v", f, err)
	}
	_, err = ask("sam@example.org", " \n ")
	refused(t, err, codes.InvalidArgument, "POSTAL_INVALID")
	_, err = ask("sam@example.org", strings.Repeat("a\n", 9))
	refused(t, err, codes.InvalidArgument, "POSTAL_INVALID")
	asked, err := ask("sam@example.org", " 1  Road\r\n\nTown ")
	if err != nil {
		t.Fatal(err)
	}
	if waiting() != 1 {
		t.Error("the address of who joins is not kept until they confirm")
	}
	sam := confirm("sam@example.org", 1, asked.GetAttempt())
	if got := kept(sam); got != "1 Road\nTown" || waiting() != 0 {
		t.Errorf("kept %q, and %d wait", got, waiting())
	}
	// Joining again signs a member in and changes nothing in their entry.
	if asked, err = ask("sam@example.org", "2 Other Road"); err != nil {
		t.Fatal(err)
	}
	confirm("sam@example.org", 2, asked.GetAttempt())
	if got := kept(sam); got != "1 Road\nTown" || waiting() != 0 {
		t.Errorf("kept %q, and %d wait", got, waiting())
	}
	// A former member gives the address they have now.
	if _, err := h.entries.Leave(with(sam.token), &membershipv1.LeaveRequest{RequestId: newID(), Understood: true}); err != nil {
		t.Fatal(err)
	}
	if asked, err = ask("sam@example.org", "3 New Road"); err != nil {
		t.Fatal(err)
	}
	confirm("sam@example.org", 4, asked.GetAttempt())
	if got := kept(sam); got != "3 New Road" {
		t.Errorf("kept %q", got)
	}
	// Whoever never confirms leaves nothing behind after a day.
	if _, err = ask("nobody@example.org", "4 Road"); err != nil {
		t.Fatal(err)
	}
	h.clock.pass(26 * time.Hour)
	if err := h.server.store.Forget(context.Background(), h.clock.Now(), h.server.machine()); err != nil || waiting() != 0 {
		t.Errorf("%d wait, %v", waiting(), err)
	}
}

// TestAnApplicantWithdraws: the application leaves the queue, the event stands in the history, and the person may apply again.
func TestAnApplicantWithdraws(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.rules(&membershipv1.ApplyRulesRequest{Admission: membershipv1.Admission_ADMISSION_SECRETARY})
	sam := h.join("Sam", "sam@example.org", "")
	queue := func() int {
		t.Helper()
		reply, err := h.entries.ListApplications(with(secretary.token), &membershipv1.ListApplicationsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return len(reply.GetApplications())
	}
	why := func(by *member) *membershipv1.ExplainStandingResponse {
		t.Helper()
		a, err := h.entries.ExplainStanding(with(by.token), &membershipv1.ExplainStandingRequest{Member: sam.id})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := why(sam); queue() != 1 || a.GetCode() != "waiting" || !a.GetWaiting() {
		t.Fatalf("%d wait, %v", queue(), a)
	}
	withdraw := func(understood bool) (*membershipv1.RegisterEvent, error) {
		return h.entries.Leave(with(sam.token), &membershipv1.LeaveRequest{RequestId: newID(), Understood: understood, Reason: "Changed my mind."})
	}
	_, err := withdraw(false)
	refused(t, err, codes.InvalidArgument, "LEAVE_NOT_UNDERSTOOD")
	if e, err := withdraw(true); err != nil || e.GetKind() != "withdrawn" || e.GetBy() != "" {
		t.Fatalf("%v, %v", e, err)
	}
	if a := why(secretary); queue() != 0 || a.GetCode() != "withdrawn" || a.GetWaiting() || a.GetEventTime() == nil {
		t.Errorf("%d wait, %v", queue(), a)
	}
	if got := h.history(secretary, sam); got != "applied confirmed withdrawn" {
		t.Errorf("the history is %q", got)
	}
	_, err = h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: sam.session})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	_, err = h.entries.DecideApplication(with(secretary.token), &membershipv1.DecideApplicationRequest{RequestId: newID(), Member: sam.id, Admit: true, Reason: "Known."})
	refused(t, err, codes.FailedPrecondition, "NOT_WAITING")
	if l := h.newest(sam.email, 2); !strings.Contains(l.subject, "withdrew") || !strings.Contains(l.text, "Changed my mind.") {
		t.Errorf("told %q\n%s", l.subject, l.text)
	}
	again := h.join("Sam", "sam@example.org", "")
	if again.id != sam.id || queue() != 1 {
		t.Errorf("%d wait", queue())
	}
	if got := h.history(secretary, sam); got != "applied confirmed withdrawn applied confirmed" {
		t.Errorf("the history is %q", got)
	}
	// Refused, and withdrawn afterwards: there is nothing to withdraw any more.
	_, err = h.entries.DecideApplication(with(secretary.token), &membershipv1.DecideApplicationRequest{RequestId: newID(), Member: sam.id, Reason: "Not known."})
	if err != nil {
		t.Fatal(err)
	}
	if a := why(again); a.GetReason() != "Not known." || a.GetCode() != "refused" {
		t.Errorf("%v", a)
	}
	sam.token = again.token
	_, err = withdraw(true)
	refused(t, err, codes.FailedPrecondition, "NOT_A_MEMBER")
}
