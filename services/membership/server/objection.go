package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// objectionProto writes an objection. whole is for those who decide: the others do not learn whose number it is.
func objectionProto(o store.NamedObjection, whole bool) *membershipv1.Objection {
	out := &membershipv1.Objection{
		Objection: o.Number, Number: o.Entry, Text: o.Text, ObjectTime: instant(o.At), AnswerTime: instant(o.Answered), Upheld: o.Upheld, Reason: o.Reason, By: o.By,
	}
	if whole {
		out.Member, out.Name = o.Member, o.Name
	}
	return out
}

// ObjectToEntry asks the secretary or the chair to look at an entry.
func (s *Server) ObjectToEntry(ctx context.Context, r *membershipv1.ObjectToEntryRequest) (*membershipv1.Objection, error) {
	now, by := s.cfg.Now(), auth.FromContext(ctx).Member
	request, err := rpc.Once(ctx, membershipv1.RegisterService_ObjectToEntry_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.Object(ctx, request, by, r.GetNumber(), func(mine, whom store.Case, waiting int) (membership.Event, error) {
		d := membership.Decision{Member: whom.ID, By: by, Reason: r.GetText(), At: now}
		return d.Object(mine.State, whom.State, waiting)
	}, func(o store.NamedObjection) ([]byte, error) { return proto.Marshal(objectionProto(o, false)) })
	return rpc.Reply(&membershipv1.Objection{}, reply, err)
}

// ListObjections lists all for those who decide, else the caller's own.
func (s *Server) ListObjections(ctx context.Context, _ *membershipv1.ListObjectionsRequest) (*membershipv1.ListObjectionsResponse, error) {
	p := auth.FromContext(ctx)
	whole, by := p.HoldsAny(keepers...), p.Member
	if whole {
		acts.Exercise(ctx, p.Office(keepers...))
		by = ""
	}
	all, err := s.store.Objections(ctx, by)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListObjectionsResponse{}
	for _, o := range all {
		out.Objections = append(out.Objections, objectionProto(o, whole))
	}
	return out, nil
}

// AnswerObjection is the decision on an objection.
func (s *Server) AnswerObjection(ctx context.Context, r *membershipv1.AnswerObjectionRequest) (*membershipv1.Objection, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RegisterService_AnswerObjection_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	by := auth.FromContext(ctx).Member
	reply, err := s.store.AnswerObjection(ctx, request, r.GetObjection(), func(o membership.Objection) (membership.Event, error) {
		return membership.Decision{Member: o.Member, By: by, Reason: r.GetReason(), At: now}.Answer(o, r.GetUpheld())
	}, func(o store.NamedObjection) ([]byte, error) { return proto.Marshal(objectionProto(o, true)) })
	return rpc.Reply(&membershipv1.Objection{}, reply, err)
}
