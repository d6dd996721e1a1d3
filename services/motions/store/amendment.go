package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
)

// fates are the states that the column fate keeps beside a state that the first schema knows.
var fates = map[motions.MotionState]motions.MotionState{motions.Agreed: motions.Withdrawn, motions.Fallen: motions.Withdrawn}

// stored is how a state is kept: in the column state and in the column fate.
func stored(s motions.MotionState) (state, fate string) {
	if kept, ok := fates[s]; ok {
		return string(kept), string(s)
	}
	return string(s), ""
}

func insertAmendment(ctx context.Context, tx *sql.Tx, m motions.Motion) error {
	if m.Amends == nil {
		return nil
	}
	a := m.Amends
	_, err := tx.ExecContext(ctx, `INSERT INTO amendment (motion, amends, parent, number, mover_agreed, seconder_agreed) VALUES ($1, $2, $3, $4, $5, $6)`,
		m.ID, a.Motion, a.Parent, a.Number, micros(a.MoverAgreed), micros(a.SeconderAgreed))
	if err != nil {
		// Two at once computed the same number: look again.
		return database.StaleKey(fmt.Errorf("store: insert an amendment: %w", err))
	}
	for i, e := range a.Edits {
		_, err := tx.ExecContext(ctx, `INSERT INTO amendment_edit (motion, line, kind, clause, old_words, occurrence, new_words) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			m.ID, i+1, string(e.Kind), e.Clause, e.Old, e.Occurrence, e.New)
		if err != nil {
			return fmt.Errorf("store: insert an edit: %w", err)
		}
	}
	return nil
}

// writeAmendment keeps consents and a fate.
func writeAmendment(ctx context.Context, tx *sql.Tx, m motions.Motion) error {
	if a := m.Amends; a != nil {
		if _, err := tx.ExecContext(ctx, `UPDATE amendment SET mover_agreed = $2, seconder_agreed = $3 WHERE motion = $1`, m.ID, micros(a.MoverAgreed), micros(a.SeconderAgreed)); err != nil {
			return fmt.Errorf("store: write consents: %w", err)
		}
	}
	if f := m.Fate; f != nil {
		_, err := tx.ExecContext(ctx, `INSERT INTO motion_fate (motion, why, other, happened) VALUES ($1, $2, $3, $4) ON CONFLICT (motion) DO NOTHING`,
			m.ID, string(f.Why), f.Other, micros(f.At))
		if err != nil {
			return fmt.Errorf("store: write a fate: %w", err)
		}
	}
	return nil
}

// debate reads a motion's amendments and the text that they edit: three queries, however many there are.
func debate(ctx context.Context, q querier, m motions.Motion) (motions.Debate, error) {
	d := motions.Debate{Base: m.Text, Motion: m}
	all, err := listMotions(ctx, q, ` WHERE t.amends = $1 ORDER BY t.moved, t.id`, m.ID)
	if err != nil || len(all) == 0 {
		return d, err
	}
	err = q.QueryRowContext(ctx, `SELECT text FROM motion_text WHERE motion = $1 AND version = 1`, m.ID).Scan(&d.Base)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("store: the text before amendments: %w", err)
	}
	if err := readAmends(ctx, q, all, "a.amends = $1", m.ID); err != nil {
		return d, err
	}
	slices.SortFunc(all, func(a, b motions.Motion) int { return cmp.Compare(a.Amends.Number, b.Amends.Number) })
	d.Amendments = all
	return d, nil
}

// readAmends adds to amendments what they change, and why they fell.
func readAmends(ctx context.Context, q querier, all []motions.Motion, where string, args ...any) error {
	at := make(map[string]int, len(all))
	for i, m := range all {
		at[m.ID] = i
	}
	rows, err := q.QueryContext(ctx, `
		SELECT a.motion, a.amends, a.parent, a.number, a.mover_agreed, a.seconder_agreed, COALESCE(f.why, ''), COALESCE(f.other, ''), COALESCE(f.happened, 0),
		  e.kind, e.clause, e.old_words, e.occurrence, e.new_words
		FROM amendment a
		JOIN amendment_edit e ON e.motion = a.motion
		LEFT JOIN motion_fate f ON f.motion = a.motion
		WHERE `+where+` ORDER BY a.number, a.motion, e.line`, args...)
	if err != nil {
		return fmt.Errorf("store: read amendments: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, why, other string
		var a motions.Amends
		var e amend.Edit
		var mover, seconder, happened int64
		if err := rows.Scan(&id, &a.Motion, &a.Parent, &a.Number, &mover, &seconder, &why, &other, &happened, &e.Kind, &e.Clause, &e.Old, &e.Occurrence, &e.New); err != nil {
			return fmt.Errorf("store: read amendments: %w", err)
		}
		i, ok := at[id]
		if !ok {
			continue
		}
		m := &all[i]
		if m.Amends == nil {
			a.MoverAgreed, a.SeconderAgreed = instant(mover), instant(seconder)
			m.Amends = &a
		}
		m.Amends.Edits = append(m.Amends.Edits, e)
		if why != "" {
			m.Fate = &motions.Fate{Why: amend.Why(why), Other: other, At: instant(happened)}
		}
	}
	return rows.Err()
}

// TextVersion is a text that a motion has had.
type TextVersion struct {
	Number    int
	Text      string
	Amendment string
	At        int64
}

// writeText gives a motion another text, made by an amendment, and keeps the one before.
func writeText(ctx context.Context, tx *sql.Tx, d motions.Debate, amendment string, at int64) error {
	text, err := d.Text()
	if err != nil || text == d.Motion.Text {
		return err
	}
	id := d.Motion.ID
	if _, err := tx.ExecContext(ctx, `INSERT INTO motion_text (motion, version, text, amendment, happened) VALUES ($1, 1, $2, '', $3) ON CONFLICT (motion, version) DO NOTHING`,
		id, d.Base, micros(d.Motion.MovedAt)); err != nil {
		return fmt.Errorf("store: keep the first text: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO motion_text (motion, version, text, amendment, happened)
		SELECT $1, MAX(version) + 1, $2, $3, $4 FROM motion_text WHERE motion = $1`, id, text, amendment, at); err != nil {
		return database.StaleKey(fmt.Errorf("store: keep a text: %w", err))
	}
	if _, err := tx.ExecContext(ctx, `UPDATE motion SET text = $2, version = version + 1 WHERE id = $1`, id, text); err != nil {
		return fmt.Errorf("store: write a text: %w", err)
	}
	return nil
}

// Texts are the versions of a motion's text, the first first; none if it has had one only.
func (s *Store) Texts(ctx context.Context, motion string) ([]TextVersion, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT version, text, amendment, happened FROM motion_text WHERE motion = $1 ORDER BY version`, motion)
	if err != nil {
		return nil, fmt.Errorf("store: read texts: %w", err)
	}
	defer rows.Close()
	var all []TextVersion
	for rows.Next() {
		var v TextVersion
		if err := rows.Scan(&v.Number, &v.Text, &v.Amendment, &v.At); err != nil {
			return nil, fmt.Errorf("store: read texts: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// AddAmendment has decide move an amendment to a motion, and keeps it.
func (s *Store) AddAmendment(ctx context.Context, a Ask, motion string, decide func(MotionFacts) (motions.Motion, error), encode func(MotionFacts, motions.Motion) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.motionFacts(ctx, tx, motion, a)
		if err != nil {
			return nil, err
		}
		m, err := decide(f)
		if err != nil {
			return nil, err
		}
		if err := insertMotion(ctx, tx, m); err != nil {
			return nil, err
		}
		return encode(f, m)
	})
}

// settle makes fall what cannot stand beside a change, and gives the motion the text that follows from it.
func settle(ctx context.Context, tx *sql.Tx, d motions.Debate, changed motions.Motion, a Ask) error {
	d = d.With(changed)
	if len(d.Amendments) == 0 {
		return nil
	}
	fallen, after, err := d.Settle(a.Request.At)
	if err != nil {
		return err
	}
	for _, m := range fallen {
		if err := writeMotion(ctx, tx, m, m); err != nil {
			return err
		}
	}
	return writeText(ctx, tx, after, changed.ID, micros(a.Request.At))
}

// readPaperAmends adds to the amendments on an order paper what they change: one query, and only if there are any.
func readPaperAmends(ctx context.Context, q querier, paper []motions.Motion, meeting string) error {
	for _, m := range paper {
		if motions.IsAmendmentPlace(m.Position) {
			return readAmends(ctx, q, paper, "a.motion IN (SELECT t.id FROM motion t WHERE t.meeting = $1 AND t.amends <> '')", meeting)
		}
	}
	return nil
}
