package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// maxCards bounds how many cards are listed.
const maxCards = 200

// NamedCard is a card with the names of whom it is for and who made it.
type NamedCard struct {
	membership.Card
	// Name is the member's; AskedByName and MadeByName are the officers'.
	Name, AskedByName, MadeByName string
}

// Entered is what became of an application on paper.
type Entered struct {
	// Member is the new entry, and Admitted whether the rules admitted it by themselves.
	Member   string
	Admitted bool
}

// EnterMember adds a person without e-mail to the register, once: they applied on paper, the officer confirms it, and the rule in force admits
// them or lets somebody decide. address gives the postal address to keep under the rule in force.
func (s *Store) EnterMember(ctx context.Context, r once.Request, p membership.Person, by, reason string,
	address func(membership.Rule) (string, error), encode Encode[Entered]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		if err := mayJoin(ctx, tx, p.Region); err != nil {
			return nil, err
		}
		told, err := rules(ctx, tx)
		if err != nil {
			return nil, err
		}
		postal, err := address(membership.RuleAt(told, r.At))
		if err != nil {
			return nil, err
		}
		member, err := id.New(r.At, s.random)
		if err != nil {
			return nil, err
		}
		p.Email = membership.NoAddress(member)
		if err := insertMember(ctx, tx, member, p); err != nil {
			return nil, err
		}
		if postal != "" {
			if err := keepPostal(ctx, tx, member, postal); err != nil {
				return nil, err
			}
		}
		done := Entered{Member: member}
		applied := membership.Event{Kind: membership.Applied, At: r.At, Region: p.Region, By: by, Reason: reason}
		confirmed := membership.Event{Kind: membership.ConfirmedOnPaper, At: r.At, By: by, Reason: reason}
		if done.Admitted, err = s.enterConfirmed(ctx, tx, member, applied, confirmed, r.At); err != nil {
			return nil, err
		}
		return encode(done)
	})
}

const selectCard = `SELECT c.id, c.member, c.asked_by, c.reason, c.asked, c.made_by, c.made, c.cancelled, c.used, c.request, COALESCE(c.session, ''),
	COALESCE(m.name, ''), COALESCE(a.name, ''), COALESCE(b.name, '')
	FROM desk_card c LEFT JOIN member m ON m.id = c.member LEFT JOIN member a ON a.id = c.asked_by LEFT JOIN member b ON b.id = c.made_by `

func cards(ctx context.Context, q querier, tail string, args ...any) ([]NamedCard, error) {
	rows, err := q.QueryContext(ctx, selectCard+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: cards: %w", err)
	}
	defer rows.Close()
	var all []NamedCard
	for rows.Next() {
		var c NamedCard
		var asked int64
		var made, cancelled, used sql.NullInt64
		err := rows.Scan(&c.ID, &c.Member, &c.AskedBy, &c.Reason, &asked, &c.MadeBy, &made, &cancelled, &used, &c.Request, &c.Session,
			&c.Name, &c.AskedByName, &c.MadeByName)
		if err != nil {
			return nil, fmt.Errorf("store: cards: %w", err)
		}
		c.Asked, c.Made, c.Cancelled, c.Used = time.UnixMicro(asked), instant(made), instant(cancelled), instant(used)
		all = append(all, c)
	}
	return all, rows.Err()
}

// Cards returns the cards that were asked for since an instant, newest first.
func (s *Store) Cards(ctx context.Context, since time.Time) ([]NamedCard, error) {
	return cards(ctx, s.db.Reader(), `WHERE c.asked >= $1 ORDER BY c.asked DESC, c.id LIMIT $2`, since.UnixMicro(), maxCards)
}

func cardByID(ctx context.Context, q querier, card string) (NamedCard, error) {
	if id.Valid(card) {
		all, err := cards(ctx, q, `WHERE c.id = $1`, card)
		if err != nil || len(all) > 0 {
			return append(all, NamedCard{})[0], err
		}
	}
	return NamedCard{}, fault.New(fault.NotFound, "CARD_NOT_FOUND", "There is no such card.")
}

