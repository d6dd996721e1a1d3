package server

import (
	"bytes"
	"encoding/csv"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

const (
	// copyPiece is about how many bytes of a copy go into one message, and copyPage how many entries are read at a time.
	copyPiece = 64 << 10
	copyPage  = 500
)

func viewOf(v membershipv1.RegisterView) membership.View {
	switch v {
	case membershipv1.RegisterView_REGISTER_VIEW_STATUTORY:
		return membership.ViewStatutory
	case membershipv1.RegisterView_REGISTER_VIEW_DUPLICATE:
		return membership.ViewDuplicate
	default:
		return membership.ViewList
	}
}

// ExportRegister writes a copy of the register, a piece at a time. That it is made is recorded before anything of it is read.
func (s *Server) ExportRegister(r *membershipv1.ExportRegisterRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	ctx, now := stream.Context(), s.cfg.Now()
	by := auth.FromContext(ctx).Member
	view := viewOf(r.GetView())
	event, err := membership.Copy(view, r.GetGround(), r.GetInspector(), now, by)
	if err != nil {
		return err
	}
	if err := s.store.RecordCopy(ctx, by, event); err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	send := func() error {
		w.Flush()
		defer b.Reset()
		return stream.Send(&httpbody.HttpBody{ContentType: "text/csv; charset=utf-8", Data: bytes.Clone(b.Bytes())})
	}
	told, err := s.store.Rules(ctx)
	if err != nil {
		return err
	}
	rule := membership.RuleAt(told, now)
	if err := w.Write(view.Heading(rule.Registered, rule.PoundIsShare)); err != nil {
		return err
	}
	for after := int64(0); ; {
		all, err := s.store.RegisterPage(ctx, after, copyPage)
		if err != nil {
			return err
		}
		for _, m := range all {
			after = m.Number
			if err := w.Write(view.Line(entryOf(m, rule, now), rule.Registered, rule.PoundIsShare, s.cfg.Zone)); err != nil {
				return err
			}
			if b.Len() > copyPiece {
				if err := send(); err != nil {
					return err
				}
			}
		}
		if len(all) < copyPage {
			return send()
		}
	}
}

func entryOf(m store.Member, rule membership.Rule, now time.Time) membership.Entry {
	state := m.History.On(now)
	return membership.Entry{
		Number: m.Number, Name: m.Name, Email: m.Email, Region: state.Region, Language: m.Language, Address: m.Address, Offices: m.Offices,
		State: state, Standing: state.Standing(rule.Required),
	}
}
