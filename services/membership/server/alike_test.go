package server

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// statements are what a call sent to the database, in order.
func statements(t *testing.T, call func(ctx context.Context) error) []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	_ = call(database.Watched(context.Background(), func(query string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, strings.Join(strings.Fields(query), " "))
	}))
	if len(all) == 0 {
		t.Error("the call sent nothing to the database")
	}
	return all
}

// TestNobodysAddressTakesTheSameWork: whoever asks for a member's address and for one that nobody has makes the room do the same, statement
// for statement, so that no clock tells the two apart: asking to sign in, joining, and trying wrong codes and links. The letter is written
// and sent after the answer, from the queue: while the mail server hangs, the answer comes. A passkey's challenge is asked for without an
// address.
func TestNobodysAddressTakesTheSameWork(t *testing.T) {
	h := open(t)
	h.found()
	ask := func(email string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := h.server.RequestSignIn(ctx, &membershipv1.RequestSignInRequest{RequestId: newID(), Email: email})
			return err
		}
	}
	joining := func(email string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := h.server.Join(ctx, &membershipv1.JoinRequest{RequestId: newID(), Name: "Sam", Email: email, SoleMembership: true, Language: "en"})
			return err
		}
	}
	try := func(attempt string, r *membershipv1.ConfirmSessionRequest) func(context.Context) error {
		return func(ctx context.Context) error {
			r.RequestId, r.Attempt = newID(), attempt
			_, err := h.server.ConfirmSession(ctx, r)
			return err
		}
	}
	same := func(what string, known, unknown func(context.Context) error) {
		t.Helper()
		a, b := statements(t, known), statements(t, unknown)
		if !slices.Equal(a, b) {
			t.Errorf("%s: a member's address takes\n%s\nnobody's\n%s", what, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
		if mails := slices.IndexFunc(a, func(s string) bool { return strings.Contains(s, "FROM member ") }); mails >= 0 {
			t.Errorf("%s looks at the register: %s", what, a[mails])
		}
	}
	const member, nobody = "secretary@example.org", "nobody@example.org"
	same("asking", ask(member), ask(nobody))
	same("joining", joining(member), joining("stranger@example.org"))
	known, unknown := h.ask(member, ""), h.ask(nobody, "")
	code := func() *membershipv1.ConfirmSessionRequest {
		return &membershipv1.ConfirmSessionRequest{Proof: &membershipv1.ConfirmSessionRequest_Code{Code: notTheCode(h.newest(member, 1).code())}}
	}
	link := func() *membershipv1.ConfirmSessionRequest {
		return &membershipv1.ConfirmSessionRequest{Proof: &membershipv1.ConfirmSessionRequest_Link{Link: "nonsense"}}
	}
	for range membership.MaxWrongCodes + 1 {
		same("a wrong code", try(known, code()), try(unknown, code()))
	}
	same("a wrong link", try(known, link()), try(unknown, link()))
	// The comparison can fail: the operator's token, which is looked for in the register at once, does not pass it.
	operator := func(email string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := h.server.store.OperatorSession(ctx, email, h.clock.Now(), h.server.machine(), false)
			return err
		}
	}
	if slices.Equal(statements(t, operator(member)), statements(t, operator(nobody))) {
		t.Error("what differs is found alike")
	}
}

// TestNobodysLetterTakesTheSameWork: what is queued for a member's address and for nobody's is one letter each, and what is done when its turn comes is
// as many statements and one making of secrets; only the member's is handed to the mail server.
func TestNobodysLetterTakesTheSameWork(t *testing.T) {
	h := open(t, func(c *Config) { c.Mailer = nil })
	h.found()
	ctx := context.Background()
	take := func(email string) (count, made int, sent bool) {
		t.Helper()
		if _, err := h.server.RequestSignIn(ctx, &membershipv1.RequestSignInRequest{RequestId: newID(), Email: email}); err != nil {
			t.Fatal(err)
		}
		due, err := h.server.store.Due(ctx, h.server.machine(), 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%v are queued, %v", due, err)
		}
		all := statements(t, func(ctx context.Context) error {
			_, sent, err = h.server.store.Take(ctx, due[0], h.clock.Now(), h.server.machine(), func([]byte) (code, link []byte, err error) {
				made++
				return []byte("the hash of a code"), []byte("the hash of a link"), nil
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(all), made, sent
	}
	for range 3 {
		known, secrets, sent := take("secretary@example.org")
		unknown, others, vain := take("nobody@example.org")
		if known != unknown || secrets != 1 || others != 1 || !sent || vain {
			t.Errorf("a member's letter takes %d statements and %d makings of secrets, sent: %v; nobody's %d and %d, sent: %v", known, secrets, sent, unknown, others, vain)
		}
	}
}

// TestAnswersDoNotWaitForMail: with a mail server that never answers, whoever asks is answered, and the letter waits in the queue.
func TestAnswersDoNotWaitForMail(t *testing.T) {
	hangs := hanging{asked: make(chan struct{}, 8), release: make(chan struct{})}
	h := open(t, func(c *Config) { c.Mailer = hangs })
	h.found()
	t.Cleanup(func() { close(hangs.release) })
	for range 3 {
		for _, email := range []string{"secretary@example.org", "nobody@example.org"} {
			if h.ask(email, "") == "" {
				t.Fatal("no answer")
			}
		}
	}
	<-hangs.asked
}

// hanging is a mail server that takes nothing until it is released.
type hanging struct{ asked, release chan struct{} }

func (m hanging) Send(ctx context.Context, _, _, _ string) error {
	select {
	case m.asked <- struct{}{}:
	default:
	}
	select {
	case <-m.release:
	case <-ctx.Done():
	}
	return nil
}
