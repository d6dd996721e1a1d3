package server

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// OperatorToken makes an access token for the member with an address, for the command folkmoot token, and returns it with
// the member's id.
//
// Each use stands in the register's history and makes a session, so that the token can be revoked. Outside a sample the token
// says that the operator made it (amr: operator), so that the rooms refuse it for casting, seconding, roles and officers' acts,
// and a mail tells the member.
func OperatorToken(ctx context.Context, db *database.DB, signer *auth.Signer, email string, now time.Time, sample bool) (token, member string, err error) {
	if email, err = membership.Email(email); err != nil {
		return "", "", err
	}
	if err := db.Migrate(ctx, migrations()...); err != nil {
		return "", "", err
	}
	st := store.New(db, rand.Reader)
	session, err := st.OperatorSession(ctx, email, now, time.Now(), !sample)
	if err != nil {
		return "", "", err
	}
	m, _, err := st.Member(ctx, session.Member)
	if err != nil {
		return "", "", err
	}
	p := principal(session, heldNow(m.Offices, m.History.On(now)))
	p.Operator = !sample
	if token, _, err = signer.Issue(p, now); err != nil {
		return "", "", err
	}
	return token, session.Member, nil
}
