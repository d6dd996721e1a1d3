// Package services starts the rooms of the house: in this process, or dialled where they run elsewhere.
package services

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// stopWithin is how long calls under way may take after the house is asked to stop.
const stopWithin = 10 * time.Second

// Config says what to start and where the rest is.
type Config struct {
	// Data is the folder with the keys and, by default, the databases.
	Data string
	// Databases are addresses by room; a room without one has a SQLite file in Data.
	Databases map[string]string
	// Addresses are where rooms run elsewhere. A room without an address is hosted here, in memory: that is the only branch.
	Addresses map[string]string
	// Listeners let rooms hosted here be reached from elsewhere too.
	Listeners map[string]net.Listener
	// ServerTLS and ClientTLS secure what goes between processes; nil for none.
	ServerTLS, ClientTLS credentials.TransportCredentials
	// Now is the society's clock; nil for the machine's.
	Now func() time.Time
	// Sample is the clock of a folder marked as a sample, which takes the place of Now; nil elsewhere.
	Sample *clock.Sample
	// PublicURL is where links in mails point.
	PublicURL string
	// Witnesses are asked to sign the public logs of the rooms hosted here.
	Witnesses []translog.Witness
	// Mailer sends mail; the membership room needs it.
	Mailer Mailer
	// Log takes what an operator must know.
	Log *slog.Logger
}

// Mailer sends a mail.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// House is the rooms that were started.
type House struct {
	config Config
	now    func() time.Time
	zone   *time.Location
	public map[string]ed25519.PublicKey
	wires  map[string]*rpc.Wire
	conns  map[string]*grpc.ClientConn

	stop    context.CancelFunc
	running sync.WaitGroup
	servers []*grpc.Server
	closers []func() error
	dbs     map[string]*database.DB
	revoked []*auth.Revocations
}

