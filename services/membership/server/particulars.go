package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
)

var sectors = map[membership.Sector]membershipv1.Sector{
	"":                           membershipv1.Sector_SECTOR_UNSPECIFIED,
	membership.Council:           membershipv1.Sector_SECTOR_COUNCIL,
	membership.CentralGovernment: membershipv1.Sector_SECTOR_CENTRAL_GOVERNMENT,
	membership.Private:           membershipv1.Sector_SECTOR_PRIVATE,
	membership.SelfEmployed:      membershipv1.Sector_SECTOR_SELF_EMPLOYED,
	membership.OtherSector:       membershipv1.Sector_SECTOR_OTHER,
}

// sectorOf returns the sector, and one that no decision accepts for an unknown number.
func sectorOf(s membershipv1.Sector) membership.Sector {
	for k, v := range sectors {
		if v == s {
			return k
		}
	}
	return "unknown"
}

// registered is whether the rule book in force says that the society is.
func (s *Server) registered(ctx context.Context) (bool, error) {
	told, err := s.store.Rules(ctx)
	return membership.RuleAt(told, s.cfg.Now()).Registered, err
}

func particularsProto(p membership.Particulars, asked bool) *membershipv1.Particulars {
	return &membershipv1.Particulars{AddressAsked: asked, PostalAddress: p.Address, Sector: sectors[p.Sector]}
}

// GetMyParticulars returns what the caller gave beside name and e-mail address.
func (s *Server) GetMyParticulars(ctx context.Context, _ *membershipv1.GetMyParticularsRequest) (*membershipv1.Particulars, error) {
	asked, err := s.registered(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.store.Particulars(ctx, auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	return particularsProto(p, asked), nil
}

// SetMyParticulars keeps what the caller gives.
func (s *Server) SetMyParticulars(ctx context.Context, r *membershipv1.SetMyParticularsRequest) (*membershipv1.Particulars, error) {
	asked, err := s.registered(ctx)
	if err != nil {
		return nil, err
	}
	p, err := membership.NewParticulars(r.GetPostalAddress(), sectorOf(r.GetSector()), asked)
	if err != nil {
		return nil, err
	}
	request, err := rpc.Once(ctx, membershipv1.StatuteService_SetMyParticulars_FullMethodName, s.cfg.Now(), r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.SetParticulars(ctx, request, auth.FromContext(ctx).Member, p, func(p membership.Particulars) ([]byte, error) {
		return proto.Marshal(particularsProto(p, asked))
	})
	return rpc.Reply(&membershipv1.Particulars{}, reply, err)
}

// ListSectors returns how many members work where, without what would tell of a few.
func (s *Server) ListSectors(ctx context.Context, _ *membershipv1.ListSectorsRequest) (*membershipv1.ListSectorsResponse, error) {
	counts, err := s.store.CountSectors(ctx, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListSectorsResponse{}
	for _, t := range membership.Totals(counts) {
		out.Totals = append(out.Totals, &membershipv1.SectorTotal{Sector: sectors[t.Sector], Members: t.Members})
	}
	return out, nil
}
