package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// historiesOf returns the histories of some members.
func historiesOf(ctx context.Context, q querier, members []string) (map[string]membership.History, error) {
	all := make(map[string]membership.History, len(members))
	if len(members) == 0 {
		return all, nil
	}
	args := make([]any, len(members))
	for i, m := range members {
		args[i] = m
	}
	in := placeholders(1, len(args))
	events, err := q.QueryContext(ctx, selectEvents+` WHERE member IN (`+in+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: histories: %w", err)
	}
	err = eachEvent(events, func(member string, e membership.Event) {
		h := all[member]
		h.Events = append(h.Events, e)
		all[member] = h
	})
	if err != nil {
		return nil, err
	}
	money, err := q.QueryContext(ctx, selectMoney+` WHERE member IN (`+in+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: histories: %w", err)
	}
	err = eachMoney(money, func(member string, m membership.Money) {
		h := all[member]
		h.Money = append(h.Money, m)
		all[member] = h
	})
	return all, err
}

const (
	selectEvents = `SELECT member, number, kind, at, region, reason, decider FROM event`
	selectMoney  = `SELECT member, entry, reverses, at FROM donation`
)

func eachEvent(rows *sql.Rows, yield func(string, membership.Event)) error {
	defer rows.Close()
	for rows.Next() {
		member, e, err := scanEvent(rows)
		if err != nil {
			return err
		}
		yield(member, e)
	}
	return rows.Err()
}

func eachMoney(rows *sql.Rows, yield func(string, membership.Money)) error {
	defer rows.Close()
	for rows.Next() {
		member, m, err := scanMoney(rows)
		if err != nil {
			return err
		}
		yield(member, m)
	}
	return rows.Err()
}

func scanEvent(rows *sql.Rows) (string, membership.Event, error) {
	var member, kind string
	var e membership.Event
	var at int64
	if err := rows.Scan(&member, &e.Number, &kind, &at, &e.Region, &e.Reason, &e.By); err != nil {
		return "", e, fmt.Errorf("store: read an event: %w", err)
	}
	e.Kind, e.At = membership.EventKind(kind), time.UnixMicro(at)
	return member, e, nil
}

func scanMoney(rows *sql.Rows) (string, membership.Money, error) {
	var member string
	var m membership.Money
	var at int64
	if err := rows.Scan(&member, &m.Entry, &m.Reverses, &at); err != nil {
		return "", m, fmt.Errorf("store: read a donation: %w", err)
	}
	m.At = time.UnixMicro(at)
	return member, m, nil
}

// limits say how much of the two histories counts.
type limits struct{ events, donations int64 }

// eachHistory calls yield with the history up to the limits of everybody of whom either history knows something, one person at a
// time: both are read in order of the person and held for one only.
func eachHistory(ctx context.Context, tx *sql.Tx, most limits, yield func(member string, h membership.History) error) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT member, 0 AS part, number, kind, at, region, reason, decider FROM event WHERE number <= $1
		UNION ALL
		SELECT member, 1 AS part, position, entry, at, reverses, '', '' FROM donation WHERE position <= $2
		ORDER BY member, part, number`, most.events, most.donations)
	if err != nil {
		return fmt.Errorf("store: histories: %w", err)
	}
	defer rows.Close()
	var h membership.History
	last, first := "", true
	for rows.Next() {
		var member, name, second string
		var part, at int64
		var e membership.Event
		if err := rows.Scan(&member, &part, &e.Number, &name, &at, &second, &e.Reason, &e.By); err != nil {
			return fmt.Errorf("store: histories: %w", err)
		}
		if member != last && !first {
			if err := yield(last, h); err != nil {
				return err
			}
			// What yield was given it may keep.
			h = membership.History{}
		}
		last, first = member, false
		if part == 1 {
			h.Money = append(h.Money, membership.Money{Entry: name, Reverses: second, At: time.UnixMicro(at)})
			continue
		}
		e.Kind, e.At, e.Region = membership.EventKind(name), time.UnixMicro(at), second
		h.Events = append(h.Events, e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: histories: %w", err)
	}
	if first {
		return nil
	}
	return yield(last, h)
}
