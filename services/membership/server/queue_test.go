package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

// refusing is a real mail server that answers RCPT TO as it is told.
type refusing struct {
	answer atomic.Pointer[smtp.SMTPError]
}

func (r *refusing) NewSession(*smtp.Conn) (smtp.Session, error) { return r, nil }
func (r *refusing) Mail(string, *smtp.MailOptions) error        { return nil }
func (r *refusing) Rcpt(string, *smtp.RcptOptions) error {
	if err := r.answer.Load(); err != nil {
		return err
	}
	return nil
}
func (r *refusing) Data(m io.Reader) error { _, err := io.Copy(io.Discard, m); return err }
func (r *refusing) Reset()                 {}
func (r *refusing) Logout() error          { return nil }

// smtpServer starts a mail server and returns a sender for it.
func smtpServer(t *testing.T, backend smtp.Backend) *mail.Sender {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(backend)
	s.Domain = "localhost"
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
	sender, err := mail.NewSender("smtp://"+l.Addr().String()+"?tls=none", "folkmoot@example.org")
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// mails waits for the secretary's list to satisfy a condition.
func (h *house) mails(c membershipv1.SignInServiceClient, secretary *member, state membershipv1.MailState, ok func([]*membershipv1.Mail) bool) []*membershipv1.Mail {
	h.t.Helper()
	var all []*membershipv1.Mail
	for range 500 {
		got, err := c.ListMail(with(secretary.token), &membershipv1.ListMailRequest{State: state})
		if err != nil {
			h.t.Fatal(err)
		}
		if all = got.GetMails(); ok(all) {
			return all
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("the list never became what was expected: %v", all)
	return nil
}

// TestTheSecretarySeesWhatBecameOfMail: a real mail server puts a letter off, refuses it for good, and takes it when it is sent again by one press.
func TestTheSecretarySeesWhatBecameOfMail(t *testing.T) {
	server := &refusing{}
	h := open(t, func(c *Config) { c.Mailer = smtpServer(t, server) })
	secretary, treasurer, _ := h.found()
	c := h.signing()
	one := func(all []*membershipv1.Mail) bool { return len(all) == 1 }

	server.answer.Store(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, come back later"})
	h.ask(treasurer.email, "")
	m := h.mails(c, secretary, membershipv1.MailState_MAIL_STATE_FAILED, one)[0]
	if !strings.Contains(m.GetError(), "Greylisted, come back later") || m.GetName() != "The Treasurer" || m.GetEmail() != treasurer.email || m.GetNextTryTime() == nil || m.GetKind() != "sign_in" {
		t.Errorf("%v", m)
	}
	server.answer.Store(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"})
	h.ahead.Add(int64(time.Hour))
	m = h.mails(c, secretary, membershipv1.MailState_MAIL_STATE_GIVEN_UP, one)[0]
	if !strings.Contains(m.GetError(), "No such mailbox") || m.GetTries() < 2 {
		t.Errorf("%v", m)
	}
	server.answer.Store(nil)
	h.server.refreshRevoked(context.Background()) // The machine's clock went on by an hour.
	request := &membershipv1.ResendMailRequest{RequestId: newID(), Mail: m.GetId()}
	if got, err := c.ResendMail(with(secretary.token), request); err != nil || got.GetState() != membershipv1.MailState_MAIL_STATE_QUEUED {
		t.Fatalf("%v, %v", got, err)
	}
	m = h.mails(c, secretary, membershipv1.MailState_MAIL_STATE_SENT, one)[0]
	if m.GetError() != "" || m.GetSendTime() == nil {
		t.Errorf("%v", m)
	}
	// The server's words name people: they are for the secretary, and in no log.
	if log := h.logged.String(); strings.Contains(log, "mailbox") || strings.Contains(log, treasurer.email) || !strings.Contains(log, "was not sent") {
		t.Errorf("the log:\n%s", log)
	}
	_, err := c.ListMail(with(secretary.token), &membershipv1.ListMailRequest{State: 99})
	refused(t, err, codes.InvalidArgument, "MAIL_STATE_UNKNOWN")
	_, err = c.ListMail(with(secretary.token), &membershipv1.ListMailRequest{PageToken: "made up"})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
}

// TestTheQueueHoldsNoSecret reads the rows of the queue while a letter waits that carries a link and a code, and after it was sent.
func TestTheQueueHoldsNoSecret(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	attempt := h.ask(secretary.email, "")
	rows := func() string {
		t.Helper()
		var all []byte
		err := h.db.Reader().QueryRow(`SELECT kind || ' ' || member || ' ' || notice || ' ' || COALESCE(CAST(facts AS TEXT), '') || ' ' || error || ' ' || hex(attempt) FROM letter`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	waiting := rows()
	mail := h.newest(secretary.email, 1)
	for what, secret := range map[string]string{"the code": mail.code(), "the link": mail.link(), "the browser's secret": attempt, "the address": secretary.email} {
		if secret == "" {
			t.Fatalf("the letter does not carry %s", what)
		}
		if strings.Contains(waiting, secret) || strings.Contains(rows(), secret) {
			t.Errorf("%s stands in the queue: %s", what, waiting)
		}
	}
	if !strings.Contains(waiting, fmt.Sprintf("%X", digest(attempt))) {
		t.Fatalf("these are not the rows: %s", waiting)
	}
	// Nor in any byte of the file.
	var path string
	var n, name any
	if err := h.db.Reader().QueryRow(`PRAGMA database_list`).Scan(&n, &name, &path); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(mail.link())) {
			t.Errorf("%s holds the link", f)
		}
	}
}

// joinIn has a person join in a language.
func (h *house) joinIn(name, email, region, language string) {
	h.t.Helper()
	asked, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{RequestId: newID(), Name: name, Email: email, Region: region, SoleMembership: true, Language: language})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.byCode(asked.GetAttempt(), h.newest(email, 1).code()); err != nil {
		h.t.Fatal(err)
	}
}

func TestNoticesOfAMeeting(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.region(secretary, "london")
	h.join("Ann", "ann@example.org", "london")
	h.joinIn("Bryn", "bryn@example.org", "london", "cy")
	notices := membershipv1.NewNoticeRoomsServiceClient(h.dial(h.wire, auth.Motions, auth.Membership))
	facts := func() *membershipv1.NoticeFacts {
		return &membershipv1.NoticeFacts{
			Title: "Annual general meeting", TitleCy: "Cyfarfod cyffredinol blynyddol", StartTime: timestamppb.New(time.Date(2026, 12, 12, 14, 0, 0, 0, time.UTC)),
			Place: "Town hall", Path: "/meetings/agm", Business: []string{"To bid for funding"},
		}
	}
	send := func(change func(*membershipv1.SendNoticeRequest)) (*membershipv1.NoticeProgress, error) {
		r := &membershipv1.SendNoticeRequest{Notice: "agm-2026", Facts: facts(), Recipients: &membershipv1.SendNoticeRequest_Region{Region: "london"}}
		if change != nil {
			change(r)
		}
		return notices.SendNotice(context.Background(), r)
	}
	for range 2 {
		if _, err := send(nil); err != nil {
			t.Fatal(err)
		}
	}
	ann, bryn := h.newest("ann@example.org", 2), h.newest("bryn@example.org", 2)
	if ann.subject != "Notice of meeting: Annual general meeting" || !strings.Contains(ann.text, "Saturday 12 December 2026 at 14:00") ||
		!strings.Contains(ann.text, "https://vote.example.org/meetings/agm") || !strings.Contains(ann.text, "- To bid for funding") || !strings.Contains(ann.text, "Ann,") {
		t.Errorf("%s\n%s", ann.subject, ann.text)
	}
	if bryn.subject != "Rhybudd o gyfarfod: Cyfarfod cyffredinol blynyddol" || !strings.Contains(bryn.text, "Dydd Sadwrn 12 Rhagfyr 2026 am 14:00") {
		t.Errorf("%s\n%s", bryn.subject, bryn.text)
	}
	var got *membershipv1.ListNoticesResponse
	for range 500 {
		var err error
		if got, err = notices.ListNotices(context.Background(), &membershipv1.ListNoticesRequest{Notice: "agm-2026", PageSize: 1}); err != nil {
			t.Fatal(err)
		}
		if got.GetProgress().GetComplete() && got.GetProgress().GetCounts().GetSent() == 2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if p := got.GetProgress(); !p.GetComplete() || p.GetCounts().GetSent() != 2 || p.GetCounts().GetQueued() != 0 || len(got.GetRecipients()) != 1 || got.GetNextPageToken() == "" {
		t.Fatalf("%v", got)
	}
	next, err := notices.ListNotices(context.Background(), &membershipv1.ListNoticesRequest{Notice: "agm-2026", PageSize: 1, PageToken: got.GetNextPageToken()})
	if err != nil || len(next.GetRecipients()) != 1 || next.GetNextPageToken() != "" || next.GetRecipients()[0].GetMember() == got.GetRecipients()[0].GetMember() {
		t.Errorf("%v, %v", next, err)
	}
	if n := len(h.mail.to("ann@example.org")) + len(h.mail.to("bryn@example.org")) + len(h.mail.to(secretary.email)); n != 4 {
		t.Errorf("%d letters: somebody got the notice twice, or the secretary, who is in no region, got it", n)
	}
	for reason, change := range map[string]func(*membershipv1.SendNoticeRequest){
		"NOTICE_DIFFERS":  func(r *membershipv1.SendNoticeRequest) { r.Facts.Place = "Elsewhere" },
		"NOTICE_INVALID ": func(r *membershipv1.SendNoticeRequest) { r.Notice = "short" },
		"NOTICE_INVALID1": func(r *membershipv1.SendNoticeRequest) { r.Facts.Path = "https://evil.example" },
		"NOTICE_INVALID2": func(r *membershipv1.SendNoticeRequest) { r.Facts.Path = "//evil.example" },
		"NOTICE_INVALID3": func(r *membershipv1.SendNoticeRequest) { r.Facts.Title = "AGM\nBcc: everybody@example.org" },
		"NOTICE_INVALID4": func(r *membershipv1.SendNoticeRequest) { r.Recipients = nil },
		"NOTICE_INVALID5": func(r *membershipv1.SendNoticeRequest) { r.Facts.StartTime = nil },
		"NOTICE_INVALID6": func(r *membershipv1.SendNoticeRequest) { r.Facts.Kind = "rumour" },
		"ROLL_NOT_FOUND": func(r *membershipv1.SendNoticeRequest) {
			r.Notice, r.Recipients = "agm-2027", &membershipv1.SendNoticeRequest_Roll{Roll: "nothing"}
		},
	} {
		_, err := send(change)
		if err == nil || !strings.Contains(err.Error(), strings.TrimRight(reason, " 0123456789")) {
			t.Errorf("%v; want %s", err, reason)
		}
	}
	// The chair cancels: everybody hears.
	if _, err := send(func(r *membershipv1.SendNoticeRequest) {
		r.Notice, r.Facts.Kind, r.Recipients = "agm-2026-cancelled", "cancelled", &membershipv1.SendNoticeRequest_Everyone{Everyone: true}
	}); err != nil {
		t.Fatal(err)
	}
	if l := h.newest(secretary.email, 1); l.subject != "Cancelled: Annual general meeting" {
		t.Errorf("%q", l.subject)
	}
}

// TestGuessesLockNobodyOut: a stranger asks for everybody's address from another browser and guesses as often as may be; everybody signs in
// all the same, and no guess was right.
func TestGuessesLockNobodyOut(t *testing.T) {
	h := open(t)
	h.found()
	const n = 12
	for i := range n {
		h.join(fmt.Sprint("Member ", i), fmt.Sprintf("m%d@example.org", i), "")
	}
	h.clock.pass(25 * time.Hour)
	guessed, in := 0, 0
	for i := range n {
		email := fmt.Sprintf("m%d@example.org", i)
		// The stranger asks for each address from another browser, and guesses as often as may be.
		strangers := h.ask(email, "")
		attempt := h.ask(email, "")
		for range 6 {
			if _, err := h.byCode(strangers, "123456"); err == nil {
				guessed++
			}
		}
		right := h.newest(email, 3)
		done, err := h.byCode(attempt, right.code())
		if err != nil {
			// The letters may have been sent in the other order.
			done, err = h.byCode(attempt, h.newest(email, 2).code())
		}
		if err != nil {
			t.Fatalf("%s could not sign in: %v", email, err)
		}
		if done.GetSessionSecret() != "" {
			in++
		}
		h.clock.pass(time.Second)
	}
	if in != n || guessed > 0 {
		t.Errorf("%d of %d signed in, and %d guesses were right", in, n, guessed)
	}
}

// BenchmarkSignIn measures whole sign-ins: asking, the letter, the code, the exchange for a token.
func BenchmarkSignIn(b *testing.B) {
	h := open(b)
	h.found()
	h.join("Member", "m@example.org", "")
	b.ResetTimer()
	for i := range b.N {
		h.clock.pass(25 * time.Hour / 12)
		attempt := h.ask("m@example.org", "")
		done, err := h.byCode(attempt, h.newest("m@example.org", i+2).code())
		if err != nil {
			b.Fatal(err)
		}
		h.exchange(done.GetSessionSecret())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
}
