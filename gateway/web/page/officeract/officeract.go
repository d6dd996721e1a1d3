// Package officeract shows members what officers did by their offices, from all four rooms, newest first.
package officeract

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

//go:embed *.html
var files embed.FS

// size is how many acts a page shows.
const size = 40

// act is one of any room: the rooms' messages differ in nothing but their package.
type act interface {
	GetId() string
	GetActTime() *timestamppb.Timestamp
	GetMember() string
	GetRole() string
	GetRegion() string
	GetMethod() string
	GetSubjectKind() string
	GetSubject() string
	GetCount() int64
	GetCounted() bool
	GetPageToken() string
}

// source lists the acts of a room from a page token on, and says whether there are more.
type source func(ctx context.Context, token string) (all []act, more bool, err error)

type pages struct {
	*layout.Site
	rooms []source
}

// Register adds the page to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{Site: s, rooms: sources(s)}
	j.Get("/officers/acts", p.list)
	return nil
}

func sources(s *layout.Site) []source {
	rooms := s.Rooms()
	membership, ledger := membershipv1.NewOfficerActsServiceClient(rooms.Membership), ledgerv1.NewOfficerActsServiceClient(rooms.Ledger)
	motions, ballots := motionsv1.NewOfficerActsServiceClient(rooms.Motions), ballotsv1.NewOfficerActsServiceClient(rooms.Ballots)
	return []source{
		func(ctx context.Context, token string) ([]act, bool, error) {
			r, err := membership.ListOfficerActs(ctx, &membershipv1.ListOfficerActsRequest{PageSize: size, PageToken: token})
			return asActs(r.GetActs()), r.GetNextPageToken() != "", err
		},
		func(ctx context.Context, token string) ([]act, bool, error) {
			r, err := ledger.ListOfficerActs(ctx, &ledgerv1.ListOfficerActsRequest{PageSize: size, PageToken: token})
			return asActs(r.GetActs()), r.GetNextPageToken() != "", err
		},
		func(ctx context.Context, token string) ([]act, bool, error) {
			r, err := motions.ListOfficerActs(ctx, &motionsv1.ListOfficerActsRequest{PageSize: size, PageToken: token})
			return asActs(r.GetActs()), r.GetNextPageToken() != "", err
		},
		func(ctx context.Context, token string) ([]act, bool, error) {
			r, err := ballots.ListOfficerActs(ctx, &ballotsv1.ListOfficerActsRequest{PageSize: size, PageToken: token})
			return asActs(r.GetActs()), r.GetNextPageToken() != "", err
		},
	}
}

func asActs[A act](all []A) []act {
	out := make([]act, len(all))
	for i, a := range all {
		out[i] = a
	}
	return out
}

// merge asks every room for the acts after a token and returns the newest of them all, and the token of the next page. A token says
// an instant, so one is good for every room.
func merge(ctx context.Context, rooms []source, token string) ([]act, string, error) {
	lists, more, errs := make([][]act, len(rooms)), make([]bool, len(rooms)), make([]error, len(rooms))
	var wg sync.WaitGroup
	for i, room := range rooms {
		wg.Go(func() { lists[i], more[i], errs[i] = room(ctx, token) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, "", err
		}
	}
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b act) int {
		if c := b.GetActTime().AsTime().Compare(a.GetActTime().AsTime()); c != 0 {
			return c
		}
		return strings.Compare(b.GetId(), a.GetId())
	})
	if len(all) > size {
		return all[:size], all[size-1].GetPageToken(), nil
	}
	if slices.Contains(more, true) {
		return all, all[len(all)-1].GetPageToken(), nil
	}
	return all, "", nil
}

type shown struct {
	Text, Who, Role, When, Href string
}

type view struct {
	Acts  []shown
	Next  string
	First bool
}

func (p pages) list(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	token := q.URL.Query().Get("page")
	all, next, err := merge(q.Context(), p.rooms, token)
	if err != nil {
		return err
	}
	names, err := p.names(q)
	if err != nil {
		return err
	}
	v := view{First: token == ""}
	for _, a := range all {
		v.Acts = append(v.Acts, say(q, a, names))
	}
	if next != "" {
		v.Next = "/officers/acts?" + url.Values{"page": {next}}.Encode()
	}
	return q.Show(http.StatusOK, "acts.html", layout.Page{Title: q.T("acts.title"), View: v, Back: "/officers"})
}

// names are those of all who hold or held an office.
func (p pages) names(q *layout.Request) (map[string]string, error) {
	reply, err := p.Membership.ListOfficers(q.Context(), &membershipv1.ListOfficersRequest{})
	names := map[string]string{}
	for _, g := range reply.GetGrants() {
		names[g.GetMember()] = g.GetName()
	}
	return names, err
}

// ID is the id of the sentence for a method, "/folkmoot.motions.v1.MotionsService/OpenVote": acts.MotionsService.OpenVote.
func ID(method string) string {
	service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return "acts." + service[strings.LastIndexByte(service, '.')+1:] + "." + name
}

func say(q *layout.Request, a act, names map[string]string) shown {
	out := shown{Who: names[a.GetMember()], When: q.DateTime(a.GetActTime()), Href: href(a)}
	if out.Who == "" {
		out.Who = q.T("officer.somebody")
	}
	if id := ID(a.GetMethod()); q.Has(id) {
		out.Text = q.T(id)
	} else {
		out.Text = q.T("acts.unknown", "Method", a.GetMethod())
	}
	if a.GetCounted() {
		out.Text = q.T("acts.counted", "What", out.Text, "Count", a.GetCount())
		out.When = q.Date(a.GetActTime())
	}
	role := membershipv1.Role(membershipv1.Role_value["ROLE_"+strings.ToUpper(a.GetRole())])
	if role == membershipv1.Role_ROLE_UNSPECIFIED {
		out.Role = q.T("acts.operator")
	} else {
		out.Role = q.RoleName(&membershipv1.HeldRole{Role: role, Region: a.GetRegion()})
	}
	return out
}

// hrefs are where what an act was about is shown.
var hrefs = map[string]string{"meeting": "/meetings/", "motion": "/motions/", "ballot": "/ballots/", "entry": "/ledger/entries/", "member": "/members/"}

func href(a act) string {
	if path, ok := hrefs[a.GetSubjectKind()]; ok && a.GetSubject() != "" {
		return path + url.PathEscape(a.GetSubject())
	}
	if a.GetSubjectKind() == "role_grant" {
		return "/officers"
	}
	return ""
}
