package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/motions"
)

func insertMotion(ctx context.Context, tx *sql.Tx, m motions.Motion) error {
	from := ""
	if m.TabledBy != nil {
		from = m.TabledBy.Motion
	}
	amends := ""
	if m.Amends != nil {
		amends = m.Amends.Motion
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO motion (id, meeting, region, position, kind, majority, title, text, seats, state, mover, mover_name, seconder, seconder_name,
		  moved, seconded, accepted, accepted_by, withdrawn, tabled_from, version, amends)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		m.ID, m.Meeting, m.Region, m.Position, string(m.Kind), string(m.Majority), m.Title, m.Text, m.Seats, string(m.State), m.Mover, m.MoverName,
		m.Seconder, m.SeconderName, micros(m.MovedAt), micros(m.SecondedAt), micros(m.AcceptedAt), m.AcceptedBy, micros(m.WithdrawnAt), from, m.Version, amends)
	if err != nil {
		// Two at once computed the same position, or table the same motion: look again.
		return database.StaleKey(fmt.Errorf("store: insert a motion: %w", err))
	}
	if err := insertAmendment(ctx, tx, m); err != nil {
		return err
	}
	return insertChanges(ctx, tx, m)
}

// writeMotion keeps what changed of a motion and of its vote.
func writeMotion(ctx context.Context, tx *sql.Tx, before, m motions.Motion) error {
	state, fate := stored(m.State)
	_, err := tx.ExecContext(ctx, `
		UPDATE motion SET position = $2, state = $3, seconder = $4, seconder_name = $5, seconded = $6, accepted = $7, accepted_by = $8, withdrawn = $9, version = $10, fate = $11
		WHERE id = $1`,
		m.ID, m.Position, state, m.Seconder, m.SeconderName, micros(m.SecondedAt), micros(m.AcceptedAt), m.AcceptedBy, micros(m.WithdrawnAt), m.Version, fate)
	if err != nil {
		return database.StaleKey(fmt.Errorf("store: update a motion: %w", err))
	}
	if err := writeAmendment(ctx, tx, m); err != nil {
		return err
	}
	if m.Vote == nil && before.Vote != nil {
		// It was put back: the next vote has a ballot of its own.
		if _, err := tx.ExecContext(ctx, `DELETE FROM vote WHERE motion = $1`, m.ID); err != nil {
			return fmt.Errorf("store: forget a vote that was not opened: %w", err)
		}
		return nil
	}
	if m.Vote == nil || (before.Vote != nil && *before.Vote == *m.Vote) {
		return nil
	}
	v := *m.Vote
	_, err = tx.ExecContext(ctx, `
		INSERT INTO vote (motion, ballot, roll, rule_book, rule, present, quorum, put, put_by, opened, close_asked, close_asked_by, closed,
		  votes_for, votes_against, abstentions, electors, base, base_name, carried, declared, declared_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (motion) DO UPDATE SET roll = excluded.roll, opened = excluded.opened, close_asked = excluded.close_asked,
		  close_asked_by = excluded.close_asked_by, closed = excluded.closed, votes_for = excluded.votes_for, votes_against = excluded.votes_against,
		  abstentions = excluded.abstentions, electors = excluded.electors, base = excluded.base, carried = excluded.carried,
		  declared = excluded.declared, declared_by = excluded.declared_by`,
		m.ID, v.Ballot, v.Roll, v.RuleBook, v.Rule, v.Present, v.Quorum, micros(v.Put), v.PutBy, micros(v.Opened), micros(v.CloseAsked), v.CloseAskedBy,
		micros(v.Closed), v.Figures.For, v.Figures.Against, v.Figures.Abstentions, v.Figures.Electors, v.Base, v.BaseName, v.Carried, micros(v.Declared), v.DeclaredBy)
	if err != nil {
		return fmt.Errorf("store: write a vote: %w", err)
	}
	return nil
}

