package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/motions"
)

// instant reads microseconds; 0 is the zero time.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// micros writes an instant; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func insertMeeting(ctx context.Context, tx *sql.Tx, m motions.Meeting) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO meeting (id, kind, region, title, place, starts, state, rule_book, noticed, clear_days, electors, quorum, opened, closed,
		  created, created_by, noticed_by, opened_by, closed_by, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		m.ID, string(m.Kind), m.Region, m.Title, m.Place, micros(m.Starts), string(m.State), m.RuleBook, micros(m.Noticed), m.ClearDays, m.Electors, m.Quorum,
		micros(m.Opened), micros(m.Closed), micros(m.Created), m.CreatedBy, m.NoticedBy, m.OpenedBy, m.ClosedBy, m.Version)
	if err != nil {
		return fmt.Errorf("store: insert a meeting: %w", err)
	}
	return nil
}

func updateMeeting(ctx context.Context, tx *sql.Tx, m motions.Meeting) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE meeting SET state = $2, rule_book = $3, noticed = $4, clear_days = $5, electors = $6, quorum = $7, opened = $8, closed = $9,
		  noticed_by = $10, opened_by = $11, closed_by = $12, version = $13
		WHERE id = $1`,
		m.ID, string(m.State), m.RuleBook, micros(m.Noticed), m.ClearDays, m.Electors, m.Quorum, micros(m.Opened), micros(m.Closed),
		m.NoticedBy, m.OpenedBy, m.ClosedBy, m.Version)
	if err != nil {
		return fmt.Errorf("store: update a meeting: %w", err)
	}
	return nil
}

// touchMeeting gives a meeting a new version, since its order paper changed.
func touchMeeting(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE meeting SET version = version + 1 WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: touch a meeting: %w", err)
	}
	return nil
}

// presentCount counts those whose last step is an arrival.
const presentCount = `(SELECT COUNT(*) FROM (SELECT a.member FROM attendance a WHERE a.meeting = m.id GROUP BY a.member HAVING MAX(a.step) % 2 = 1) p)`

const meetingColumns = `m.id, m.kind, m.region, m.title, m.place, m.starts, m.state, m.rule_book, m.noticed, m.clear_days, m.electors, m.quorum,
	m.opened, m.closed, m.created, m.created_by, m.noticed_by, m.opened_by, m.closed_by, m.version, ` + presentCount

type scanner interface{ Scan(dest ...any) error }

func scanMeeting(row scanner) (motions.Meeting, error) {
	var m motions.Meeting
	var starts, noticed, opened, closed, created int64
	err := row.Scan(&m.ID, &m.Kind, &m.Region, &m.Title, &m.Place, &starts, &m.State, &m.RuleBook, &noticed, &m.ClearDays, &m.Electors, &m.Quorum,
		&opened, &closed, &created, &m.CreatedBy, &m.NoticedBy, &m.OpenedBy, &m.ClosedBy, &m.Version, &m.Present)
	m.Starts, m.Noticed, m.Opened, m.Closed, m.Created = instant(starts), instant(noticed), instant(opened), instant(closed), instant(created)
	return m, err
}

func meetingByID(ctx context.Context, q querier, id string) (motions.Meeting, error) {
	m, err := scanMeeting(q.QueryRowContext(ctx, `SELECT `+meetingColumns+` FROM meeting m WHERE m.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return motions.Meeting{}, motions.MeetingNotFound()
	}
	if err != nil {
		return motions.Meeting{}, fmt.Errorf("store: read a meeting: %w", err)
	}
	return m, nil
}

func (s *Store) meetingFacts(ctx context.Context, q querier, id string, a Ask) (MeetingFacts, error) {
	var f MeetingFacts
	var err error
	if f.Meeting, err = meetingByID(ctx, q, id); err != nil {
		return MeetingFacts{}, err
	}
	if f.Terms, err = s.terms(ctx, q, f.Meeting.RuleBook, a.Request.At); err != nil {
		return MeetingFacts{}, err
	}
	if f.Paper, err = listMotions(ctx, q, ` WHERE t.meeting = $1 AND t.position > 0 ORDER BY t.position`, id); err != nil {
		return MeetingFacts{}, err
	}
	if err = readPaperAmends(ctx, q, f.Paper, id); err != nil {
		return MeetingFacts{}, err
	}
	f.CallerPresent, err = isPresent(ctx, q, id, a.Caller)
	return f, err
}

// Meeting returns a meeting with what is shown beside it, in one committed state.
func (s *Store) Meeting(ctx context.Context, id string, a Ask) (MeetingFacts, error) {
	var f MeetingFacts
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		f, err = s.meetingFacts(ctx, tx, id, a)
		return err
	})
	return f, err
}

// OneMeeting returns a meeting with nothing beside it, or a NotFound fault.
func (s *Store) OneMeeting(ctx context.Context, id string) (motions.Meeting, error) {
	return meetingByID(ctx, s.db.Reader(), id)
}

// MeetingQuery says which meetings are wanted.
type MeetingQuery struct {
	// Region is the only one wanted, or empty for all.
	Region string
	// Drafts says whose drafts are shown: the general meetings' and these regions'.
	GeneralDrafts bool
	DraftRegions  []string
	// Before is the start (microseconds) and id of the last row of the page before, 0 for the first page.
	BeforeStart int64
	BeforeID    string
	// Limit is the most rows.
	Limit int
}

