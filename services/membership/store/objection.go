package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// mostObjections bounds a list.
const mostObjections = 500

// NamedObjection is an objection with the number and the name of the entry.
type NamedObjection struct {
	membership.Objection
	// Entry is the membership number of the entry, and Name its name.
	Entry int64
	Name  string
}

// objections returns those that a condition finds, newest first. The condition is on c, the event of an objection.
func objections(ctx context.Context, q querier, where string, args ...any) ([]NamedObjection, error) {
	asked, err := loadRecorded(ctx, q, `WHERE e.kind = 'objected' `+where, args...)
	if err != nil || len(asked) == 0 {
		return nil, err
	}
	var people []string
	numbers := make([]any, 0, len(asked)+2)
	for _, e := range asked {
		people, numbers = append(people, e.Member), append(numbers, strconv.FormatInt(e.Number, 10))
	}
	in := placeholders(1, len(numbers))
	numbers = append(numbers, string(membership.ObjectionUpheld), string(membership.ObjectionDismissed))
	answers, err := loadRecorded(ctx, q, fmt.Sprintf(`WHERE a.about IN (%s) AND e.kind IN ($%d, $%d)`, in, len(numbers)-1, len(numbers)), numbers...)
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(ctx, q, people)
	if err != nil {
		return nil, err
	}
	all := make([]NamedObjection, len(asked))
	for i, e := range asked {
		c := membership.Objection{Number: e.Number, Member: e.Member, By: e.By, Text: e.Reason, At: e.Event.At}
		for _, a := range answers {
			if a.About == strconv.FormatInt(e.Number, 10) {
				c.Answered, c.Upheld, c.Reason = a.Event.At, a.Kind == membership.ObjectionUpheld, a.Reason
			}
		}
		all[i] = NamedObjection{c, entries[e.Member].Number, entries[e.Member].Name}
	}
	return all, nil
}

// Objections returns the newest objections: all, or those of one member.
func (s *Store) Objections(ctx context.Context, by string) ([]NamedObjection, error) {
	var all []NamedObjection
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		if by == "" {
			all, err = objections(ctx, tx, `ORDER BY e.number DESC LIMIT $1`, mostObjections)
		} else {
			all, err = objections(ctx, tx, `AND e.decider = $1 ORDER BY e.number DESC LIMIT $2`, by, mostObjections)
		}
		return err
	})
	return all, err
}

// Object records that a member objects to the entry with a membership number, once.
func (s *Store) Object(ctx context.Context, r once.Request, by string, number int64,
	decide func(by, whom Case, waiting int) (membership.Event, error), encode Encode[NamedObjection]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var member string
		err := tx.QueryRowContext(ctx, `SELECT id FROM member WHERE number = $1`, number).Scan(&member)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.Field("NUMBER_UNKNOWN", "number", "There is no member with this number.")
		}
		if err != nil {
			return nil, fmt.Errorf("store: find a member: %w", err)
		}
		objector, err := entry(ctx, tx, by, r.At)
		if err != nil {
			return nil, err
		}
		whom, err := entry(ctx, tx, member, r.At)
		if err != nil {
			return nil, err
		}
		mine, err := objections(ctx, tx, `AND e.decider = $1 ORDER BY e.number DESC LIMIT $2`, by, mostObjections)
		if err != nil {
			return nil, err
		}
		waiting := 0
		for _, c := range mine {
			if c.Answered.IsZero() {
				waiting++
			}
		}
		e, err := decide(objector, whom, waiting)
		if err != nil {
			return nil, err
		}
		if e.Number, err = recordNumbered(ctx, tx, member, e, r.At); err != nil {
			return nil, err
		}
		return encode(NamedObjection{membership.Objection{Number: e.Number, Member: member, By: by, Text: e.Reason, At: e.At}, number, whom.Name})
	})
}

// AnswerObjection records the decision on an objection, once.
func (s *Store) AnswerObjection(ctx context.Context, r once.Request, objection int64, decide func(membership.Objection) (membership.Event, error), encode Encode[NamedObjection]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		found, err := objections(ctx, tx, `AND e.number = $1`, objection)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fault.New(fault.NotFound, "OBJECTION_NOT_FOUND", "There is no such objection.")
		}
		c := found[0]
		e, err := decide(c.Objection)
		if err != nil {
			return nil, err
		}
		if err := record(ctx, tx, c.Member, e, r.At); err != nil {
			return nil, err
		}
		c.Answered, c.Upheld, c.Reason = e.At, e.Kind == membership.ObjectionUpheld, e.Reason
		return encode(c)
	})
}
