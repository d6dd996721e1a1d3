package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Detail is what is known of a roll beyond its terms and entries.
type Detail struct {
	// Prepared is true if it was made for a meeting before any vote; otherwise its purpose is a ballot.
	Prepared bool
	// Meeting is the meeting's id and Title what it is for; either may be empty.
	Meeting, Title string
	// Root is the root over the salted entries.
	Root []byte
	// Supersedes is the roll whose place it takes, or empty.
	Supersedes string
	// Admitted counts the admissions recorded after the notice, Doubles the possible doubles examined (nil where none were counted),
	// Rulings the members whose place a challenge decided.
	Admitted int64
	Doubles  *int64
	Rulings  int64

	secret []byte
}

// complete computes what a roll's detail holds besides what it was asked for.
func finishRoll(ctx context.Context, tx *sql.Tx, roll *Roll, d *Detail, electors []membership.Elector) error {
	d.secret = make([]byte, membership.RollSecretSize)
	// From the machine, as the salts of the log are: nothing may ever make it foreseeable.
	if _, err := rand.Read(d.secret); err != nil {
		return fmt.Errorf("store: a roll's secret: %w", err)
	}
	root := membership.TreeRoot(membership.ChunkHashes(d.secret, electors))
	d.Root = root[:]
	// By when they were recorded: an admission dated back counts as well.
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM event WHERE kind IN ('admitted', 'readmitted') AND recorded > $1 AND number <= $2`,
		roll.Terms.Notice.UnixMicro(), roll.limits.events).Scan(&d.Admitted)
	if err != nil {
		return fmt.Errorf("store: admissions since the notice: %w", err)
	}
	doubles, err := doublesExamined(ctx, tx, roll.limits.events)
	if err != nil {
		return err
	}
	d.Doubles = &doubles
	roll.detail = d
	return nil
}

func insertRoll(ctx context.Context, tx *sql.Tx, roll Roll, d Detail) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO roll (id, purpose, region, notice, required, book, contact, frozen, count, fingerprint, events, donations)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		roll.ID, roll.Purpose, roll.Terms.Region, roll.Terms.Notice.UnixMicro(), roll.Terms.Required, int64(roll.Terms.Book), roll.Contact,
		roll.Frozen.UnixMicro(), roll.Count, roll.Fingerprint, roll.limits.events, roll.limits.donations)
	if err != nil {
		// Two freezes for one purpose at once: look again, and find the other's roll.
		return database.StaleKey(fmt.Errorf("store: insert a roll: %w", err))
	}
	doubles := sql.NullInt64{}
	if d.Doubles != nil {
		doubles = sql.NullInt64{Int64: *d.Doubles, Valid: true}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO roll_detail (roll, prepared, meeting, title, secret, root, supersedes, admitted, doubles, rulings)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		roll.ID, d.Prepared, d.Meeting, d.Title, d.secret, d.Root, d.Supersedes, d.Admitted, doubles, d.Rulings)
	if err != nil {
		return fmt.Errorf("store: insert a roll's detail: %w", err)
	}
	return nil
}

func insertNodes(ctx context.Context, tx *sql.Tx, roll string, nodes []membership.Hash) error {
	for from := 0; from < len(nodes); from += entriesAtOnce {
		part := nodes[from:min(from+entriesAtOnce, len(nodes))]
		var b strings.Builder
		args := make([]any, 0, 3*len(part))
		for i, n := range part {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + placeholders(len(args)+1, 3) + ")")
			args = append(args, roll, int64(from+i), n[:])
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO roll_node (roll, chunk, hash) VALUES `+b.String(), args...); err != nil {
			return fmt.Errorf("store: insert a roll's tree: %w", err)
		}
	}
	return nil
}

// Record is what is public of a roll.
type Record struct {
	Roll
	Detail
	// Leaf is its leaf in the public log.
	Leaf int64
	// SupersededBy is the roll that took its place, or empty.
	SupersededBy string
	// Used is when it was used; zero before.
	Used time.Time
	// Open, Upheld and Dismissed count its challenges.
	Open, Upheld, Dismissed int64
}

// use is how far the roll is used.
func (r Record) use() membership.RollUse {
	return membership.RollUse{Prepared: r.Prepared, Used: !r.Used.IsZero(), SupersededBy: r.SupersededBy}
}

// RollRecord returns what is public of a roll, or a NotFound fault.
func (s *Store) RollRecord(ctx context.Context, roll string) (Record, error) {
	var r Record
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) (err error) {
		r, err = recordOf(ctx, tx, roll)
		return err
	})
	return r, err
}

