// Package server is the membership room as the others see it: it speaks gRPC, a file for each small group of methods.
//
// It turns requests into the values that package membership decides on, and what the store answers into replies. It
// sends the room's mail after the commit, delivers the founding act to the motions room, and knows no SQL.
package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// Mailer hands a plain-text mail over. An error means that it may be tried again.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// Config is what the room needs.
type Config struct {
	room.Config
	// Key signs members' access tokens.
	Key ed25519.PrivateKey
	// OldKeys are keys whose tokens may still be about after a rotation: they are published until then and sign nothing.
	OldKeys []keyring.OldKey
	// Secrets is the key from which those of codes and session secrets are derived; Key if it is empty. It outlives a rotation of Key, so
	// that a mailed code does not die of one.
	Secrets ed25519.PrivateKey
	// Mailer sends mail; nil sends none, and what is asked for waits until it expires.
	Mailer Mailer
	// PublicURL is where links point, without a slash at its end: https://vote.example.org.
	PublicURL string
	// Sample is true in a folder marked as a sample.
	Sample bool
	// Step moves the sample's clock; nil outside of a sample, and then no method for it is registered.
	Step func(time.Time) (time.Time, error)
}

// Server is the room.
type Server struct {
	membershipv1.UnimplementedMembershipServiceServer
	membershipv1.UnimplementedOfficerActsServiceServer
	membershipv1.UnimplementedPrivacyServiceServer
	membershipv1.UnimplementedMembershipRoomsServiceServer
	membershipv1.UnimplementedSignInServiceServer
	membershipv1.UnimplementedNoticeRoomsServiceServer
	membershipv1.UnimplementedRegisterServiceServer
	membershipv1.UnimplementedRollServiceServer
	membershipv1.UnimplementedPayersRoomsServiceServer
	membershipv1.UnimplementedStatuteServiceServer
	membershipv1.UnimplementedDeskServiceServer

	cfg         Config
	store       *store.Store
	signer      *auth.Signer
	secrets     secrets
	ledger      ledgerv1.LedgerRoomsServiceClient
	resolutions motionsv1.ResolutionsRoomsServiceClient
	called      motionsv1.CalledMeetingsRoomsServiceClient
	motions     *outbox.Courier
	revocations *auth.Revocations
	// machine is the machine's clock, for leases and the list of revoked sessions.
	machine                       func() time.Time
	mailDue, noticeDue, importDue chan struct{}
	// passkeys verifies passkeys; nil where the society's address can have none.
	passkeys *webauthn.WebAuthn
	// barrier is barrierWait, but for tests.
	barrier time.Duration
}

// migrations are the room's, in order.
func migrations() []database.Migrations {
	return []database.Migrations{acts.Migrations, once.Migrations, outbox.Migrations, translog.Migrations, store.Migrations}
}

// Open prepares the room: it migrates the database and reads the revoked sessions.
func Open(ctx context.Context, c Config) (*Server, error) {
	if len(c.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("membership: no key to sign access tokens with")
	}
	if err := c.DB.Migrate(ctx, migrations()...); err != nil {
		return nil, err
	}
	st := store.New(c.DB, c.Random)
	if err := st.LogMissing(ctx); err != nil {
		return nil, err
	}
	if err := st.KeepElectors(ctx); err != nil {
		return nil, err
	}
	if len(c.Secrets) == 0 {
		c.Secrets = c.Key
	}
	secrets, err := newSecrets(c.Secrets)
	if err != nil {
		return nil, err
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	s := &Server{
		cfg: c, store: st, signer: auth.NewSigner(c.Key), secrets: secrets,
		ledger:      ledgerv1.NewLedgerRoomsServiceClient(c.Ledger),
		called:      motionsv1.NewCalledMeetingsRoomsServiceClient(c.Motions),
		resolutions: motionsv1.NewResolutionsRoomsServiceClient(c.Motions), machine: time.Now, mailDue: make(chan struct{}, 1),
		noticeDue: make(chan struct{}, 1), importDue: make(chan struct{}, 1), barrier: barrierWait,
	}
	if s.passkeys, err = newPasskeys(c.PublicURL); err != nil {
		return nil, err
	}
	if s.motions, err = s.newCourier(); err != nil {
		return nil, err
	}
	s.revocations = auth.NewRevocations(s.fetchRevoked, func() time.Time { return s.machine() })
	if err := s.revocations.Refresh(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Revocations is the list of revoked sessions for this room's own verifier. It is complete after each sign-out here.
func (s *Server) Revocations() *auth.Revocations { return s.revocations }

// Register puts the room's services on a server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	membershipv1.RegisterMembershipServiceServer(r, s)
	membershipv1.RegisterOfficerActsServiceServer(r, s)
	membershipv1.RegisterPrivacyServiceServer(r, s)
	membershipv1.RegisterMembershipRoomsServiceServer(r, s)
	membershipv1.RegisterSignInServiceServer(r, s)
	membershipv1.RegisterNoticeRoomsServiceServer(r, s)
	membershipv1.RegisterRegisterServiceServer(r, s)
	membershipv1.RegisterRollServiceServer(r, s)
	membershipv1.RegisterPayersRoomsServiceServer(r, s)
	membershipv1.RegisterStatuteServiceServer(r, s)
	membershipv1.RegisterDeskServiceServer(r, s)
	if s.cfg.Step != nil {
		membershipv1.RegisterSampleServiceServer(r, sampleServer{s: s})
	}
}

// Run sends mail, delivers events, refreshes the list of revoked sessions and forgets what nobody needs, until
// the context ends.
func (s *Server) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.motions.Run(ctx) })
	wg.Go(func() { s.sendMail(ctx) })
	wg.Go(func() { s.takeIn(ctx) })
	wg.Go(func() { s.spreadNotices(ctx) })
	wg.Go(func() { s.forget(ctx) })
	wg.Go(func() {
		s.revocations.Run(ctx, func(err error) {
			s.cfg.Log.WarnContext(ctx, "membership: the revoked sessions could not be read", slog.Any("error", err))
		})
	})
	wg.Wait()
}

// forgetEvery is how often what is out of date is deleted.
const forgetEvery = time.Hour

func (s *Server) forget(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		_, err := once.Forget(ctx, s.cfg.DB, s.cfg.Now())
		err = errors.Join(err, s.store.Forget(ctx, s.cfg.Now(), s.machine()), s.store.ForgetIntakes(ctx, s.cfg.Now()), s.retain(ctx))
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "membership: old requests and attempts were not deleted", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
