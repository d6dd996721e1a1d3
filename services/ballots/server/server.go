// Package server speaks gRPC for the ballots room: it turns messages into intents, asks membership for the roll and
// for why somebody is not on it, and leaves every rule to package ballots and every row to its store.
package server

import (
	"context"
	"time"

	"google.golang.org/grpc"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/ballots/store"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// Config is what the ballots room is given. Of the other rooms it calls Membership.
type Config struct {
	room.Config
	// Queue, Lease and Patience are the store's; 0 for its own.
	Queue           int
	Lease, Patience time.Duration
}

// Server is the ballots room.
type Server struct {
	ballotsv1.UnimplementedBallotsServiceServer
	ballotsv1.UnimplementedOfficerActsServiceServer
	ballotsv1.UnimplementedBallotsRoomsServiceServer
	ballotsv1.UnimplementedBallotRecordServiceServer

	store   *store.Store
	log     *translog.Log
	acts    *acts.Book
	members membershipv1.MembershipRoomsServiceClient
	now     func() time.Time
}

// Open brings the database to this version and returns the room. Votes are stored while [Server.Run] runs.
func Open(ctx context.Context, c Config) (*Server, error) {
	if err := c.DB.Migrate(ctx, acts.Migrations, translog.Migrations, store.Migrations); err != nil {
		return nil, err
	}
	votes := store.New(c.DB, store.Config{
		Now: c.Now, Clock: time.Now, Random: c.Random, Log: c.Log, Queue: c.Queue, Lease: c.Lease, Patience: c.Patience,
	})
	if err := votes.LogMissing(ctx); err != nil {
		return nil, err
	}
	return &Server{
		store:   votes,
		log:     c.PublicLog,
		members: membershipv1.NewMembershipRoomsServiceClient(c.Membership),
		now:     c.Now,
		acts:    acts.NewBook(c.DB, c.Zone),
	}, nil
}

// Register puts the room's services on a server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	ballotsv1.RegisterBallotsServiceServer(r, s)
	ballotsv1.RegisterOfficerActsServiceServer(r, s)
	ballotsv1.RegisterBallotsRoomsServiceServer(r, s)
	ballotsv1.RegisterBallotRecordServiceServer(r, s)
}

// Policies say who may call each method.
func (s *Server) Policies() auth.Policies { return Policies() }

// Run stores the votes that are cast until the context ends.
func (s *Server) Run(ctx context.Context) { s.store.Run(ctx) }
