package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// enter records that a person applied and confirmed their address, and admits them where the rule in force does that by itself;
// else they wait for a decision. It reports whether they were admitted.
func (s *Store) enter(ctx context.Context, tx *sql.Tx, member string, applied membership.Event, now time.Time) (bool, error) {
	return s.enterConfirmed(ctx, tx, member, applied, membership.Event{Kind: membership.Confirmed, At: now}, now)
}

// enterConfirmed is enter with what stands for the confirmation.
func (s *Store) enterConfirmed(ctx context.Context, tx *sql.Tx, member string, applied, confirmed membership.Event, now time.Time) (bool, error) {
	event, err := recordNumbered(ctx, tx, member, applied, now)
	if err != nil {
		return false, err
	}
	if err := record(ctx, tx, member, confirmed, now); err != nil {
		return false, err
	}
	e, err := entry(ctx, tx, member, now)
	if err != nil {
		return false, err
	}
	kind, ok := e.State.Admit(e.Rule.Admission)
	if !ok {
		return false, waits(ctx, tx, member, event)
	}
	return true, admit(ctx, tx, member, membership.Event{Kind: kind, At: now})
}

// enterAgain is a former member's application under the address they had. It does nothing for whoever is a member or waits
// already, and reports whether the person applied and whether they were admitted.
func (s *Store) enterAgain(ctx context.Context, tx *sql.Tx, member string, a membership.Attempt, now time.Time) (applied, admitted bool, err error) {
	may, err := mayApply(ctx, tx, member, now)
	if err != nil || !may {
		return false, false, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE member SET region = $2 WHERE id = $1`, member, a.Person.Region); err != nil {
		return false, false, fmt.Errorf("store: apply again: %w", err)
	}
	// They apply when they confirm: what they asked for may be older than the end of their membership.
	admitted, err = s.enter(ctx, tx, member, membership.Event{Kind: membership.Applied, At: now, Region: a.Person.Region}, now)
	return true, admitted, err
}

// letterFor chooses the letter of an attempt: a former member applies like anybody, and who waits for a decision is no member yet.
func letterFor(ctx context.Context, q querier, kind membership.AttemptKind, member string, known bool, now time.Time) (membership.Letter, error) {
	if !known || kind != membership.Joining {
		return membership.LetterFor(kind, known), nil
	}
	histories, err := historiesOf(ctx, q, []string{member})
	if err != nil {
		return membership.NoLetter, err
	}
	switch state := histories[member].On(now); {
	case state.MayApply():
		return membership.LetterJoin, nil
	case !state.Member():
		return membership.LetterSignIn, nil
	}
	return membership.LetterKnown, nil
}

// mayApply reports whether the person with this entry may apply: a former member, or one who was refused.
func mayApply(ctx context.Context, q querier, member string, now time.Time) (bool, error) {
	histories, err := historiesOf(ctx, q, []string{member})
	return histories[member].On(now).MayApply(), err
}
