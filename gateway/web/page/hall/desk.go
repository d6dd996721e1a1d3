package hall

import (
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

type recordRow struct {
	Record *motionsv1.PresenceRecord
	What   string
	// MayStrike is true for what was not struck and is no strike itself.
	MayStrike bool
}

type deskView struct {
	Meeting *motionsv1.Meeting
	Badge   *form.Field
	Read    form.Button
	// Shown is whose badge it is.
	Shown       *motionsv1.Attendee
	Unconfirmed []*motionsv1.Attendee
	Records     []recordRow
	Present     int64
}

// desk is where an officer of the meeting takes people in: by badge, or by name on the page beside it.
func (p pages) desk(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	list, err := p.attendance.ListPresence(q.Context(), &motionsv1.ListPresenceRequest{Meeting: m.GetId()})
	if err != nil {
		return err
	}
	v := deskView{Meeting: m, Unconfirmed: list.GetUnconfirmed(), Present: list.GetPresentCount()}
	if badge := q.URL.Query().Get("badge"); badge != "" && wrong == nil {
		if v.Shown, err = p.attendance.ReadBadge(q.Context(), &motionsv1.ReadBadgeRequest{Meeting: m.GetId(), Badge: badge}); err != nil {
			if wrong, err = q.Wrong(err); err != nil {
				return err
			}
		}
	}
	f, code := q.FormOf(wrong)
	v.Badge, v.Read = f.Hinted("badge", "hall.badge", "hall.badgeHint"), form.Button{Text: q.T("hall.readBadge"), Classes: "govuk-button--secondary"}
	v.Badge.NoSpelling, v.Badge.Autocomplete = true, "off"
	for _, r := range list.GetRecords() {
		v.Records = append(v.Records, recordRow{Record: r, What: what(q, r), MayStrike: !r.GetStruck() && r.GetKind() != motionsv1.PresenceKind_PRESENCE_KIND_STRUCK})
	}
	page := layout.Page{Title: q.T("hall.desk"), View: v, Errors: f.Summary(), Back: "/meetings/" + m.GetId() + "/run", Here: "/meetings/" + m.GetId() + "/desk"}
	switch done := q.URL.Query().Get("done"); done {
	case "arrived", "left", "struck":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("hall.recorded." + done), Success: true}
	}
	return q.Show(code, "desk.html", page)
}

// what puts a record in words.
func what(q *layout.Request, r *motionsv1.PresenceRecord) string {
	kind := map[motionsv1.PresenceKind]string{
		motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED: "arrived", motionsv1.PresenceKind_PRESENCE_KIND_LEFT: "left", motionsv1.PresenceKind_PRESENCE_KIND_ASKED: "asked",
		motionsv1.PresenceKind_PRESENCE_KIND_APOLOGIES: "apologies", motionsv1.PresenceKind_PRESENCE_KIND_STRUCK: "struck",
	}[r.GetKind()]
	means := map[motionsv1.PresenceMeans]string{
		motionsv1.PresenceMeans_PRESENCE_MEANS_DESK: "desk", motionsv1.PresenceMeans_PRESENCE_MEANS_SELF: "self", motionsv1.PresenceMeans_PRESENCE_MEANS_ONLINE: "online",
	}[r.GetMeans()]
	return q.T("hall.kind."+kind) + " · " + q.T("hall.means."+means)
}

var taken = map[string]motionsv1.PresenceKind{"arrived": motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED, "left": motionsv1.PresenceKind_PRESENCE_KIND_LEFT}

func (p pages) take(q *layout.Request) error {
	id, kind := q.PathValue("meeting"), q.Typed("what")
	if kind == "badge" {
		if wrong := q.Missing("badge", "hall.badgeNeeded"); len(wrong) > 0 {
			return p.desk(q, wrong)
		}
		return q.See("/meetings/" + id + "/desk?badge=" + url.QueryEscape(q.Typed("badge")))
	}
	_, err := p.attendance.RecordPresence(q.Context(), &motionsv1.RecordPresenceRequest{RequestId: q.RequestID(), Meeting: id, Member: q.Typed("member"), Kind: taken[kind]})
	if err != nil {
		return q.Again(err, p.desk)
	}
	return q.See("/meetings/" + id + "/desk?done=" + kind)
}

type strikeView struct {
	Meeting *motionsv1.Meeting
	Record  recordRow
	Reason  *form.Field
}

func (p pages) striking(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	list, err := p.attendance.ListPresence(q.Context(), &motionsv1.ListPresenceRequest{Meeting: m.GetId()})
	if err != nil {
		return err
	}
	for _, r := range list.GetRecords() {
		if r.GetId() != q.PathValue("record") {
			continue
		}
		f, code := q.FormOf(wrong)
		v := strikeView{Meeting: m, Record: recordRow{Record: r, What: what(q, r)}, Reason: f.Hinted("reason", "ledger.why", "hall.strikeHint")}
		return q.Show(code, "strike.html", layout.Page{Title: q.T("hall.strike"), View: v, Errors: f.Summary(), Back: "/meetings/" + m.GetId() + "/desk"})
	}
	return layout.ErrNotFound
}

func (p pages) strike(q *layout.Request) error {
	id := q.PathValue("meeting")
	if wrong := q.Missing("reason", "roll.whyNeeded"); len(wrong) > 0 {
		return p.striking(q, wrong)
	}
	_, err := p.attendance.StrikePresence(q.Context(), &motionsv1.StrikePresenceRequest{RequestId: q.RequestID(), Meeting: id, Record: q.PathValue("record"), Reason: q.Typed("reason")})
	if err != nil {
		return q.Again(err, p.striking)
	}
	return q.See("/meetings/" + id + "/desk?done=struck")
}
