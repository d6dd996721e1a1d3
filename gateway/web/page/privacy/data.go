package privacy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// mostPages bounds how far a list of another room is followed, a thousand at a time.
const mostPages = 50

// data is what all rooms hold on a person, each in its own form of the API.
type data struct {
	Format     string            `json:"format"`
	Membership json.RawMessage   `json:"membership"`
	Donations  []json.RawMessage `json:"ledger_entries"`
	Motions    []json.RawMessage `json:"motions_moved_or_seconded"`
	Ballots    []ballot          `json:"ballots"`
}

// ballot says whether the person was on its roll, and their receipt if they voted. How they voted in secret nobody can say.
type ballot struct {
	Ballot   string          `json:"ballot"`
	Question string          `json:"question"`
	Mine     json.RawMessage `json:"mine"`
}

func raw(m proto.Message) (json.RawMessage, error) { return protojson.Marshal(m) }

// collect asks every room, in the person's own name, for what it holds on them.
func (p pages) collect(q *layout.Request) (data, error) {
	d := data{Format: "folkmoot/my-data/v1", Donations: []json.RawMessage{}, Motions: []json.RawMessage{}, Ballots: []ballot{}}
	own, err := p.privacy.GetMyData(q.Context(), &membershipv1.GetMyDataRequest{})
	if err != nil {
		return d, err
	}
	d.Membership = own.GetData()
	if err := p.collectDonations(q, &d); err != nil {
		return d, err
	}
	if err := p.collectMotions(q, &d); err != nil {
		return d, err
	}
	return d, p.collectBallots(q, &d)
}

func (p pages) collectDonations(q *layout.Request, d *data) error {
	token := ""
	for range mostPages {
		reply, err := p.Ledger.ListMyDonations(q.Context(), &ledgerv1.ListMyDonationsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return err
		}
		for _, e := range reply.GetEntries() {
			one, err := raw(e)
			if err != nil {
				return err
			}
			d.Donations = append(d.Donations, one)
		}
		if token = reply.GetNextPageToken(); token == "" {
			return nil
		}
	}
	return nil
}

func (p pages) collectMotions(q *layout.Request, d *data) error {
	token := ""
	for range mostPages {
		reply, err := p.Motions.ListMotions(q.Context(), &motionsv1.ListMotionsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return err
		}
		for _, m := range reply.GetMotions() {
			if m.GetMover() != q.Viewer.Member && m.GetSeconder() != q.Viewer.Member {
				continue
			}
			one, err := raw(m)
			if err != nil {
				return err
			}
			d.Motions = append(d.Motions, one)
		}
		if token = reply.GetNextPageToken(); token == "" {
			return nil
		}
	}
	return nil
}

func (p pages) collectBallots(q *layout.Request, d *data) error {
	token := ""
	for range mostPages {
		reply, err := p.Ballots.ListBallots(q.Context(), &ballotsv1.ListBallotsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return err
		}
		for _, b := range reply.GetBallots() {
			mine, err := p.Ballots.GetMyVote(q.Context(), &ballotsv1.GetMyVoteRequest{Ballot: b.GetId()})
			if err != nil {
				return err
			}
			if !mine.GetOnRoll() {
				continue
			}
			one, err := raw(mine)
			if err != nil {
				return err
			}
			d.Ballots = append(d.Ballots, ballot{b.GetId(), b.GetQuestion(), one})
		}
		if token = reply.GetNextPageToken(); token == "" {
			return nil
		}
	}
	return nil
}

func (p pages) download(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	d, err := p.collect(q)
	if err != nil {
		return err
	}
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	h := q.Writer.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="my-data.json"`)
	h.Set("Cache-Control", "no-store")
	q.Writer.WriteHeader(http.StatusOK)
	_, _ = q.Writer.Write(append(out, '\n'))
	return nil
}

// part is one part of the readable page: a heading and lines of names and values.
type part struct {
	Title string
	Items [][]line
}

type line struct{ Name, Value string }

// readable writes everything in the file as lists that a person can read, in the order of the file, with the file's own names: what
// the page shows is what the file holds.
func readable(q *layout.Request, d data) []part {
	var membership map[string]any
	if json.Unmarshal(d.Membership, &membership) != nil {
		return nil
	}
	var parts []part
	for _, name := range []string{"entry", "history", "offices", "rolls", "sessions", "attempts", "access_needs"} {
		if p := (part{q.T("privacy.section." + name), items(membership[name])}); len(p.Items) > 0 {
			parts = append(parts, p)
		}
	}
	for _, more := range []struct {
		name string
		all  []json.RawMessage
	}{{"donations", d.Donations}, {"motions", d.Motions}} {
		p := part{Title: q.T("privacy.section." + more.name)}
		for _, one := range more.all {
			var v any
			if json.Unmarshal(one, &v) == nil {
				p.Items = append(p.Items, items(v)...)
			}
		}
		if len(p.Items) > 0 {
			parts = append(parts, p)
		}
	}
	p := part{Title: q.T("privacy.section.ballots")}
	for _, b := range d.Ballots {
		var mine struct{ Receipt struct{ Code string } }
		_ = json.Unmarshal(b.Mine, &mine) // Nothing but what protojson wrote.
		p.Items = append(p.Items, lines(map[string]any{"question": b.Question, "receipt": mine.Receipt.Code}))
	}
	if len(p.Items) > 0 {
		parts = append(parts, p)
	}
	return parts
}

func items(v any) [][]line {
	switch v := v.(type) {
	case map[string]any:
		return [][]line{lines(v)}
	case []any:
		var all [][]line
		for _, one := range v {
			if m, ok := one.(map[string]any); ok {
				all = append(all, lines(m))
			}
		}
		return all
	}
	return nil
}

func lines(m map[string]any) []line {
	var out []line
	for name, v := range m {
		switch v := v.(type) {
		case nil:
		case string:
			if strings.TrimSpace(v) != "" {
				out = append(out, line{name, v})
			}
		case float64:
			out = append(out, line{name, fmt.Sprintf("%.0f", v)})
		case bool:
			out = append(out, line{name, fmt.Sprint(v)})
		default:
			if raw, err := json.Marshal(v); err == nil && string(raw) != "[]" {
				out = append(out, line{name, string(raw)})
			}
		}
	}
	slices.SortFunc(out, func(a, b line) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
