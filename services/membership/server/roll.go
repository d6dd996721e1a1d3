package server

import (
	"context"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

const (
	// barrierWait is how long a freeze waits for the ledger's answer, and then for what it has recorded: long for an outbox
	// that delivers within moments, and within the caller's deadline.
	barrierWait = 10 * time.Second
	// barrierLook is how often it looks.
	barrierLook = 10 * time.Millisecond

	maxPurpose = 200
	maxContact = 500
)

// FreezeRoll makes the roll for a purpose, or returns the one that was made before.
func (s *Server) FreezeRoll(ctx context.Context, r *membershipv1.FreezeRollRequest) (*membershipv1.Roll, error) {
	if n := utf8.RuneCountInString(r.GetPurpose()); n < 1 || n > maxPurpose {
		return nil, fault.Field("ROLL_INVALID", "purpose", "Say what the roll is for, in 1 to 200 characters.")
	}
	if utf8.RuneCountInString(r.GetContact()) > maxContact {
		return nil, fault.Field("ROLL_INVALID", "contact", "Use at most 500 characters for the contact.")
	}
	if r.GetNoticeTime() == nil {
		return nil, fault.Field("ROLL_INVALID", "notice_time", "Say when notice was given.")
	}
	if len(r.GetMeeting()) > maxMeeting || utf8.RuneCountInString(r.GetTitle()) > maxPurpose {
		return nil, fault.Field("ROLL_INVALID", "title", "Use at most 200 characters for the title.")
	}
	// The database keeps microseconds: what is compared later is what is kept.
	terms := membership.Terms{Region: r.GetRegion(), Notice: r.GetNoticeTime().AsTime().Truncate(time.Microsecond), Required: r.GetDonationRequired(), Book: r.GetRuleBook()}
	roll, found, err := s.store.RollFor(ctx, r.GetPurpose())
	if err != nil {
		return nil, err
	}
	if !found {
		if terms.Notice.After(s.cfg.Now()) {
			return nil, fault.Field("ROLL_INVALID", "notice_time", "A roll is frozen after notice was given.")
		}
		if err := s.waitForLedger(ctx); err != nil {
			return nil, err
		}
		draft := store.Draft{Purpose: r.GetPurpose(), Meeting: r.GetMeeting(), Title: r.GetTitle(), Terms: terms, Contact: r.GetContact()}
		if roll, err = s.store.FreezeBallot(ctx, draft, s.cfg.Now()); err != nil {
			return nil, err
		}
	}
	if roll.Terms.Region != terms.Region || roll.Terms.Required != terms.Required || !roll.Terms.Notice.Equal(terms.Notice) {
		return nil, fault.New(fault.Conflict, "ROLL_DIFFERS", "A roll was frozen for this purpose on other terms.")
	}
	return rollProto(roll), nil
}

func rollProto(r store.Roll) *membershipv1.Roll {
	return &membershipv1.Roll{Id: r.ID, Count: r.Count, Fingerprint: r.Fingerprint, FreezeTime: timestamppb.New(r.Frozen)}
}

// waitForLedger waits until every standing event that the ledger had recorded when asked has been applied here, so
// that a £1 booked before the freeze counts in it.
func (s *Server) waitForLedger(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, barrierWait)
	defer cancel()
	head, err := s.ledger.GetHead(asking, &ledgerv1.GetHeadRequest{})
	if err != nil {
		return err
	}
	ctx, cancel = context.WithTimeout(ctx, s.barrier)
	defer cancel()
	tick := time.NewTicker(barrierLook)
	defer tick.Stop()
	for {
		applied, err := s.store.AppliedDonations(ctx)
		if err == nil && applied >= head.GetPosition() {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "LEDGER_BEHIND",
				"The roll was not frozen: not everything that the treasurer recorded has arrived in the register yet. Try again in a moment.").After(2 * time.Second)
		case <-tick.C:
		}
	}
}

// mostEntries bounds a page of a roll.
const mostEntries = 10_000

// ListRollEntries pages through a roll by number.
func (s *Server) ListRollEntries(ctx context.Context, r *membershipv1.ListRollEntriesRequest) (*membershipv1.ListRollEntriesResponse, error) {
	if r.GetLimit() < 0 || r.GetAfter() < 0 {
		return nil, fault.Field("PAGE_SIZE", "limit", "Ask for 1 to 10000 entries after a number.")
	}
	limit := int(r.GetLimit())
	if limit == 0 || limit > mostEntries {
		limit = mostEntries
	}
	entries, err := s.store.Entries(ctx, r.GetRoll(), r.GetAfter(), limit)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListRollEntriesResponse{Entries: make([]*membershipv1.RollEntry, len(entries))}
	for i, e := range entries {
		out.Entries[i] = &membershipv1.RollEntry{Number: e.Number, Member: e.Member, Region: e.Region}
	}
	return out, nil
}

// ExplainRoll says why a member is or is not on a roll.
func (s *Server) ExplainRoll(ctx context.Context, r *membershipv1.ExplainRollRequest) (*membershipv1.ExplainRollResponse, error) {
	v, contact, err := s.explainRoll(ctx, r.GetRoll(), r.GetMember())
	if err != nil {
		return nil, err
	}
	return &membershipv1.ExplainRollResponse{OnRoll: v.on, Reason: v.Reason, Explanation: v.Words, Date: v.Date, Contact: contact}, nil
}

// CountElectors counts who would be entitled now.
func (s *Server) CountElectors(ctx context.Context, r *membershipv1.CountElectorsRequest) (*membershipv1.CountElectorsResponse, error) {
	n, err := s.store.CountGood(ctx, r.GetRegion(), r.GetDonationRequired(), s.cfg.Now())
	if err != nil {
		return nil, err
	}
	return &membershipv1.CountElectorsResponse{Count: n}, nil
}
