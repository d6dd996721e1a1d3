package server

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

var importStates = map[string]membershipv1.ImportState{
	store.IntakeReceiving: membershipv1.ImportState_IMPORT_STATE_RECEIVING,
	store.IntakeChecking:  membershipv1.ImportState_IMPORT_STATE_CHECKING,
	store.IntakeRefused:   membershipv1.ImportState_IMPORT_STATE_REFUSED,
	store.IntakeClean:     membershipv1.ImportState_IMPORT_STATE_CLEAN,
	store.IntakeApplying:  membershipv1.ImportState_IMPORT_STATE_APPLYING,
	store.IntakeDone:      membershipv1.ImportState_IMPORT_STATE_DONE,
}

func importProto(n store.Intake) *membershipv1.Import {
	out := &membershipv1.Import{
		Id: n.ID, File: n.File, State: importStates[n.State], CreateTime: instant(n.Made), Received: n.Received, Rows: n.Rows, Known: n.Known,
		Added: n.Added, Done: n.Done, MistakeCount: n.Mistakes,
	}
	for _, m := range n.First {
		out.Mistakes = append(out.Mistakes, &membershipv1.ImportMistake{Line: int64(m.Line), Column: int64(m.Column), Field: m.Field, Message: m.Message})
	}
	return out
}

func importReply(n store.Intake, err error) (*membershipv1.Import, error) {
	if err != nil {
		return nil, err
	}
	return importProto(n), nil
}

// CreateImport begins taking members in from a file.
func (s *Server) CreateImport(ctx context.Context, r *membershipv1.CreateImportRequest) (*membershipv1.Import, error) {
	request, err := rpc.Once(ctx, membershipv1.StatuteService_CreateImport_FullMethodName, s.cfg.Now(), r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.BeginIntake(ctx, request, r.GetFile(), auth.FromContext(ctx).Member, func(n store.Intake) ([]byte, error) { return proto.Marshal(importProto(n)) })
	return rpc.Reply(&membershipv1.Import{}, reply, err)
}

// UploadImport adds a part of the file. No reply is kept: the place in the file tells a repeated part apart.
func (s *Server) UploadImport(ctx context.Context, r *membershipv1.UploadImportRequest) (*membershipv1.Import, error) {
	return importReply(s.store.AddPart(ctx, r.GetImport(), r.GetOffset(), r.GetData()))
}

// CheckImport begins the dry run. No reply is kept: begun twice it runs once.
func (s *Server) CheckImport(ctx context.Context, r *membershipv1.CheckImportRequest) (*membershipv1.Import, error) {
	return s.turnImport(ctx, r.GetImport(), store.IntakeReceiving, store.IntakeChecking)
}

// ApplyImport begins to take the members in. No reply is kept: begun twice it runs once.
func (s *Server) ApplyImport(ctx context.Context, r *membershipv1.ApplyImportRequest) (*membershipv1.Import, error) {
	return s.turnImport(ctx, r.GetImport(), store.IntakeClean, store.IntakeApplying)
}

func (s *Server) turnImport(ctx context.Context, id, from, to string) (*membershipv1.Import, error) {
	n, err := s.store.TurnIntake(ctx, id, from, to)
	select {
	case s.importDue <- struct{}{}:
	default:
	}
	return importReply(n, err)
}

// GetImport tells how far an import is.
func (s *Server) GetImport(ctx context.Context, r *membershipv1.GetImportRequest) (*membershipv1.Import, error) {
	return importReply(s.store.Intake(ctx, r.GetImport()))
}

// mostImports is how many a list shows.
const mostImports = 50

// ListImports lists the latest imports.
func (s *Server) ListImports(ctx context.Context, _ *membershipv1.ListImportsRequest) (*membershipv1.ListImportsResponse, error) {
	all, err := s.store.Intakes(ctx, mostImports)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListImportsResponse{}
	for _, n := range all {
		out.Imports = append(out.Imports, importProto(n))
	}
	return out, nil
}

// lookForImports is how often the loop looks for what a crash, or another replica, left halfway.
const lookForImports = 10 * time.Second

// takeIn checks and applies imports until the context ends.
func (s *Server) takeIn(ctx context.Context) {
	tick := time.NewTicker(lookForImports)
	defer tick.Stop()
	for {
		if err := s.takeInOnce(ctx); err != nil && ctx.Err() == nil && !store.TakenOver(err) {
			s.cfg.Log.WarnContext(ctx, "membership: an import does not go on", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-s.importDue:
		case <-tick.C:
		}
	}
}

func (s *Server) takeInOnce(ctx context.Context) error {
	underway, err := s.store.IntakesUnderway(ctx)
	if err != nil {
		return err
	}
	for _, id := range underway {
		n, err := s.store.Intake(ctx, id)
		if err != nil {
			return err
		}
		now := s.cfg.Now()
		if n.State == store.IntakeApplying {
			err = s.store.ApplyIntake(ctx, id, now, nil)
		} else {
			err = s.store.CheckIntake(ctx, id, midnight(now, s.cfg.Zone), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// midnight is the beginning of an instant's day.
func midnight(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}
