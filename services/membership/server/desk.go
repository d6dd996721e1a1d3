package server

import (
	"context"
	"net/url"
	"slices"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// desk are the roles that ask for and make cards: an organiser for the members of their own region, the others for everybody.
// entering are those that enter applications on paper.
var (
	desk     = []string{auth.Secretary, auth.Chair, auth.Registrar, auth.Organiser}
	entering = []string{auth.Secretary, auth.Registrar}
)

// deskPolicies are those of [membershipv1.DeskService]. Both officers have signed in a moment ago: a card is a way into a membership.
func deskPolicies() auth.Policies {
	fresh := auth.Policy{Roles: desk, Writes: true, Personal: true, Fresh: auth.FreshSeconds}
	return auth.Policies{
		membershipv1.DeskService_EnterMember_FullMethodName: {Roles: entering, Writes: true, Personal: true},
		membershipv1.DeskService_AskForCard_FullMethodName:  fresh,
		membershipv1.DeskService_MakeCard_FullMethodName:    fresh,
		membershipv1.DeskService_CancelCard_FullMethodName:  {Roles: desk, Writes: true, Personal: true},
		membershipv1.DeskService_ListCards_FullMethodName:   {Roles: desk},
		membershipv1.DeskService_UseCard_FullMethodName:     {Anyone: true, Writes: true},
	}
}

// atDesk refuses an organiser of another region.
func atDesk(p auth.Principal, region string) error {
	if p.HoldsAny(auth.Secretary, auth.Chair, auth.Registrar) || p.Holds(auth.Organiser, region) {
		return nil
	}
	return otherRegion()
}

var cardStates = map[membership.CardState]membershipv1.CardState{
	membership.CardAsked: membershipv1.CardState_CARD_STATE_ASKED, membership.CardMade: membershipv1.CardState_CARD_STATE_MADE,
	membership.CardUsed: membershipv1.CardState_CARD_STATE_USED, membership.CardCancelled: membershipv1.CardState_CARD_STATE_CANCELLED,
	membership.CardExpired: membershipv1.CardState_CARD_STATE_EXPIRED,
}

func (s *Server) cardProto(c store.NamedCard) *membershipv1.DeskCard {
	return &membershipv1.DeskCard{
		Id: c.ID, Member: c.Member, Name: c.Name, AskedBy: c.AskedBy, AskedByName: c.AskedByName, Reason: c.Reason, AskTime: instant(c.Asked),
		ExpireTime: instant(c.Expires()), MadeBy: c.MadeBy, MadeByName: c.MadeByName, State: cardStates[c.On(s.cfg.Now())],
	}
}

func (s *Server) encodeCard(c store.NamedCard) ([]byte, error) { return proto.Marshal(s.cardProto(c)) }

// EnterMember enters the application of a person without e-mail.
func (s *Server) EnterMember(ctx context.Context, r *membershipv1.EnterMemberRequest) (*membershipv1.EnterMemberResponse, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.DeskService_EnterMember_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	p, reason, err := membership.OnPaper(r.GetName(), r.GetRegion(), r.GetLanguage(), r.GetSoleMembership(), r.GetReason())
	if err != nil {
		return nil, err
	}
	address := func(rule membership.Rule) (string, error) {
		return membership.PostalOnJoining(rule, r.GetPostalAddress())
	}
	reply, err := s.store.EnterMember(ctx, request, p, auth.FromContext(ctx).Member, reason, address, func(e store.Entered) ([]byte, error) {
		return proto.Marshal(&membershipv1.EnterMemberResponse{Member: e.Member, Admitted: e.Admitted})
	})
	return rpc.Reply(&membershipv1.EnterMemberResponse{}, reply, err)
}

// AskForCard is the first officer's act.
func (s *Server) AskForCard(ctx context.Context, r *membershipv1.AskForCardRequest) (*membershipv1.DeskCard, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.DeskService_AskForCard_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	d := membership.Decision{Member: r.GetMember(), By: p.Member, Reason: r.GetReason(), At: now}
	reply, err := s.store.AskForCard(ctx, request, r.GetMember(), p.Member, func(c store.Case) (membership.Event, error) {
		if err := atDesk(p, c.State.Region); err != nil {
			return membership.Event{}, err
		}
		return d.AskForCard(c.State, c.Email)
	}, s.encodeCard)
	return rpc.Reply(&membershipv1.DeskCard{}, reply, err)
}

// ListCards lists the cards that wait or may be used; for an organiser those of their region.
func (s *Server) ListCards(ctx context.Context, _ *membershipv1.ListCardsRequest) (*membershipv1.ListCardsResponse, error) {
	p, now := auth.FromContext(ctx), s.cfg.Now()
	all, err := s.store.Cards(ctx, now.Add(-membership.CardWait-membership.CardLife))
	if err != nil {
		return nil, err
	}
	members := make([]string, 0, len(all))
	for _, c := range all {
		members = append(members, c.Member)
	}
	people, _, err := s.store.People(ctx, members)
	if err != nil {
		return nil, err
	}
	regions := map[string]string{}
	for _, m := range people {
		regions[m.ID] = m.History.On(now).Region
	}
	out := &membershipv1.ListCardsResponse{}
	for _, c := range all {
		if on := c.On(now); (on == membership.CardAsked || on == membership.CardMade) && atDesk(p, regions[c.Member]) == nil {
			out.Cards = append(out.Cards, s.cardProto(c))
		}
	}
	return out, nil
}

// MakeCard is the second officer's act. The code is derived from the request: no reply that holds it is kept, and the same request again
// is answered with it all the same.
func (s *Server) MakeCard(ctx context.Context, r *membershipv1.MakeCardRequest) (*membershipv1.MakeCardResponse, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.DeskService_MakeCard_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	code := membership.NewCardCode(s.secrets.mac("desk card", []byte(request.Principal), request.Hash))
	reply, err := s.store.MakeCard(ctx, request, r.GetCard(), p.Member, s.cardHash(code), func(c store.NamedCard, of store.Case) (membership.Event, error) {
		if err := atDesk(p, of.State.Region); err != nil {
			return membership.Event{}, err
		}
		return c.Make(p.Member, r.GetSeen(), of.State, of.Email, now)
	}, s.encodeCard)
	card, err := rpc.Reply(&membershipv1.DeskCard{}, reply, err)
	if err != nil {
		return nil, err
	}
	return &membershipv1.MakeCardResponse{Card: card, Code: code, Link: s.cfg.PublicURL + "/card?" + url.Values{"code": {code}}.Encode()}, nil
}

// cardHash is the hash of a card's code, under the key: whoever reads the database cannot use the card.
func (s *Server) cardHash(code string) []byte { return s.secrets.mac("card code", []byte(code)) }

// CancelCard takes a card back.
func (s *Server) CancelCard(ctx context.Context, r *membershipv1.CancelCardRequest) (*membershipv1.DeskCard, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.DeskService_CancelCard_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.CancelCard(ctx, request, r.GetCard(), func(c store.NamedCard, of store.Case) (membership.Event, error) {
		if !slices.Contains([]string{c.AskedBy, c.MadeBy}, p.Member) {
			if err := atDesk(p, of.State.Region); err != nil {
				return membership.Event{}, err
			}
		}
		return c.Cancel(p.Member, now)
	}, s.encodeCard)
	return rpc.Reply(&membershipv1.DeskCard{}, reply, err)
}

// UseCard trades a card's code for a session.
func (s *Server) UseCard(ctx context.Context, r *membershipv1.UseCardRequest) (*membershipv1.ConfirmSessionResponse, error) {
	if len(r.GetCode()) > maxSecret {
		return nil, fault.Field("CARD_FORMAT", "code", "Enter the twelve characters on the card.")
	}
	code, err := membership.CardCode(r.GetCode())
	if err != nil {
		return nil, err
	}
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	secret := s.secrets.derive("card session", hash)
	way := membership.Way{Method: membership.ByCard, Device: device(ctx)}
	session, err := s.store.UseCard(ctx, s.cardHash(code), hash, digest(secret), way, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	return signedIn(secret, session, false), nil
}
