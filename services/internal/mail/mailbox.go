package mail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Letter is a mail that the development mailbox keeps.
type Letter struct {
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Time    time.Time `json:"time"`
	// Code is the six-digit code that it carries, if any.
	Code string `json:"code"`
	// Link is the first link that it carries, if any.
	Link string `json:"link"`
}

const (
	// keepLetters and perAddress bound what the mailbox keeps.
	keepLetters = 5000
	maxLetter   = 256 << 10
)

// Mailbox is the development mailbox.
type Mailbox struct {
	server   *smtp.Server
	listener net.Listener

	mu      sync.Mutex
	letters []Letter
}

// OpenMailbox starts the mailbox on a free loopback port.
func OpenMailbox() (*Mailbox, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	b := &Mailbox{listener: l}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{box: b}, nil }))
	b.server.Domain = "localhost"
	b.server.MaxMessageBytes = maxLetter
	b.server.ReadTimeout, b.server.WriteTimeout = time.Minute, time.Minute
	go func() { _ = b.server.Serve(l) }()
	return b, nil
}

// Address is the mailbox's, for [NewSender].
func (b *Mailbox) Address() string { return "smtp://" + b.listener.Addr().String() + "?tls=none" }

// Close stops it.
func (b *Mailbox) Close() error { return b.server.Close() }

// Letters returns what was sent to an address, or to anybody if it is empty, oldest first.
func (b *Mailbox) Letters(to string) []Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := []Letter{}
	for _, l := range b.letters {
		if to == "" || strings.EqualFold(l.To, to) {
			found = append(found, l)
		}
	}
	return found
}

// Send keeps a mail at once: what a house that only rehearses uses in place of a [Sender].
func (b *Mailbox) Send(ctx context.Context, to, subject, text string) error {
	s, err := NewSender(b.Address(), "folkmoot@localhost")
	if err != nil {
		return err
	}
	return s.Send(ctx, to, subject, text)
}

func (b *Mailbox) keep(l Letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.letters) >= keepLetters {
		b.letters = slices.Delete(b.letters, 0, keepLetters/10)
	}
	b.letters = append(b.letters, l)
}

// delivery is one SMTP session.
type delivery struct {
	box *Mailbox
	to  []string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Reset()        { d.to = nil }
func (d *delivery) Logout() error { return nil }

func (d *delivery) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(io.LimitReader(r, maxLetter))
	if err != nil {
		return err
	}
	body := m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	text := string(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
	for _, to := range d.to {
		d.box.keep(Letter{To: to, Subject: subject, Text: text, Time: time.Now().UTC(), Code: first(codePattern, text), Link: first(linkPattern, text)})
	}
	return nil
}

var (
	codePattern = regexp.MustCompile(`(?m)\b([0-9]{6})\s*$`)
	linkPattern = regexp.MustCompile(`(?m)^\s*(https?://\S+)\s*$`)
)

func first(p *regexp.Regexp, text string) string {
	if m := p.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