// voteColumns are those of a vote joined under a name; a motion that was not put has none.
func voteColumns(as string) string {
	columns := []string{"COALESCE(%.ballot, '')", "COALESCE(%.roll, '')", "COALESCE(%.rule_book, 0)", "COALESCE(%.rule, '')", "COALESCE(%.present, 0)",
		"COALESCE(%.quorum, 0)", "COALESCE(%.put, 0)", "COALESCE(%.put_by, '')", "COALESCE(%.opened, 0)", "COALESCE(%.close_asked, 0)", "COALESCE(%.close_asked_by, '')",
		"COALESCE(%.closed, 0)", "COALESCE(%.votes_for, 0)", "COALESCE(%.votes_against, 0)", "COALESCE(%.abstentions, 0)", "COALESCE(%.electors, 0)", "COALESCE(%.base, 0)",
		"COALESCE(%.base_name, '')", "COALESCE(%.carried, FALSE)", "COALESCE(%.declared, 0)", "COALESCE(%.declared_by, '')"}
	return strings.ReplaceAll(strings.Join(columns, ", "), "%", as)
}

// A tabled motion carries the region's motion (o) and its vote (w); a regional one what it was tabled as (g).
var motionQuery = `SELECT t.id, t.meeting, t.region, t.position, t.kind, t.majority, t.title, t.text, t.seats,
	CASE WHEN t.fate <> '' THEN t.fate ELSE t.state END, t.mover, t.mover_name, t.seconder,
	t.seconder_name, t.moved, t.seconded, t.accepted, t.accepted_by, t.withdrawn, t.version, COALESCE(g.id, ''),
	COALESCE(o.id, ''), COALESCE(o.region, ''), COALESCE(o.meeting, ''), ` + voteColumns("v") + `, ` + voteColumns("w") + `
	FROM motion t
	LEFT JOIN vote v ON v.motion = t.id
	LEFT JOIN motion g ON g.tabled_from = t.id AND g.tabled_from <> ''
	LEFT JOIN motion o ON o.id = t.tabled_from
	LEFT JOIN vote w ON w.motion = o.id`

// voteRow takes a vote's columns.
type voteRow struct {
	vote                                      motions.Vote
	put, opened, closeAsked, closed, declared int64
}

func (r *voteRow) dest() []any {
	v := &r.vote
	return []any{&v.Ballot, &v.Roll, &v.RuleBook, &v.Rule, &v.Present, &v.Quorum, &r.put, &v.PutBy, &r.opened, &r.closeAsked, &v.CloseAskedBy, &r.closed,
		&v.Figures.For, &v.Figures.Against, &v.Figures.Abstentions, &v.Figures.Electors, &v.Base, &v.BaseName, &v.Carried, &r.declared, &v.DeclaredBy}
}

func (r *voteRow) read() *motions.Vote {
	if r.vote.Ballot == "" {
		return nil
	}
	v := r.vote
	v.Put, v.Opened, v.CloseAsked, v.Closed, v.Declared = instant(r.put), instant(r.opened), instant(r.closeAsked), instant(r.closed), instant(r.declared)
	return &v
}

