// Package publiclog is the public logs for people: how far each reaches, which witnesses have signed it, and whether a
// checkpoint that somebody kept is still what the log begins with.
package publiclog

import (
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
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
	j.Get("/logs", func(q *layout.Request) error { return p.show(q, nil) })
	j.Post("/logs/compare", p.compare)
	j.Get("/logs/compare", func(q *layout.Request) error { return q.See("/logs#compare") })
	return nil
}

// names are the logs, as their addresses have them.
var names = []string{"register", "ledger", "ballots"}

// read fetches a file of a log.
func (p pages) read(ctx context.Context, log, path string) ([]byte, error) {
	var body *httpbody.HttpBody
	var err error
	switch log {
	case "register":
		body, err = p.Membership.ReadLog(ctx, &membershipv1.ReadLogRequest{Path: path})
	case "ballots":
		body, err = p.Records.ReadLog(ctx, &ballotsv1.ReadLogRequest{Path: path})
	default:
		body, err = p.Ledger.ReadLog(ctx, &ledgerv1.ReadLogRequest{Path: path})
	}
	return body.GetData(), err
}

// witness is one as a log's file "witnesses" lists it.
type witness struct {
	Name    string `json:"name"`
	Key     string `json:"vkey"`
	Size    int64  `json:"size"`
	Signed  int64  `json:"signed"`
	Problem string `json:"problem"`

	// What the page says of it.
	Text string   `json:"-"`
	Tag  form.Tag `json:"-"`
}

type logView struct {
	Name, Title, Key, Checkpoint string
	Size                         int64
	Root                         string
	Damaged                      string
	Witnesses                    []witness
}

type view struct {
	Logs       []logView
	Checkpoint *form.Field
}

func (p pages) log(q *layout.Request, name string) (logView, error) {
	v := logView{Name: name, Title: q.T("publiclog." + name)}
	key, err := p.read(q.Context(), name, "vkey")
	if err != nil {
		return v, err
	}
	v.Key = strings.TrimSpace(string(key))
	signed, err := p.read(q.Context(), name, "checkpoint")
	if reason, _ := layout.Reason(err); err != nil && reason == "LOG_DAMAGED" {
		v.Damaged = status.Convert(err).Message()
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Checkpoint = string(signed)
	if h, err := read(v.Checkpoint); err == nil {
		v.Size, v.Root = h.tree.N, base64.StdEncoding.EncodeToString(h.tree.Hash[:])
	}
	raw, err := p.read(q.Context(), name, "witnesses")
	if err != nil {
		return v, err
	}
	var all struct{ Witnesses []witness }
	if err := json.Unmarshal(raw, &all); err != nil {
		return v, err
	}
	for _, w := range all.Witnesses {
		v.Witnesses = append(v.Witnesses, say(q, w, v.Size))
	}
	return v, nil
}

// say puts what a witness did in words.
func say(q *layout.Request, w witness, size int64) witness {
	when := q.DateTime(timestamppb.New(time.Unix(w.Signed, 0)))
	switch {
	case w.Problem == "HAS_SEEN_MORE" || w.Problem == "HAS_SEEN_ANOTHER":
		w.Tag = form.Tag{Text: q.T("publiclog.refuses"), Classes: "govuk-tag--red"}
		w.Text = q.T("publiclog.problem." + w.Problem)
	case w.Problem != "":
		w.Tag = form.Tag{Text: q.T("publiclog.silent"), Classes: "govuk-tag--yellow"}
		w.Text = q.T("publiclog.problem.silent")
		if w.Size > 0 {
			w.Text += " " + q.T("publiclog.lastSigned", "Count", w.Size, "When", when)
		}
	case w.Size < size:
		w.Tag = form.Tag{Text: q.T("publiclog.behind"), Classes: "govuk-tag--blue"}
		w.Text = q.T("publiclog.lastSigned", "Count", w.Size, "When", when)
	default:
		w.Tag = form.Tag{Text: q.T("publiclog.signed"), Classes: "govuk-tag--green"}
		w.Text = q.T("publiclog.signedAll", "Count", w.Size, "When", when)
	}
	return w
}

func (p pages) show(q *layout.Request, wrong []form.Wrong) error {
	v := view{}
	for _, name := range names {
		l, err := p.log(q, name)
		if err != nil {
			return err
		}
		v.Logs = append(v.Logs, l)
	}
	f, code := q.FormOf(wrong)
	v.Checkpoint = f.Hinted("checkpoint", "publiclog.held", "publiclog.heldHint")
	v.Checkpoint.NoSpelling, v.Checkpoint.Rows = true, 7
	return q.Show(code, "logs.html", layout.Page{Title: q.T("publiclog.title"), View: v, Errors: f.Summary(), Here: "/logs"})
}

type compareView struct {
	Tag        form.Tag
	Text, Next string
	Facts      []form.Row
	Proof      []string
	Log        string
}

func (p pages) compare(q *layout.Request) error {
	h, err := read(q.PostFormValue("checkpoint"))
	if err != nil {
		return p.show(q, []form.Wrong{{Field: "checkpoint", Text: q.T("publiclog.notCheckpoint")}})
	}
	v, err := p.verdict(q, h)
	if err != nil {
		return err
	}
	return q.Show(http.StatusOK, "compared.html", layout.Page{Title: q.T("publiclog.compared"), View: v, Back: "/logs", Here: "/logs"})
}

func (p pages) verdict(q *layout.Request, h held) (compareView, error) {
	v := compareView{Facts: []form.Row{{Key: q.T("publiclog.origin"), Value: h.origin}, {Key: q.T("publiclog.heldSize"), Value: h.tree.N},
		{Key: q.T("publiclog.heldRoot"), Value: base64.StdEncoding.EncodeToString(h.tree.Hash[:])}}}
	verdict := Another
	for _, name := range names {
		l, err := p.log(q, name)
		if err != nil {
			return v, err
		}
		origin, _, _ := strings.Cut(l.Key, "+")
		if origin != h.origin {
			continue
		}
		v.Log = l.Title
		if verdict = Unsigned; !h.signedBy(l.Key) {
			break
		}
		if l.Damaged != "" {
			return v, status.Error(codes.Unavailable, l.Damaged)
		}
		now, err := read(l.Checkpoint)
		if err != nil {
			return v, err
		}
		var shown proven
		verdict, shown, err = h.compare(now.tree, func(older, newer int64) (proven, error) { return p.prove(q.Context(), name, older, newer) })
		if err != nil {
			return v, err
		}
		v.Facts = append(v.Facts, form.Row{Key: q.T("publiclog.nowSize"), Value: now.tree.N}, form.Row{Key: q.T("publiclog.nowRoot"), Value: l.Root})
		if shown.OlderRoot != "" {
			v.Facts = append(v.Facts, form.Row{Key: q.T("publiclog.thenRoot", "Size", h.tree.N), Value: shown.OlderRoot})
		}
		for _, hash := range shown.Proof {
			v.Proof = append(v.Proof, base64.StdEncoding.EncodeToString(hash[:]))
		}
	}
	v.Tag = form.Tag{Text: q.T("publiclog.verdict." + string(verdict)), Classes: "govuk-tag--red"}
	if verdict == Consistent {
		v.Tag.Classes = "govuk-tag--green"
	}
	v.Text = q.T("publiclog.means."+string(verdict), "Size", h.tree.N)
	v.Next = q.T("publiclog.next." + string(verdict))
	return v, nil
}

func (p pages) prove(ctx context.Context, name string, older, newer int64) (proven, error) {
	var out proven
	raw, err := p.read(ctx, name, fmt.Sprintf("consistency/%d/%d", older, newer))
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}