// Meetings returns meetings, latest start first.
func (s *Store) Meetings(ctx context.Context, q MeetingQuery, a Ask) ([]MeetingFacts, error) {
	where, args := []string{}, []any{}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	if q.Region != "" {
		where = append(where, "m.region = "+arg(q.Region))
	}
	shown := []string{"m.state <> 'draft'"}
	if q.GeneralDrafts {
		shown = append(shown, "m.region = ''")
	}
	for _, r := range q.DraftRegions {
		shown = append(shown, "m.region = "+arg(r))
	}
	where = append(where, "("+strings.Join(shown, " OR ")+")")
	if q.BeforeID != "" {
		start := arg(q.BeforeStart)
		where = append(where, "(m.starts < "+start+" OR (m.starts = "+start+" AND m.id < "+arg(q.BeforeID)+"))")
	}
	query := `SELECT ` + meetingColumns + ` FROM meeting m WHERE ` + strings.Join(where, " AND ") + ` ORDER BY m.starts DESC, m.id DESC LIMIT ` + arg(q.Limit)
	var all []MeetingFacts
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		all, err = s.readMeetings(ctx, tx, query, args, a)
		return err
	})
	return all, err
}

func (s *Store) readMeetings(ctx context.Context, tx *sql.Tx, query string, args []any, a Ask) ([]MeetingFacts, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: list meetings: %w", err)
	}
	defer rows.Close()
	var all []MeetingFacts
	for rows.Next() {
		m, err := scanMeeting(rows)
		if err != nil {
			return nil, fmt.Errorf("store: list meetings: %w", err)
		}
		all = append(all, MeetingFacts{Meeting: m})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: list meetings: %w", err)
	}
	// The rows are read to their end: the transaction's one connection is free for the rules.
	for i := range all {
		if all[i].Terms, err = s.terms(ctx, tx, all[i].Meeting.RuleBook, a.Request.At); err != nil {
			return nil, err
		}
	}
	return all, s.markPresent(ctx, tx, all, a.Caller)
}

// markPresent notes at which of the meetings the caller is present.
func (s *Store) markPresent(ctx context.Context, q querier, all []MeetingFacts, caller string) error {
	if caller == "" || len(all) == 0 {
		return nil
	}
	rows, err := q.QueryContext(ctx, `SELECT meeting FROM attendance WHERE member = $1 GROUP BY meeting HAVING MAX(step) % 2 = 1`, caller)
	if err != nil {
		return fmt.Errorf("store: where the caller is present: %w", err)
	}
	defer rows.Close()
	at := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("store: where the caller is present: %w", err)
		}
		at[id] = true
	}
	for i := range all {
		all[i].CallerPresent = at[all[i].Meeting.ID]
	}
	return rows.Err()
}

func isPresent(ctx context.Context, q querier, meeting, member string) (bool, error) {
	if member == "" {
		return false, nil
	}
	var last int64
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(step), 0) FROM attendance WHERE meeting = $1 AND member = $2`, meeting, member).Scan(&last); err != nil {
		return false, fmt.Errorf("store: is a member present: %w", err)
	}
	return last%2 == 1, nil
}

func present(ctx context.Context, q querier, meeting, caller string) (n int64, callerToo bool, err error) {
	if err := q.QueryRowContext(ctx, `SELECT `+presentCount+` FROM meeting m WHERE m.id = $1`, meeting).Scan(&n); err != nil {
		return 0, false, fmt.Errorf("store: count those present: %w", err)
	}
	callerToo, err = isPresent(ctx, q, meeting, caller)
	return n, callerToo, err
}

func attend(ctx context.Context, tx *sql.Tx, meeting string, members []string, departed bool, a Ask) error {
	last, err := lastSteps(ctx, tx, meeting, members)
	if err != nil {
		return err
	}
	var values []string
	args := []any{meeting, micros(a.Request.At), a.Caller}
	for _, id := range members {
		step := last[id]
		if here := step%2 == 1; here != departed {
			continue
		}
		n := len(args)
		values = append(values, fmt.Sprintf("($1, $%d, $%d, $2, $3)", n+1, n+2))
		args = append(args, id, step+1)
		last[id] = step + 1
	}
	if len(values) == 0 {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO attendance (meeting, member, step, happened, recorded_by) VALUES `+strings.Join(values, ", "), args...)
	if err != nil {
		// Two desks at once: look again.
		return database.StaleKey(fmt.Errorf("store: record attendance: %w", err))
	}
	return nil
}

// lastSteps returns the last step of each of the members, 0 for those who never came.
func lastSteps(ctx context.Context, tx *sql.Tx, meeting string, members []string) (map[string]int64, error) {
	marks, args := make([]string, len(members)), []any{meeting}
	for i, id := range members {
		args = append(args, id)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := tx.QueryContext(ctx, `SELECT member, MAX(step) FROM attendance WHERE meeting = $1 AND member IN (`+strings.Join(marks, ", ")+`) GROUP BY member`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: read attendance: %w", err)
	}
	defer rows.Close()
	last := map[string]int64{}
	for rows.Next() {
		var id string
		var step int64
		if err := rows.Scan(&id, &step); err != nil {
			return nil, fmt.Errorf("store: read attendance: %w", err)
		}
		last[id] = step
	}
	return last, rows.Err()
}
