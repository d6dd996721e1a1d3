package server

import (
	"fmt"
	"io"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// ExportEvidence writes the list of evidence with its leaves, as it stands in a pack.
func (s *Server) ExportEvidence(_ *ledgerv1.ExportEvidenceRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	w := newPieces(stream, "text/csv; charset=utf-8; header=present")
	if _, err := io.WriteString(w, ledger.EvidenceHead); err != nil {
		return err
	}
	err := s.store.EachEvidence(stream.Context(), func(i ledger.EvidenceItem) error {
		if i.Log == nil {
			return fmt.Errorf("server: evidence %d of entry %d is not in the public log", i.N, i.Number)
		}
		_, err := io.WriteString(w, i.CSV())
		return err
	})
	if err != nil {
		return err
	}
	return w.flush()
}
