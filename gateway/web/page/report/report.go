// Package report is what the books say: each report at any date as a page to read and to print, with the same as CSV; the
// auditor's pack; files for other accounting programs; who has not given, for those who may know; and a member's own giving.
package report

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/ledger/reports", p.list)
	j.Get("/ledger/reports/{report}", p.show)
	j.Get("/ledger/reports/{report}/csv", p.csv)
	j.Get("/ledger/reports/not-given", p.notGiven)
	j.Get("/ledger/pack", p.pack)
	j.Get("/ledger/programs", p.programs)
	j.Get("/ledger/leaf", func(q *layout.Request) error {
		return q.Show(http.StatusOK, "leaf.html", layout.Page{Title: q.T("report.leafTitle"), Back: "/ledger/reports"})
	})
	j.Get("/me/giving", p.giving)
	return nil
}

// kind is a report as a page shows it.
type kind struct {
	Name string
	// period is a report of a period; else it is at a date. closes asks for the day of the close too.
	period, closes bool
	// treasurer is for the treasurer alone.
	treasurer bool
}

var kinds = []kind{
	{Name: "income-and-expenditure", period: true}, {Name: "balance-sheet"}, {Name: "receipts-and-payments", period: true}, {Name: "trial-balance"},
	{Name: "restricted-funds"},
	{Name: "donations-by-region", period: true}, {Name: "changes-after-close", period: true, closes: true}, {Name: "gaps"},
	{Name: "duplicates", period: true, treasurer: true},
}

type listed struct{ Href, Title, About string }

type listView struct {
	Reports, Files []listed
}

func isTreasurer(q *layout.Request) bool { return q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER) }

// mayKnow says who may know who has not given: those who write to members about it.
func mayKnow(q *layout.Request) bool {
	return q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_SECRETARY)
}

func (p pages) list(q *layout.Request) error {
	v := listView{}
	for _, k := range kinds {
		if !k.treasurer || isTreasurer(q) {
			v.Reports = append(v.Reports, listed{"/ledger/reports/" + k.Name, q.T("report." + k.Name), q.T("report.about-" + k.Name)})
		}
	}
	if mayKnow(q) {
		v.Reports = append(v.Reports, listed{"/ledger/reports/not-given", q.T("report.notGiven"), q.T("report.notGivenAbout")})
	}
	v.Files = []listed{
		{"/ledger/pack", q.T("report.pack"), q.T("report.packAbout")},
		{"/ledger/programs", q.T("report.programs"), q.T("report.programsAbout")},
		{"/ledger/leaf", q.T("report.leafTitle"), q.T("report.leafAbout")},
	}
	if q.Viewer.SignedIn() {
		v.Files = append(v.Files, listed{"/me/giving", q.T("report.giving"), q.T("report.givingAbout")})
	}
	return q.Show(http.StatusOK, "list.html", layout.Page{Title: q.T("report.title"), View: v, Back: "/ledger"})
}

// dates are what the form of a report asks, as the contract writes them.
type dates struct{ from, to, closed string }

// asked reads the dates of the address, typed or not, and says what is wrong with those that cannot be read.
func (p pages) asked(q *layout.Request, k kind) (dates, []form.Wrong) {
	now := p.Now().In(text.London)
	d := dates{from: time.Date(now.Year(), 1, 1, 0, 0, 0, 0, text.London).Format(time.DateOnly), to: now.Format(time.DateOnly)}
	var wrong []form.Wrong
	query := q.URL.Query()
	read := func(field string, into *string) {
		typed := query.Get(field)
		if typed == "" {
			return
		}
		day, ok := text.ReadDay(typed)
		if !ok {
			wrong = append(wrong, form.Wrong{Field: field, Text: q.T("form.dayFormat")})
			return
		}
		*into = day.Format(time.DateOnly)
	}
	read("to_date", &d.to)
	if k.period {
		if query.Get("from_date") == "" {
			d.from = d.to[:4] + "-01-01"
		}
		read("from_date", &d.from)
	} else {
		d.from = d.to
	}
	d.closed = d.to
	if k.closes {
		read("close_date", &d.closed)
	}
	return d, wrong
}

