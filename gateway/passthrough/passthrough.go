// Package passthrough lets gRPC clients reach the rooms through the gateway, with the same permissions as over REST.
//
// A call is handed on as it came, bytes unread, to the room that its service belongs to. The edge adds nothing and
// checks nothing but the name: every room authenticates and authorises for itself, and the services meant for other
// rooms are not handed on at all.
package passthrough

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // The name under which bytes are handed on.
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	// maxMessage is the largest message handed on, in bytes.
	maxMessage = 4 << 20
	// deadline bounds a call whose caller set no deadline.
	deadline = 60 * time.Second
)

// raw hands bytes on under the name of the codec that the client used. Messages of the server's own services (health,
// reflection) are encoded as ever.
type raw struct{}

var own = encoding.GetCodecV2("proto")

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return own.Marshal(v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return own.Unmarshal(data, v)
	}
	*b = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = raw{}

// New returns a server that hands calls on. rooms are connections by the word that follows "folkmoot." in the name of
// a room's services.
func New(rooms map[string]grpc.ClientConnInterface, options ...grpc.ServerOption) *grpc.Server {
	h := handler{rooms}
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(raw{}),
		grpc.UnknownServiceHandler(h.handle),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage), grpc.MaxConcurrentStreams(256),
	}, options...)...)
}

// Either sends gRPC calls one way and every other request the other.
func Either(calls, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			calls.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

type handler struct {
	rooms map[string]grpc.ClientConnInterface
}

// find returns the room of a method, "/folkmoot.ledger.v1.LedgerService/GetEntry", or nil if nobody outside may call it.
func (h handler) find(method string) grpc.ClientConnInterface {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	parts := strings.Split(service, ".")
	if len(parts) != 4 || parts[0] != "folkmoot" || strings.HasSuffix(service, "RoomsService") {
		return nil
	}
	return h.rooms[parts[1]]
}

// passedOn are the headers that a room knows.
var passedOn = []string{"authorization", "idempotency-key", "if-match", "x-request-trace"}

func (h handler) handle(_ any, in grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(in)
	room := h.find(method)
	if room == nil {
		return status.Error(codes.Unimplemented, "there is no such method: "+method)
	}
	ctx, cancel := context.WithCancel(in.Context())
	defer cancel()
	if _, ok := ctx.Deadline(); !ok {
		ctx, cancel = context.WithTimeout(ctx, deadline)
		defer cancel()
	}
	given, _ := metadata.FromIncomingContext(ctx)
	md := metadata.MD{}
	for _, name := range passedOn {
		if v := given.Get(name); len(v) > 0 {
			md.Set(name, v...)
		}
	}
	out, err := room.NewStream(metadata.NewOutgoingContext(ctx, md), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodecV2(raw{}))
	if err != nil {
		return err
	}
	go func() {
		if err := pump(out.SendMsg, in.RecvMsg); err == nil {
			_ = out.CloseSend()
			return
		}
		cancel()
	}()
	err = pump(in.SendMsg, out.RecvMsg)
	in.SetTrailer(out.Trailer())
	return err
}

// pump hands messages on until there are no more.
func pump(send, receive func(any) error) error {
	for {
		var b []byte
		err := receive(&b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(&b); err != nil {
			return err
		}
	}
}
