package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// BeginChallenge keeps a challenge under the hash of the secret that the asking browser keeps.
func (s *Store) BeginChallenge(ctx context.Context, hash []byte, c membership.KeyChallenge) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO passkey_challenge (hash, member, terms, expires) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING`,
			hash, c.Member, c.Terms, c.Expires.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: begin a challenge: %w", err)
		}
		return nil
	})
}

func loadChallenge(ctx context.Context, q querier, hash []byte) (membership.KeyChallenge, error) {
	var c membership.KeyChallenge
	var expires int64
	var used sql.NullInt64
	var made sql.NullString
	err := q.QueryRowContext(ctx, `SELECT member, terms, expires, used, request, made FROM passkey_challenge WHERE hash = $1`, hash).
		Scan(&c.Member, &c.Terms, &expires, &used, &c.Request, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.Field("CHALLENGE_UNKNOWN", "attempt", "This was not asked for in this browser. Start again.")
	}
	if err != nil {
		return c, fmt.Errorf("store: find a challenge: %w", err)
	}
	c.Expires, c.Used, c.Made = time.UnixMicro(expires), instant(used), made.String
	return c, nil
}

func useChallenge(ctx context.Context, tx *sql.Tx, hash, request []byte, made string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE passkey_challenge SET used = $2, request = $3, made = $4 WHERE hash = $1`, hash, now.UnixMicro(), request, made)
	if err != nil {
		return fmt.Errorf("store: use a challenge: %w", err)
	}
	return nil
}

// Handle returns the random handle by which authenticators know a member, and makes it on first use.
func (s *Store) Handle(ctx context.Context, member string) ([]byte, error) {
	var handle []byte
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT handle FROM passkey_handle WHERE member = $1`, member).Scan(&handle)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		handle = make([]byte, 32)
		if _, err := io.ReadFull(s.random, handle); err != nil {
			return fmt.Errorf("store: randomness: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO passkey_handle (member, handle) VALUES ($1, $2)`, member, handle)
		return database.StaleKey(err)
	})
	return handle, err
}

const selectPasskey = `SELECT id, member, name, key_id, credential, synced, added, used FROM passkey `

func passkeys(ctx context.Context, q querier, tail string, args ...any) ([]membership.Passkey, error) {
	rows, err := q.QueryContext(ctx, selectPasskey+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: passkeys: %w", err)
	}
	defer rows.Close()
	var all []membership.Passkey
	for rows.Next() {
		var p membership.Passkey
		var added int64
		var used sql.NullInt64
		if err := rows.Scan(&p.ID, &p.Member, &p.Name, &p.KeyID, &p.Credential, &p.Synced, &added, &used); err != nil {
			return nil, fmt.Errorf("store: passkeys: %w", err)
		}
		p.Added, p.Used = time.UnixMicro(added), instant(used)
		all = append(all, p)
	}
	return all, rows.Err()
}

// Passkeys returns a member's passkeys, oldest first.
func (s *Store) Passkeys(ctx context.Context, member string) ([]membership.Passkey, error) {
	return passkeys(ctx, s.db.Reader(), `WHERE member = $1 ORDER BY added, id`, member)
}

// AddPasskey keeps a new passkey of a member and queues the letter that tells them. make verifies the answer against the challenge and
// returns the passkey without id and dates. The reply is kept with the request, as encode makes it.
func (s *Store) AddPasskey(ctx context.Context, r once.Request, hash []byte, member string, now, machine time.Time, facts []byte,
	check func(membership.KeyChallenge) (membership.Passkey, error), encode Encode[membership.Passkey]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		c, err := loadChallenge(ctx, tx, hash)
		if err != nil {
			return nil, err
		}
		if _, err := c.Answer(member, r.Hash, now); err != nil {
			return nil, err
		}
		p, err := check(c)
		if err != nil {
			return nil, err
		}
		p.Member, p.Added = member, now
		if p.ID, err = id.Random(s.random); err != nil {
			return nil, err
		}
		if err := mayAdd(ctx, tx, p); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO passkey (id, member, key_id, name, credential, synced, added) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			p.ID, member, p.KeyID, p.Name, p.Credential, p.Synced, now.UnixMicro())
		if err != nil {
			return nil, database.StaleKey(fmt.Errorf("store: add a passkey: %w", err))
		}
		if err := useChallenge(ctx, tx, hash, r.Hash, p.ID, now); err != nil {
			return nil, err
		}
		if err := s.QueueLetter(ctx, tx, member, membership.LetterPasskeyAdded, facts, now, machine); err != nil {
			return nil, err
		}
		return encode(p)
	})
}

