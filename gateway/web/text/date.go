package text

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the binary knows London's summer time wherever it runs

	"google.golang.org/protobuf/types/known/timestamppb"
)

// London is the clock on the society's wall.
var London = mustLoad("Europe/London")

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

var months = map[string][12]string{
	English: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	Welsh:   {"Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"},
}

var weekdays = map[string][7]string{
	English: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	Welsh:   {"Dydd Sul", "Dydd Llun", "Dydd Mawrth", "Dydd Mercher", "Dydd Iau", "Dydd Gwener", "Dydd Sadwrn"},
}

// Date returns the day of an instant in London: "24 November 2026", or "" for none.
func (p *Printer) Date(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return p.day(t.AsTime().In(London))
}

// DateTime returns the day and time of an instant in London: "Tuesday 24 November 2026, 3:20pm", or "".
func (p *Printer) DateTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	at := t.AsTime().In(London)
	return weekdays[p.Lang][at.Weekday()] + " " + p.day(at) + ", " + clock(at)
}

// Clock returns the time of an instant in London: "3:20pm", or "".
func (p *Printer) Clock(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return clock(t.AsTime().In(London))
}

// Day returns a date of the contract (YYYY-MM-DD) as people write it; what is no date comes back as it is.
func (p *Printer) Day(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return p.day(t)
}

// Typed returns a date as the fields of a form hold it: "24/11/2026".
func Typed(t time.Time) string { return t.In(London).Format("2/1/2006") }

// dayForms are how people type a day.
var dayForms = []string{"2/1/2006", "2 1 2006", "2-1-2006", "2.1.2006", time.DateOnly, "2 January 2006", "2 Jan 2006"}

// ReadDay reads a day as a person types it, day before month as in the United Kingdom.
func ReadDay(typed string) (time.Time, bool) {
	typed = strings.Join(strings.Fields(typed), " ")
	for i, name := range months[Welsh] {
		typed = strings.Replace(typed, name, months[English][i], 1)
	}
	for _, form := range dayForms {
		if t, err := time.ParseInLocation(form, typed, London); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (p *Printer) day(t time.Time) string {
	return strconv.Itoa(t.Day()) + " " + months[p.Lang][t.Month()-1] + " " + strconv.Itoa(t.Year())
}

func clock(t time.Time) string {
	if t.Minute() == 0 {
		return t.Format("3pm")
	}
	return t.Format("3:04pm")
}

// Machine returns an instant for <time datetime>.
func Machine(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().UTC().Format(time.RFC3339)
}

// Money returns whole pence as pounds: "£1", "£12.50", "−£3".
func Money(pence int64) string {
	sign := ""
	u := uint64(pence)
	if pence < 0 {
		sign, u = "−", -uint64(pence)
	}
	pounds := group(strconv.FormatUint(u/100, 10))
	if u%100 == 0 {
		return sign + "£" + pounds
	}
	p := strconv.FormatUint(u%100, 10)
	if len(p) == 1 {
		p = "0" + p
	}
	return sign + "£" + pounds + "." + p
}

// Column returns whole pence for a column of figures, which always shows the pence: "1.00".
func Column(pence int64) string {
	s := strings.TrimPrefix(strings.Replace(Money(pence), "£", "", 1), "£")
	if !strings.Contains(s, ".") {
		s += ".00"
	}
	return s
}

func group(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	return group(digits[:len(digits)-3]) + "," + digits[len(digits)-3:]
}

// Pence reads an amount as a person types it ("1", "£1", "12.50", "1,000") and returns whole pence. It
// refuses what has a sign, more than two digits of pence, or anything else in it.
func Pence(typed string) (int64, bool) {
	s := strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(typed), ",", ""), "£")
	pounds, rest, dot := strings.Cut(s, ".")
	if pounds == "" || len(pounds) > 12 || dot && len(rest) != 2 {
		return 0, false
	}
	n := int64(0)
	for _, r := range pounds + rest {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int64(r-'0')
	}
	if !dot {
		n *= 100
	}
	return n, true
}
