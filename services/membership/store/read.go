package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	ids "github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

const selectRecorded = `
	SELECT e.member, e.number, e.kind, e.at, e.region, e.reason, e.decider, e.recorded, COALESCE(a.about, '')
	FROM event e LEFT JOIN event_about a ON a.number = e.number `

func loadRecorded(ctx context.Context, q querier, tail string, args ...any) ([]Recorded, error) {
	rows, err := q.QueryContext(ctx, selectRecorded+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: events: %w", err)
	}
	defer rows.Close()
	var all []Recorded
	for rows.Next() {
		var r Recorded
		var kind string
		var at, recorded int64
		if err := rows.Scan(&r.Member, &r.Number, &kind, &at, &r.Region, &r.Reason, &r.By, &recorded, &r.About); err != nil {
			return nil, fmt.Errorf("store: events: %w", err)
		}
		r.Kind, r.Event.At, r.Recorded = membership.EventKind(kind), time.UnixMicro(at), time.UnixMicro(recorded)
		all = append(all, r)
	}
	return all, rows.Err()
}

// NamedEvent is an event with the names of who decided and of the other entry it is about.
type NamedEvent struct {
	Recorded
	// ByName and AboutName are the names, empty where there is nobody.
	ByName, AboutName string
}

// History returns the events of an entry in order of taking effect, and its offices, newest first.
func (s *Store) History(ctx context.Context, member string) ([]NamedEvent, []NamedGrant, error) {
	if !ids.Valid(member) {
		return nil, nil, memberNotFound()
	}
	var all []NamedEvent
	var grants []NamedGrant
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all = nil
		events, err := loadRecorded(ctx, tx, `WHERE e.member = $1 ORDER BY e.at, e.number`, member)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return memberNotFound()
		}
		var mentioned []string
		for _, e := range events {
			mentioned = append(mentioned, e.By, e.About)
		}
		names, err := namesOf(ctx, tx, mentioned)
		if err != nil {
			return err
		}
		for _, e := range events {
			all = append(all, NamedEvent{e, names[e.By], names[e.About]})
		}
		grants, err = loadGrants(ctx, tx, `WHERE o.member = $1 ORDER BY o.granted DESC, o.id DESC`, member)
		return err
	})
	return all, grants, err
}

// namesOf returns the names of those of some ids that are entries.
func namesOf(ctx context.Context, q querier, some []string) (map[string]string, error) {
	names := map[string]string{}
	var args []any
	for _, m := range some {
		if _, seen := names[m]; !seen && ids.Valid(m) {
			names[m], args = "", append(args, m)
		}
	}
	if len(args) == 0 {
		return names, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT id, name FROM member WHERE id IN (`+placeholders(1, len(args))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("store: names: %w", err)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// Applicant is somebody who waits for a decision.
type Applicant struct {
	Member
	// Number is the place in the queue.
	Place int64
	// Alike is how many other entries have the same name in the same region.
	Alike int
}

// Applicants returns at most limit of those who wait after a place in the queue, the longest wait first, and the rules told so far.
func (s *Store) Applicants(ctx context.Context, after int64, limit int) ([]Applicant, []membership.Rule, error) {
	var all []Applicant
	var told []membership.Rule
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all = nil
		places, order, err := queue(ctx, tx, after, limit)
		if err != nil {
			return err
		}
		args := make([]any, len(order))
		for i, m := range order {
			args[i] = m
		}
		people := map[string]Member{}
		if len(args) > 0 {
			found, err := complete(ctx, tx, `WHERE id IN (`+placeholders(1, len(args))+`)`, args...)
			if err != nil {
				return err
			}
			for _, m := range found {
				people[m.ID] = m
			}
		}
		for _, m := range order {
			a := Applicant{Member: people[m], Place: places[m]}
			err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM member WHERE name_fold = $1 AND region = $2 AND id <> $3`,
				[]byte(membership.Fold(a.Name)), a.Region, m).Scan(&a.Alike)
			if err != nil {
				return fmt.Errorf("store: count entries alike: %w", err)
			}
			all = append(all, a)
		}
		told, err = rules(ctx, tx)
		return err
	})
	return all, told, err
}

func queue(ctx context.Context, tx *sql.Tx, after int64, limit int) (map[string]int64, []string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, member FROM applicant WHERE number > $1 ORDER BY number LIMIT $2`, after, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("store: applicants: %w", err)
	}
	defer rows.Close()
	places := map[string]int64{}
	var order []string
	for rows.Next() {
		var place int64
		var member string
		if err := rows.Scan(&place, &member); err != nil {
			return nil, nil, fmt.Errorf("store: applicants: %w", err)
		}
		places[member], order = place, append(order, member)
	}
	return places, order, rows.Err()
}

// DoublesExamined counts the pairs that two officers have examined, those found to be one person included.
func (s *Store) DoublesExamined(ctx context.Context) (int64, error) {
	return doublesExamined(ctx, s.db.Reader(), everything.events)
}

// doublesExamined counts them among the events up to a number: what is published with a roll.
func doublesExamined(ctx context.Context, q querier, most int64) (int64, error) {
	var examined, merged int64
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(CASE WHEN kind = $1 THEN 1 END), COUNT(CASE WHEN kind = $2 THEN 1 END)
		FROM event WHERE kind IN ($1, $2) AND number <= $3`, string(membership.Examined), string(membership.Merged), most).Scan(&examined, &merged)
	if err != nil {
		return 0, fmt.Errorf("store: count doubles: %w", err)
	}
	// An examination of two people stands on both entries.
	return examined/2 + merged, nil
}
