package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// MaxMessage is the largest request or reply, in bytes.
	MaxMessage = 4 << 20
	// DefaultDeadline bounds a call whose caller set no deadline.
	DefaultDeadline = 30 * time.Second
)

// ServerConfig is what a room's server needs.
type ServerConfig struct {
	// Room is the room's name, for the log.
	Room string
	// Verifier verifies tokens.
	Verifier *auth.Verifier
	// Policies are the room's; a method without one is refused.
	Policies auth.Policies
	// Acts keeps what officers did; nil keeps nothing, which is for tests of other things.
	Acts *acts.Book
	// Log takes one line a call, without personal data.
	Log *slog.Logger
	// Options are further options: transport credentials.
	Options []grpc.ServerOption
}

// NewServer returns a gRPC server that recovers from panics, logs, turns faults into statuses,
// authenticates and authorises every call, and fills request ids and etags from the edge's headers.
func NewServer(c ServerConfig) *grpc.Server {
	s := &guard{ServerConfig: c}
	opts := append([]grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.MaxSendMsgSize(MaxMessage),
		grpc.MaxConcurrentStreams(4096),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(s.unary),
		grpc.ChainStreamInterceptor(s.stream),
	}, c.Options...)
	return grpc.NewServer(opts...)
}

// guard holds the interceptors.
type guard struct{ ServerConfig }

// The recovery is around admission as well: a token that makes a parser panic must not end the process.
var (
	recoverUnary  = recovery.UnaryServerInterceptor(recovery.WithRecoveryHandlerContext(recovered))
	recoverStream = recovery.StreamServerInterceptor(recovery.WithRecoveryHandlerContext(recovered))
)

func recovered(_ context.Context, p any) error {
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultDeadline)
		defer cancel()
	}
	began := time.Now()
	ctx = withTrace(ctx)
	var caller auth.Principal
	reply, err := recoverUnary(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		ctx, err := g.admit(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		caller = auth.FromContext(ctx)
		policy := g.Policies[info.FullMethod]
		if err := fillFromHeaders(ctx, req, policy.Writes); err != nil {
			return nil, err
		}
		if ctx, err = g.withUse(ctx, info.FullMethod, policy, req); err != nil {
			return nil, err
		}
		reply, err := next(ctx, req)
		if err != nil {
			return nil, err
		}
		return reply, g.closeUse(ctx, info.FullMethod, policy.Writes, reply)
	})
	g.note(ctx, caller, info.FullMethod, began, err)
	if err != nil {
		return nil, ToStatus(ctx, g.Log, err)
	}
	return reply, nil
}

func (g *guard) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	began := time.Now()
	ctx := withTrace(stream.Context())
	var caller auth.Principal
	err := recoverStream(srv, &streamWithContext{ServerStream: stream, ctx: ctx}, info, func(srv any, stream grpc.ServerStream) error {
		ctx, err := g.admit(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		caller = auth.FromContext(ctx)
		policy := g.Policies[info.FullMethod]
		if ctx, err = g.withUse(ctx, info.FullMethod, policy, nil); err != nil {
			return err
		}
		if !policy.Writes {
			// Before the first message: what has been sent cannot be taken back.
			if err := g.closeUse(ctx, info.FullMethod, false, nil); err != nil {
				return err
			}
		}
		if err := next(srv, &streamWithContext{ServerStream: stream, ctx: ctx}); err != nil {
			return err
		}
		return g.closeUse(ctx, info.FullMethod, policy.Writes, nil)
	})
	g.note(ctx, caller, info.FullMethod, began, err)
	return ToStatus(ctx, g.Log, err)
}

// admit finds out who calls and checks the method's policy. Health and reflection are registered on the
// admin listener, never here, so every method has a policy.
func (g *guard) admit(ctx context.Context, method string) (context.Context, error) {
	p, err := g.Verifier.Verify(ctx, bearer(ctx))
	if err != nil {
		return ctx, err
	}
	ctx = auth.NewContext(ctx, p)
	policy, ok := g.Policies[method]
	if !ok {
		return ctx, fault.New(fault.Denied, "NO_POLICY", "Nobody may call "+method+".")
	}
	if err := policy.Check(p); err != nil {
		return ctx, err
	}
	if policy.Fresh > 0 && g.Verifier.Now().Sub(p.Authenticated) > time.Duration(policy.Fresh)*time.Second {
		return ctx, fault.New(fault.Unauthenticated, "FRESH_SIGN_IN", "Sign in again to do this: it asks for a recent sign-in.")
	}
	if policy.Writes && p.Session != "" {
		if err := g.Verifier.Revoked.Fresh(); err != nil {
			return ctx, err
		}
	}
	return ctx, nil
}

// note writes one line a call: the method, how long, which refusal. Who called is personal data, so only the kind of
// caller is logged.
func (g *guard) note(ctx context.Context, caller auth.Principal, method string, began time.Time, err error) {
	level, reason := slog.LevelDebug, ""
	if err != nil {
		level, reason = slog.LevelInfo, "INTERNAL"
		if f := fault.Of(err); f != nil {
			reason = f.Reason
		}
	}
	if !g.Log.Enabled(ctx, level) {
		return
	}
	g.Log.LogAttrs(ctx, level, "call", slog.String("method", method), slog.Duration("took", time.Since(began)),
		slog.String("reason", reason), slog.String("trace", Trace(ctx)), slog.String("caller", callerKind(caller)))
}

func callerKind(p auth.Principal) string {
	switch {
	case p.Room != "":
		return p.Room
	case p.Operator:
		return "operator"
	case p.Member != "":
		return "member"
	}
	return "anonymous"
}

func bearer(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get("authorization") {
		if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "bearer") {
			return token
		}
	}
	return ""
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWithContext) Context() context.Context { return s.ctx }