func mayAdd(ctx context.Context, tx *sql.Tx, p membership.Passkey) error {
	var same, all int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM passkey WHERE key_id = $1`, p.KeyID).Scan(&same); err != nil {
		return fmt.Errorf("store: find a passkey: %w", err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM passkey WHERE member = $1`, p.Member).Scan(&all); err != nil {
		return fmt.Errorf("store: count passkeys: %w", err)
	}
	if same > 0 {
		return fault.New(fault.Exists, "PASSKEY_EXISTS", "This passkey was added already.")
	}
	if all >= membership.MaxPasskeys {
		return fault.New(fault.Conflict, "PASSKEY_LIMIT", "You have as many passkeys as a member may have. Remove one that you no longer use.")
	}
	return nil
}

// ChangePasskey renames a passkey of a member, or removes it if name is empty and tells them by letter.
func (s *Store) ChangePasskey(ctx context.Context, r once.Request, member, passkey, name string, now, machine time.Time,
	facts func(membership.Passkey) []byte, encode Encode[membership.Passkey]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var found []membership.Passkey
		if id.Valid(passkey) {
			var err error
			if found, err = passkeys(ctx, tx, `WHERE id = $1 AND member = $2`, passkey, member); err != nil {
				return nil, err
			}
		}
		if len(found) == 0 {
			return nil, fault.New(fault.NotFound, "PASSKEY_NOT_FOUND", "You have no such passkey.")
		}
		p := found[0]
		if name != "" {
			p.Name = name
			if _, err := tx.ExecContext(ctx, `UPDATE passkey SET name = $2 WHERE id = $1`, p.ID, name); err != nil {
				return nil, fmt.Errorf("store: rename a passkey: %w", err)
			}
			return encode(p)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1`, p.ID); err != nil {
			return nil, fmt.Errorf("store: remove a passkey: %w", err)
		}
		if err := s.QueueLetter(ctx, tx, member, membership.LetterPasskeyRemoved, facts(p), now, machine); err != nil {
			return nil, err
		}
		return encode(p)
	})
}

// PasskeyOf finds a passkey by the authenticator's name for it and its owner's handle. It returns false where there is none: the same
// for a passkey that was removed and for one that never was.
func (s *Store) PasskeyOf(ctx context.Context, keyID, handle []byte) (membership.Passkey, bool, error) {
	all, err := passkeys(ctx, s.db.Reader(), `WHERE key_id = $1 AND member = (SELECT member FROM passkey_handle WHERE handle = $2)`, keyID, handle)
	if err != nil || len(all) == 0 {
		return membership.Passkey{}, false, err
	}
	return all[0], true, nil
}

// ConfirmPasskey signs in by a passkey's answer to a challenge, under the hash of a new session secret. check verifies the answer and returns the
// passkey as it stands after it. The same request again gets the same session.
func (s *Store) ConfirmPasskey(ctx context.Context, hash, request, secretHash []byte, way membership.Way, now time.Time,
	check func(membership.KeyChallenge) (membership.Passkey, error)) (membership.Session, error) {
	var session membership.Session
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err := loadChallenge(ctx, tx, hash)
		if err != nil {
			return err
		}
		outcome, err := c.Answer("", request, now)
		if err != nil {
			return err
		}
		if outcome == membership.Repeated {
			session, err = sessionByID(ctx, tx, c.Made)
			return err
		}
		p, err := check(c)
		if err != nil {
			return err
		}
		// The row is written even where nothing changed: a passkey that was removed meanwhile is gone, and its answer with it.
		result, err := tx.ExecContext(ctx, `UPDATE passkey SET credential = $2, synced = $3, used = $4 WHERE id = $1`, p.ID, p.Credential, p.Synced, now.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: note the use of a passkey: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, PasskeyUnknown())
		}
		if session, err = s.newSession(ctx, tx, p.Member, secretHash, now, way); err != nil {
			return err
		}
		return useChallenge(ctx, tx, hash, request, session.ID, now)
	})
	return session, err
}

// PasskeyUnknown is the refusal of a passkey that nobody has.
func PasskeyUnknown() error {
	return fault.New(fault.Unauthenticated, "PASSKEY_UNKNOWN", "We do not know this passkey. Sign in by email; you can add the passkey again afterwards.")
}
