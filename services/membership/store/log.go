package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// fact is something that has a leaf in the register's public log.
type fact struct {
	// kind is event, office or roll, and subject its number or id.
	kind, subject string
	// member is whom it is about, or empty.
	member  string
	content []byte
}

func eventFact(member string, e membership.Event, recorded time.Time) fact {
	return fact{"event", strconv.FormatInt(e.Number, 10), member, membership.EventLeaf(member, e, recorded)}
}

func officeFact(g membership.Grant) fact {
	return fact{"office", g.ID, g.Member, membership.OfficeLeaf(g)}
}

func rollFact(r Roll) fact {
	if d := r.detail; d != nil {
		return fact{"roll", r.ID, "", membership.FullRollLeaf(r.ID, r.Purpose, r.Terms, r.Frozen, r.Count, r.Fingerprint, membership.RollFacts{
			Title: d.Title, Meeting: d.Meeting, Root: d.Root, Supersedes: d.Supersedes, AdmittedSinceNotice: d.Admitted, DoublesExamined: d.Doubles, Rulings: d.Rulings,
		})}
	}
	return fact{"roll", r.ID, "", membership.RollLeaf(r.ID, r.Purpose, r.Terms, r.Frozen, r.Count, r.Fingerprint)}
}

// log appends the fact's leaf in the fact's transaction. The salt comes from the machine and not from what makes ids: nothing
// may ever make it foreseeable.
func (f fact) log(ctx context.Context, tx *sql.Tx) error {
	leaf, err := translog.Append(ctx, tx, rand.Reader, f.content)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO register_leaf (leaf, kind, subject, member) VALUES ($1, $2, $3, $4)`, leaf, f.kind, f.subject, f.member)
	if err != nil {
		return database.StaleKey(fmt.Errorf("store: insert a leaf: %w", err))
	}
	return nil
}

// LeavesOf returns the leaves of the facts about a member, newest first, at most limit.
func (s *Store) LeavesOf(ctx context.Context, member string, limit int) ([]int64, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT leaf FROM register_leaf WHERE member = $1 ORDER BY leaf DESC LIMIT $2`, member, limit)
	if err != nil {
		return nil, fmt.Errorf("store: leaves: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var leaf int64
		if err := rows.Scan(&leaf); err != nil {
			return nil, fmt.Errorf("store: leaves: %w", err)
		}
		all = append(all, leaf)
	}
	return all, rows.Err()
}

// facts returns all that must have a leaf, events first, in the order of recording.
func facts(ctx context.Context, tx *sql.Tx) ([]fact, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT e.member, e.number, e.kind, e.at, e.region, e.reason, e.decider, e.recorded, COALESCE(a.about, '')
		FROM event e LEFT JOIN event_about a ON a.number = e.number ORDER BY e.number`)
	if err != nil {
		return nil, fmt.Errorf("store: events: %w", err)
	}
	defer rows.Close()
	var all []fact
	for rows.Next() {
		var member, kind string
		var e membership.Event
		var at, recorded int64
		if err := rows.Scan(&member, &e.Number, &kind, &at, &e.Region, &e.Reason, &e.By, &recorded, &e.About); err != nil {
			return nil, fmt.Errorf("store: events: %w", err)
		}
		e.Kind, e.At = membership.EventKind(kind), time.UnixMicro(at)
		all = append(all, eventFact(member, e, time.UnixMicro(recorded)))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: events: %w", err)
	}
	grants, err := loadGrants(ctx, tx, `ORDER BY o.granted, o.id`)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		all = append(all, officeFact(g.Grant))
	}
	rolls, err := loadRolls(ctx, tx)
	for _, r := range rolls {
		all = append(all, rollFact(r))
	}
	return all, err
}

func loadRolls(ctx context.Context, tx *sql.Tx) ([]Roll, error) {
	rows, err := tx.QueryContext(ctx, selectRoll+`count >= 0 ORDER BY frozen, id`)
	if err != nil {
		return nil, fmt.Errorf("store: rolls: %w", err)
	}
	defer rows.Close()
	var all []Roll
	for rows.Next() {
		r, _, err := scanRoll(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// LogMissing appends leaves for what was recorded before there was a log. It does nothing where the log has any: then a fact
// without a leaf is one that somebody wrote past it, and CheckLog names it.
func (s *Store) LogMissing(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM register_leaf`).Scan(&n); err != nil || n > 0 {
			return err
		}
		all, err := facts(ctx, tx)
		if err != nil {
			return err
		}
		for _, f := range all {
			if err := f.log(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// CheckLog compares the register with its public log and returns an error that names the first fact that differs.
func (s *Store) CheckLog(ctx context.Context) error {
	if err := translog.Check(ctx, s.db); err != nil {
		return err
	}
	return s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all, err := facts(ctx, tx)
		if err != nil {
			return err
		}
		logged, leaves, err := lastLeaves(ctx, tx)
		if err != nil {
			return err
		}
		erased, err := texts(ctx, tx, `SELECT member FROM erasure WHERE stage = 'entry'`)
		if err != nil {
			return err
		}
		for _, f := range all {
			content, ok := logged[f.kind+" "+f.subject]
			delete(logged, f.kind+" "+f.subject)
			switch {
			case !ok:
				return fmt.Errorf("%s %s is not in the public log", f.kind, f.subject)
			case content == nil && (f.member == "" || !slices.Contains(erased, f.member)):
				return fmt.Errorf("what opens the leaf of %s %s was deleted, and the entry was not erased", f.kind, f.subject)
			case content != nil && !bytes.Equal(content, f.content):
				return fmt.Errorf("%s %s is not what the public log commits to", f.kind, f.subject)
			}
		}
		for name := range logged {
			return fmt.Errorf("%s stands in the public log and is deleted from the register", name)
		}
		var size int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_leaf`).Scan(&size); err != nil {
			return fmt.Errorf("store: size of the log: %w", err)
		}
		if size != leaves {
			return fmt.Errorf("the public log has %d leaves, and facts for %d", size, leaves)
		}
		return nil
	})
}

// lastLeaves returns the content of the last leaf of each fact, nil where it was forgotten, and how many leaves there are.
// A leaf that is not in the log makes an error.
func lastLeaves(ctx context.Context, tx *sql.Tx) (map[string][]byte, int64, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT r.kind, r.subject, r.leaf, g.content, CASE WHEN g.idx IS NULL THEN FALSE ELSE TRUE END
		FROM register_leaf r LEFT JOIN log_leaf g ON g.idx = r.leaf ORDER BY r.leaf`)
	if err != nil {
		return nil, 0, fmt.Errorf("store: leaves: %w", err)
	}
	defer rows.Close()
	last, n := map[string][]byte{}, int64(0)
	for rows.Next() {
		var kind, subject string
		var leaf int64
		var content []byte
		var there bool
		if err := rows.Scan(&kind, &subject, &leaf, &content, &there); err != nil {
			return nil, 0, fmt.Errorf("store: leaves: %w", err)
		}
		if !there {
			return nil, 0, fmt.Errorf("leaf %d of the public log, of %s %s, is missing", leaf, kind, subject)
		}
		last[kind+" "+subject] = content
		n++
	}
	return last, n, rows.Err()
}
