package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// debateFor returns a motion with its amendments, where the caller may see the motion.
func (s *Server) debateFor(ctx context.Context, motion string) (store.MotionFacts, error) {
	f, err := s.store.MotionWithMeeting(ctx, motion, s.reading(ctx))
	if err != nil {
		return store.MotionFacts{}, err
	}
	if f.Motion.Amends != nil {
		return store.MotionFacts{}, motions.MotionNotFound()
	}
	return f, s.visible(ctx, f.Motion)
}

// amendmentsShown are the ids of the amendments that the caller may know of. The register is asked once at most.
func (s *Server) amendmentsShown(ctx context.Context, d motions.Debate) (map[string]bool, error) {
	caller := callerOf(ctx)
	person := motions.Person{}
	shown := map[string]bool{}
	asked := caller.Member == ""
	for _, m := range d.Amendments {
		if !asked && m.State == motions.Moved && !caller.MaySeeMotion(m, person) {
			var err error
			if person, err = s.person(ctx, caller.Member); err != nil {
				return nil, err
			}
			asked = true
		}
		shown[m.ID] = caller.MaySeeMotion(m, person)
	}
	return shown, nil
}

// ListAmendments returns a motion's clauses, its amendments in the order of voting, their clashes, and the versions of
// the text.
func (s *Server) ListAmendments(ctx context.Context, req *motionsv1.ListAmendmentsRequest) (*motionsv1.ListAmendmentsResponse, error) {
	f, err := s.debateFor(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	shown, err := s.amendmentsShown(ctx, f.Debate)
	if err != nil {
		return nil, err
	}
	texts, err := s.store.Texts(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	now := s.Now()
	last, _ := f.At.Terms.AmendmentDeadline(f.At.Meeting, s.Zone)
	out := &motionsv1.ListAmendmentsResponse{
		Clauses: clausesProto(amend.Parse(f.Debate.Base)), Versions: versionsProto(texts), Deadline: stamp(last),
		Open:         motions.Amendable(f.Debate, f.At.Meeting, f.At.Terms, now, s.Zone) == nil,
		ToAmendments: f.At.Terms.Amending.ToAmendments, Friendly: f.At.Terms.Amending.Friendly && f.Motion.TabledBy == nil,
		Clashes: clashesProto(f.Debate.Clashes(), func(id string) bool { return shown[id] }),
	}
	for _, m := range f.Debate.InOrder() {
		if shown[m.ID] {
			out.Amendments = append(out.Amendments, amendmentProto(f.Debate, m))
		}
	}
	return out, nil
}

// ReadMotion returns how a motion would read with amendments.
func (s *Server) ReadMotion(ctx context.Context, req *motionsv1.ReadMotionRequest) (*motionsv1.Reading, error) {
	f, err := s.debateFor(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	shown, err := s.amendmentsShown(ctx, f.Debate)
	if err != nil {
		return nil, err
	}
	for _, id := range req.GetAmendments() {
		if !shown[id] {
			return nil, motions.MotionNotFound()
		}
	}
	lines, err := f.Debate.Reads(req.GetAmendments()...)
	if err != nil {
		return nil, err
	}
	return &motionsv1.Reading{Lines: linesProto(lines), Text: amend.Join(amend.Clauses(lines))}, nil
}

// CheckAmendment says what an amendment would change. It moves nothing.
func (s *Server) CheckAmendment(ctx context.Context, req *motionsv1.CheckAmendmentRequest) (*motionsv1.CheckAmendmentResponse, error) {
	f, err := s.debateFor(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	shown, err := s.amendmentsShown(ctx, f.Debate)
	if err != nil {
		return nil, err
	}
	d := f.Debate
	edits := editsOf(req.GetEdits())
	if len(edits) == 0 {
		typed := map[string]string{}
		for _, c := range req.GetClauses() {
			typed[c.GetId()] = c.GetText()
		}
		base := amend.Parse(d.Base)
		for _, m := range d.Amendments {
			if m.ID == req.GetParent() && shown[m.ID] {
				base = amend.Proposal(m.Amendment())
			}
		}
		edits = amend.From(base, typed)
	}
	p := motions.AmendmentProposal{Parent: req.GetParent(), Edits: edits}
	if p.Parent != "" && !shown[p.Parent] {
		return nil, motions.MotionNotFound()
	}
	if err := motions.Proposable(d, f.At.Terms, p); err != nil {
		return nil, err
	}
	proposed := motions.Motion{State: motions.Moved, Amends: &motions.Amends{Motion: f.Motion.ID, Parent: p.Parent, Number: len(d.Amendments) + 1, Edits: edits}}
	with := d
	with.Amendments = append(append([]motions.Motion(nil), d.Amendments...), proposed)
	var clashes []amend.Clash
	for _, c := range with.Clashes() {
		if c.If == "" || c.Falls == "" {
			clashes = append(clashes, c)
		}
	}
	return &motionsv1.CheckAmendmentResponse{Edits: editsProto(edits), Lines: linesProto(changes(d, proposed.Amendment())),
		Clashes: clashesProto(clashes, func(id string) bool { return id == "" || shown[id] })}, nil
}

// MoveAmendment moves an amendment: the caller is its mover.
func (s *Server) MoveAmendment(ctx context.Context, req *motionsv1.MoveAmendmentRequest) (*motionsv1.Amendment, error) {
	ask, err := s.asking(ctx, motionsv1.AmendmentService_MoveAmendment_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	mover, err := s.person(ctx, ask.Caller)
	if err != nil {
		return nil, err
	}
	made, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	p := motions.AmendmentProposal{ID: made, Parent: req.GetParent(), Edits: editsOf(req.GetEdits())}
	reply, err := s.store.AddAmendment(ctx, ask, req.GetMotion(), func(f store.MotionFacts) (motions.Motion, error) {
		return motions.MoveAmendment(f.Debate, f.Motion, f.At.Meeting, f.At.Terms, p, mover, ask.Request.At, s.Zone)
	}, encodeAmendment)
	return rpc.Reply(&motionsv1.Amendment{}, reply, err)
}

// AgreeAmendment records that the caller, mover or seconder of what is amended, takes the amendment in.
func (s *Server) AgreeAmendment(ctx context.Context, req *motionsv1.AgreeAmendmentRequest) (*motionsv1.Amendment, error) {
	ask, err := s.asking(ctx, motionsv1.AmendmentService_AgreeAmendment_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	var debate motions.Debate
	reply, err := s.store.ChangeMotion(ctx, ask, req.GetMotion(), func(f store.MotionFacts) (store.Change, error) {
		if err := motions.MayAgree(f.Debate, f.Motion, ask.Caller); err != nil {
			return store.Change{}, err
		}
		if err := rpc.CheckETag(req.GetEtag(), etag(f.Motion.Version)); err != nil {
			return store.Change{}, err
		}
		m, err := motions.Agree(f.Debate, f.Motion, f.At.Meeting, f.At.Terms, ask.Caller, ask.Request.At)
		debate = f.Debate
		return store.Change{Motion: m}, err
	}, func(m motions.Motion) ([]byte, error) { return proto.Marshal(amendmentProto(debate.With(m), m)) })
	return rpc.Reply(&motionsv1.Amendment{}, reply, err)
}
