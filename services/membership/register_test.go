package membership

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func wants(t *testing.T, err error, reason string) {
	t.Helper()
	if reason == "" && err != nil || reason != "" && !fault.Is(err, reason) {
		t.Errorf("%v; want %q", err, reason)
	}
}

func at(n int, e Event) Event {
	e.Number, e.At = int64(100+n), day(n)
	return e
}

// waiting is the history of somebody who applied on the 1st, confirmed on the 2nd and waits.
func waiting(more ...Event) History { return History{Events: append(joined().Events[:2:2], more...)} }

func TestChanges(t *testing.T) {
	member, left := joined().On(day(5)), joined(at(4, Event{Kind: Resigned})).On(day(5))
	own, other := Decision{Member: "a", By: "a", At: day(5)}, Decision{Member: "a", By: "b", Reason: " Moved \n house. ", At: day(5)}
	silent := Decision{Member: "a", By: "b", At: day(5)}
	for _, c := range []struct {
		name   string
		decide func() (Event, error)
		want   Event
		reason string
	}{
		{"moves oneself", func() (Event, error) { return own.Move(member, "midlands", true) }, Event{Kind: Moved, At: day(5), Region: "midlands"}, ""},
		{"moves to none", func() (Event, error) { return own.Move(member, "", false) }, Event{Kind: Moved, At: day(5)}, ""},
		{"is moved", func() (Event, error) { return other.Move(member, "midlands", true) }, Event{Kind: Moved, At: day(5), Region: "midlands", Reason: "Moved house.", By: "b"}, ""},
		{"is moved without a reason", func() (Event, error) { return silent.Move(member, "midlands", true) }, Event{}, "MOVE_INVALID"},
		{"moves nowhere", func() (Event, error) { return own.Move(member, "atlantis", false) }, Event{}, "REGION_UNKNOWN"},
		{"stays", func() (Event, error) { return own.Move(member, "london", true) }, Event{}, "SAME_REGION"},
		{"moves having left", func() (Event, error) { return own.Move(left, "midlands", true) }, Event{}, "NOT_A_MEMBER"},
		{"renames", func() (Event, error) { return own.Rename(member, "Ann", " Ann  Owen ") }, Event{Kind: Renamed, At: day(5), About: "Ann Owen"}, ""},
		{"renames to nothing", func() (Event, error) { return own.Rename(member, "Ann", " ") }, Event{}, "RENAME_INVALID"},
		{"keeps the name", func() (Event, error) { return own.Rename(member, "Ann", "Ann ") }, Event{}, "SAME_NAME"},
		{"is renamed without a reason", func() (Event, error) { return silent.Rename(member, "Ann", "Bea") }, Event{}, "RENAME_INVALID"},
		{"a new address", func() (Event, error) { return own.NewEmail(member, "a@x.org", "b@x.org", false) }, Event{Kind: EmailChanged, At: day(5)}, ""},
		{"an address taken", func() (Event, error) { return own.NewEmail(member, "a@x.org", "b@x.org", true) }, Event{}, "EMAIL_TAKEN"},
		{"the same address", func() (Event, error) { return own.NewEmail(member, "a@x.org", "a@x.org", false) }, Event{}, "SAME_EMAIL"},
		{"an address having left", func() (Event, error) { return own.NewEmail(left, "a@x.org", "b@x.org", false) }, Event{}, "NOT_A_MEMBER"},
		{"a postal address that no law asks for", func() (Event, error) { e, _, err := own.NewPostal(member, Rule{}, "", "1 Road"); return e, err }, Event{}, "POSTAL_NOT_ASKED"},
		{"no postal address", func() (Event, error) {
			e, _, err := own.NewPostal(member, Rule{Registered: true}, "", " \n ")
			return e, err
		}, Event{}, "POSTAL_INVALID"},
		{"nine lines", func() (Event, error) {
			e, _, err := own.NewPostal(member, Rule{Registered: true}, "", strings.Repeat("a\n", 9))
			return e, err
		}, Event{}, "POSTAL_INVALID"},
		{"the same postal address", func() (Event, error) {
			e, _, err := own.NewPostal(member, Rule{Registered: true}, "1 Road\nTown", " 1  Road\r\n\nTown ")
			return e, err
		}, Event{}, "SAME_POSTAL"},
		{"a postal address", func() (Event, error) {
			e, _, err := own.NewPostal(member, Rule{Registered: true}, "", "1 Road\nTown")
			return e, err
		}, Event{Kind: PostalChanged, At: day(5)}, ""},
		{"a postal address having left", func() (Event, error) {
			e, _, err := own.NewPostal(left, Rule{Registered: true}, "", "1 Road")
			return e, err
		}, Event{}, "NOT_A_MEMBER"},
		{"waives", func() (Event, error) { return other.Waive(member) }, Event{Kind: Waived, At: day(5), Reason: "Moved house.", By: "b"}, ""},
		{"waives one's own", func() (Event, error) { return own.Waive(member) }, Event{}, "OWN_WAIVER"},
		{"waives without a reason", func() (Event, error) { return silent.Waive(member) }, Event{}, "WAIVER_INVALID"},
		{"waives what settled", func() (Event, error) { return other.Waive(joined().paid(3, "x").On(day(5))) }, Event{}, "DONATION_SETTLED"},
		{"waives twice", func() (Event, error) { return other.Waive(joined(at(4, Event{Kind: Waived})).On(day(5))) }, Event{}, "WAIVED_ALREADY"},
		{"waives for one who left", func() (Event, error) { return other.Waive(left) }, Event{}, "NOT_A_MEMBER"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.decide()
			wants(t, err, c.reason)
			if got != c.want {
				t.Errorf("%+v; want %+v", got, c.want)
			}
		})
	}
}

