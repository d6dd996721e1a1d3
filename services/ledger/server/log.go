package server

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/genproto/googleapis/api/httpbody"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
)

// ReadLog serves the ledger's public log.
func (s *Server) ReadLog(ctx context.Context, req *ledgerv1.ReadLogRequest) (*httpbody.HttpBody, error) {
	f, err := s.PublicLog.File(ctx, req.GetPath())
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: f.ContentType, Data: f.Data}, nil
}

// GetEntryProof writes the proofs of inclusion of an entry and of its evidence, with what opens the private part of the entry for those
// whom that is for, and of the evidence for the treasurer.
func (s *Server) GetEntryProof(ctx context.Context, req *ledgerv1.GetEntryProofRequest) (*httpbody.HttpBody, error) {
	if !id.Valid(req.GetEntry()) {
		return nil, notFound()
	}
	e, err := s.store.Entry(ctx, req.GetEntry())
	if err != nil {
		return nil, err
	}
	if e.Log == nil {
		return nil, fmt.Errorf("server: entry %d is not in the public log", e.Number)
	}
	leaves := []int64{e.Log.Index}
	evidence, err := s.store.EvidenceLeaves(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range evidence {
		if i.Log == nil {
			return nil, fmt.Errorf("server: evidence %d of entry %d is not in the public log", i.N, e.Number)
		}
		leaves = append(leaves, i.Log.Index)
	}
	file, err := s.PublicLog.Prove(ctx, leaves)
	if err != nil {
		return nil, err
	}
	p := auth.FromContext(ctx)
	own := p.Member != "" && p.Member == e.Member
	if e.Log.PrivateSalt != nil && (p.HoldsAny(auth.Treasurer) || own) {
		if !own {
			acts.Exercise(ctx, p.Office(auth.Treasurer))
		}
		file.Leaves[0].PrivateSalt, file.Leaves[0].PrivateContent = e.Log.PrivateSalt, string(e.PrivateContent())
	}
	for n, i := range evidence {
		if i.Log.PrivateSalt != nil && p.HoldsAny(auth.Treasurer) {
			acts.Exercise(ctx, p.Office(auth.Treasurer))
			file.Leaves[n+1].PrivateSalt, file.Leaves[n+1].PrivateContent = i.Log.PrivateSalt, string(i.PrivateContent())
		}
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: encode a proof: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: append(raw, '\n')}, nil
}
