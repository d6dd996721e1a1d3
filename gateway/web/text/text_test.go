package text

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

func load(t *testing.T) *Bundle {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBothLanguagesSayTheSame holds that each message is there in both languages with the same placeholders.
func TestBothLanguagesSayTheSame(t *testing.T) {
	b := load(t)
	en, cy := b.Printer(English), b.Printer(Welsh)
	if len(en.known) < 50 {
		t.Fatalf("only %d messages", len(en.known))
	}
	for id := range en.known {
		if !cy.Has(id) {
			t.Errorf("%s is not in Welsh", id)
		}
	}
	for id := range cy.known {
		if !en.Has(id) {
			t.Errorf("%s is not in English", id)
		}
	}
}

func TestMissingIsSeen(t *testing.T) {
	if got := load(t).Printer(Welsh).T("no.such"); got != "⟦no.such⟧" {
		t.Errorf("%q", got)
	}
}

func TestWelshPlurals(t *testing.T) {
	p := load(t).Printer(Welsh)
	seen := map[string]bool{}
	for _, n := range []int64{0, 1, 2, 3, 6, 7} {
		s := p.T("meeting.present", "Count", n)
		if seen[s] {
			t.Errorf("%d: %q was said of another number", n, s)
		}
		seen[s] = true
	}
}

func TestLinkEscapes(t *testing.T) {
	p := load(t).Printer(English)
	got := string(p.Link("layout.sample", `/x"><script>`))
	if want := `href="/x&#34;&gt;&lt;script&gt;"`; !contains(got, want) {
		t.Errorf("%s", got)
	}
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestMatch(t *testing.T) {
	b := load(t)
	for header, want := range map[string]string{"": "en", "cy": "cy", "cy-GB,en;q=0.5": "cy", "fr": "en", "en-GB,cy;q=0.8": "en", ";;": "en"} {
		if got := b.Match(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	b := load(t)
	// Summer time: 14:20 UTC is 3:20pm in London.
	summer := timestamppb.New(time.Date(2026, 7, 1, 14, 20, 0, 0, time.UTC))
	winter := timestamppb.New(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))
	for _, c := range [][2]string{
		{b.Printer(English).DateTime(summer), "Wednesday 1 July 2026, 3:20pm"},
		{b.Printer(Welsh).DateTime(summer), "Dydd Mercher 1 Gorffennaf 2026, 3:20pm"},
		{b.Printer(English).DateTime(winter), "Tuesday 24 November 2026, 10am"},
		{b.Printer(English).Date(nil), ""},
		{b.Printer(Welsh).Day("2016-11-21"), "21 Tachwedd 2016"},
		{b.Printer(English).Day("soon"), "soon"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}

func TestReadDay(t *testing.T) {
	for _, typed := range []string{"4/11/2026", "04/11/2026", " 4 11 2026", "2026-11-04", "4 November 2026", "4 Tachwedd 2026", "4 Nov 2026", "4.11.2026"} {
		got, ok := ReadDay(typed)
		if !ok || got.Format(time.DateOnly) != "2026-11-04" {
			t.Errorf("%q: %v, %v", typed, got, ok)
		}
		if Typed(got) != "4/11/2026" {
			t.Errorf("%q", Typed(got))
		}
	}
	for _, typed := range []string{"", "11/24/2026", "31/2/2026", "soon", "4/11/26"} {
		if got, ok := ReadDay(typed); ok {
			t.Errorf("%q was read as %v", typed, got)
		}
	}
}

func TestMoney(t *testing.T) {
	for pence, want := range map[int64]string{100: "£1", 1: "£0.01", 1250: "£12.50", -300: "−£3", 123456789: "£1,234,567.89", 0: "£0", -1 << 63: "−£92,233,720,368,547,758.08"} {
		if got := Money(pence); got != want {
			t.Errorf("%d: %q, want %q", pence, got, want)
		}
	}
	if got := Column(-123400); got != "−1,234.00" {
		t.Errorf("%q", got)
	}
}

func TestPence(t *testing.T) {
	for typed, want := range map[string]int64{"1": 100, "£1": 100, " 12.50 ": 1250, "1,000": 100000, "0.01": 1} {
		if got, ok := Pence(typed); !ok || got != want {
			t.Errorf("%q: %d, %v, want %d", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", "-1", "1.5", "1.005", "one", "1.", ".50", "1e3", "9999999999999", "+1", "1.-1"} {
		if got, ok := Pence(typed); ok {
			t.Errorf("%q was read as %d", typed, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1e12).Draw(t, "pence")
		if got, ok := Pence(Money(n)); !ok || got != n {
			t.Fatalf("%d is shown as %s and read as %d, %v", n, Money(n), got, ok)
		}
	})
}
