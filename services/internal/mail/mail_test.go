package mail

import (
	"context"
	"strings"
	"testing"
)

func TestMailArrivesWhole(t *testing.T) {
	box, err := OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	text := "Helo Ŵyn,\n\nhttps://example.org/confirm?link=abc\n\nCode: 012345\n\n" + strings.Repeat("long words ", 40) + "\n"
	if err := box.Send(context.Background(), "w@example.org", "Mewngofnodi – ŵ", text); err != nil {
		t.Fatal(err)
	}
	if err := box.Send(context.Background(), "other@example.org", "x", "y"); err != nil {
		t.Fatal(err)
	}
	got := box.Letters("W@example.org")
	if len(got) != 1 {
		t.Fatalf("%d letters for the address, want 1", len(got))
	}
	l := got[0]
	if l.Subject != "Mewngofnodi – ŵ" || strings.TrimSpace(l.Text) != strings.TrimSpace(text) {
		t.Errorf("the letter changed: %q %q", l.Subject, l.Text)
	}
	if l.Code != "012345" || l.Link != "https://example.org/confirm?link=abc" {
		t.Errorf("code %q, link %q", l.Code, l.Link)
	}
	if n := len(box.Letters("")); n != 2 {
		t.Errorf("%d letters in all, want 2", n)
	}
}

func TestSenderRefusesWhatIsNoServer(t *testing.T) {
	for _, address := range []string{"", "mail.example.org", "http://example.org", "smtp://", "smtp://host:port"} {
		if _, err := NewSender(address, "a@example.org"); err == nil {
			t.Errorf("%q is taken for a server", address)
		}
	}
}

func TestSenderDemandsTLS(t *testing.T) {
	box, err := OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	s, err := NewSender(strings.TrimSuffix(box.Address(), "?tls=none"), "a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(context.Background(), "b@example.org", "x", "y"); err == nil {
		t.Error("a mail with a secret went to a server without TLS")
	}
	if err := s.Send(context.Background(), "not an address", "x", "y"); err == nil || strings.Contains(err.Error(), "not an address") {
		t.Errorf("a bad address: %v", err)
	}
}
