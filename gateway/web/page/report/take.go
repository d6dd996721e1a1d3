package report

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type packView struct {
	Fields []*form.Field
	Show   form.Button
	Href   string
	File   string
	When   string
}

// pack asks for the period and gives the pack to download.
func (p pages) pack(q *layout.Request) error {
	k := kind{Name: "pack", period: true, closes: true}
	d, wrong := p.asked(q, k)
	if len(wrong) == 0 && d.from > d.to {
		wrong = append(wrong, form.Wrong{Field: "from_date", Text: q.T("report.order")})
	}
	v := packView{Show: form.Button{Text: q.T("report.choose"), Classes: "govuk-button--secondary"}}
	fields, summary, code := ask(q, k, d, wrong)
	v.Fields = fields
	if len(wrong) == 0 {
		v.Href, v.File = "/v1/ledger/pack?"+d.query(), "auditors-pack-"+d.to+".zip"
		v.When = q.T("report.between", "From", q.Day(d.from), "To", q.Day(d.to))
	}
	return q.Show(code, "pack.html", layout.Page{Title: q.T("report.pack"), View: v, Errors: summary, Back: "/ledger/reports"})
}

type program struct{ Name, Href, File, How string }

type programsView struct {
	Fields   []*form.Field
	Show     form.Button
	When     string
	Programs []program
}

// programs gives the files that accounting programs import, and says how they take them.
func (p pages) programs(q *layout.Request) error {
	k := kind{Name: "programs", period: true}
	d, wrong := p.asked(q, k)
	if len(wrong) == 0 && d.from > d.to {
		wrong = append(wrong, form.Wrong{Field: "from_date", Text: q.T("report.order")})
	}
	v := programsView{Show: form.Button{Text: q.T("report.choose"), Classes: "govuk-button--secondary"}}
	fields, summary, code := ask(q, k, d, wrong)
	v.Fields = fields
	if len(wrong) == 0 {
		v.When = q.T("report.between", "From", q.Day(d.from), "To", q.Day(d.to))
		query := url.Values{"from_date": {d.from}, "to_date": {d.to}}.Encode()
		for _, x := range []string{"xero", "quickbooks", "quickbooks-journal", "freeagent"} {
			v.Programs = append(v.Programs, program{
				Name: q.T("report.program-" + x), Href: "/v1/ledger/programs/" + x + "?" + query,
				File: x + "-" + d.to + ".csv", How: q.T("report.how-" + x),
			})
		}
	}
	return q.Show(code, "programs.html", layout.Page{Title: q.T("report.programs"), View: v, Errors: summary, Back: "/ledger/reports"})
}

type notGivenView struct {
	People []*membershipv1.Member
	Next   string
	CSV    string
}

// pageOfRegister is how many entries of the register are looked through at once.
const pageOfRegister = 500

// mostPages bounds how much of the register one file looks through.
const mostPages = 200

// notGiven lists the members whose £1 the ledger has not settled, for those who may know: the treasurer and the secretary.
func (p pages) notGiven(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	if !mayKnow(q) {
		return layout.ErrNotFound
	}
	if q.URL.Query().Get("as") == "csv" {
		return p.notGivenCSV(q)
	}
	v := notGivenView{CSV: "/ledger/reports/not-given?as=csv"}
	token := q.URL.Query().Get("page")
	for len(v.People) == 0 {
		people, next, err := p.without(q, token)
		if err != nil {
			return err
		}
		v.People, token = people, next
		if token == "" {
			break
		}
	}
	if token != "" {
		v.Next = "/ledger/reports/not-given?page=" + url.QueryEscape(token)
	}
	return q.Show(http.StatusOK, "notgiven.html", layout.Page{Title: q.T("report.notGiven"), View: v, Back: "/ledger/reports"})
}

// without looks through a page of the register.
func (p pages) without(q *layout.Request, token string) (people []*membershipv1.Member, next string, err error) {
	reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{PageSize: pageOfRegister, PageToken: token})
	if err != nil {
		return nil, "", err
	}
	for _, m := range reply.GetMembers() {
		if m.GetAdmitTime() != nil && m.GetDonationTime() == nil {
			people = append(people, m)
		}
	}
	return people, reply.GetNextPageToken(), nil
}

func (p pages) notGivenCSV(q *layout.Request) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write([]string{"number", "name", "email", "region", "payment reference"})
	token := ""
	for range mostPages {
		people, next, err := p.without(q, token)
		if err != nil {
			return err
		}
		for _, m := range people {
			_ = w.Write([]string{strconv.FormatInt(m.GetNumber(), 10), neutral(m.GetName()), neutral(m.GetEmail()), neutral(q.Region(m.GetRegion())), neutral(m.GetPaymentReference())})
		}
		if token = next; token == "" {
			break
		}
	}
	w.Flush()
	send(q, "not-given.csv", "text/csv; charset=utf-8; header=present", b.Bytes())
	return nil
}

// neutral puts an apostrophe before what a spreadsheet would run as a formula (OWASP, CSV injection).
func neutral(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

type givingView struct {
	Name  string
	Years []year
	On    string
}

type year struct {
	Title   string
	Total   int64
	Entries []gift
}

type gift struct {
	Entry *ledgerv1.Entry
	Pence int64
}

// giving is a member's own statement, to print or keep.
func (p pages) giving(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Reports.GetMyGiving(q.Context(), &ledgerv1.GetMyGivingRequest{})
	if err != nil {
		return err
	}
	me, err := p.Membership.GetMe(q.Context(), &membershipv1.GetMeRequest{})
	if err != nil {
		return err
	}
	v := givingView{Name: me.GetName(), On: q.Day(p.Now().Format("2006-01-02"))}
	for _, y := range reply.GetYears() {
		one := year{Title: strconv.Itoa(int(y.GetYear())), Total: y.GetTotalPence()}
		for _, e := range y.GetEntries() {
			pence := int64(0)
			for _, o := range e.GetPostings() {
				pence += max(o.GetAmountPence(), 0)
			}
			one.Entries = append(one.Entries, gift{e, pence})
		}
		v.Years = append(v.Years, one)
	}
	return q.Show(http.StatusOK, "giving.html", layout.Page{Title: q.T("report.giving"), View: v, Back: "/me"})
}
