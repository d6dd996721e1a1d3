package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	ids "github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// mostPairs bounds the pairs of one answer that nobody looked at.
const mostPairs = 200

// Double is a pair of entries that may be one person.
type Double struct {
	// Member and Other are the two; where a finding says that both are one person, the one that ceases and the one kept.
	Member, Other Member
	// Alike is true for the same name in the same region.
	Alike bool
	// Finding is what was found, nil where nobody looked.
	Finding *membership.Finding
	// FoundBy is the name of who found it.
	FoundBy string
}

// Doubles returns pairs that may be one person: what waits for a second officer first, then those alike that nobody examined,
// then what is settled, newest first.
func (s *Store) Doubles(ctx context.Context) ([]Double, error) {
	var all []Double
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all = nil
		found, err := allFindings(ctx, tx)
		if err != nil {
			return err
		}
		pairs, err := alike(ctx, tx)
		if err != nil {
			return err
		}
		var people []string
		for _, f := range found {
			people = append(people, f.Member, f.Other, f.By)
		}
		for _, p := range pairs {
			people = append(people, p.Member, p.Other)
		}
		entries, err := entriesOf(ctx, tx, people)
		if err != nil {
			return err
		}
		var settled []Double
		looked := map[membership.Pair]bool{}
		for i := len(found) - 1; i >= 0; i-- {
			f := found[i]
			looked[f.Pair], looked[membership.Pair{Member: f.Other, Other: f.Member}] = true, true
			d := Double{Member: entries[f.Member], Other: entries[f.Other], Finding: &f, FoundBy: entries[f.By].Name}
			d.Alike = d.Member.Region == d.Other.Region && membership.Fold(d.Member.Name) == membership.Fold(d.Other.Name)
			if f.Second.IsZero() {
				all = append(all, d)
			} else {
				settled = append(settled, d)
			}
		}
		for _, p := range pairs {
			if !looked[p] {
				all = append(all, Double{Member: entries[p.Member], Other: entries[p.Other], Alike: true})
			}
		}
		all = append(all, settled...)
		return nil
	})
	return all, err
}

// alike finds entries with the same folded name in the same region, both of people who are members or wait to be, and which two
// officers have not found to be two people. The newest come first.
func alike(ctx context.Context, q querier) ([]membership.Pair, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT a.id, b.id FROM member a JOIN member b ON b.name_fold = a.name_fold AND b.region = a.region AND b.id > a.id
		WHERE (EXISTS (SELECT 1 FROM elector e WHERE e.member = a.id AND e.admitted = $1) OR EXISTS (SELECT 1 FROM applicant p WHERE p.member = a.id))
		AND (EXISTS (SELECT 1 FROM elector e WHERE e.member = b.id AND e.admitted = $1) OR EXISTS (SELECT 1 FROM applicant p WHERE p.member = b.id))
		AND NOT EXISTS (SELECT 1 FROM event e JOIN event_about x ON x.number = e.number WHERE e.member = b.id AND e.kind = $2 AND x.about = a.id)
		ORDER BY b.id DESC, a.id LIMIT $3`, true, string(membership.Examined), mostPairs)
	if err != nil {
		return nil, fmt.Errorf("store: entries alike: %w", err)
	}
	defer rows.Close()
	var all []membership.Pair
	for rows.Next() {
		var p membership.Pair
		if err := rows.Scan(&p.Other, &p.Member); err != nil {
			return nil, fmt.Errorf("store: entries alike: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

func entriesOf(ctx context.Context, q querier, some []string) (map[string]Member, error) {
	found := map[string]Member{}
	var args []any
	for _, m := range some {
		if _, seen := found[m]; !seen && ids.Valid(m) {
			found[m], args = Member{}, append(args, m)
		}
	}
	for len(args) > 0 {
		n := min(len(args), 500)
		all, err := complete(ctx, q, `WHERE id IN (`+placeholders(1, n)+`)`, args[:n]...)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			found[m.ID] = m
		}
		args = args[n:]
	}
	return found, nil
}

var findingKinds = []any{string(membership.FoundSame), string(membership.FoundDistinct), string(membership.Examined), string(membership.Merged)}

func allFindings(ctx context.Context, q querier) ([]membership.Finding, error) {
	events, err := loadRecorded(ctx, q, `WHERE e.kind IN (`+placeholders(1, len(findingKinds))+`)`, findingKinds...)
	if err != nil {
		return nil, err
	}
	by := map[string][]membership.Event{}
	for _, e := range events {
		by[e.Member] = append(by[e.Member], e.Event)
	}
	return membership.Findings(by), nil
}

// FindDouble records a first officer's finding about a pair, once.
func (s *Store) FindDouble(ctx context.Context, r once.Request, p membership.Pair,
	decide func(member, other Case, found []membership.Finding) (membership.Event, error), encode Encode[Recorded]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		member, other, found, err := pair(ctx, tx, p, r.At)
		if err != nil {
			return nil, err
		}
		e, err := decide(member, other, found)
		if err != nil {
			return nil, err
		}
		return recorded(ctx, tx, p.Member, e, r.At, encode)
	})
}

// ConfirmDouble records what a second officer found, on both entries, once. An entry that ceased loses its offices and sessions.
func (s *Store) ConfirmDouble(ctx context.Context, r once.Request, p membership.Pair, machine time.Time,
	decide func(member, other Case, found []membership.Finding) (membership.Settled, error), encode Encode[Recorded]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		member, other, found, err := pair(ctx, tx, p, r.At)
		if err != nil {
			return nil, err
		}
		done, err := decide(member, other, found)
		if err != nil {
			return nil, err
		}
		if done.OnMember.Kind == membership.Merged {
			if err := endedWith(ctx, tx, p.Member, done.Ended, r.At, machine); err != nil {
				return nil, err
			}
			if err := s.tell(ctx, tx, membership.LetterLeft, p.Member, "", done.OnMember.Reason, done.OnMember.At, machine); err != nil {
				return nil, err
			}
		}
		if err := record(ctx, tx, p.Other, done.OnOther, r.At); err != nil {
			return nil, err
		}
		return recorded(ctx, tx, p.Member, done.OnMember, r.At, encode)
	})
}

func pair(ctx context.Context, tx *sql.Tx, p membership.Pair, now time.Time) (member, other Case, found []membership.Finding, err error) {
	if member, err = entry(ctx, tx, p.Member, now); err != nil {
		return
	}
	if other, err = entry(ctx, tx, p.Other, now); err != nil {
		return
	}
	found, err = allFindings(ctx, tx)
	return
}
