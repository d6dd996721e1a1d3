package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// mostChallenges bounds a list of one roll's challenges.
const mostChallenges = 1000

const selectChallenges = `
	SELECT c.id, c.roll, c.meeting, c.kind, c.challenger, c.member, c.about, c.reason, c.made, c.outcome, c.decider, c.decided, c.decision_reason,
		c.superseding, m.name
	FROM roll_challenge c JOIN member m ON m.id = c.challenger WHERE `

// NamedChallenge is a challenge with its challenger's name.
type NamedChallenge struct {
	membership.Challenge
	// Name is the challenger's.
	Name string
}

func scanChallenges(rows *sql.Rows, err error) ([]NamedChallenge, error) {
	if err != nil {
		return nil, fmt.Errorf("store: challenges: %w", err)
	}
	defer rows.Close()
	var all []NamedChallenge
	for rows.Next() {
		var c NamedChallenge
		var kind, outcome string
		var made int64
		var decided sql.NullInt64
		if err := rows.Scan(&c.ID, &c.Roll, &c.Meeting, &kind, &c.Challenger, &c.Member, &c.About, &c.Reason, &made, &outcome, &c.Decider, &decided,
			&c.DecisionReason, &c.Superseding, &c.Name); err != nil {
			return nil, fmt.Errorf("store: challenges: %w", err)
		}
		c.Kind, c.Outcome, c.Made, c.Decided = membership.ChallengeKind(kind), membership.ChallengeOutcome(outcome), time.UnixMicro(made), instant(decided)
		all = append(all, c)
	}
	return all, rows.Err()
}

// Challenges returns a roll's challenges, the oldest first: all, or one challenger's. It returns a NotFound fault for no such roll.
func (s *Store) Challenges(ctx context.Context, roll, challenger string) ([]NamedChallenge, error) {
	var all []NamedChallenge
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		if _, found, err := rollByID(ctx, tx, roll); err != nil || !found {
			if err != nil {
				return err
			}
			return rollNotFound()
		}
		where, args := `c.roll = $1`, []any{roll, mostChallenges}
		if challenger != "" {
			where, args = where+` AND c.challenger = $3`, append(args, challenger)
		}
		var err error
		all, err = scanChallenges(tx.QueryContext(ctx, selectChallenges+where+` ORDER BY c.made, c.id LIMIT $2`, args...))
		return err
	})
	return all, err
}

func openChallenges(ctx context.Context, q querier, meeting string) (int64, error) {
	if meeting == "" {
		return 0, nil
	}
	var n int64
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM roll_challenge WHERE meeting = $1 AND outcome = ''`, meeting).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: open challenges: %w", err)
	}
	return n, nil
}

// rulingsOf returns what was ruled of members for a meeting, the latest of each.
func rulingsOf(ctx context.Context, q querier, meeting string) (map[string]membership.Ruling, error) {
	if meeting == "" {
		return nil, nil
	}
	all, err := scanChallenges(q.QueryContext(ctx, selectChallenges+`c.meeting = $1 AND c.outcome = 'upheld' ORDER BY c.event`, meeting))
	if err != nil {
		return nil, err
	}
	rulings := make(map[string]membership.Ruling, len(all))
	for _, c := range all {
		rulings[c.Member] = membership.Ruling{Include: c.Kind == membership.ChallengeOmission, At: c.Decided, Reason: c.DecisionReason}
	}
	return rulings, nil
}

// RulingOn returns what had been ruled of a member when a roll was frozen, or nil.
func (s *Store) RulingOn(ctx context.Context, roll Roll, member string) (*membership.Ruling, error) {
	return rulingOn(ctx, s.db.Reader(), roll, member)
}

func rulingOn(ctx context.Context, q querier, roll Roll, member string) (*membership.Ruling, error) {
	if roll.detail == nil || roll.detail.Meeting == "" || !id.Valid(member) {
		return nil, nil
	}
	all, err := scanChallenges(q.QueryContext(ctx, selectChallenges+`c.meeting = $1 AND c.outcome = 'upheld' AND c.member = $2 AND c.event <= $3 ORDER BY c.event DESC LIMIT 1`,
		roll.detail.Meeting, member, roll.limits.events))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &membership.Ruling{Include: all[0].Kind == membership.ChallengeOmission, At: all[0].Decided, Reason: all[0].DecisionReason}, nil
}

// Challenge brings a challenge, and records it as an event of the challenger's.
func (s *Store) Challenge(ctx context.Context, r once.Request, c membership.Challenge, encode func(NamedChallenge) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		roll, err := recordOf(ctx, tx, c.Roll)
		if err != nil {
			return nil, err
		}
		c.Meeting = roll.Meeting
		var open int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM roll_challenge WHERE meeting = $1 AND outcome = '' AND challenger = $2`, c.Meeting, c.Challenger).Scan(&open); err != nil {
			return nil, fmt.Errorf("store: open challenges: %w", err)
		}
		subject, err := subjectOf(ctx, tx, c.Member, "", c.Made)
		if err != nil {
			return nil, err
		}
		if c, err = membership.NewChallenge(c, roll.use(), open, subject.Known); err != nil {
			return nil, err
		}
		if c.ID, err = id.New(c.Made, s.random); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO roll_challenge (id, roll, meeting, kind, challenger, member, about, reason, made, outcome, decider, decided, decision_reason, superseding)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', NULL, '', '')`,
			c.ID, c.Roll, c.Meeting, string(c.Kind), c.Challenger, c.Member, c.About, c.Reason, c.Made.UnixMicro())
		if err != nil {
			return nil, fmt.Errorf("store: insert a challenge: %w", err)
		}
		if err := record(ctx, tx, c.Challenger, membership.Event{Kind: membership.RollChallenged, At: c.Made, Reason: c.Reason}, c.Made); err != nil {
			return nil, err
		}
		return encodeChallenge(ctx, tx, c.ID, encode)
	})
}