// AskForCard records a first officer's wish for a card, once.
func (s *Store) AskForCard(ctx context.Context, r once.Request, member, by string, decide func(Case) (membership.Event, error), encode Encode[NamedCard]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		c, err := entry(ctx, tx, member, r.At)
		if err != nil {
			return nil, err
		}
		e, err := decide(c)
		if err != nil {
			return nil, err
		}
		card, err := id.Random(s.random)
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO desk_card (id, member, asked_by, reason, asked, made_by) VALUES ($1, $2, $3, $4, $5, '')`,
			card, member, by, e.Reason, r.At.UnixMicro())
		if err != nil {
			return nil, fmt.Errorf("store: ask for a card: %w", err)
		}
		return s.changedCard(ctx, tx, card, member, e, r.At, encode)
	})
}

func (s *Store) changedCard(ctx context.Context, tx *sql.Tx, card, member string, e membership.Event, now time.Time, encode Encode[NamedCard]) ([]byte, error) {
	if err := record(ctx, tx, member, e, now); err != nil {
		return nil, err
	}
	c, err := cardByID(ctx, tx, card)
	if err != nil {
		return nil, err
	}
	return encode(c)
}

// MakeCard records that a second officer makes a card, once, and keeps the hash of its code.
func (s *Store) MakeCard(ctx context.Context, r once.Request, card, by string, codeHash []byte,
	decide func(NamedCard, Case) (membership.Event, error), encode Encode[NamedCard]) ([]byte, error) {
	return s.changeCard(ctx, r, card, decide, encode, `UPDATE desk_card SET made_by = $2, made = $3, code_hash = $4 WHERE id = $1`, by, r.At.UnixMicro(), codeHash)
}

// CancelCard records that an officer takes a card back, once.
func (s *Store) CancelCard(ctx context.Context, r once.Request, card string,
	decide func(NamedCard, Case) (membership.Event, error), encode Encode[NamedCard]) ([]byte, error) {
	return s.changeCard(ctx, r, card, decide, encode, `UPDATE desk_card SET cancelled = $2 WHERE id = $1`, r.At.UnixMicro())
}

func (s *Store) changeCard(ctx context.Context, r once.Request, card string, decide func(NamedCard, Case) (membership.Event, error),
	encode Encode[NamedCard], change string, args ...any) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		c, err := cardByID(ctx, tx, card)
		if err != nil {
			return nil, err
		}
		of, err := entry(ctx, tx, c.Member, r.At)
		if err != nil {
			return nil, err
		}
		e, err := decide(c, of)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, change, append([]any{c.ID}, args...)...); err != nil {
			return nil, fmt.Errorf("store: change a card: %w", err)
		}
		return s.changedCard(ctx, tx, c.ID, c.Member, e, r.At, encode)
	})
}

// UseCard signs in by the card whose code has this hash, under the hash of a new session secret. The same request again gets the same session.
func (s *Store) UseCard(ctx context.Context, codeHash, request, secretHash []byte, way membership.Way, now time.Time) (membership.Session, error) {
	var session membership.Session
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all, err := cards(ctx, tx, `WHERE c.code_hash = $1`, codeHash)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return membership.CardUnknown()
		}
		c := all[0]
		of, err := entry(ctx, tx, c.Member, now)
		if err != nil {
			return err
		}
		outcome, err := c.Use(request, of.State, of.Email, now)
		if err != nil {
			return err
		}
		if outcome == membership.Repeated {
			session, err = sessionByID(ctx, tx, c.Session)
			return err
		}
		if session, err = s.newSession(ctx, tx, c.Member, secretHash, now, way); err != nil {
			return err
		}
		// The row may have been used by a twin of this transaction: then it is not written, and the twin's answer stands.
		result, err := tx.ExecContext(ctx, `UPDATE desk_card SET used = $2, request = $3, session = $4 WHERE id = $1 AND used IS NULL`,
			c.ID, now.UnixMicro(), request, session.ID)
		if err != nil {
			return fmt.Errorf("store: use a card: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, membership.CardUnknown())
		}
		return record(ctx, tx, c.Member, membership.Event{Kind: membership.UsedCard, At: now}, now)
	})
	return session, err
}
