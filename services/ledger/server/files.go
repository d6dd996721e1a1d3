package server

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"mime"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

var purposes = map[ledgerv1.FilePurpose]ledger.Purpose{
	ledgerv1.FilePurpose_FILE_PURPOSE_EVIDENCE: ledger.ForEvidence, ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT: ledger.ForStatement,
}

func fileProto(f ledger.File) *ledgerv1.File {
	return &ledgerv1.File{Id: f.ID, Name: f.Name, SizeBytes: f.Size, TakenBytes: f.Taken, MediaType: f.MediaType, Sha256: hex.EncodeToString(f.SHA256)}
}

func encodeFile(f ledger.File) ([]byte, error) { return proto.Marshal(fileProto(f)) }

// StartFile begins to take a file.
func (s *Server) StartFile(ctx context.Context, req *ledgerv1.StartFileRequest) (*ledgerv1.File, error) {
	r, now, err := s.begin(ctx, ledgerv1.BooksService_StartFile_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	f, err := ledger.NewFile(ledger.File{Purpose: purposes[req.GetPurpose()], Name: req.GetName(), Size: req.GetSizeBytes(), StartedBy: auth.FromContext(ctx).Member})
	if err != nil {
		return nil, err
	}
	if f.ID, err = id.New(now, s.Random); err != nil {
		return nil, err
	}
	reply, err := s.store.StartFile(ctx, r, f, encodeFile)
	return rpc.Reply(&ledgerv1.File{}, reply, err)
}

// AppendFile takes the next piece. The offset says which piece it is, whatever the request's id.
func (s *Server) AppendFile(ctx context.Context, req *ledgerv1.AppendFileRequest) (*ledgerv1.File, error) {
	if n := len(req.GetData()); n == 0 || n > ledger.MaxPiece || req.GetOffset() < 0 {
		return nil, fault.Field("FILE_INVALID", "data", "Send pieces of 1 byte to 512 KiB.")
	}
	r, _, err := s.begin(ctx, ledgerv1.BooksService_AppendFile_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.AppendFile(ctx, r, req.GetFile(), auth.FromContext(ctx).Member, req.GetOffset(), req.GetData(), encodeFile)
	return rpc.Reply(&ledgerv1.File{}, reply, err)
}

// FinishFile checks the content of a file and stores its hash. What a statement holds is for its reader to say.
func (s *Server) FinishFile(ctx context.Context, req *ledgerv1.FinishFileRequest) (*ledgerv1.File, error) {
	r, _, err := s.begin(ctx, ledgerv1.BooksService_FinishFile_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.FinishFile(ctx, r, req.GetFile(), auth.FromContext(ctx).Member, func(f ledger.File) (io.Writer, func() (string, error)) {
		if f.Purpose == ledger.ForStatement {
			return io.Discard, func() (string, error) { return "application/octet-stream", nil }
		}
		sniffer := &ledger.Sniffer{}
		return sniffer, sniffer.MediaType
	}, encodeFile)
	return rpc.Reply(&ledgerv1.File{}, reply, err)
}

// headerFileName is the metadata by which the edge learns what a download is called.
const headerFileName = "content-disposition"

// DownloadFile returns a file of evidence as it was.
func (s *Server) DownloadFile(req *ledgerv1.DownloadFileRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	f, err := s.store.File(stream.Context(), req.GetFile())
	if err != nil {
		return err
	}
	if f.SHA256 == nil || f.Purpose != ledger.ForEvidence {
		return fault.New(fault.NotFound, "FILE_NOT_FOUND", "There is no such file.")
	}
	name := mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	if name == "" {
		name = "attachment"
	}
	if err := stream.SetHeader(metadata.Pairs(headerFileName, name)); err != nil {
		return err
	}
	in, piece := s.store.ReadFile(stream.Context(), f.ID), make([]byte, exportPiece)
	for {
		n, err := io.ReadFull(in, piece)
		if n > 0 {
			// The type is the one that we found, and the browser is told to guess no other.
			if err := stream.Send(&httpbody.HttpBody{ContentType: f.MediaType, Data: append([]byte(nil), piece[:n]...)}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// evidenceFor writes evidence as the caller may see it: names and reasons may say who somebody is.
func evidenceFor(p auth.Principal, e store.Evidence) *ledgerv1.Evidence {
	out := &ledgerv1.Evidence{Entry: e.Entry, LinkTime: micros(e.Linked)}
	officer := p.HoldsAny(officers...)
	if e.File != nil {
		out.File = fileProto(*e.File)
		if !officer {
			out.File.Name, out.File.Id = "", ""
		}
	}
	if officer {
		out.Waived, out.LinkedBy = e.Waived, e.LinkedBy
	}
	return out
}

// AttachEvidence links a file to an entry.
func (s *Server) AttachEvidence(ctx context.Context, req *ledgerv1.AttachEvidenceRequest) (*ledgerv1.Evidence, error) {
	return s.evidence(ctx, ledgerv1.BooksService_AttachEvidence_FullMethodName, req, store.Evidence{Entry: req.GetEntry(), File: &ledger.File{ID: req.GetFile()}})
}

// WaiveEvidence says why an entry has no evidence.
func (s *Server) WaiveEvidence(ctx context.Context, req *ledgerv1.WaiveEvidenceRequest) (*ledgerv1.Evidence, error) {
	if err := ledger.Reason(req.GetReason()); err != nil {
		return nil, err
	}
	return s.evidence(ctx, ledgerv1.BooksService_WaiveEvidence_FullMethodName, req, store.Evidence{Entry: req.GetEntry(), Waived: req.GetReason()})
}

func (s *Server) evidence(ctx context.Context, method string, req writing, e store.Evidence) (*ledgerv1.Evidence, error) {
	r, _, err := s.begin(ctx, method, req)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	e.LinkedBy = caller.Member
	reply, err := s.store.AddEvidence(ctx, r, e, func(e store.Evidence) ([]byte, error) { return proto.Marshal(evidenceFor(caller, e)) })
	return rpc.Reply(&ledgerv1.Evidence{}, reply, err)
}

// ListEvidence returns what is linked to an entry.
func (s *Server) ListEvidence(ctx context.Context, req *ledgerv1.ListEvidenceRequest) (*ledgerv1.ListEvidenceResponse, error) {
	if !id.Valid(req.GetEntry()) {
		return nil, notFound()
	}
	all, err := s.store.EvidenceOf(ctx, req.GetEntry())
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListEvidenceResponse{}
	for _, e := range all {
		out.Evidence = append(out.Evidence, evidenceFor(auth.FromContext(ctx), e))
	}
	return out, nil
}
