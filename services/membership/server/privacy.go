package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// GetMyRetention says what is held on the caller, why, and until when.
func (s *Server) GetMyRetention(ctx context.Context, _ *membershipv1.GetMyRetentionRequest) (*membershipv1.Retention, error) {
	return s.retention(ctx, auth.FromContext(ctx).Member)
}

// The grounds on which something is held.
const (
	byLaw      = "law"
	byContract = "contract"
	byAccounts = "accounts"
	byConsent  = "consent"
)

func (s *Server) retention(ctx context.Context, member string) (*membershipv1.Retention, error) {
	now := s.cfg.Now()
	d, err := s.store.Data(ctx, member, now)
	if err != nil {
		return nil, err
	}
	erased, _, err := s.store.Erasures(ctx, member)
	if err != nil {
		return nil, err
	}
	state, rule := d.History.On(now), membership.RuleAt(d.Rules, now)
	contact, entry := state.Until(rule)
	years := rule.RetentionYears
	if years == 0 {
		years = membership.DefaultRetention
	}
	out := &membershipv1.Retention{LeftTime: instant(state.Left), EraseTime: instant(erased), Years: years}
	hold := func(part string, count int, basis string, until time.Time, erasable bool) {
		if count > 0 {
			out.Held = append(out.Held, &membershipv1.HeldData{Part: part, Count: int64(count), Basis: basis, Until: instant(until), Erasable: erasable})
		}
	}
	hold("entry", 1, byLaw, entry, false)
	hold("history", len(d.History.Events), byLaw, entry, false)
	hold("offices", len(d.Grants), byLaw, entry, false)
	hold("rolls", len(d.Rolls), byLaw, entry, false)
	hold("donations", len(d.Donations), byAccounts, time.Time{}, false)
	if erased.IsZero() {
		hold("contact", 1, byContract, contact, true)
	}
	hold("sessions", len(d.Sessions), byContract, contact, true)
	hold("attempts", len(d.Attempts), byContract, now.Add(25*time.Hour), true)
	var last time.Time
	for _, n := range d.Needs {
		if n.Until.After(last) {
			last = n.Until
		}
	}
	hold("access_needs", len(d.Needs), byConsent, last, true)
	return out, nil
}

