package rpc

import (
	"context"
	"crypto/rand"

	"google.golang.org/grpc/metadata"
)

// HeaderTrace is the metadata that carries a request's trace id through all rooms.
const HeaderTrace = "x-request-trace"

type traceKey struct{}

// withTrace puts the trace id that the caller sent, or a new one, into the context.
func withTrace(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	var id string
	if v := md.Get(HeaderTrace); len(v) > 0 && requestID.MatchString(v[0]) {
		id = v[0]
	} else {
		id = rand.Text()[:16]
	}
	return context.WithValue(ctx, traceKey{}, id)
}

// Trace returns the trace id of the request being served, or an empty string.
func Trace(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}
