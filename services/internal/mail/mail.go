// Package mail sends plain-text mail through an SMTP server, and holds the development mailbox: an SMTP server in
// this process that keeps what it is sent and hands nothing on.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// timeout bounds one delivery to the SMTP server.
	timeout         = 20 * time.Second
	submissionPort  = 587
	implicitTLSPort = 465
)

// Sender sends through one SMTP server.
type Sender struct {
	from    string
	host    string
	options []gomail.Option
}

// NewSender returns a sender for an address like smtp://user:password@mail.example.org:587 (STARTTLS demanded),
// smtps://… (TLS from the first byte) or smtp://127.0.0.1:2525?tls=none (a server on this machine). from is who the mail
// is from.
func NewSender(address, from string) (*Sender, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, fmt.Errorf("mail: give the server as smtp://USER:PASSWORD@HOST:PORT")
	}
	port := submissionPort
	options := []gomail.Option{gomail.WithTimeout(timeout)}
	switch {
	case u.Scheme == "smtps":
		port = implicitTLSPort
		options = append(options, gomail.WithSSL())
	case u.Query().Get("tls") == "none":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, fmt.Errorf("mail: the port %q is not a number", u.Port())
		}
	}
	options = append(options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return &Sender{from: from, host: u.Hostname(), options: options}, nil
}

// Send sends one mail and returns when the server has it.
func (s *Sender) Send(ctx context.Context, to, subject, text string) error {
	m := gomail.NewMsg()
	if err := m.From(s.from); err != nil {
		return fmt.Errorf("mail: the sender's address: %w", err)
	}
	if err := m.To(to); err != nil {
		// The address is personal: it is not repeated in an error that may be logged.
		return &RefusalError{words: "The recipient's address cannot be used.", final: true, err: errors.New("an address that cannot be used")}
	}
	m.Subject(subject)
	m.SetDate()
	m.SetMessageID()
	m.SetBodyString(gomail.TypeTextPlain, text)
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return refusal(err)
	}
	return nil
}

// RefusalError is a mail that the server did not take.
type RefusalError struct {
	words string
	final bool
	err   error
}

// Error returns that it was not sent. It does not repeat the server's words, which often name the recipient: errors may be logged.
func (r *RefusalError) Error() string { return "mail: not sent" }

// Unwrap returns the cause.
func (r *RefusalError) Unwrap() error { return r.err }

// ServerWords are what the server said, or why it could not be reached, for the secretary.
func (r *RefusalError) ServerWords() string { return r.words }

// Final reports whether the server refused the recipient or the text for good (RFC 5321 section 4.2.1: a reply 5yz). A server
// that cannot be reached, or does not like who sends, may be put right.
func (r *RefusalError) Final() bool { return r.final }

func refusal(err error) *RefusalError {
	r := &RefusalError{words: err.Error(), err: err}
	var send *gomail.SendError
	if errors.As(err, &send) {
		r.words, _, _ = strings.Cut(send.Error(), ", affected ")
		if _, words, ok := strings.Cut(r.words, ": "); ok {
			r.words = words
		}
		r.final = send.ErrorCode() >= 500 && (send.Reason == gomail.ErrSMTPRcptTo || send.Reason == gomail.ErrSMTPDataClose)
	}
	return r
}
