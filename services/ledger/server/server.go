// Package server speaks the ledger room's gRPC: it turns messages into intents, has the store carry them out, and
// turns what comes back into messages.
package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// Server is the ledger room.
type Server struct {
	ledgerv1.UnimplementedLedgerServiceServer
	ledgerv1.UnimplementedOfficerActsServiceServer
	ledgerv1.UnimplementedLedgerRoomsServiceServer
	ledgerv1.UnimplementedReportServiceServer
	ledgerv1.UnimplementedAuditServiceServer
	ledgerv1.UnimplementedBooksServiceServer
	ledgerv1.UnimplementedBankServiceServer
	ledgerv1.UnimplementedPaymentServiceServer
	ledgerv1.UnimplementedPayerServiceServer

	room.Config
	store      *store.Store
	membership membershipv1.MembershipRoomsServiceClient
	meetings   motionsv1.CalledMeetingsRoomsServiceClient
	courier    *outbox.Courier
	packs      chan struct{}
	payers     *payers
	// wakeImports tells the reader of bank files that one waits.
	wakeImports chan struct{}
	// batch, atOnce and lookAt are linesABatch, linesAtOnce and linesLookedAt, and smaller in a test that stops between them.
	batch, atOnce, lookAt int
	payments              PaymentConfig
}

// Migrations are those of the room's database.
var Migrations = []database.Migrations{acts.Migrations, once.Migrations, outbox.Migrations, translog.Migrations, group.Migrations, store.Migrations}

// Open migrates the room's database and returns the room.
func Open(ctx context.Context, c room.Config) (*Server, error) {
	if err := c.DB.Migrate(ctx, Migrations...); err != nil {
		return nil, err
	}
	st := store.New(c.DB)
	st.Group(group.Config{Log: c.Log})
	if err := st.LogMissing(ctx); err != nil {
		return nil, err
	}
	s := &Server{Config: c, store: st, membership: membershipv1.NewMembershipRoomsServiceClient(c.Membership), meetings: motionsv1.NewCalledMeetingsRoomsServiceClient(c.Motions)}
	s.payers = &payers{client: membershipv1.NewPayersRoomsServiceClient(c.Membership), now: time.Now}
	s.packs = make(chan struct{}, packsAtOnce)
	s.wakeImports = make(chan struct{}, 1)
	s.batch, s.atOnce, s.lookAt = linesABatch, linesAtOnce, linesLookedAt
	s.courier = outbox.NewCourier(outbox.Courier{DB: c.DB, Topic: store.Topic, Holder: rand.Text(), Deliver: s.deliver, Log: c.Log})
	return s, nil
}

// Register puts the services on a server.
func (s *Server) Register(to grpc.ServiceRegistrar) {
	ledgerv1.RegisterLedgerServiceServer(to, s)
	ledgerv1.RegisterOfficerActsServiceServer(to, s)
	ledgerv1.RegisterLedgerRoomsServiceServer(to, s)
	ledgerv1.RegisterReportServiceServer(to, s)
	ledgerv1.RegisterAuditServiceServer(to, s)
	ledgerv1.RegisterBooksServiceServer(to, s)
	ledgerv1.RegisterBankServiceServer(to, s)
	ledgerv1.RegisterPaymentServiceServer(to, s)
	ledgerv1.RegisterPayerServiceServer(to, s)
}

// Run writes entries, delivers standing events and forgets old replies until the context ends.
func (s *Server) Run(ctx context.Context) {
	go once.Sweep(ctx, s.DB, s.Now, func(err error) { s.Log.WarnContext(ctx, "old replies not deleted", slog.Any("error", err)) })
	go s.roll(ctx)
	go s.readBankFiles(ctx)
	done := make(chan struct{})
	go func() { defer close(done); s.store.Run(ctx) }()
	s.courier.Run(ctx)
	<-done
}

// today is the society's date.
func (s *Server) today(now time.Time) string { return now.In(s.Zone).Format(ledger.DateLayout) }