func recordOf(ctx context.Context, q querier, roll string) (Record, error) {
	r, found, err := rollByID(ctx, q, roll)
	if err != nil {
		return Record{}, err
	}
	if !found {
		return Record{}, rollNotFound()
	}
	return describe(ctx, q, r)
}

// describe adds to a roll what happened to it since.
func describe(ctx context.Context, q querier, roll Roll) (Record, error) {
	r := Record{Roll: roll}
	if roll.detail != nil {
		r.Detail = *roll.detail
	}
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(leaf), -1) FROM register_leaf WHERE kind = 'roll' AND subject = $1`, roll.ID).Scan(&r.Leaf); err != nil {
		return r, fmt.Errorf("store: a roll's leaf: %w", err)
	}
	if !r.Prepared {
		r.Used = roll.Frozen
		return r, nil
	}
	var used sql.NullInt64
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT MAX(roll) FROM roll_detail WHERE supersedes = $1), ''),
			(SELECT MIN(r.frozen) FROM roll r JOIN roll_detail d ON d.roll = r.id WHERE d.meeting = $2 AND d.prepared = $3)`,
		roll.ID, r.Meeting, false).Scan(&r.SupersededBy, &used)
	if err != nil {
		return r, fmt.Errorf("store: what happened to a roll: %w", err)
	}
	if r.SupersededBy == "" {
		r.Used = instant(used)
	}
	rows, err := q.QueryContext(ctx, `SELECT outcome, COUNT(*) FROM roll_challenge WHERE roll = $1 GROUP BY outcome`, roll.ID)
	if err != nil {
		return r, fmt.Errorf("store: a roll's challenges: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var outcome string
		var n int64
		if err := rows.Scan(&outcome, &n); err != nil {
			return r, fmt.Errorf("store: a roll's challenges: %w", err)
		}
		switch membership.ChallengeOutcome(outcome) {
		case membership.Upheld:
			r.Upheld = n
		case membership.Dismissed:
			r.Dismissed = n
		default:
			r.Open = n
		}
	}
	return r, rows.Err()
}

// RollPage is where a page of rolls begins: after this one. A zero page is the first.
type RollPage struct {
	Frozen time.Time
	ID     string
}

// RollRecords returns at most limit rolls, the newest first, only a meeting's if it is not empty.
func (s *Store) RollRecords(ctx context.Context, meeting string, after RollPage, limit int) ([]Record, error) {
	var all []Record
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all = nil
		where, args := `count >= 0`, []any{}
		arg := func(v any) string {
			args = append(args, v)
			return fmt.Sprintf("$%d", len(args))
		}
		if after.ID != "" {
			at := arg(after.Frozen.UnixMicro())
			where = `(frozen < ` + at + ` OR (frozen = ` + at + ` AND id < ` + arg(after.ID) + `))`
		}
		if meeting != "" {
			where += ` AND d.meeting = ` + arg(meeting)
		}
		rolls, err := scanRolls(tx.QueryContext(ctx, selectRoll+where+` ORDER BY frozen DESC, id DESC LIMIT `+arg(limit), args...))
		if err != nil {
			return err
		}
		for _, roll := range rolls {
			r, err := describe(ctx, tx, roll)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return nil
	})
	return all, err
}

func scanRolls(rows *sql.Rows, err error) ([]Roll, error) {
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

// EntryProof leads from a member's entry to the root of a roll.
type EntryProof struct {
	Entry
	// Salt is the entry's.
	Salt []byte
	// Path are the nodes beside the way to the root, the nearest first.
	Path []membership.Hash
	// Leaf is the roll's in the public log.
	Leaf int64
}

// ProveEntry returns the proof that a member stands on a roll, or false if they do not or the roll has no tree.
func (s *Store) ProveEntry(ctx context.Context, roll, member string) (EntryProof, bool, error) {
	var p EntryProof
	found := false
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		r, err := recordOf(ctx, tx, roll)
		if err != nil || r.detail == nil || !id.Valid(member) {
			return err
		}
		p.Member, p.Leaf = member, r.Leaf
		err = tx.QueryRowContext(ctx, `SELECT number, region FROM roll_entry WHERE roll = $1 AND member = $2`, roll, member).Scan(&p.Number, &p.Region)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("store: find an entry: %w", err)
		}
		found = true
		p.Salt = membership.EntrySalt(r.secret, p.Number)
		p.Path, err = pathOf(ctx, tx, r, p.Number)
		return err
	})
	return p, found, err
}

