package server

import (
	"context"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
)

// ListPayers pages through everybody who has a membership number: whoever was admitted once may still pay.
func (s *Server) ListPayers(ctx context.Context, r *membershipv1.ListPayersRequest) (*membershipv1.ListPayersResponse, error) {
	limit, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	if r.GetAfter() < 0 {
		return nil, fault.Field("PAGE_TOKEN", "after", "Numbers begin at 1.")
	}
	all, err := s.store.Payers(ctx, r.GetAfter(), limit)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListPayersResponse{}
	for _, p := range all {
		out.Payers = append(out.Payers, &membershipv1.Payer{Member: p.ID, Number: p.Number, Name: p.Name})
	}
	return out, nil
}
