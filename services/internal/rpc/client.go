package rpc

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
)

// serviceConfig waits for a room that is still starting, so that the order of starting does not matter.
const serviceConfig = `{"methodConfig":[{"name":[{}],"waitForReady":true}]}`

// Wire is the way to a room in this process: a listener for its server, connections for its callers.
// It serialises and runs every interceptor as a network would, so one process runs what five run.
type Wire struct {
	listener *bufconn.Listener
}

// NewWire returns a wire.
func NewWire() *Wire { return &Wire{listener: bufconn.Listen(1 << 20)} }

// Listener is for the room's server.
func (w *Wire) Listener() net.Listener { return w.listener }

// Dial connects to the room. The credentials may be nil: the edge has none of its own.
func (w *Wire) Dial(room string, own credentials.PerRPCCredentials) (*grpc.ClientConn, error) {
	return dial("passthrough:///"+room, insecure.NewCredentials(), own,
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return w.listener.DialContext(ctx) }))
}

// Dial connects to a room elsewhere.
func Dial(address string, transport credentials.TransportCredentials, own credentials.PerRPCCredentials) (*grpc.ClientConn, error) {
	return dial("dns:///"+address, transport, own)
}

func dial(target string, transport credentials.TransportCredentials, own credentials.PerRPCCredentials, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	opts := append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
	}, more...)
	if own != nil {
		// Room to room: the caller wants the fault back and hands on the trace.
		opts = append(opts, grpc.WithPerRPCCredentials(own), grpc.WithUnaryInterceptor(roomCall))
	}
	conn, err := grpc.NewClient(target, opts...)
	if err != nil {
		return nil, fmt.Errorf("rpc: connect to %s: %w", target, err)
	}
	return conn, nil
}

func roomCall(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultDeadline)
		defer cancel()
	}
	if id := Trace(ctx); id != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, HeaderTrace, id)
	}
	return FromStatus(invoke(ctx, method, req, reply, cc, opts...))
}
