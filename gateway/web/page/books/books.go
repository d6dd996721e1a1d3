// Package books is how the treasurer keeps the books: bank statements and whose their lines are, spending that two approve,
// evidence, cash that two count, periods that close; and for everybody what is left of a grant, what a meeting cost, and
// which periods are closed.
package books

import (
	"embed"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

const (
	// largest is the size of a form with a bank's file, in bytes: the ledger takes 256 MiB.
	largest = 257 << 20
	// patience is how long an upload may take.
	patience = 10 * time.Minute
	// piece is how much of a file goes in one call.
	piece = 384 << 10
)

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	first := func(show func(*layout.Request, []form.Wrong) error) layout.Handler {
		return func(q *layout.Request) error { return show(q, nil) }
	}
	j.Get("/ledger/bank", first(p.bank))
	j.Upload("/ledger/bank", largest, patience, p.upload)
	j.Post("/ledger/bank/certain", p.certain)
	j.Get("/ledger/bank/imports/{import}", first(p.showImport))
	j.Post("/ledger/bank/imports/{import}", p.decideImport)
	j.Get("/ledger/bank/lines", p.lines)
	j.Get("/ledger/bank/lines/{line}", first(p.line))
	j.Post("/ledger/bank/lines/{line}", p.match)
	j.Get("/ledger/bank/rules", first(p.rules))
	j.Post("/ledger/bank/rules", p.saveRule)
	j.Get("/ledger/bank/maps", first(p.maps))
	j.Post("/ledger/bank/maps", p.saveMap)
	j.Get("/ledger/periods", first(p.periods))
	j.Get("/ledger/periods/new", first(p.closing))
	j.Post("/ledger/periods/new", p.proposeClose)
	j.Post("/ledger/periods/{period}", p.decideClose)
	j.Get("/ledger/spending", first(p.spending))
	j.Get("/ledger/spending/new", first(p.spend))
	j.Post("/ledger/spending/new", p.propose)
	j.Post("/ledger/spending/{spending}", p.decideSpending)
	j.Get("/ledger/entries/{entry}/evidence", first(p.evidence))
	j.Upload("/ledger/entries/{entry}/evidence", 11<<20, patience, p.attach)
	j.Post("/ledger/entries/{entry}/evidence/none", p.waive)
	j.Get("/ledger/files/{file}", p.download)
	j.Get("/ledger/funds", first(p.funds))
	j.Post("/ledger/funds", p.createFund)
	j.Get("/ledger/chart", first(p.chart))
	j.Post("/ledger/chart", p.createAccount)
	j.Get("/ledger/opening", first(p.opening))
	j.Post("/ledger/opening", p.postOpening)
	j.Get("/ledger/meetings/{meeting}", p.meeting)
	j.Get("/ledger/cash", p.cash)
	j.Get("/ledger/cash/new", first(p.cashList))
	j.Post("/ledger/cash/new", p.recordCash)
	j.Get("/ledger/cash/{cash}", first(p.oneCash))
	j.Post("/ledger/cash/{cash}", p.changeCash)
	return nil
}

var officers = []membershipv1.Role{
	membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_BOARD,
}

func treasurer(q *layout.Request) bool { return q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER) }

func officer(q *layout.Request) bool { return q.Viewer.HoldsAny(officers...) }

// person returns a member's name, or the id where it cannot be known.
func (p pages) person(q *layout.Request, id string) string {
	if id == "" || !q.Viewer.SignedIn() {
		return ""
	}
	m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: id})
	if err != nil {
		return id
	}
	return m.GetName()
}

// find returns the one member whom a name, address or payment reference names; nil where it names nobody or several.
func (p pages) find(q *layout.Request, typed string) (*membershipv1.Member, error) {
	reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{PageSize: 2, Search: typed})
	if err != nil || len(reply.GetMembers()) != 1 {
		return nil, err
	}
	return reply.GetMembers()[0], nil
}

// chartOf returns the accounts of some types, and all names by id.
func (p pages) chartOf(q *layout.Request, types ...ledgerv1.AccountType) ([]form.Item, map[string]string, error) {
	reply, err := p.Ledger.ListAccounts(q.Context(), &ledgerv1.ListAccountsRequest{})
	items, names := []form.Item{{Value: "", Text: q.T("ledger.noAccount")}}, map[string]string{}
	for _, a := range reply.GetAccounts() {
		names[a.GetId()] = a.GetName()
		for _, t := range types {
			if a.GetType() == t {
				items = append(items, form.Item{Value: a.GetId(), Text: a.GetName()})
			}
		}
	}
	return items, names, err
}

