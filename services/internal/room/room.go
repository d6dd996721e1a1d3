// Package room is the shape of a room: what it is given when it starts, and what it shows to the house.
package room

import (
	"context"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// Config is what every room is given.
type Config struct {
	// DB is the room's own database. The room runs its migrations.
	DB *database.DB
	// Now is the society's clock. Leases and pauses use the machine's.
	Now func() time.Time
	// Random makes ids and secrets.
	Random io.Reader
	// Log takes what an operator must know, without personal data.
	Log *slog.Logger
	// Zone is where the society's dates are counted: Europe/London.
	Zone *time.Location
	// PublicLog is where the room's public log is served from; nil in a room that keeps none.
	PublicLog *translog.Log
	// Membership, Ledger, Motions and Ballots are connections to the other rooms that carry this room's own token.
	Membership, Ledger, Motions, Ballots grpc.ClientConnInterface
}

// Room is a started room.
type Room interface {
	// Register puts the room's services on a server.
	Register(s grpc.ServiceRegistrar)
	// Policies say who may call each method.
	Policies() auth.Policies
	// Run does what happens without being asked (deliveries, clean-up) until the context ends.
	Run(ctx context.Context)
}
