package membership

import (
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func asked(role Role, region string) Grant {
	return Grant{ID: "g1", Member: "m1", Role: role, Region: region, Reason: "Elected.", GrantedBy: "m0", Granted: day(1)}
}

func TestGrants(t *testing.T) {
	held := []Grant{
		{ID: "g0", Member: "m1", Role: Chair, GrantedBy: ByFounding, Granted: day(1), Started: day(1)},
		{ID: "gt", Member: "m1", Role: Treasurer, GrantedBy: "m0", Granted: day(1)},
		{ID: "gb", Member: "m1", Role: Board, GrantedBy: "m0", Granted: day(1), Started: day(1), Ended: day(2)},
		{ID: "go", Member: "m1", Role: Organiser, Region: "midlands", GrantedBy: "m0", Granted: day(1), Started: day(1)},
	}
	for _, c := range []struct {
		name           string
		grant          Grant
		member, region bool
		want           string
		starts         bool
	}{
		{"secretary", asked(Secretary, ""), true, false, "", true},
		{"teller waits", asked(Teller, ""), true, false, "", false},
		{"organiser", asked(Organiser, "london"), true, true, "", true},
		{"an office that ended", asked(Board, ""), true, false, "", true},
		{"organiser of nowhere", asked(Organiser, ""), true, false, "GRANT_INVALID", false},
		{"organiser of no known region", asked(Organiser, "atlantis"), true, false, "GRANT_INVALID", false},
		{"a chair of one region", asked(Chair, "london"), true, true, "GRANT_INVALID", false},
		{"no role", asked("", ""), true, false, "GRANT_INVALID", false},
		{"not a member", asked(Secretary, ""), false, false, "NOT_A_MEMBER", false},
		{"held already", asked(Chair, ""), true, false, "GRANT_EXISTS", false},
		{"waiting already", asked(Treasurer, ""), true, false, "GRANT_EXISTS", false},
		{"held for this region", asked(Organiser, "midlands"), true, true, "GRANT_EXISTS", false},
		{"to oneself", func() Grant { g := asked(Secretary, ""); g.GrantedBy = g.Member; return g }(), true, false, "GRANT_TO_SELF", false},
		{"no reason", func() Grant { g := asked(Secretary, ""); g.Reason = " "; return g }(), true, false, "GRANT_INVALID", false},
		{"a long reason", func() Grant { g := asked(Secretary, ""); g.Reason = strings.Repeat("a", 501); return g }(), true, false, "GRANT_INVALID", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := NewGrant(c.grant, held, c.member, c.region)
			if c.want != "" {
				if !fault.Is(err, c.want) {
					t.Fatalf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil || g.InForce() != c.starts {
				t.Fatalf("in force %v, %v; want %v", g.InForce(), err, c.starts)
			}
		})
	}
}

func TestApproval(t *testing.T) {
	waiting := asked(Treasurer, "")
	for by, want := range map[string]string{"m0": "SECOND_OFFICER_NEEDED", "m1": "GRANT_TO_SELF"} {
		if _, err := waiting.Approve(by, day(2)); !fault.Is(err, want) {
			t.Errorf("by %s: %v, want %s", by, err, want)
		}
	}
	g, err := waiting.Approve("m2", day(2))
	if err != nil || !g.InForce() || g.ApprovedBy != "m2" || !g.Started.Equal(day(2)) {
		t.Fatalf("%+v, %v", g, err)
	}
	if _, err := g.Approve("m3", day(3)); !fault.Is(err, "GRANT_IN_FORCE") {
		t.Errorf("a second time: %v", err)
	}
	ended, err := waiting.End("m0", "Withdrawn.", day(2), nil)
	if err != nil || ended.InForce() {
		t.Fatalf("%+v, %v", ended, err)
	}
	if _, err := ended.Approve("m2", day(3)); !fault.Is(err, "GRANT_ENDED") {
		t.Errorf("after its end: %v", err)
	}
}

func TestTheLastSecretaryStays(t *testing.T) {
	one := Grant{ID: "g1", Member: "m1", Role: Secretary, Started: day(1)}
	two := Grant{ID: "g2", Member: "m2", Role: Secretary, Started: day(1)}
	waiting := Grant{ID: "g3", Member: "m3", Role: Secretary}
	over := Grant{ID: "g4", Member: "m4", Role: Secretary, Started: day(1), Ended: day(2)}
	if _, err := one.End("m9", "Tired.", day(3), []Grant{one, waiting, over}); !fault.Is(err, "LAST_SECRETARY") {
		t.Errorf("the last one: %v", err)
	}
	g, err := one.End("m9", "Tired.", day(3), []Grant{one, two})
	if err != nil || g.InForce() || g.EndedBy != "m9" || g.EndReason != "Tired." {
		t.Fatalf("one of two: %+v, %v", g, err)
	}
	if _, err := g.End("m9", "Again.", day(4), nil); !fault.Is(err, "GRANT_ENDED") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := two.End("m9", "", day(3), []Grant{one, two}); !fault.Is(err, "GRANT_INVALID") {
		t.Errorf("without a reason: %v", err)
	}
	chair := Grant{ID: "g5", Member: "m5", Role: Chair, Started: day(1)}
	if _, err := chair.End("m9", "Tired.", day(3), []Grant{chair}); err != nil {
		t.Errorf("the last chair: %v", err)
	}
}