func TestEndings(t *testing.T) {
	member := joined().On(day(9))
	good := &Resolution{Motion: "m1", Title: "To expel a member", Text: "That ANN  OWEN be expelled.", Declared: day(8), Carried: true}
	with := func(change func(*Resolution)) *Resolution { r := *good; change(&r); return &r }
	secretary := Grant{ID: "g1", Member: "a", Role: Secretary, Started: day(1)}
	teller := Grant{ID: "g2", Member: "a", Role: Teller}
	another := Grant{ID: "g3", Member: "c", Role: Secretary, Started: day(1)}
	d := Decision{Member: "a", By: "b", Reason: "As decided.", At: day(9)}
	for _, c := range []struct {
		name       string
		d          Decision
		kind       EventKind
		state      State
		resolution *Resolution
		grants     []Grant
		reason     string
		ended      int
	}{
		{"lapses", d, Lapsed, member, nil, nil, "", 0},
		{"died last week", Decision{Member: "a", By: "b", Reason: "Told by family.", At: day(4)}, Died, member, nil, nil, "", 0},
		{"died tomorrow", Decision{Member: "a", By: "b", Reason: "x", At: day(10)}, Died, member, nil, nil, "DATE_AHEAD", 0},
		{"died before joining", Decision{Member: "a", By: "b", Reason: "x", At: day(1)}, Died, member, nil, nil, "DATE_BEFORE_ADMISSION", 0},
		{"no reason", Decision{Member: "a", By: "b", At: day(9)}, Lapsed, member, nil, nil, "END_INVALID", 0},
		{"one's own", Decision{Member: "a", By: "a", Reason: "x", At: day(9)}, Lapsed, member, nil, nil, "OWN_ENTRY", 0},
		{"resigns another", d, Resigned, member, nil, nil, "ENDING_UNKNOWN", 0},
		{"has left", d, Lapsed, joined(at(3, Event{Kind: Resigned})).On(day(9)), nil, nil, "NOT_A_MEMBER", 0},
		{"expelled", d, Expelled, member, good, []Grant{secretary, teller, another}, "", 2},
		{"expelled by reference", d, Expelled, member, with(func(r *Resolution) { r.Text = "That member " + Reference(7) + " be expelled." }), nil, "", 0},
		{"expelled by nobody", d, Expelled, member, nil, nil, "RESOLUTION_NEEDED", 0},
		{"not declared", d, Expelled, member, with(func(r *Resolution) { r.Declared = time.Time{} }), nil, "RESOLUTION_NOT_DECLARED", 0},
		{"not carried", d, Expelled, member, with(func(r *Resolution) { r.Carried = false }), nil, "RESOLUTION_NOT_CARRIED", 0},
		{"a region's", d, Expelled, member, with(func(r *Resolution) { r.Region = "london" }), nil, "RESOLUTION_REGIONAL", 0},
		{"about something else", d, Expelled, member, with(func(r *Resolution) { r.Text = "That trees be planted." }), nil, "RESOLUTION_NOT_ABOUT", 0},
		{"of a membership before", d, Expelled, member, with(func(r *Resolution) { r.Declared = day(1) }), nil, "RESOLUTION_TOO_OLD", 0},
		{"the last secretary", d, Expelled, member, good, []Grant{secretary, teller}, "LAST_SECRETARY", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := c.d.End(c.kind, c.state, "Ann Owen", Reference(7), c.resolution, day(9), c.grants)
			wants(t, err, c.reason)
			if err != nil {
				return
			}
			if f.Event.Kind != c.kind || !f.Event.At.Equal(c.d.At) || f.Event.By != "b" || len(f.Ended) != c.ended {
				t.Errorf("%+v", f)
			}
			if c.kind == Expelled && f.Event.About != "m1" {
				t.Errorf("the event names %q and no resolution", f.Event.About)
			}
			for _, g := range f.Ended {
				if g.InForce() || g.Ended.IsZero() || g.EndReason == "" || g.Member != "a" {
					t.Errorf("%+v did not end", g)
				}
			}
		})
	}
	own := Decision{Member: "a", By: "a", At: day(9)}
	_, err := own.Resign(member, false, nil)
	wants(t, err, "LEAVE_NOT_UNDERSTOOD")
	_, err = own.Resign(member, true, []Grant{secretary})
	wants(t, err, "LAST_SECRETARY")
	f, err := own.Resign(member, true, []Grant{secretary, another})
	if err != nil || f.Event.Kind != Resigned || f.Event.By != "" || len(f.Ended) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	if s := joined(at(9, f.Event)).On(day(9)); s.Member() || s.LeftAs != Resigned {
		t.Errorf("%+v is still a member", s)
	}
}

