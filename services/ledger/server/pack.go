package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/pack"
)

// packsAtOnce is how many packs are written at the same time: each reads the whole journal several times.
const packsAtOnce = 2

// GetPack writes the auditor's pack.
func (s *Server) GetPack(req *ledgerv1.GetPackRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	d, err := s.span(req.GetFromDate(), req.GetToDate(), req.GetCloseDate())
	if err != nil {
		return err
	}
	ctx := stream.Context()
	select {
	case s.packs <- struct{}{}:
		defer func() { <-s.packs }()
	case <-ctx.Done():
		return ctx.Err()
	}
	read := func(path string) ([]byte, error) {
		f, err := s.PublicLog.File(ctx, path)
		return f.Data, err
	}
	signed, err := read("checkpoint")
	if err != nil {
		return err
	}
	key, err := read("vkey")
	if err != nil {
		return err
	}
	vkey := strings.TrimSpace(string(key))
	tree, err := translog.OpenCheckpoint(signed, vkey)
	if err != nil {
		return fmt.Errorf("server: our own checkpoint: %w", err)
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(vkey, "+")
	w := newPieces(stream, "application/zip")
	err = pack.Write(w, pack.Source{
		Manifest: pack.Manifest{
			Society: strings.TrimSuffix(name, "/ledger"), From: d.from, To: d.to, Close: d.close, Closed: d.closed, Leaves: tree.N, Added: added,
		},
		Journal:  func(yield func(ledger.Entry) error) error { return s.store.Walk(ctx, 0, yield) },
		Evidence: func(yield func(ledger.EvidenceItem) error) error { return s.store.EachEvidence(ctx, yield) },
		LogFiles: translog.Files(tree.N), LogFile: read,
		Signed: signed, Key: key,
	})
	if err != nil {
		return err
	}
	return w.flush()
}

// rollEvery is how often the sums by day are moved forward.
const rollEvery = 10 * time.Second

// roll moves the sums by day forward until the context ends.
func (s *Server) roll(ctx context.Context) {
	t := time.NewTicker(rollEvery)
	defer t.Stop()
	for {
		if _, err := s.store.RollBalances(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "sums by day not moved", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