func encodeChallenge(ctx context.Context, tx *sql.Tx, challenge string, encode func(NamedChallenge) ([]byte, error)) ([]byte, error) {
	c, err := challengeByID(ctx, tx, challenge)
	if err != nil {
		return nil, err
	}
	return encode(c)
}

func challengeByID(ctx context.Context, q querier, challenge string) (NamedChallenge, error) {
	var all []NamedChallenge
	var err error
	if id.Valid(challenge) {
		all, err = scanChallenges(q.QueryContext(ctx, selectChallenges+`c.id = $1`, challenge))
	}
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "CHALLENGE_NOT_FOUND", "There is no such challenge.")
	}
	if err != nil {
		return NamedChallenge{}, err
	}
	return all[0], nil
}

// subjectOf finds whom a challenge is about, and whether a roll holds them; roll may be empty.
func subjectOf(ctx context.Context, tx *sql.Tx, member, roll string, now time.Time) (membership.Subject, error) {
	var s membership.Subject
	if !id.Valid(member) {
		return s, nil
	}
	var on, known int64
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM member WHERE id = $1), (SELECT COUNT(*) FROM roll_entry WHERE roll = $2 AND member = $1)`, member, roll).Scan(&known, &on)
	if err != nil {
		return s, fmt.Errorf("store: whom a challenge is about: %w", err)
	}
	histories, err := historiesOf(ctx, tx, []string{member})
	if err != nil {
		return s, err
	}
	s.Known, s.OnRoll, s.Member = known > 0, on > 0, histories[member].On(now).Member()
	return s, nil
}

// Decide decides a challenge; about names the member where it does not. An upheld one makes a roll that supersedes the meeting's
// present one. The decision is an event of the challenger's, and one that was upheld one of the member's whom it is about.
// The wait for the ledger lies behind the caller.
func (s *Store) Decide(ctx context.Context, r once.Request, challenge, by string, uphold bool, reason, about string, encode func(NamedChallenge) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		before, err := challengeByID(ctx, tx, challenge)
		if err != nil {
			return nil, err
		}
		current, err := preparedFor(ctx, tx, before.Meeting)
		if err != nil {
			return nil, err
		}
		roll, err := recordOf(ctx, tx, current)
		if err != nil {
			return nil, err
		}
		who := before.Member
		if who == "" {
			who = about
		}
		subject, err := subjectOf(ctx, tx, who, current, r.At)
		if err != nil {
			return nil, err
		}
		c, err := before.Decide(by, uphold, reason, about, r.At, roll.use(), subject)
		if err != nil {
			return nil, err
		}
		if err := s.decide(ctx, tx, c, roll, r.At); err != nil {
			return nil, err
		}
		return encodeChallenge(ctx, tx, c.ID, encode)
	})
}

func (s *Store) decide(ctx context.Context, tx *sql.Tx, c membership.Challenge, roll Record, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE roll_challenge SET member = $2, outcome = $3, decider = $4, decided = $5, decision_reason = $6 WHERE id = $1`,
		c.ID, c.Member, string(c.Outcome), c.Decider, c.Decided.UnixMicro(), c.DecisionReason)
	if err != nil {
		return fmt.Errorf("store: decide a challenge: %w", err)
	}
	decided := membership.Event{Kind: membership.ChallengeDismissed, At: now, Reason: c.DecisionReason, By: c.Decider}
	if c.Outcome == membership.Upheld {
		decided.Kind = membership.ChallengeUpheld
	}
	if err := record(ctx, tx, c.Challenger, decided, now); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE roll_challenge SET event = (SELECT MAX(number) FROM event) WHERE id = $1`, c.ID); err != nil {
		return fmt.Errorf("store: number a decision: %w", err)
	}
	if c.Outcome != membership.Upheld {
		return nil
	}
	ruled := decided
	ruled.Kind = membership.RuledOffRoll
	if c.Kind == membership.ChallengeOmission {
		ruled.Kind = membership.RuledOntoRoll
	}
	if err := record(ctx, tx, c.Member, ruled, now); err != nil {
		return err
	}
	next, err := s.prepare(ctx, tx, Draft{Meeting: roll.Meeting, Title: roll.Title, Terms: roll.Terms, Contact: roll.Contact}, roll.ID, now)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE roll_challenge SET superseding = $2 WHERE id = $1`, c.ID, next.ID); err != nil {
		return fmt.Errorf("store: name the superseding roll: %w", err)
	}
	return nil
}

// ChallengeOf returns a challenge, or a NotFound fault.
func (s *Store) ChallengeOf(ctx context.Context, challenge string) (NamedChallenge, error) {
	return challengeByID(ctx, s.db.Reader(), challenge)
}