func TestAdmission(t *testing.T) {
	expelled := joined(at(3, Event{Kind: Expelled}), at(4, Event{Kind: Applied, Region: "london"}), at(5, Event{Kind: Confirmed}))
	resigned := joined(at(3, Event{Kind: Resigned}), at(4, Event{Kind: Applied}), at(5, Event{Kind: Confirmed}))
	declined := waiting(at(3, Event{Kind: Declined, Reason: "A robot."}))
	for _, c := range []struct {
		name string
		h    History
		by   Admission
		kind EventKind
		ok   bool
	}{
		{"by itself", waiting(), AdmitAll, Admitted, true},
		{"no rule yet", waiting(), "", Admitted, true},
		{"the secretary decides", waiting(), AdmitBySecretary, "", false},
		{"the board decides", waiting(), AdmitByBoard, "", false},
		{"again", resigned, AdmitAll, Readmitted, true},
		{"nobody expelled comes back by itself", expelled, AdmitAll, "", false},
		{"a member already", joined(), AdmitAll, "", false},
		{"refused", declined, AdmitAll, "", false},
		{"not confirmed", History{Events: joined().Events[:1]}, AdmitAll, "", false},
	} {
		if kind, ok := c.h.On(day(9)).Admit(c.by); kind != c.kind || ok != c.ok {
			t.Errorf("%s: %q, %v", c.name, kind, ok)
		}
	}
	d := Decision{Member: "a", By: "b", Reason: "Known to us.", At: day(9)}
	as := func(held ...Role) func(Role) bool { return func(r Role) bool { return slices.Contains(held, r) } }
	for _, c := range []struct {
		name   string
		d      Decision
		h      History
		by     Admission
		admit  bool
		as     func(Role) bool
		kind   EventKind
		reason string
	}{
		{"the secretary", d, waiting(), AdmitBySecretary, true, as(Secretary), Admitted, ""},
		{"the secretary refuses", d, waiting(), AdmitBySecretary, false, as(Secretary), Declined, ""},
		{"the board's, by the secretary", d, waiting(), AdmitByBoard, true, as(Secretary), "", "ADMISSION_OF_OTHERS"},
		{"the secretary's, by the board", d, waiting(), AdmitBySecretary, true, as(Board, Chair), "", "ADMISSION_OF_OTHERS"},
		{"the board", d, waiting(), AdmitByBoard, true, as(Board), Admitted, ""},
		{"the chair for the board", d, waiting(), AdmitByBoard, true, as(Chair), Admitted, ""},
		{"left over from an older rule", d, waiting(), AdmitAll, true, as(Secretary), Admitted, ""},
		{"expelled, by the secretary", d, expelled, AdmitAll, true, as(Secretary), "", "ADMISSION_OF_OTHERS"},
		{"expelled, by the board", d, expelled, AdmitAll, true, as(Board), Readmitted, ""},
		{"no reason", Decision{Member: "a", By: "b", At: day(9)}, waiting(), AdmitBySecretary, true, as(Secretary), "", "ADMISSION_INVALID"},
		{"one's own", Decision{Member: "a", By: "a", Reason: "x", At: day(9)}, waiting(), AdmitBySecretary, true, as(Secretary), "", "OWN_ENTRY"},
		{"decided already", d, declined, AdmitBySecretary, true, as(Secretary), "", "NOT_WAITING"},
		{"a member", d, joined(), AdmitBySecretary, true, as(Secretary), "", "NOT_WAITING"},
	} {
		e, err := c.d.Decide(c.h.On(day(9)), c.by, c.admit, c.as)
		if wants(t, err, c.reason); e.Kind != c.kind {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
	for name, c := range map[string]struct {
		h    History
		want bool
	}{
		"nobody": {History{}, true}, "waits": {waiting(), false}, "refused": {declined, true}, "member": {joined(), false},
		"resigned": {joined(at(3, Event{Kind: Resigned})), true}, "died": {joined(at(3, Event{Kind: Died})), false},
		"merged": {joined(at(3, Event{Kind: Merged})), false}, "applied again": {resigned, false},
	} {
		if got := c.h.On(day(9)).MayApply(); got != c.want {
			t.Errorf("%s may apply: %v", name, got)
		}
	}
	if got := declined.On(day(9)).Explain(Rule{}, time.UTC); got != "Applied on 1 October 2026. The application was refused on 3 October 2026: A robot." {
		t.Error(got)
	}
}

func TestDoubles(t *testing.T) {
	a, b := joined().On(day(9)), joined().On(day(9))
	pair, turned := Pair{"a", "b"}, Pair{"b", "a"}
	first, second := Decision{Member: "a", By: "s", Reason: "One birthday.", At: day(5)}, Decision{Member: "a", By: "c", Reason: "I asked both.", At: day(6)}
	e, err := first.Find(pair, true, a, b, nil)
	if err != nil || e.Kind != FoundSame || e.About != "b" || e.By != "s" {
		t.Fatalf("%+v, %v", e, err)
	}
	found := Findings(map[string][]Event{"a": {at(5, e)}})
	if len(found) != 1 || found[0].Pair != pair || !found[0].Same || found[0].By != "s" || !found[0].Second.IsZero() {
		t.Fatalf("%+v", found)
	}
	teller := Grant{ID: "g", Member: "a", Role: Teller, Started: day(1)}
	confirm := func(d Decision, p Pair, same bool, found []Finding, grants ...Grant) error {
		_, err := d.Confirm(p, same, a, b, found, grants)
		return err
	}
	wants(t, confirm(Decision{Member: "a", By: "s", Reason: "Sure.", At: day(6)}, pair, true, found), "SECOND_OFFICER_NEEDED")
	wants(t, confirm(second, pair, true, nil), "NOTHING_FOUND")
	wants(t, confirm(second, pair, false, found), "FINDING_DIFFERS")
	wants(t, confirm(second, turned, true, found), "FINDING_DIFFERS")
	wants(t, confirm(Decision{Member: "a", By: "b", Reason: "Me.", At: day(6)}, pair, true, found), "OWN_ENTRY")
	wants(t, confirm(second, pair, true, found, Grant{ID: "g", Member: "a", Role: Secretary, Started: day(1)}), "LAST_SECRETARY")
	s, err := second.Confirm(pair, true, a, b, found, []Grant{teller})
	if err != nil || s.OnMember.Kind != Merged || s.OnMember.About != "b" || s.OnOther.Kind != MergedIn || s.OnOther.About != "a" || len(s.Ended) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	ceased := joined(at(6, s.OnMember)).On(day(9))
	if ceased.Member() || ceased.LeftAs != Merged || !joined(at(6, s.OnOther)).On(day(9)).Member() {
		t.Error("the wrong one ceased")
	}
	found = Findings(map[string][]Event{"a": {at(5, e), at(6, s.OnMember)}, "b": {at(7, s.OnOther)}})
	if len(found) != 1 || found[0].Second.IsZero() {
		t.Errorf("%+v is not settled", found)
	}
	// Two people.
	distinct, err := first.Find(turned, false, a, b, nil)
	if err != nil || distinct.Kind != FoundDistinct {
		t.Fatal(distinct, err)
	}
	found = Findings(map[string][]Event{"b": {at(5, Event{Kind: FoundDistinct, About: "a", By: "s"})}})
	s, err = second.Confirm(pair, false, a, b, found, []Grant{teller})
	if err != nil || s.OnMember.Kind != Examined || s.OnOther.Kind != Examined || len(s.Ended) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	settled := Findings(map[string][]Event{"b": {at(5, Event{Kind: FoundDistinct, About: "a", By: "s"}), at(7, s.OnOther)}, "a": {at(6, s.OnMember)}})
	_, err = second.Find(pair, false, a, b, settled)
	wants(t, err, "EXAMINED_ALREADY")
	_, err = second.Find(pair, true, a, b, settled)
	wants(t, err, "")
	_, err = second.Find(Pair{"a", "a"}, true, a, a, nil)
	wants(t, err, "SAME_ENTRY")
	_, err = second.Find(pair, true, a, ceased, nil)
	wants(t, err, "ENTRY_CEASED")
	_, err = second.Find(pair, true, waiting().On(day(9)), b, nil)
	wants(t, err, "APPLICANT")
	_, err = Decision{Member: "a", By: "s", At: day(5)}.Find(pair, true, a, b, nil)
	wants(t, err, "FINDING_INVALID")
}

func TestObjections(t *testing.T) {
	member, left := joined().On(day(9)), joined(at(3, Event{Kind: Resigned})).On(day(9))
	d := Decision{Member: "a", By: "b", Reason: "Two names,\none person.", At: day(9)}
	e, err := d.Object(member, member, MaxObjections-1)
	if err != nil || e.Kind != Objected || e.By != "b" || e.Reason != "Two names, one person." {
		t.Errorf("%+v, %v", e, err)
	}
	for reason, decide := range map[string]func() (Event, error){
		"NOT_A_MEMBER":      func() (Event, error) { return d.Object(left, member, 0) },
		"OBJECTIONS_WAIT":   func() (Event, error) { return d.Object(member, member, MaxObjections) },
		"OWN_ENTRY":         func() (Event, error) { return Decision{Member: "b", By: "b", Reason: "x"}.Object(member, member, 0) },
		"OBJECTION_INVALID": func() (Event, error) { return Decision{Member: "a", By: "b", Reason: " "}.Object(member, member, 0) },
		"OWN_OBJECTION":     func() (Event, error) { return d.Answer(Objection{Member: "a", By: "b"}, true) },
		"OBJECTION_ANSWERED": func() (Event, error) {
			return d.Answer(Objection{Member: "a", By: "c", Answered: day(4)}, true)
		},
	} {
		_, err := decide()
		wants(t, err, reason)
	}
	_, err = d.Object(member, left, 0)
	wants(t, err, "NOT_A_MEMBER")
	for upheld, kind := range map[bool]EventKind{true: ObjectionUpheld, false: ObjectionDismissed} {
		if e, err := d.Answer(Objection{Number: 12, Member: "a", By: "c"}, upheld); err != nil || e.Kind != kind || e.About != "12" {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

func TestAsk(t *testing.T) {
	rules := []Rule{{Book: 1, From: day(3)}, {Book: 2, Required: true, From: day(6)}}
	for _, c := range []struct {
		name        string
		h           History
		on          int
		good        bool
		code, event string
	}{
		{"nobody", History{}, 9, false, AnswerUnknown, ""},
		{"before rules", joined(), 2, true, AnswerNoRules, "admitted"},
		{"asked", joined(), 4, true, AnswerNotRequired, "admitted"},
		{"required", joined(), 7, false, AnswerNotSettled, ""},
		{"settled", joined().paid(5, "x"), 7, true, AnswerSettled, "settled"},
		{"taken back", joined().paid(5, "x").refunded(8, "x"), 8, false, AnswerTakenBack, "taken_back"},
		{"the day before", joined().paid(5, "x").refunded(8, "x"), 7, true, AnswerSettled, "settled"},
		{"waived", joined(at(8, Event{Kind: Waived})), 8, true, AnswerWaived, "waived"},
		{"before the waiver", joined(at(8, Event{Kind: Waived})), 7, false, AnswerNotSettled, ""},
		{"a waiver ends with the membership", joined(at(7, Event{Kind: Waived}), at(8, Event{Kind: Lapsed}), at(9, Event{Kind: Readmitted})), 9, false, AnswerNotSettled, ""},
		{"left", joined(at(8, Event{Kind: Merged})), 8, false, AnswerLeft, "merged"},
		{"waits", waiting(), 8, false, AnswerWaiting, "applied"},
		{"refused", waiting(at(8, Event{Kind: Declined})), 8, false, AnswerRefused, "refused"},
	} {
		a := c.h.Ask(day(c.on), rules, time.UTC)
		if a.Good != c.good || a.Code != c.code || a.Event != c.event || a.Words == "" || (a.Event != "") == a.At.IsZero() {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 9, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		day, reason string
		want        time.Time
	}{
		{"", "", now}, {"2026-07-09", "", now}, {"2026-07-08", "", time.Date(2026, 7, 8, 22, 59, 59, 999999000, time.UTC)},
		{"2026-07-10", "DATE_AHEAD", time.Time{}}, {"8 July", "DATE_FORMAT", time.Time{}},
	} {
		got, err := Evening(c.day, now, london)
		if wants(t, err, c.reason); !got.Equal(c.want) {
			t.Errorf("%q: %v; want %v", c.day, got, c.want)
		}
	}
}

// TestStandingOfEveryKind: whatever happened and in whatever order it was delivered, the answer is the same, and what bears on no
// standing changes none.
func TestStandingOfEveryKind(t *testing.T) {
	kinds := []EventKind{Applied, Confirmed, Admitted, Declined, Moved, Renamed, EmailChanged, PostalChanged, Waived, Resigned, Lapsed, Expelled, Died, Readmitted, Merged,
		MergedIn, FoundSame, FoundDistinct, Examined, Objected, ObjectionUpheld, ObjectionDismissed, OperatorToken}
	silent := []EventKind{Renamed, EmailChanged, PostalChanged, MergedIn, FoundSame, FoundDistinct, Examined, Objected, ObjectionUpheld, ObjectionDismissed, OperatorToken}
	rapid.Check(t, func(t *rapid.T) {
		var h History
		for i := range rapid.IntRange(0, 14).Draw(t, "events") {
			h.Events = append(h.Events, Event{Number: int64(i + 1), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), At: day(rapid.IntRange(1, 9).Draw(t, "day")), Region: rapid.SampledFrom([]string{"", "london", "midlands"}).Draw(t, "region")})
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "money") {
			m := Money{Entry: string(rune('a' + i)), At: day(rapid.IntRange(1, 9).Draw(t, "settled"))}
			if rapid.Bool().Draw(t, "reversal") {
				m.Reverses = string(rune('a' + rapid.IntRange(0, 4).Draw(t, "of")))
			}
			h.Money = append(h.Money, m)
		}
		on, required := day(rapid.IntRange(0, 10).Draw(t, "on")), rapid.Bool().Draw(t, "required")
		want := h.On(on)
		shuffled := History{Events: rapid.Permutation(h.Events).Draw(t, "order"), Money: rapid.Permutation(h.Money).Draw(t, "order of money")}
		if got := shuffled.On(on); got != want {
			t.Fatalf("in another order %+v; want %+v", got, want)
		}
		quiet := History{Money: h.Money, Events: slices.DeleteFunc(slices.Clone(h.Events), func(e Event) bool { return slices.Contains(silent, e.Kind) })}
		if got := quiet.On(on); got != want {
			t.Fatalf("without what bears on no standing %+v; want %+v", got, want)
		}
		if want.Good(required) && !want.Member() || want.Member() && want.Pending() {
			t.Fatalf("%+v contradicts itself", want)
		}
	})
}