// typed writes a date as the fields of a form hold it.
func typed(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("2/1/2006")
}

func (d dates) query() string {
	return url.Values{"from_date": {d.from}, "to_date": {d.to}, "close_date": {d.closed}}.Encode()
}

// ask makes the form of dates.
func ask(q *layout.Request, k kind, d dates, wrong []form.Wrong) (fields []*form.Field, summary []form.Line, code int) {
	f, code := q.FormOf(wrong)
	add := func(name, label, value string) {
		field := f.Field(name, label)
		field.Classes, field.NoSpelling = "govuk-input--width-10", true
		if field.Value == "" || field.Error == "" {
			field.Value = value
		}
		fields = append(fields, field)
	}
	if k.period {
		add("from_date", "report.from", typed(d.from))
		add("to_date", "report.to", typed(d.to))
	} else {
		add("to_date", "report.at", typed(d.to))
	}
	if k.closes {
		add("close_date", "report.closed", typed(d.closed))
	}
	return fields, f.Summary(), code
}

type showView struct {
	Kind   string
	About  string
	When   string
	Fields []*form.Field
	Show   form.Button
	Report *table
	CSV    string
}

func (p pages) show(q *layout.Request) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.Name == q.PathValue("report") })
	if i < 0 {
		return layout.ErrNotFound
	}
	k := kinds[i]
	if k.treasurer && !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	d, wrong := p.asked(q, k)
	var r *ledgerv1.Report
	if len(wrong) == 0 {
		var err error
		r, err = p.Reports.GetReport(q.Context(), &ledgerv1.GetReportRequest{Report: k.Name, FromDate: d.from, ToDate: d.to, CloseDate: d.closed})
		if err != nil {
			if wrong, err = q.Wrong(err); err != nil {
				return err
			}
		}
	}
	v := showView{Kind: k.Name, About: q.T("report.about-" + k.Name), Show: form.Button{Text: q.T("report.show"), Classes: "govuk-button--secondary"}}
	fields, summary, code := ask(q, k, d, wrong)
	v.Fields = fields
	if r != nil {
		v.Report = tabulate(q, r)
		v.CSV = "/ledger/reports/" + k.Name + "/csv?" + d.query()
		v.When = q.T("report.on", "Date", q.Day(r.GetToDate()))
		if k.period {
			v.When = q.T("report.between", "From", q.Day(r.GetFromDate()), "To", q.Day(r.GetToDate()))
		}
		if k.Name == "donations-by-region" && r.GetFromDate() > r.GetToDate() {
			v.When = q.T("report.noWeek")
		}
	}
	return q.Show(code, "show.html", layout.Page{Title: q.T("report." + k.Name), View: v, Errors: summary, Back: "/ledger/reports"})
}

// csv sends a report as a file. The page's own dates and the viewer's rights hold, so that what is shown is what is taken away.
func (p pages) csv(q *layout.Request) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.Name == q.PathValue("report") })
	if i < 0 {
		return layout.ErrNotFound
	}
	if kinds[i].treasurer && !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	d, wrong := p.asked(q, kinds[i])
	if len(wrong) > 0 {
		return q.See("/ledger/reports/" + kinds[i].Name + "?" + q.URL.RawQuery)
	}
	file, err := p.Reports.ExportReport(q.Context(), &ledgerv1.ExportReportRequest{Report: kinds[i].Name, FromDate: d.from, ToDate: d.to, CloseDate: d.closed})
	if err != nil {
		return err
	}
	send(q, kinds[i].Name+"-"+d.to+".csv", file.GetContentType(), file.GetData())
	return nil
}

func send(q *layout.Request, name, contentType string, data []byte) {
	h := q.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, _ = q.Writer.Write(data)
}
