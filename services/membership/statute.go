package membership

import (
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// View is which columns a copy of the register has.
type View string

// The views.
const (
	// ViewList: what the secretary's list of members shows. To be taken in again (package intake) it has to lose number and standing.
	ViewList View = "list"
	// ViewStatutory: section 30 of the Co-operative and Community Benefit Societies Act 2014.
	ViewStatutory View = "statutory"
	// ViewDuplicate: the register without financial holdings, for inspection (section 31 of the Act).
	ViewDuplicate View = "duplicate"
)

// Limits on what is recorded of a copy, in characters: both stand in one reason of at most [MaxReason].
const (
	maxGround    = 300
	maxInspector = 90
)

// Copy decides what is recorded when a copy of the register is made: an event of the officer who makes it, which bears on no standing. The
// duplicate is made for somebody who inspects it, and names them. ground is why. It returns an Invalid fault for what is missing.
func Copy(view View, ground, inspector string, at time.Time, by string) (Event, error) {
	ground, inspector = strings.Join(strings.Fields(ground), " "), strings.Join(strings.Fields(inspector), " ")
	bad := checkText(nil, "ground", "why a copy is made", ground, maxGround)
	e := Event{Kind: RegisterExported, At: at, By: by, Reason: string(view) + ": " + ground}
	if view == ViewDuplicate {
		bad = checkText(bad, "inspector", "the name of who inspects it", inspector, maxInspector)
		e.Kind, e.Reason = RegisterInspected, string(view)+", shown to "+inspector+": "+ground
	}
	if len(bad) > 0 {
		return Event{}, fault.New(fault.Invalid, "EXPORT_INVALID", bad[0].Message, bad...)
	}
	return e, nil
}

// Entry is a line of the register as its copies show it.
type Entry struct {
	// Number is the membership number; Name, Email, Region and Address (postal, in lines) are who and where.
	Number                                 int64
	Name, Email, Region, Language, Address string
	// Offices are those held, with their dates.
	Offices []Grant
	// State is now.
	State State
	// Standing is now, in a word.
	Standing Standing
}

// Heading returns the columns of a view. registered is whether the rule book says that the society is: only then does the Act ask for
// addresses. share is whether the £1 is one and not a donation.
func (v View) Heading(registered, share bool) []string {
	switch v {
	case ViewStatutory, ViewDuplicate:
		cells := []string{"number", "name"}
		if registered {
			cells = append(cells, "postal address", "notified electronic address")
		}
		cells = append(cells, "entered as a member", "ceased to be a member", "how", "offices")
		if v == ViewStatutory && share {
			cells = append(cells, "shares held", "amount paid", "paid on")
		} else if v == ViewStatutory {
			cells = append(cells, "donation", "given on")
		}
		return cells
	}
	return []string{"number", "name", "email", "region", "language", "admitted", "standing"}
}

// Line returns the cells of an entry, formula characters neutralised. Dates are those of zone.
func (v View) Line(e Entry, registered, share bool, zone *time.Location) []string {
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return Day(t, zone)
	}
	number := formatNumber(e.Number)
	var cells []string
	switch v {
	case ViewStatutory, ViewDuplicate:
		cells = []string{number, e.Name}
		if registered {
			cells = append(cells, strings.ReplaceAll(e.Address, "\n", ", "), e.Email)
		}
		cells = append(cells, day(e.State.Admitted), day(e.State.Left), string(e.State.LeftAs), offices(e.Offices, day))
		paid := !e.State.Donated.IsZero()
		switch {
		case v == ViewDuplicate:
		case share && paid:
			cells = append(cells, "1", "£1.00", day(e.State.Donated))
		case share:
			cells = append(cells, "0", "£0.00", "")
		case paid:
			cells = append(cells, "£1.00", day(e.State.Donated))
		default:
			cells = append(cells, "£0.00", "")
		}
	case ViewList:
		cells = []string{number, e.Name, e.Email, e.Region, e.Language, day(e.State.Admitted), string(e.Standing)}
	}
	for i, c := range cells {
		cells[i] = Neutral(c)
	}
	return cells
}

func offices(all []Grant, day func(time.Time) string) string {
	var each []string
	for _, g := range all {
		if g.Started.IsZero() {
			continue
		}
		s := string(g.Role)
		if g.Region != "" {
			s += " (" + g.Region + ")"
		}
		s += " from " + day(g.Started)
		if !g.Ended.IsZero() {
			s += " to " + day(g.Ended)
		}
		each = append(each, s)
	}
	return strings.Join(each, "; ")
}

// Neutral returns a cell that no spreadsheet takes for a formula: one that begins as a formula might gets an apostrophe before it.
func Neutral(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func formatNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