// pathOf reads the entries of one chunk and the nodes over the others: no more than a few thousand rows of a roll of a million.
func pathOf(ctx context.Context, tx *sql.Tx, r Record, number int64) ([]membership.Hash, error) {
	chunk := (number - 1) / membership.ChunkSize
	first := chunk*membership.ChunkSize + 1
	rows, err := tx.QueryContext(ctx, `SELECT member, region FROM roll_entry WHERE roll = $1 AND number >= $2 AND number < $3 ORDER BY number`,
		r.ID, first, first+membership.ChunkSize)
	if err != nil {
		return nil, fmt.Errorf("store: a chunk of a roll: %w", err)
	}
	defer rows.Close()
	var electors []membership.Elector
	for rows.Next() {
		var e membership.Elector
		if err := rows.Scan(&e.Member, &e.Region); err != nil {
			return nil, fmt.Errorf("store: a chunk of a roll: %w", err)
		}
		electors = append(electors, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: a chunk of a roll: %w", err)
	}
	rows.Close()
	nodes, err := tx.QueryContext(ctx, `SELECT hash FROM roll_node WHERE roll = $1 ORDER BY chunk`, r.ID)
	if err != nil {
		return nil, fmt.Errorf("store: a roll's tree: %w", err)
	}
	defer nodes.Close()
	var hashes []membership.Hash
	for nodes.Next() {
		var raw []byte
		if err := nodes.Scan(&raw); err != nil {
			return nil, fmt.Errorf("store: a roll's tree: %w", err)
		}
		hashes = append(hashes, membership.Hash(raw))
	}
	if err := nodes.Err(); err != nil {
		return nil, fmt.Errorf("store: a roll's tree: %w", err)
	}
	path := membership.TreePath(membership.EntryHashes(r.secret, first, electors), int(number-first))
	return append(path, membership.TreePath(hashes, int(chunk))...), nil
}

// Prepare makes a roll for a meeting before any vote at it; it supersedes the one that was prepared before. Where a vote of the
// meeting has been opened it is too late: a Conflict fault ROLL_USED.
func (s *Store) Prepare(ctx context.Context, r once.Request, d Draft, check func(used bool) error, encode func(Record) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		current, err := preparedFor(ctx, tx, d.Meeting)
		if err != nil {
			return nil, err
		}
		used, err := meetingUsed(ctx, tx, d.Meeting)
		if err != nil {
			return nil, err
		}
		if err := check(used); err != nil {
			return nil, err
		}
		if d.Terms.Region != "" {
			known, err := regionExists(ctx, tx, d.Terms.Region)
			if err != nil {
				return nil, err
			}
			if !known {
				return nil, fault.Field("ROLL_INVALID", "region", "There is no such region.")
			}
		}
		roll, err := s.prepare(ctx, tx, d, current, r.At)
		if err != nil {
			return nil, err
		}
		record, err := describe(ctx, tx, roll)
		if err != nil {
			return nil, err
		}
		return encode(record)
	})
}

// prepare freezes a roll for a meeting that takes the place of the current one.
func (s *Store) prepare(ctx context.Context, tx *sql.Tx, d Draft, current string, now time.Time) (Roll, error) {
	roll := Roll{Terms: d.Terms, Contact: d.Contact, Frozen: now}
	var err error
	if roll.ID, err = id.Random(s.random); err != nil {
		return roll, err
	}
	roll.Purpose = "prepared/" + roll.ID
	err = s.freeze(ctx, tx, &roll, Detail{Prepared: true, Meeting: d.Meeting, Title: d.Title, Supersedes: current})
	return roll, err
}

// preparedFor returns the roll prepared for a meeting that none has superseded, or an empty string.
func preparedFor(ctx context.Context, q querier, meeting string) (string, error) {
	var roll string
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(d.roll), '') FROM roll_detail d
		WHERE d.meeting = $1 AND d.prepared = $2 AND NOT EXISTS (SELECT 1 FROM roll_detail e WHERE e.supersedes = d.roll)`, meeting, true).Scan(&roll)
	if err != nil {
		return "", fmt.Errorf("store: the roll of a meeting: %w", err)
	}
	return roll, nil
}

func meetingUsed(ctx context.Context, q querier, meeting string) (bool, error) {
	var n int64
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM roll_detail WHERE meeting = $1 AND prepared = $2`, meeting, false).Scan(&n); err != nil {
		return false, fmt.Errorf("store: the votes of a meeting: %w", err)
	}
	return n > 0, nil
}
