package membership

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestCardDecisions(t *testing.T) {
	begin := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)
	member := State{Admitted: begin.Add(-time.Hour)}
	none := NoAddress("mia")
	asked := Card{ID: "c", Member: "mia", AskedBy: "sec", Reason: "No e-mail", Asked: begin}
	made := asked
	made.MadeBy, made.Made = "chair", begin.Add(29*time.Minute)
	used := made
	used.Used, used.Request = made.Made.Add(time.Minute), []byte("r")
	cancelled := made
	cancelled.Cancelled = made.Made.Add(time.Minute)
	ask := func(by, reason, email string, s State) func() error {
		return func() error {
			_, err := Decision{Member: "mia", By: by, Reason: reason, At: begin}.AskForCard(s, email)
			return err
		}
	}
	mk := func(c Card, by string, seen bool, email string, s State, after time.Duration) func() error {
		return func() error { _, err := c.Make(by, seen, s, email, begin.Add(after)); return err }
	}
	use := func(c Card, request, email string, s State, at time.Time) func() error {
		return func() error { _, err := c.Use([]byte(request), s, email, at); return err }
	}
	cancel := func(c Card) func() error {
		return func() error { _, err := c.Cancel("sec", begin.Add(31*time.Minute)); return err }
	}
	for name, c := range map[string]struct {
		do     func() error
		reason string
	}{
		"asked for":                 {ask("sec", "No e-mail", none, member), ""},
		"for oneself":               {ask("mia", "No e-mail", none, member), "OWN_CARD"},
		"without a reason":          {ask("sec", " ", none, member), "CARD_INVALID"},
		"for nobody's membership":   {ask("sec", "No e-mail", none, State{}), "CARD_NOT_A_MEMBER"},
		"for who has an address":    {ask("sec", "No e-mail", "mia@example.org", member), "CARD_HAS_EMAIL"},
		"made":                      {mk(asked, "chair", true, none, member, time.Minute), ""},
		"made by the first officer": {mk(asked, "sec", true, none, member, time.Minute), "SECOND_OFFICER_NEEDED"},
		"made for oneself":          {mk(asked, "mia", true, none, member, time.Minute), "OWN_CARD"},
		"made unseen":               {mk(asked, "chair", false, none, member, time.Minute), "CARD_UNSEEN"},
		"made too late":             {mk(asked, "chair", true, none, member, CardWait), "CARD_EXPIRED"},
		"made twice":                {mk(made, "chair", true, none, member, 30*time.Minute), "CARD_DONE"},
		"made after an address":     {mk(asked, "chair", true, "mia@example.org", member, time.Minute), "CARD_HAS_EMAIL"},
		"used":                      {use(made, "r", none, member, made.Made), ""},
		"used at its last moment":   {use(made, "r", none, member, made.Made.Add(CardLife-1)), ""},
		"used too late":             {use(made, "r", none, member, made.Made.Add(CardLife)), "CARD_EXPIRED"},
		"used before it was made":   {use(asked, "r", none, member, begin), "CARD_UNKNOWN"},
		"used again":                {use(used, "r", none, member, used.Used), ""},
		"used by another request":   {use(used, "other", none, member, used.Used), "CARD_USED"},
		"repeated too late":         {use(used, "r", none, member, made.Made.Add(CardLife)), "CARD_USED"},
		"used once taken back":      {use(cancelled, "r", none, member, cancelled.Cancelled), "CARD_UNKNOWN"},
		"used having left":          {use(made, "r", none, State{}, made.Made), "CARD_NOT_A_MEMBER"},
		"used having an address":    {use(made, "r", "mia@example.org", member, made.Made), "CARD_HAS_EMAIL"},
		"taken back":                {cancel(made), ""},
		"taken back twice":          {cancel(cancelled), "CARD_DONE"},
		"taken back when used":      {cancel(used), "CARD_DONE"},
	} {
		err := c.do()
		if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
			t.Errorf("%s: %v; want %q", name, err, c.reason)
		}
	}
}

// TestCardCodes: what is printed is read back however it is typed, every bit counts, and guesses at a hundred cards, ten thousand a second
// for as long as a card lives, find one with a chance below one in a billion.
func TestCardCodes(t *testing.T) {
	code := NewCardCode([]byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0})
	if len(code) != 14 {
		t.Fatalf("%q", code)
	}
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ")} {
		if got, err := CardCode(typed); err != nil || got != code {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	if got, err := CardCode("oIl0-0000-0000"); err != nil || got != "0110-0000-0000" {
		t.Errorf("misread: %q, %v", got, err)
	}
	for _, bad := range []string{"", code[:13], code + "0", "UUUU-UUUU-UUUU", "0000-0000-000\u0660"} {
		if _, err := CardCode(bad); !fault.Is(err, "CARD_FORMAT") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	seen := map[string]bool{}
	base := bytes.Repeat([]byte{0}, 8)
	for bit := range 60 {
		b := bytes.Clone(base)
		b[7-bit/8] ^= 1 << (bit % 8)
		seen[NewCardCode(b)] = true
	}
	if len(seen) != 60 {
		t.Errorf("%d codes of 60 that differ in a bit each", len(seen))
	}
	if chance := 100 * 1e4 * CardLife.Seconds() / math.Pow(32, cardLength); chance > 1e-9 {
		t.Errorf("a guess finds a card with a chance of %g", chance)
	}
}

func TestOnPaper(t *testing.T) {
	p, reason, err := OnPaper(" Mia  Jones ", "london", "cy", true, "Paper form\nof 3 May")
	if err != nil || p != (Person{Name: "Mia Jones", Region: "london", Language: "cy"}) || reason != "Paper form of 3 May" {
		t.Errorf("%+v, %q, %v", p, reason, err)
	}
	if _, _, err := OnPaper("Mia", "", "", false, "Form"); !fault.Is(err, "JOIN_INVALID") {
		t.Errorf("without the declaration: %v", err)
	}
	if _, _, err := OnPaper("Mia", "", "", true, " "); !fault.Is(err, "JOIN_INVALID") {
		t.Errorf("without saying how it is known: %v", err)
	}
	if _, err := PostalOnJoining(Rule{}, "1 Road"); !fault.Is(err, "POSTAL_NOT_ASKED") {
		t.Errorf("an address that no law asks for: %v", err)
	}
	if _, err := PostalOnJoining(Rule{Registered: true}, " "); !fault.Is(err, "POSTAL_INVALID") {
		t.Errorf("no address where the Act wants one: %v", err)
	}
	if got, err := PostalOnJoining(Rule{Registered: true}, "1  Road\n\nLeeds"); err != nil || got != "1 Road\nLeeds" {
		t.Errorf("%q, %v", got, err)
	}
}
