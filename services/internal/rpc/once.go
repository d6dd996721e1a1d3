package rpc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/once"
)

// Once describes a writing request to the store that carries it out once: who calls, which method, the caller's
// request id and the hash of everything that was asked.
func Once(ctx context.Context, method string, now time.Time, m interface {
	proto.Message
	GetRequestId() string
}) (once.Request, error) {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return once.Request{}, fmt.Errorf("rpc: encode a request: %w", err)
	}
	sum := sha256.Sum256(raw)
	return once.Request{Principal: auth.FromContext(ctx).Key(), Method: method, ID: m.GetRequestId(), Hash: sum[:], At: now}, nil
}

// Reply reads a stored reply into m.
func Reply[M proto.Message](m M, reply []byte, err error) (M, error) {
	var none M
	if err != nil {
		return none, err
	}
	if err := proto.Unmarshal(reply, m); err != nil {
		return none, fmt.Errorf("rpc: read a stored reply: %w", err)
	}
	return m, nil
}
