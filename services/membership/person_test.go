package membership

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestEmail(t *testing.T) {
	for _, good := range []string{"a@b.org", "  sam.jones+vote@example.co.uk ", "o'neill@example.org", "siân@example.cymru", strings.Repeat("a", 64) + "@example.org"} {
		if got, err := Email(good); err != nil || got != strings.TrimSpace(good) {
			t.Errorf("%q: %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{
		"", "sam", "@example.org", "sam@", "sam@example", "sam@.org", "sam@example..org", "sam@example.org.", "a b@example.org", "sam@exam ple.org",
		"sam@example.org\r\nBcc: all@example.org", "sam@example.org\x00", "Sam <sam@example.org>", "a@b@example.org", `"a"@example.org`, "a,b@example.org",
		strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b.", 150) + "org", "sam@example.org\u200b", "sam\xff@example.org",
	} {
		if got, err := Email(bad); !fault.Is(err, "EMAIL_INVALID") {
			t.Errorf("%q was taken as %q, %v", bad, got, err)
		}
	}
}

func TestNewPerson(t *testing.T) {
	p, err := NewPerson("  Siân   Ŵyn\tJones ", " Sian@Example.org", "south-west", "cy", true)
	if err != nil || p != (Person{Name: "Siân Ŵyn Jones", Email: "Sian@Example.org", Region: "south-west", Language: "cy"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if Fold(p.Email) != Fold("SIAN@example.ORG ") {
		t.Error("two spellings of one address differ when folded")
	}
	_, err = NewPerson("\u202e", "nothing", "", "fr", false)
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid || f.Reason != "JOIN_INVALID" {
		t.Fatalf("refused with %v", err)
	}
	var fields []string
	for _, v := range f.Violations {
		fields = append(fields, v.Field)
	}
	if want := []string{"name", "email", "language", "sole_membership"}; !slices.Equal(fields, want) {
		t.Errorf("wrong fields %v, want %v", fields, want)
	}
	for name, bad := range map[string]string{"empty": " ", "long": strings.Repeat("é", 101), "a bell": "Sam\a", "not text": "Sam\xff"} {
		if _, err := NewPerson(bad, "a@example.org", "", "", true); !fault.Is(err, "JOIN_INVALID") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewPerson(strings.Repeat("é", 100), "a@example.org", "", "", true); err != nil {
		t.Errorf("a name of 100 characters: %v", err)
	}
}

func TestReference(t *testing.T) {
	// 572 with the check digit 4 is the worked example of Damm's thesis.
	if got := Reference(572); got != "M05724" {
		t.Errorf("reference of member 572 is %s, want M05724", got)
	}
	if Reference(0) != "" {
		t.Error("nobody has a reference before admission")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1_000_000_000).Draw(t, "number")
		ref := Reference(n)
		for _, s := range []string{ref, strings.ToLower(ref), " " + ref[:3] + " " + ref[3:]} {
			if got, ok := ParseReference(s); !ok || got != n {
				t.Fatalf("%q reads as %d, %v", s, got, ok)
			}
		}
		// One digit mistyped.
		i := rapid.IntRange(1, len(ref)-1).Draw(t, "where")
		d := rapid.IntRange(1, 9).Draw(t, "by")
		wrong := ref[:i] + string('0'+(ref[i]-'0'+byte(d))%10) + ref[i+1:]
		if got, ok := ParseReference(wrong); ok {
			t.Fatalf("%s, mistyped for %s, reads as %d", wrong, ref, got)
		}
		// Two neighbours exchanged.
		if j := rapid.IntRange(1, len(ref)-2).Draw(t, "swap"); ref[j] != ref[j+1] {
			wrong = ref[:j] + string(ref[j+1]) + string(ref[j]) + ref[j+2:]
			if got, ok := ParseReference(wrong); ok {
				t.Fatalf("%s, mistyped for %s, reads as %d", wrong, ref, got)
			}
		}
	})
	for _, bad := range []string{"", "M", "M0", "05724", "X05724", "M00000", "M5724", "M-05724", "M99999999999999999", "M0572４"} {
		if n, ok := ParseReference(bad); ok {
			t.Errorf("%q reads as %d", bad, n)
		}
	}
}

func TestRegions(t *testing.T) {
	r, err := NewRegion("south-west", " South  West ", "")
	if err != nil || r != (Region{"south-west", "South West", Forming}) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, id := range []string{"", "a", "South", "a b", "-a", "a-", strings.Repeat("a", 41), "köln", "a\x00b"} {
		if _, err := NewRegion(id, "A", Meeting); !fault.Is(err, "REGION_INVALID") {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if _, err := NewRegion("ab", strings.Repeat("a", 81), Meeting); !fault.Is(err, "REGION_INVALID") {
		t.Errorf("a long name: %v", err)
	}
	if _, err := NewRegion("ab", "A", "unknown"); !fault.Is(err, "REGION_INVALID") {
		t.Errorf("an unknown state: %v", err)
	}
	met, err := r.Become(Meeting)
	if err != nil || met.State != Meeting {
		t.Errorf("%+v, %v", met, err)
	}
	if _, err := met.Become(Forming); !fault.Is(err, "REGION_MEETS") {
		t.Errorf("back to forming: %v", err)
	}
	if _, err := r.Become(""); !fault.Is(err, "REGION_INVALID") {
		t.Errorf("no state: %v", err)
	}
	if same, err := met.Become(Meeting); err != nil || same != met {
		t.Errorf("the same state again: %v", err)
	}
}