func (p pages) fundItems(q *layout.Request) ([]form.Item, error) {
	reply, err := p.Books.ListFunds(q.Context(), &ledgerv1.ListFundsRequest{})
	items := []form.Item{{Value: "", Text: q.T("books.noFund")}}
	for _, f := range reply.GetFunds() {
		items = append(items, form.Item{Value: f.GetId(), Text: f.GetName()})
	}
	return items, err
}

func (p pages) meetingItems(q *layout.Request) ([]form.Item, error) {
	reply, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{PageSize: 50})
	items := []form.Item{{Value: "", Text: q.T("books.noMeeting")}}
	for _, m := range reply.GetMeetings() {
		items = append(items, form.Item{Value: m.GetId(), Text: m.GetTitle() + ", " + q.Date(m.GetStartTime())})
	}
	return items, err
}

// pounds makes a field for an amount.
func pounds(f *form.Field) *form.Field {
	f.Prefix, f.Classes, f.Inputmode, f.NoSpelling = "£", "govuk-input--width-5", "decimal", true
	return f
}

func dayField(f *form.Field) *form.Field {
	f.Classes, f.NoSpelling = "govuk-input--width-10", true
	return f
}

// pence reads an amount that may be negative, and says what is wrong with one that cannot be read.
func pence(q *layout.Request, field string) (int64, []form.Wrong) {
	typed := strings.ReplaceAll(q.Typed(field), "−", "-")
	rest, negative := strings.CutPrefix(typed, "-")
	n, ok := text.Pence(rest)
	if !ok {
		return 0, []form.Wrong{{Field: field, Text: q.T("ledger.amountFormat")}}
	}
	if negative {
		n = -n
	}
	return n, nil
}

// day reads a day, as the contract writes it.
func day(q *layout.Request, field string) (string, []form.Wrong) {
	d, ok := text.ReadDay(q.Typed(field))
	if !ok {
		return "", []form.Wrong{{Field: field, Text: q.T("form.dayFormat")}}
	}
	return d.Format(time.DateOnly), nil
}

// parts reads a form with a file. Fields come before the file, which is handed to the ledger while it comes in. It returns the
// file's id, empty if none was chosen.
func (p pages) parts(q *layout.Request, purpose ledgerv1.FilePurpose) (string, error) {
	if err := q.ParseForm(); err != nil {
		return "", err
	}
	q.PostForm = url.Values{}
	r, err := q.MultipartReader()
	if err != nil {
		return "", err
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return "", nil
			}
			return p.hand(q, purpose, part)
		}
		value, err := io.ReadAll(io.LimitReader(part, 4096))
		if err != nil {
			return "", err
		}
		q.PostForm.Add(part.FormName(), string(value))
	}
}

// hand hands a file to the ledger, in pieces, and returns its id.
func (p pages) hand(q *layout.Request, purpose ledgerv1.FilePurpose, part *multipart.Part) (string, error) {
	// Each try has ids of its own: a file that was refused, and another of the same name, are not one.
	id := uuid.NewString()
	f, err := p.Books.StartFile(q.Context(), &ledgerv1.StartFileRequest{RequestId: id + ".start", Name: part.FileName(), Purpose: purpose})
	if err != nil {
		return "", err
	}
	at, b := int64(0), make([]byte, piece)
	for n := 0; ; n++ {
		got, err := io.ReadFull(part, b)
		if got > 0 {
			if _, err := p.Books.AppendFile(q.Context(), &ledgerv1.AppendFileRequest{RequestId: id + "." + strconv.Itoa(n), File: f.GetId(), Offset: at, Data: b[:got]}); err != nil {
				return "", err
			}
			at += int64(got)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	f, err = p.Books.FinishFile(q.Context(), &ledgerv1.FinishFileRequest{RequestId: id + ".finish", File: f.GetId()})
	return f.GetId(), err
}

// download sends a file of evidence, which no browser shows as a page.
func (p pages) download(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	stream, err := p.Books.DownloadFile(q.Context(), &ledgerv1.DownloadFileRequest{File: q.PathValue("file")})
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	md, err := stream.Header()
	if err != nil {
		return err
	}
	h := q.Writer.Header()
	rest.DownloadHeaders(h, strings.Join(md.Get("content-disposition"), ""))
	h.Set("Content-Type", first.GetContentType())
	h.Set("Cache-Control", "no-store")
	q.Writer.WriteHeader(http.StatusOK)
	for err == nil {
		if _, err = q.Writer.Write(first.GetData()); err == nil {
			first, err = stream.Recv()
		}
	}
	return nil // The status is sent: a broken connection tells the browser that the file is not whole.
}
