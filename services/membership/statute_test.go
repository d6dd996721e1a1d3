package membership

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCopies(t *testing.T) {
	e := Entry{Number: 7, Name: "=Asha", Email: "+a@example.org", Region: "london", Language: "en", Address: "-1 High Street\nLeeds", Standing: StandingLeft,
		State:   State{Admitted: day(2), Left: day(20), LeftAs: Resigned, Donated: day(3)},
		Offices: []Grant{{Role: Teller}, {Role: Organiser, Region: "london", Started: day(4), Ended: day(9)}, {Role: Board, Started: day(5)}}}
	for _, c := range []struct {
		view              View
		registered, share bool
		want              string
	}{
		{ViewList, false, false, "7|'=Asha|'+a@example.org|london|en|2026-10-02|left"},
		{ViewStatutory, false, false, "7|'=Asha|2026-10-02|2026-10-20|resigned|organiser (london) from 2026-10-04 to 2026-10-09; board from 2026-10-05|£1.00|2026-10-03"},
		{ViewStatutory, true, true, "7|'=Asha|'-1 High Street, Leeds|'+a@example.org|2026-10-02|2026-10-20|resigned|organiser (london) from 2026-10-04 to 2026-10-09; board from 2026-10-05|1|£1.00|2026-10-03"},
		{ViewDuplicate, true, true, "7|'=Asha|'-1 High Street, Leeds|'+a@example.org|2026-10-02|2026-10-20|resigned|organiser (london) from 2026-10-04 to 2026-10-09; board from 2026-10-05"},
		{ViewDuplicate, false, false, "7|'=Asha|2026-10-02|2026-10-20|resigned|organiser (london) from 2026-10-04 to 2026-10-09; board from 2026-10-05"},
	} {
		got := c.view.Line(e, c.registered, c.share, time.UTC)
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %s\nwant %s", c.view, strings.Join(got, "|"), c.want)
		}
		if len(c.view.Heading(c.registered, c.share)) != len(got) {
			t.Errorf("%s: %v over %v", c.view, c.view.Heading(c.registered, c.share), got)
		}
	}
	none := ViewStatutory.Line(Entry{State: State{Admitted: day(2)}}, false, true, time.UTC)
	if !slices.Equal(none[len(none)-3:], []string{"0", "£0.00", ""}) {
		t.Errorf("no share: %v", none)
	}
	if got := ViewDuplicate.Heading(true, true); slices.Contains(got, "amount paid") || slices.Contains(got, "donation") {
		t.Errorf("the duplicate shows holdings: %v", got)
	}
}

func TestWhatIsRecordedOfACopy(t *testing.T) {
	for _, c := range []struct {
		view              View
		ground, inspector string
		kind              EventKind
		reason            string
	}{
		{ViewList, "Labels", "", RegisterExported, "list: Labels"},
		{ViewDuplicate, "Section 31", "Ben Jones", RegisterInspected, "duplicate, shown to Ben Jones: Section 31"},
	} {
		e, err := Copy(c.view, c.ground, c.inspector, day(3), "sec")
		if err != nil || e.Kind != c.kind || e.Reason != c.reason || e.By != "sec" || !e.At.Equal(day(3)) {
			t.Errorf("%+v, %v", e, err)
		}
	}
	long := strings.Repeat("x", maxGround)
	if e, err := Copy(ViewDuplicate, long, long[:maxInspector], day(3), "sec"); err != nil || len([]rune(e.Reason)) > MaxReason {
		t.Errorf("%d characters, %v", len(e.Reason), err)
	}
	for _, bad := range [][3]string{{"list", "", ""}, {"duplicate", "g", ""}, {"duplicate", "g", long}, {"statutory", long + "x", ""}} {
		if _, err := Copy(View(bad[0]), bad[1], bad[2], day(3), "sec"); reasonOf(err) != "EXPORT_INVALID" {
			t.Errorf("%v: %v", bad[0], err)
		}
	}
}

// TestNoFormula: whatever a cell holds, a CSV reader gets it back, but for the apostrophe, and it begins as no formula does.
func TestNoFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`[=+\-@\t][A-Z0-9(),"!|']{0,12}`)).Draw(t, "cell")
		got := Neutral(cell)
		if strings.TrimPrefix(got, "'") != strings.TrimPrefix(cell, "'") || (got != "" && strings.ContainsRune("=+-@\t\r\n", rune(got[0]))) {
			t.Fatalf("%q became %q", cell, got)
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		_ = w.Write([]string{got, "x"})
		w.Flush()
		back, err := csv.NewReader(strings.NewReader(b.String())).Read()
		if err != nil || back[0] != strings.ReplaceAll(got, "\r\n", "\n") {
			t.Fatalf("%q came back as %q, %v", got, back, err)
		}
	})
}
