package server

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/genproto/googleapis/api/httpbody"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// ReadLog serves the register's public log.
func (s *Server) ReadLog(ctx context.Context, req *membershipv1.ReadLogRequest) (*httpbody.HttpBody, error) {
	f, err := s.cfg.PublicLog.File(ctx, req.GetPath())
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: f.ContentType, Data: f.Data}, nil
}

// proofsAtOnce bounds a file of proofs: the newest facts about a member.
const proofsAtOnce = 1000

// GetMyProofs writes the proofs of the caller's own events, offices included.
func (s *Server) GetMyProofs(ctx context.Context, _ *membershipv1.GetMyProofsRequest) (*httpbody.HttpBody, error) {
	leaves, err := s.store.LeavesOf(ctx, auth.FromContext(ctx).Member, proofsAtOnce)
	if err != nil {
		return nil, err
	}
	file, err := s.cfg.PublicLog.Prove(ctx, leaves)
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: encode proofs: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: append(raw, '\n')}, nil
}
