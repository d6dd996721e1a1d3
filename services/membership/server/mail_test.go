package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// carriesProof are the letters with a link and a code.
var carriesProof = map[membership.Letter]bool{membership.LetterJoin: true, membership.LetterKnown: true, membership.LetterSignIn: true}

// allFacts are what any of the letters is written with.
var allFacts = []byte(`{"passkey":"Phone","title":"AGM","title_cy":"CCB","place":"Town hall","path":"/meetings/1","business":["To bid"],"start":"2026-12-12T14:00:00Z"}`)

func wrote(t *testing.T, l store.Letter, w words) (subject, body string) {
	t.Helper()
	subject, body, err := write(l, w)
	if err != nil {
		t.Fatal(err)
	}
	return subject, body
}

func TestLetters(t *testing.T) {
	w := words{Society: "LocalGov Digital", Home: "https://vote.example.org", Link: "https://vote.example.org/confirm?link=abc", Code: "012345", Until: "14:30", WithCode: true, zone: time.UTC}
	for kind, languages := range letters {
		for _, language := range membership.Languages {
			if _, ok := languages[language]; !ok {
				t.Errorf("the letter %q is not written in %q", kind, language)
				continue
			}
			subject, body := wrote(t, store.Letter{Kind: kind, Language: language, Facts: allFacts}, w)
			if strings.ContainsAny(subject, "\r\n") || !strings.Contains(body, "LocalGov Digital") || strings.Contains(body+subject, "no value") {
				t.Errorf("%s %s: the subject is %q", kind, language, subject)
			}
			if !carriesProof[kind] {
				continue
			}
			l := letter{text: body}
			if l.code() != "012345" || l.link() != "abc" || !strings.Contains(body, "14:30") {
				t.Errorf("%s %s: code %q, link %q in\n%s", kind, language, l.code(), l.link(), body)
			}
			without := w
			without.WithCode, without.Code = false, ""
			_, body = wrote(t, store.Letter{Kind: kind, Language: language}, without)
			if l = (letter{text: body}); l.link() != "abc" || strings.Contains(body, "Code:") {
				t.Errorf("%s %s without a code:\n%s", kind, language, body)
			}
		}
	}
	if _, body := wrote(t, store.Letter{Kind: membership.LetterSignIn, Language: ""}, w); !strings.Contains(body, "If this was not you") {
		t.Errorf("without a language:\n%s", body)
	}
}

// TestMailLanguages: joining in Welsh brings Welsh mail from then on, unless another language is asked for.
func TestMailLanguages(t *testing.T) {
	h := open(t)
	h.found()
	asked, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{RequestId: newID(), Name: "Siân", Email: "sian@example.org", SoleMembership: true, Language: "cy"})
	if err != nil {
		t.Fatal(err)
	}
	mail := h.newest("sian@example.org", 1)
	done, err := h.byCode(asked.GetAttempt(), mail.code())
	if err != nil || !strings.Contains(mail.text, "Gwnaethoch ofyn") {
		t.Fatalf("%v\n%s", err, mail.text)
	}
	reply, err := h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: done.GetSessionSecret()})
	if err != nil || reply.GetLanguage() != "cy" || reply.GetName() != "Siân" {
		t.Errorf("%v, %v", reply, err)
	}
	h.ask("sian@example.org", "")
	if mail = h.newest("sian@example.org", 2); !strings.Contains(mail.subject, "Mewngofnodi") {
		t.Errorf("signing in: %q", mail.subject)
	}
	h.ask("sian@example.org", "en")
	if mail = h.newest("sian@example.org", 3); !strings.Contains(mail.subject, "Sign in") {
		t.Errorf("signing in in English: %q", mail.subject)
	}
	// Someone who asks to join with a member's address sends the member a note, in the member's language.
	if _, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{RequestId: newID(), Name: "X", Email: "SIAN@example.org", SoleMembership: true}); err != nil {
		t.Fatal(err)
	}
	if mail = h.newest("sian@example.org", 4); !strings.Contains(mail.subject, "eisoes yn aelod") {
		t.Errorf("joining again: %q", mail.subject)
	}
}

// TestMailIsTriedAgain: a mail server that fails twice delays the mail; what the last one carries works.
func TestMailIsTriedAgain(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.mail.mu.Lock()
	h.mail.fail = 2
	h.mail.mu.Unlock()
	attempt := h.ask(secretary.email, "")
	for len(h.mail.to(secretary.email)) == 0 {
		time.Sleep(10 * time.Millisecond)
		h.ahead.Add(int64(time.Second))
		if h.ahead.Load() > int64(30*time.Minute) {
			t.Fatal("the mail was never tried again")
		}
	}
	if _, err := h.byCode(attempt, h.newest(secretary.email, 1).code()); err != nil {
		t.Error(err)
	}
	if log := h.logged.String(); !strings.Contains(log, "a mail was not sent") || strings.Contains(log, "example.org") {
		t.Errorf("the log does not say that a mail failed, or says to whom:\n%s", log)
	}
}

