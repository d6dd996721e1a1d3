package command

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/localgovdigital/folkmoot/gateway"
	"github.com/localgovdigital/folkmoot/gateway/passthrough"
	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// stopFront is how long requests under way may take after the front is asked to stop.
	stopFront = 8 * time.Second
	maxHeader = 32 << 10
)

// front is the gateway at work: the public listener and the operator's.
type front struct {
	edge                    edge
	trusted                 []netip.Prefix
	tls                     *tls.Config
	log                     *slog.Logger
	listener, adminListener net.Listener
	url                     string

	server, admin *http.Server
	failed        chan error
}

// openFront listens, so that a taken address is told before anything else is started.
func openFront(e edge, trusted []netip.Prefix, log *slog.Logger) (*front, error) {
	f := &front{edge: e, trusted: trusted, log: log, failed: make(chan error, 2)}
	var err error
	if f.tls, err = e.tls(); err != nil {
		return nil, err
	}
	if f.listener, err = listen(e.listen); err != nil {
		return nil, err
	}
	if f.adminListener, err = listen(e.admin); err != nil {
		f.listener.Close()
		return nil, err
	}
	f.url = e.url(f.listener)
	return f, nil
}

func (f *front) close() {
	f.listener.Close()
	f.adminListener.Close()
}

// local is where this process reaches its own front.
func (f *front) local() string {
	scheme := "http"
	if f.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + f.listener.Addr().String()
}

// serve begins to answer. d is what a marked folder shows under /dev, nil elsewhere.
func (f *front) serve(ctx context.Context, house *services.House, d http.Handler, sample bool) error {
	rooms := rest.Rooms{
		Membership: house.Conn(auth.Membership), Ledger: house.Conn(auth.Ledger), Motions: house.Conn(auth.Motions), Ballots: house.Conn(auth.Ballots),
	}
	if !sample {
		d = nil
	}
	public, err := url.Parse(f.url)
	if err != nil {
		return err
	}
	byName := map[string]grpc.ClientConnInterface{
		auth.Membership: rooms.Membership, auth.Ledger: rooms.Ledger, auth.Motions: rooms.Motions, auth.Ballots: rooms.Ballots,
	}
	pages, err := gateway.New(ctx, gateway.Config{
		Rooms: rooms, PublicURL: public, TrustedProxies: f.trusted, Sample: sample, Dev: d, Ready: house.Ready, Now: house.Now, Log: f.log,
		Calls: passthrough.New(byName),
	})
	if err != nil {
		return err
	}
	f.server = f.newServer(pages)
	f.admin = f.newServer(passthrough.Either(adminCalls(byName), adminPages(pages)))
	go func() {
		if f.tls != nil {
			f.server.TLSConfig = f.tls
			f.failed <- f.server.ServeTLS(f.listener, "", "")
			return
		}
		f.failed <- f.server.Serve(f.listener)
	}()
	go func() { f.failed <- f.admin.Serve(f.adminListener) }()
	return nil
}

func (f *front) newServer(h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: h, Protocols: protocols, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelInfo),
	}
}

// adminCalls is the pass-through with reflection and health, for grpcurl on this machine.
func adminCalls(rooms map[string]grpc.ClientConnInterface) *grpc.Server {
	calls := passthrough.New(rooms)
	healthv1.RegisterHealthServer(calls, health.NewServer())
	reflection.Register(described{calls})
	return calls
}

func adminPages(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.Handler())
	mux.Handle("GET /healthz", pages)
	mux.Handle("GET /readyz", pages)
	return mux
}

// wait returns when the context ends, or with the error that ended a listener.
func (f *front) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-f.failed:
		return err
	}
}

// shut stops taking requests and lets those under way finish, a little.
func (f *front) shut() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopFront)
	defer cancel()
	var failed error
	for _, s := range []*http.Server{f.server, f.admin} {
		if s == nil {
			continue
		}
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			failed = errors.Join(failed, err)
		}
		_ = s.Close()
	}
	return failed
}
