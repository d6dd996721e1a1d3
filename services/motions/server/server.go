// Package server speaks for the motions room: a file for each small group of RPCs, the deliveries to the other rooms, and
// the loop that finishes votes which a crash left halfway.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// Config is what the motions room is given.
type Config struct {
	room.Config
}

// Server is the motions room.
type Server struct {
	motionsv1.UnimplementedMotionsServiceServer
	motionsv1.UnimplementedRuleBookServiceServer
	motionsv1.UnimplementedAmendmentServiceServer
	motionsv1.UnimplementedOfficerActsServiceServer
	motionsv1.UnimplementedAttendanceServiceServer
	rooms *roomsServer

	Config
	store    *store.Store
	members  membershipv1.MembershipRoomsServiceClient
	ballots  ballotsv1.BallotsRoomsServiceClient
	ledger   ledgerv1.LedgerRoomsServiceClient
	couriers map[string]*outbox.Courier
	electors electorCounts
	work     workshop
}

// forgetEvery is how often old request ids are deleted.
const forgetEvery = time.Hour

// Open migrates the room's database and returns the room. It calls no other room.
func Open(ctx context.Context, c Config) (*Server, error) {
	if err := c.DB.Migrate(ctx, acts.Migrations, once.Migrations, outbox.Migrations, store.Migrations); err != nil {
		return nil, fmt.Errorf("motions: %w", err)
	}
	holder, err := id.Random(c.Random)
	if err != nil {
		return nil, fmt.Errorf("motions: %w", err)
	}
	s := &Server{
		Config:  c,
		store:   store.New(c.DB),
		members: membershipv1.NewMembershipRoomsServiceClient(c.Membership),
		ballots: ballotsv1.NewBallotsRoomsServiceClient(c.Ballots),
		ledger:  ledgerv1.NewLedgerRoomsServiceClient(c.Ledger),
		work:    workshop{wake: make(chan struct{}, 1), busy: map[string]bool{}},
	}
	s.rooms = &roomsServer{server: s}
	s.couriers = map[string]*outbox.Courier{
		store.TopicMembership: s.courier(store.TopicMembership, holder, s.deliverRules),
		store.TopicLedger:     s.courier(store.TopicLedger, holder, s.deliverLedgerRules),
		store.TopicBallots:    s.courier(store.TopicBallots, holder, s.deliverPublication),
	}
	return s, nil
}

// Register puts the room's services on a server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	motionsv1.RegisterMotionsServiceServer(r, s)
	motionsv1.RegisterRuleBookServiceServer(r, s)
	motionsv1.RegisterAmendmentServiceServer(r, s)
	motionsv1.RegisterOfficerActsServiceServer(r, s)
	motionsv1.RegisterAttendanceServiceServer(r, s)
	motionsv1.RegisterMotionsRoomsServiceServer(r, s.rooms)
	motionsv1.RegisterResolutionsRoomsServiceServer(r, resolutionsServer{store: s.store})
	motionsv1.RegisterCalledMeetingsRoomsServiceServer(r, calledServer{store: s.store})
}

// Policies say who may call each method.
func (s *Server) Policies() auth.Policies { return Policies() }

// Run delivers events, finishes votes that were left halfway, and forgets old request ids, until the context ends.
func (s *Server) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range s.couriers {
		wg.Go(func() { c.Run(ctx) })
	}
	wg.Go(func() { s.finishVotes(ctx) })
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			wg.Wait()
			return
		case <-tick.C:
			if _, err := once.Forget(ctx, s.DB, s.Now()); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "motions: old request ids stay", slog.Any("error", err))
			}
		}
	}
}

// asking describes a writing request to the store.
func (s *Server) asking(ctx context.Context, method string, m rpcRequest) (store.Ask, error) {
	r, err := rpc.Once(ctx, method, s.Now(), m)
	return store.Ask{Request: r, Caller: auth.FromContext(ctx).Member}, err
}

// reading describes a reading request to the store.
func (s *Server) reading(ctx context.Context) store.Ask {
	return store.Ask{Request: once.Request{At: s.Now()}, Caller: auth.FromContext(ctx).Member}
}

// callerOf is the caller as decisions look at them.
func callerOf(ctx context.Context) motions.Caller {
	p := auth.FromContext(ctx)
	c := motions.Caller{Member: p.Member, Chair: p.Holds(auth.Chair, ""), Secretary: p.Holds(auth.Secretary, "")}
	for _, r := range p.Roles {
		if r.Name == auth.Organiser && r.Region != "" {
			c.Organises = append(c.Organises, r.Region)
		}
	}
	return c
}