// reopen opens another room on the same database, as after a restart, and runs it.
func (h *house) reopen(mailer Mailer) *Server {
	h.t.Helper()
	c := h.server.cfg
	c.Mailer = mailer
	s, err := Open(context.Background(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(running); close(done) }()
	h.t.Cleanup(func() { stop(); <-done })
	return s
}

// TestPromisedMailSurvivesARestart: a room that stopped before it sent a mail sends it when it is started again.
func TestPromisedMailSurvivesARestart(t *testing.T) {
	h := open(t, func(c *Config) { c.Mailer = nil })
	secretary, _, _ := h.found()
	attempt := h.ask(secretary.email, "")
	h.reopen(h.mail)
	done, err := h.byCode(attempt, h.newest(secretary.email, 1).code())
	if err != nil || done.GetMember() != secretary.id {
		t.Errorf("%v, %v", done, err)
	}
}

// TestAnExpiredAttemptGetsNoMail: after half an hour without a mail server nobody wants the mail any more.
func TestAnExpiredAttemptGetsNoMail(t *testing.T) {
	h := open(t, func(c *Config) { c.Mailer = nil })
	secretary, _, chair := h.found()
	h.ask(secretary.email, "")
	h.clock.pass(membership.AttemptLife)
	h.ask(chair.email, "")
	h.reopen(h.mail)
	h.newest(chair.email, 1)
	if n := len(h.mail.to(secretary.email)); n != 0 {
		t.Errorf("%d mails for an expired attempt", n)
	}
}

// TestNothingSecretIsStored looks for every secret in the bytes of the database: none is there in clear, nor is a
// code's hash without its key.
func TestNothingSecretIsStored(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	attempt := h.ask(secretary.email, "")
	mail := h.newest(secretary.email, 1)
	var codeHash []byte
	if err := h.db.Reader().QueryRow(`SELECT code_hash FROM attempt WHERE hash = $1`, digest(attempt)).Scan(&codeHash); err != nil || len(codeHash) != 32 {
		t.Fatalf("no hash of the code is stored: %v", err)
	}
	if bytes.Equal(codeHash, digest(mail.code())) {
		t.Error("the code's hash has no key")
	}
	if another, err := newSecrets(ed25519.NewKeyFromSeed(make([]byte, 32))); err != nil || bytes.Equal(another.code(digest(attempt), mail.code()), codeHash) {
		t.Errorf("the code's hash does not depend on the key: %v", err)
	}
	secrets := map[string]string{"the attempt": attempt, "the link": mail.link(), "a session": secretary.session, "an invitation": h.invitations["chair"], "a token": secretary.token}
	var path string
	var n, name any
	if err := h.db.Reader().QueryRow(`PRAGMA database_list`).Scan(&n, &name, &path); err != nil {
		t.Fatal(err)
	}
	var all []byte
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	if !bytes.Contains(all, []byte(secretary.email)) {
		t.Fatal("the database's bytes do not even hold an address: the test looks in the wrong place")
	}
	for what, secret := range secrets {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%s is stored in clear", what)
		}
	}
	log := h.logged.String()
	if log == "" {
		t.Fatal("nothing was logged: the test looks in the wrong place")
	}
	for what, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log", what)
		}
	}
	if strings.Contains(log, "example.org") || strings.Contains(log, mail.code()) {
		t.Error("an address or a code is in the log")
	}
}

// TestForgetting: a day after they expired, attempts and the addresses in them are gone.
func TestForgetting(t *testing.T) {
	h := open(t)
	h.found()
	attempt := h.ask("nobody@example.org", "")
	count := func() (n int) {
		t.Helper()
		err := h.db.Reader().QueryRow(`SELECT (SELECT COUNT(*) FROM attempt) + (SELECT COUNT(*) FROM letter)`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.clock.pass(25 * time.Hour)
	if err := h.server.store.Forget(context.Background(), h.clock.Now(), h.server.machine()); err != nil || count() != 2 {
		t.Errorf("%d rows, %v; want 2, since the attempt expired half an hour less than 25 hours ago", count(), err)
	}
	h.clock.pass(time.Hour)
	if err := h.server.store.Forget(context.Background(), h.clock.Now(), h.server.machine()); err != nil || count() != 0 {
		t.Errorf("%d rows, %v; want none", count(), err)
	}
	_, err := h.byCode(attempt, "123456")
	refused(t, err, codes.InvalidArgument, "ATTEMPT_UNKNOWN")
	var ignored sql.NullString
	if err := h.db.Reader().QueryRow(`SELECT email FROM attempt WHERE email = 'nobody@example.org'`).Scan(&ignored); err != sql.ErrNoRows {
		t.Errorf("the address is still there: %v", err)
	}
}
