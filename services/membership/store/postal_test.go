package store

import (
	"context"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

func TestPostalAddressIsKeptBesideTheHistory(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		now := start.Add(time.Hour)
		change := func(address string, at time.Time) error {
			_, err := s.ChangePostal(ctx, sent("postal", address, at), founders[1], func(c Case, present string) (membership.Event, string, error) {
				return decision(founders[1], founders[0], at).NewPostal(c.State, c.Rule, present, address)
			}, recordedBytes)
			return err
		}
		wants(t, change("1 Road", now), "POSTAL_NOT_ASKED")
		if _, err := s.ApplyRule(ctx, 1, 1, membership.Rule{Book: 1, From: start, Admission: membership.AdmitAll, Registered: true, RetentionYears: 10}); err != nil {
			t.Fatal(err)
		}
		for i, address := range []string{"1 Road", "2 Road\nTown"} {
			for range 2 {
				if err := change(address, now.Add(time.Duration(i)*time.Minute)); err != nil {
					t.Fatal(err)
				}
			}
		}
		address, rule, err := s.Postal(ctx, founders[1], now)
		if err != nil || address != "2 Road\nTown" || !rule.Registered {
			t.Errorf("%q, %+v, %v", address, rule, err)
		}
		if address, _, err = s.Postal(ctx, founders[0], now); err != nil || address != "" {
			t.Errorf("%q, %v", address, err)
		}
		_, _, err = s.Postal(ctx, "nobody", now)
		wants(t, err, "MEMBER_NOT_FOUND")
		events, _, err := s.History(ctx, founders[1])
		if err != nil || len(events) != 5 || events[4].Kind != membership.PostalChanged || events[4].About != "" || events[4].Reason != "As it was." {
			t.Errorf("%+v, %v", events, err)
		}
		logged(t, s)
	})
}