// Start starts the rooms that have no address and dials those that have one. What it started it stops again if it fails.
func Start(ctx context.Context, c Config) (house *House, err error) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("services: the time zone of the society: %w", err)
	}
	h := &House{config: c, now: time.Now, zone: zone, wires: map[string]*rpc.Wire{}, conns: map[string]*grpc.ClientConn{}, dbs: map[string]*database.DB{}}
	switch {
	case c.Sample != nil:
		h.now = c.Sample.Now
	case c.Now != nil:
		h.now = c.Now
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	defer func() {
		if err != nil {
			_ = h.Stop()
		}
	}()
	if h.public, err = h.publicKeys(); err != nil {
		return nil, err
	}
	for _, name := range auth.Rooms {
		if c.Addresses[name] == "" {
			h.wires[name] = rpc.NewWire()
		}
		if h.conns[name], err = h.dial(name, nil); err != nil {
			return nil, err
		}
	}
	for _, name := range auth.Rooms {
		if h.wires[name] == nil {
			continue
		}
		if err := h.host(ctx, run, name); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// publicKeys are needed by whoever hosts a room; a gateway alone needs none and holds none.
func (h *House) publicKeys() (map[string]ed25519.PublicKey, error) {
	for _, name := range auth.Rooms {
		if h.config.Addresses[name] == "" {
			return keyring.Public(h.keys())
		}
	}
	return nil, nil
}

func (h *House) keys() string { return filepath.Join(h.config.Data, KeysFolder) }

// KeysFolder is the folder of keys in the data folder.
const KeysFolder = "keys"

// dial connects to a room, as the caller that own names, or as nobody.
func (h *House) dial(to string, own *auth.RoomIdentity) (*grpc.ClientConn, error) {
	var credentials credentials.PerRPCCredentials
	if own != nil {
		credentials = own.For(to)
	}
	conn, err := h.connect(to, credentials)
	if err == nil {
		h.closers = append(h.closers, conn.Close)
	}
	return conn, err
}

func (h *House) connect(to string, own credentials.PerRPCCredentials) (*grpc.ClientConn, error) {
	if w := h.wires[to]; w != nil {
		return w.Dial(to, own)
	}
	transport := h.config.ClientTLS
	if transport == nil {
		transport = insecure.NewCredentials()
	}
	return rpc.Dial(h.config.Addresses[to], transport, own)
}

// DatabaseFile is where a room's SQLite file is by default.
func DatabaseFile(data, room string) string { return filepath.Join(data, room+".db") }

func (h *House) host(ctx, run context.Context, name string) error {
	address := h.config.Databases[name]
	if address == "" {
		address = DatabaseFile(h.config.Data, name)
	}
	db, err := database.Open(ctx, address)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	h.dbs[name] = db
	key, err := keyring.Private(h.keys(), name)
	if err != nil {
		return err
	}
	own := &auth.RoomIdentity{Room: name, Key: key, Now: h.now}
	log := h.config.Log.With(slog.String("room", name))
	config := room.Config{DB: db, Now: h.now, Random: rand.Reader, Log: log, Zone: h.zone}
	for to, conn := range map[string]*grpc.ClientConnInterface{
		auth.Membership: &config.Membership, auth.Ledger: &config.Ledger, auth.Motions: &config.Motions, auth.Ballots: &config.Ballots,
	} {
		c, err := h.dial(to, own)
		if err != nil {
			return err
		}
		*conn = c
	}
	if public, ok := keyring.Logs[name]; ok {
		origin, key, err := keyring.Log(h.keys(), public)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if config.PublicLog, err = translog.New(db, origin, key); err != nil {
			return err
		}
	}
	r, err := h.open(ctx, name, config)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if config.PublicLog != nil && len(h.config.Witnesses) > 0 {
		h.running.Go(func() {
			config.PublicLog.AskWitnesses(run, h.config.Witnesses, time.Now, func(witness, problem string) {
				log.WarnContext(run, "a witness did not sign the public log", slog.String("witness", witness), slog.String("problem", problem))
			})
		})
	}
	h.serve(run, name, r, config)
	return nil
}

// serve starts the room's server and what it does by itself.
func (h *House) serve(run context.Context, name string, r room.Room, config room.Config) {
	// Sessions end on the machine's clock: a sample's weeks pass in seconds, and its list would look stale.
	var revoked *auth.Revocations
	if own, ok := r.(interface{ Revocations() *auth.Revocations }); ok {
		// Membership keeps its own, which knows at once.
		revoked = own.Revocations()
	} else {
		revoked = auth.NewRevocations(fetchRevocations(membershipv1.NewMembershipRoomsServiceClient(config.Membership)), time.Now)
		h.running.Go(func() {
			revoked.Run(run, func(err error) {
				config.Log.WarnContext(run, "the list of ended sessions was not refreshed", slog.Any("error", err))
			})
		})
	}
	h.revoked = append(h.revoked, revoked)
	rooms := map[string]ed25519.PublicKey{}
	for _, other := range auth.Rooms {
		rooms[other] = h.public[other]
	}
	verifier := &auth.Verifier{Room: name, Members: h.memberKeys(), RoomKeys: rooms, Revoked: revoked, Now: h.now}
	var options []grpc.ServerOption
	if h.config.ServerTLS != nil && h.config.Listeners[name] != nil {
		options = append(options, grpc.Creds(h.config.ServerTLS))
	}
	book := acts.NewBook(config.DB, config.Zone)
	server := rpc.NewServer(rpc.ServerConfig{Room: name, Verifier: verifier, Policies: r.Policies(), Acts: book, Log: config.Log})
	r.Register(server)
	h.servers = append(h.servers, server)
	h.running.Go(func() { _ = server.Serve(h.wires[name].Listener()) })
	if l := h.config.Listeners[name]; l != nil {
		outside := rpc.NewServer(rpc.ServerConfig{Room: name, Verifier: verifier, Policies: r.Policies(), Acts: book, Log: config.Log, Options: options})
		r.Register(outside)
		h.servers = append(h.servers, outside)
		h.running.Go(func() { _ = outside.Serve(l) })
	}
	h.running.Go(func() {
		revoked.Run(run, func(err error) {
			config.Log.WarnContext(run, "the list of ended sessions was not refreshed", slog.Any("error", err))
		})
	})
	h.running.Go(func() { r.Run(run) })
}

// memberKeys are the keys that verify members' tokens: at first those in the folder, then those that membership publishes.
func (h *House) memberKeys() auth.Keys {
	begin := []ed25519.PublicKey{h.public[keyring.Members]}
	membership := membershipv1.NewMembershipServiceClient(h.conns[auth.Membership])
	return auth.NewFetchedKeys(begin, func(ctx context.Context) ([]ed25519.PublicKey, error) {
		reply, err := membership.ListKeys(ctx, &membershipv1.ListKeysRequest{})
		if err != nil {
			return nil, err
		}
		var keys []ed25519.PublicKey
		for _, k := range reply.GetKeys() {
			pub, err := base64.RawURLEncoding.DecodeString(k.GetX())
			if err != nil || len(pub) != ed25519.PublicKeySize {
				return nil, fmt.Errorf("services: membership publishes a malformed key")
			}
			keys = append(keys, pub)
		}
		return keys, nil
	}, time.Now)
}

func fetchRevocations(membership membershipv1.MembershipRoomsServiceClient) auth.Fetch {
	return func(ctx context.Context, since time.Time) ([]string, time.Time, error) {
		req := &membershipv1.ListRevocationsRequest{}
		if !since.IsZero() {
			req.Since = timestamppb.New(since)
		}
		reply, err := membership.ListRevocations(ctx, req)
		if err != nil {
			return nil, time.Time{}, err
		}
		return reply.GetSessions(), reply.GetAsOf().AsTime(), nil
	}
}

// Conn is a connection to a room that carries no identity: the edge's.
func (h *House) Conn(name string) grpc.ClientConnInterface { return h.conns[name] }

// Now is the society's clock.
func (h *House) Now() time.Time { return h.now() }

// Database is the database of a room hosted here, or nil.
func (h *House) Database(name string) *database.DB { return h.dbs[name] }

// Ready returns nil when every room hosted here has its database and has heard of ended sessions.
func (h *House) Ready(ctx context.Context) error {
	for name, db := range h.dbs {
		if err := db.Ping(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, r := range h.revoked {
		if err := r.Fresh(); err != nil {
			return err
		}
	}
	return nil
}

// Stop lets calls under way finish, a little, then stops everything and closes the databases.
func (h *House) Stop() error {
	h.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for _, s := range h.servers {
			wg.Go(s.GracefulStop)
		}
		wg.Wait()
	}()
	select {
	case <-done:
	case <-time.After(stopWithin):
		for _, s := range h.servers {
			s.Stop()
		}
	}
	h.running.Wait()
	var failed error
	for _, closer := range h.closers {
		failed = errors.Join(failed, closer())
	}
	for _, db := range h.dbs {
		failed = errors.Join(failed, db.Close())
	}
	return failed
}