// EraseMe deletes what no law asks for of a person who is no member any more, and signs them out everywhere.
func (s *Server) EraseMe(ctx context.Context, r *membershipv1.EraseMeRequest) (*membershipv1.Retention, error) {
	if !r.GetConfirmed() {
		return nil, fault.Field("NOT_CONFIRMED", "confirmed", "Say that you have read what is erased and what stays.")
	}
	member, now := auth.FromContext(ctx).Member, s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.PrivacyService_EraseMe_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	_, err = s.store.Erase(ctx, request, member, s.cfg.Zone, s.machine(), func() ([]byte, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	s.refreshRevoked(ctx)
	return s.retention(ctx, member)
}

// SetMyAccessNeeds keeps what the caller needs at a meeting until a week after it.
func (s *Server) SetMyAccessNeeds(ctx context.Context, r *membershipv1.SetMyAccessNeedsRequest) (*membershipv1.AccessNeeds, error) {
	now := s.cfg.Now()
	if r.GetMeetingTime() == nil {
		return nil, fault.Field("MEETING_TIME", "meeting_time", "Say when the meeting begins.")
	}
	n, err := membership.NewAccessNeed(membership.AccessNeed{
		Meeting: r.GetMeeting(), Member: auth.FromContext(ctx).Member, Region: r.GetRegion(), Needs: r.GetNeeds(),
	}, r.GetMeetingTime().AsTime(), now)
	if err != nil {
		return nil, err
	}
	request, err := rpc.Once(ctx, membershipv1.PrivacyService_SetMyAccessNeeds_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.SetAccessNeed(ctx, request, n, func(n store.NamedNeed) ([]byte, error) { return proto.Marshal(needProto(n)) })
	return rpc.Reply(&membershipv1.AccessNeeds{}, reply, err)
}

func needProto(n store.NamedNeed) *membershipv1.AccessNeeds {
	out := &membershipv1.AccessNeeds{Meeting: n.Meeting, Member: n.Member, Name: n.Name, Needs: n.Needs}
	if n.Needs != "" {
		out.DeleteTime = instant(n.Until)
	}
	return out
}

func needsProto(all []store.NamedNeed, err error) (*membershipv1.ListAccessNeedsResponse, error) {
	out := &membershipv1.ListAccessNeedsResponse{}
	for _, n := range all {
		out.Needs = append(out.Needs, needProto(n))
	}
	return out, err
}

// ListMyAccessNeeds lists the caller's own.
func (s *Server) ListMyAccessNeeds(ctx context.Context, _ *membershipv1.ListMyAccessNeedsRequest) (*membershipv1.ListAccessNeedsResponse, error) {
	return needsProto(s.store.MyAccessNeeds(ctx, auth.FromContext(ctx).Member, s.cfg.Now()))
}

// ListAccessNeeds lists those of a meeting: all for the secretary, those of their own region's meetings for an organiser.
func (s *Server) ListAccessNeeds(ctx context.Context, r *membershipv1.ListAccessNeedsRequest) (*membershipv1.ListAccessNeedsResponse, error) {
	p := auth.FromContext(ctx)
	var own []string
	for _, role := range p.Roles {
		if role.Name == auth.Organiser && role.Region != "" {
			own = append(own, role.Region)
		}
	}
	acts.About(ctx, "meeting", r.GetMeeting())
	return needsProto(s.store.AccessNeeds(ctx, r.GetMeeting(), p.HoldsAny(auth.Secretary), own, s.cfg.Now()))
}

// GetRetentionReport says what the clock has deleted and what is due.
func (s *Server) GetRetentionReport(ctx context.Context, _ *membershipv1.GetRetentionReportRequest) (*membershipv1.RetentionReport, error) {
	r, err := s.store.Retention(ctx, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := &membershipv1.RetentionReport{Years: r.Rule.RetentionYears, LastRunTime: instant(r.LastRun)}
	if out.Years == 0 {
		out.Years = membership.DefaultRetention
	}
	for _, d := range r.Deleted {
		out.Deletions = append(out.Deletions, &membershipv1.Deletion{Date: d.Day, Kind: d.Kind, Count: d.Count})
	}
	for _, d := range r.Due {
		out.Due = append(out.Due, &membershipv1.DueDeletion{Kind: d.Kind, Count: d.Count, NextTime: instant(d.Next)})
	}
	return out, nil
}

// GetMyData writes everything that this room holds on the caller, as JSON for people and programs.
func (s *Server) GetMyData(ctx context.Context, _ *membershipv1.GetMyDataRequest) (*httpbody.HttpBody, error) {
	now := s.cfg.Now()
	d, err := s.store.Data(ctx, auth.FromContext(ctx).Member, now)
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(dataJSON(d, now), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: encode own data: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: append(raw, '\n')}, nil
}

// object is a JSON object; encoding/json sorts its names.
type object = map[string]any

// when writes an instant, nothing for the zero time.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func each[T any](all []T, write func(T) object) []object {
	out := make([]object, 0, len(all))
	for _, v := range all {
		out = append(out, write(v))
	}
	return out
}

// dataJSON is the form of GetMyData: "folkmoot/my-data/membership/v1".
func dataJSON(d store.Data, now time.Time) object {
	state := d.History.On(now)
	return object{
		"format": "folkmoot/my-data/membership/v1", "written": when(now),
		"entry": object{"member": d.ID, "number": d.Number, "name": d.Name, "email": d.Email, "region": state.Region, "language": d.Language,
			"payment_reference": membership.Reference(d.Number)},
		"history": each(d.History.Events, func(e membership.Event) object {
			return object{"number": e.Number, "kind": e.Kind, "at": when(e.At), "region": e.Region, "reason": e.Reason, "decided_by": e.By}
		}),
		"offices": each(d.Grants, func(g store.NamedGrant) object {
			return object{"grant": g.ID, "role": g.Role, "region": g.Region, "reason": g.Reason, "granted_by": g.GrantedBy, "granted": when(g.Granted),
				"approved_by": g.ApprovedBy, "started": when(g.Started), "ended": when(g.Ended), "ended_by": g.EndedBy, "end_reason": g.EndReason}
		}),
		"donations_told_by_the_ledger": each(d.Donations, func(t store.Told) object {
			return object{"position": t.Position, "entry": t.Entry, "reverses": t.Reverses, "pence": t.Pence, "at": when(t.At)}
		}),
		"sessions": each(d.Sessions, func(s membership.Session) object {
			return object{"made": when(s.Made), "used": when(s.Used), "ended": s.Ended, "made_by_operator": s.Operator}
		}),
		"attempts": each(d.Attempts, func(a store.Asked) object {
			return object{"kind": a.Kind, "made": when(a.Made), "expires": when(a.Expires)}
		}),
		"rolls": each(d.Rolls, func(r store.Standing) object {
			return object{"roll": r.Roll, "purpose": r.Purpose, "region": r.Region, "frozen": when(r.Frozen), "number": r.Number}
		}),
		"access_needs": each(d.Needs, func(n store.NamedNeed) object {
			return object{"meeting": n.Meeting, "region": n.Region, "needs": n.Needs, "deleted": when(n.Until)}
		}),
		"public_log_leaves": d.Leaves,
	}
}

// retain deletes what is due, as often as there is more.
func (s *Server) retain(ctx context.Context) error {
	for {
		more, err := s.store.Retain(ctx, s.cfg.Now(), s.machine(), s.cfg.Zone)
		if err != nil || !more {
			return err
		}
	}
}
