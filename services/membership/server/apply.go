package server

import (
	"context"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// ApplyLedgerEvent applies one standing event of the ledger: once, and in order.
func (s *Server) ApplyLedgerEvent(ctx context.Context, r *membershipv1.ApplyLedgerEventRequest) (*membershipv1.ApplyLedgerEventResponse, error) {
	var d store.Donation
	switch e := r.GetEvent().(type) {
	case *membershipv1.ApplyLedgerEventRequest_Settled:
		d = store.Donation{Member: e.Settled.GetMember(), Pence: e.Settled.GetAmountPence(), Money: membership.Money{
			Entry: e.Settled.GetEntry(), At: e.Settled.GetSettleTime().AsTime(),
		}}
		if e.Settled.GetSettleTime() == nil || d.Entry == "" {
			return nil, malformed()
		}
	case *membershipv1.ApplyLedgerEventRequest_Reversed:
		d = store.Donation{Member: e.Reversed.GetMember(), Money: membership.Money{
			Entry: e.Reversed.GetEntry(), Reverses: e.Reversed.GetReverses(), At: e.Reversed.GetReverseTime().AsTime(),
		}}
		if e.Reversed.GetReverseTime() == nil || d.Entry == "" || d.Reverses == "" {
			return nil, malformed()
		}
	}
	if d.Member == "" || r.GetPosition() < 1 {
		return nil, malformed()
	}
	applied, err := s.store.ApplyDonation(ctx, r.GetEpoch(), r.GetPosition(), d)
	if err != nil {
		return nil, err
	}
	return &membershipv1.ApplyLedgerEventResponse{Applied: applied}, nil
}

// ApplyRules applies what the motions room tells of the rules in force: once, and in order.
func (s *Server) ApplyRules(ctx context.Context, r *membershipv1.ApplyRulesRequest) (*membershipv1.ApplyRulesResponse, error) {
	if r.GetPosition() < 1 || r.GetEffectiveTime() == nil || r.GetRuleBook() < 1 {
		return nil, malformed()
	}
	rule := membership.Rule{
		Book: r.GetRuleBook(), Required: r.GetDonationRequired(), From: r.GetEffectiveTime().AsTime(), Admission: admissions[r.GetAdmission()],
		Registered: r.GetRegistered(), PoundIsShare: r.GetPoundIsShare(), RetentionYears: r.GetRetentionYears(),
	}
	if rule.RetentionYears == 0 {
		rule.RetentionYears = membership.DefaultRetention
	}
	if rule.Admission == "" || rule.RetentionYears < 1 || rule.RetentionYears > 100 {
		return nil, malformed()
	}
	applied, err := s.store.ApplyRule(ctx, r.GetEpoch(), r.GetPosition(), rule)
	if err != nil {
		return nil, err
	}
	return &membershipv1.ApplyRulesResponse{Applied: applied}, nil
}

var admissions = map[membershipv1.Admission]membership.Admission{
	membershipv1.Admission_ADMISSION_UNSPECIFIED: membership.AdmitAll,
	membershipv1.Admission_ADMISSION_AUTOMATIC:   membership.AdmitAll,
	membershipv1.Admission_ADMISSION_SECRETARY:   membership.AdmitBySecretary,
	membershipv1.Admission_ADMISSION_BOARD:       membership.AdmitByBoard,
}

func malformed() error {
	return fault.New(fault.Invalid, "EVENT_MALFORMED", "This event does not say what happened, to whom, and when.")
}
