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

// eachHistory calls yield with every member's history up to the limits, one member at a time. What the ledger told is held
// in memory meanwhile, since one connection reads one result at a time.
func eachHistory(ctx context.Context, tx *sql.Tx, most limits, yield func(member string, h membership.History) error) error {
	money := map[string][]membership.Money{}
	rows, err := tx.QueryContext(ctx, selectMoney+` WHERE position <= $1`, most.donations)
	if err != nil {
		return fmt.Errorf("store: histories: %w", err)
	}
	if err := eachMoney(rows, func(member string, m membership.Money) { money[member] = append(money[member], m) }); err != nil {
		return err
	}
	if rows, err = tx.QueryContext(ctx, selectEvents+` WHERE number <= $1 ORDER BY member, number`, most.events); err != nil {
		return fmt.Errorf("store: histories: %w", err)
	}
	defer rows.Close()
	var h membership.History
	last := ""
	for rows.Next() {
		member, e, err := scanEvent(rows)
		if err != nil {
			return err
		}
		if member != last && last != "" {
			h.Money = money[last]
			if err := yield(last, h); err != nil {
				return err
			}
			h = membership.History{}
		}
		last, h.Events = member, append(h.Events, e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: histories: %w", err)
	}
	if last == "" {
		return nil
	}
	h.Money = money[last]
	return yield(last, h)
}