func listMotions(ctx context.Context, q querier, rest string, args ...any) ([]motions.Motion, error) {
	rows, err := q.QueryContext(ctx, motionQuery+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("store: read motions: %w", err)
	}
	defer rows.Close()
	var all []motions.Motion
	for rows.Next() {
		var m motions.Motion
		var moved, seconded, accepted, withdrawn int64
		var by motions.TabledBy
		var own, regions voteRow
		dest := []any{&m.ID, &m.Meeting, &m.Region, &m.Position, &m.Kind, &m.Majority, &m.Title, &m.Text, &m.Seats, &m.State, &m.Mover, &m.MoverName, &m.Seconder,
			&m.SeconderName, &moved, &seconded, &accepted, &m.AcceptedBy, &withdrawn, &m.Version, &m.TabledAs, &by.Motion, &by.Region, &by.Meeting}
		if err := rows.Scan(append(append(dest, own.dest()...), regions.dest()...)...); err != nil {
			return nil, fmt.Errorf("store: read motions: %w", err)
		}
		m.MovedAt, m.SecondedAt, m.AcceptedAt, m.WithdrawnAt = instant(moved), instant(seconded), instant(accepted), instant(withdrawn)
		m.Vote = own.read()
		if v := regions.read(); v != nil {
			by.Vote = *v
			m.TabledBy = &by
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: read motions: %w", err)
	}
	return all, nil
}

func motionByID(ctx context.Context, q querier, id string) (motions.Motion, error) {
	all, err := listMotions(ctx, q, ` WHERE t.id = $1`, id)
	if err != nil {
		return motions.Motion{}, err
	}
	if len(all) == 0 {
		return motions.Motion{}, motions.MotionNotFound()
	}
	if err := readAmends(ctx, q, all, "a.motion = $1", id); err != nil {
		return motions.Motion{}, err
	}
	return all[0], readChanges(ctx, q, &all[0])
}

func (s *Store) motionFacts(ctx context.Context, q querier, id string, a Ask) (MotionFacts, error) {
	m, err := motionByID(ctx, q, id)
	if err != nil {
		return MotionFacts{}, err
	}
	about := m
	if m.Amends != nil {
		if about, err = motionByID(ctx, q, m.Amends.Motion); err != nil {
			return MotionFacts{}, err
		}
	}
	d, err := debate(ctx, q, about)
	if err != nil {
		return MotionFacts{}, err
	}
	at, err := s.meetingFacts(ctx, q, m.Meeting, a)
	return MotionFacts{Motion: m, At: at, Debate: d}, err
}

// Motion returns a motion.
func (s *Store) Motion(ctx context.Context, id string) (motions.Motion, error) {
	return motionByID(ctx, s.db.Reader(), id)
}

// MotionWithMeeting returns a motion with its meeting, in one committed state.
func (s *Store) MotionWithMeeting(ctx context.Context, id string, a Ask) (MotionFacts, error) {
	var f MotionFacts
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		f, err = s.motionFacts(ctx, tx, id, a)
		return err
	})
	return f, err
}

// MotionQuery says which motions are wanted.
type MotionQuery struct {
	// Meeting is the only one wanted, or empty for all.
	Meeting string
	// All shows every motion; else those accepted, and what follows.
	All bool
	// Member is the caller: their own are shown.
	Member string
	// Regions are those whose organiser the caller is: theirs are shown.
	Regions []string
	// Seconds is true if the caller may second: motions that wait for a seconder are shown, those of general meetings and
	// of SecondsIn.
	Seconds   bool
	SecondsIn string
	// BeforeMoved (microseconds) and BeforeID are of the last row of the page before, empty for the first page.
	BeforeMoved int64
	BeforeID    string
	// Limit is the most rows.
	Limit int
}

// Motions returns motions without amendments to them, newest first.
func (s *Store) Motions(ctx context.Context, q MotionQuery) ([]motions.Motion, error) {
	where, args := []string{"t.amends = ''"}, []any{}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	if q.Meeting != "" {
		where = append(where, "t.meeting = "+arg(q.Meeting))
	}
	if !q.All {
		shown := []string{"t.accepted > 0"}
		if q.Member != "" {
			member := arg(q.Member)
			shown = append(shown, "t.mover = "+member, "t.seconder = "+member)
		}
		for _, r := range q.Regions {
			shown = append(shown, "t.region = "+arg(r))
		}
		if q.Seconds {
			shown = append(shown, "(t.state = 'moved' AND (t.region = '' OR t.region = "+arg(q.SecondsIn)+"))")
		}
		where = append(where, "("+strings.Join(shown, " OR ")+")")
	}
	if q.BeforeID != "" {
		moved := arg(q.BeforeMoved)
		where = append(where, "(t.moved < "+moved+" OR (t.moved = "+moved+" AND t.id < "+arg(q.BeforeID)+"))")
	}
	rest := ""
	if len(where) > 0 {
		rest = " WHERE " + strings.Join(where, " AND ")
	}
	return listMotions(ctx, s.db.Reader(), rest+" ORDER BY t.moved DESC, t.id DESC LIMIT "+arg(q.Limit), args...)
}

// Underway returns the ids of motions whose vote another room has still to open or to close, at most limit of them.
func (s *Store) Underway(ctx context.Context, limit int) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id FROM motion WHERE state IN ('opening', 'closing') ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("store: votes underway: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("store: votes underway: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
