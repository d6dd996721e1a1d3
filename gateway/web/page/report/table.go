package report

import (
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// table is a report in words and figures.
type table struct {
	Columns  []column
	Sections []part
	Charts   []chart
}

type column struct {
	Title   string
	Numeric bool
}

type part struct {
	Title string
	// Nothing says what it means that there is no line.
	Nothing string
	Lines   []row
	Total   []string
	// Alone is the one figure of a section that has no lines by its nature.
	Alone string
}

type row struct {
	Name, Href string
	Cells      []string
}

// chart is bars to one scale.
type chart struct {
	Title string
	Bars  []bar
}

type bar struct {
	Name, Figure, Colour string
	Percent              int64
}

// Colours of bars; neither says anything that the words do not.
const (
	purple = "#512b58"
	teal   = "#11877f"
)

// words returns a message if there is one, else the key itself.
func words(q *layout.Request, id, otherwise string) string {
	if q.Has(id) {
		return q.T(id)
	}
	return otherwise
}

// tabulate writes a report in the viewer's language.
func tabulate(q *layout.Request, r *ledgerv1.Report) *table {
	t := &table{}
	regions := r.GetReport() == "donations-by-region"
	for _, c := range r.GetColumns() {
		title := words(q, "report.column-"+c.GetKey(), c.GetKey())
		if c.GetUnit() == ledgerv1.Unit_UNIT_PENCE {
			title += " (£)"
		}
		t.Columns = append(t.Columns, column{title, c.GetUnit() != ledgerv1.Unit_UNIT_TEXT})
	}
	for _, s := range r.GetSections() {
		p := part{Title: words(q, "report.section-"+s.GetKey(), s.GetKey()), Nothing: words(q, "report.none-"+s.GetKey(), q.T("report.nothing"))}
		if regions && s.GetKey() != "shown" {
			p.Title = q.T("report.week", "Date", q.Day(s.GetKey()))
		}
		for _, l := range s.GetLines() {
			p.Lines = append(p.Lines, row{Name: name(q, r, l), Href: href(l), Cells: cells(q, r, l.GetCells())})
		}
		if s.GetTotal() != nil {
			p.Total = cells(q, r, s.GetTotal())
		}
		if len(p.Lines) == 0 && len(p.Total) == 1 && (s.GetKey() == "surplus" || s.GetKey() == "net") {
			p.Alone = text.Money(s.GetTotal()[0].GetNumber())
		}
		if r.GetReport() == "gaps" && s.GetKey() == "entries" {
			p.Alone, p.Total = strconv.FormatInt(s.GetTotal()[1].GetNumber(), 10), nil
		}
		t.Sections = append(t.Sections, p)
	}
	t.Charts = charts(q, r)
	return t
}

func name(q *layout.Request, r *ledgerv1.Report, l *ledgerv1.ReportLine) string {
	switch {
	case l.GetEntry() != "":
		n := q.T("ledger.entryNumber", "Number", l.GetKey())
		if l.GetName() != "" {
			n += ": " + l.GetName()
		}
		return n
	case r.GetReport() == "gaps":
		return q.T("ledger.entryNumber", "Number", l.GetKey())
	case l.GetName() != "":
		return l.GetName()
	case r.GetReport() == "donations-by-region" && l.GetKey() != "none" && l.GetKey() != "withheld":
		return q.Region(l.GetKey())
	}
	return words(q, "report.line-"+l.GetKey(), l.GetKey())
}

func href(l *ledgerv1.ReportLine) string {
	if l.GetEntry() == "" {
		return ""
	}
	return "/ledger/entries/" + l.GetEntry()
}

func cells(q *layout.Request, r *ledgerv1.Report, list []*ledgerv1.ReportCell) []string {
	var out []string
	for i, c := range list {
		s := ""
		switch v := c.GetValue().(type) {
		case *ledgerv1.ReportCell_Withheld:
			s = q.T("report.withheld")
		case *ledgerv1.ReportCell_Text:
			s = v.Text
			if day, _, ok := strings.Cut(s, "T"); ok && len(day) == 10 {
				s = day
			}
			s = q.Day(s)
		case *ledgerv1.ReportCell_Number:
			if s = strconv.FormatInt(v.Number, 10); r.GetColumns()[i].GetUnit() == ledgerv1.Unit_UNIT_PENCE {
				s = text.Column(v.Number)
			}
		}
		out = append(out, s)
	}
	return out
}

// charts draws what people would rather look at: where money came from and went, and what each region gave.
func charts(q *layout.Request, r *ledgerv1.Report) []chart {
	drawn := map[string][]string{
		"income-and-expenditure": {"income", "expenditure"}, "receipts-and-payments": {"receipts", "payments"}, "donations-by-region": {"shown"},
	}[r.GetReport()]
	if drawn == nil {
		return nil
	}
	at, most := len(r.GetColumns())-1, int64(0)
	for _, s := range r.GetSections() {
		for _, l := range s.GetLines() {
			most = max(most, l.GetCells()[at].GetNumber())
		}
	}
	if most <= 0 {
		return nil
	}
	var out []chart
	for i, key := range drawn {
		for _, s := range r.GetSections() {
			if s.GetKey() != key || len(s.GetLines()) == 0 {
				continue
			}
			c := chart{Title: words(q, "report.section-"+key, key)}
			for _, l := range s.GetLines() {
				pence := l.GetCells()[at].GetNumber()
				c.Bars = append(c.Bars, bar{name(q, r, l), text.Money(pence), []string{purple, teal}[i], max(pence, 0) * 100 / most})
			}
			out = append(out, c)
		}
	}
	return out
}
