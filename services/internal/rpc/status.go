// Package rpc is how the rooms speak gRPC: the server with its interceptors, the client, the
// wire between rooms of one process, and the one place where a fault becomes a status.
//
// What crosses the boundary: a fault's kind as the code, its message as the status message, its
// reason and details as ErrorInfo, its violations as BadRequest, its RetryAfter as RetryInfo. The
// client interceptor gives the caller the same fault back. An error that is no fault crosses as
// "Internal" with an id and nothing else; the whole of it is in the log under that id.
package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Domain is the domain of every ErrorInfo.
const Domain = "folkmoot"

// The two conflicts that HTTP has statuses of its own for (412 and 428).
const (
	// ReasonETagMismatch is a change that somebody else overtook.
	ReasonETagMismatch = "ETAG_MISMATCH"
	// ReasonETagMissing is a change that must say what it saw and did not.
	ReasonETagMissing = "ETAG_MISSING"
)

var kindCodes = map[fault.Kind]codes.Code{
	fault.Internal:        codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.NotFound:        codes.NotFound,
	fault.Exists:          codes.AlreadyExists,
	fault.Conflict:        codes.FailedPrecondition,
	fault.Denied:          codes.PermissionDenied,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Exhausted:       codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
}

// What the database could not finish, in words for whoever asked.
var (
	errOutcomeUnknown = fault.New(fault.Unavailable, "OUTCOME_UNKNOWN",
		"We could not find out whether this was recorded. Send it again: with the same request id it is recorded once.").After(2 * time.Second)
	errBusy = fault.New(fault.Unavailable, "BUSY", "Many people are doing this just now. Nothing was recorded; try again in a moment.").After(2 * time.Second)
)

// ToStatus turns an error of a room into a gRPC status error. It logs what is not a fault.
func ToStatus(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	f := fault.Of(err)
	switch {
	case errors.Is(err, database.ErrUnknownOutcome):
		log.WarnContext(ctx, "outcome unknown", slog.String("trace", Trace(ctx)), slog.Any("error", err))
		f = errOutcomeUnknown
	case f != nil:
	case errors.Is(err, database.ErrBusy):
		log.WarnContext(ctx, "gave way too often", slog.String("trace", Trace(ctx)), slog.Any("error", err))
		f = errBusy
	case errors.Is(err, context.DeadlineExceeded):
		// The error itself stays here: what was being done is nobody's business outside.
		return status.FromContextError(context.DeadlineExceeded).Err()
	case errors.Is(err, context.Canceled):
		return status.FromContextError(context.Canceled).Err()
	default:
		id := rand.Text()[:10]
		log.ErrorContext(ctx, "internal error", slog.String("error_id", id), slog.String("trace", Trace(ctx)), slog.Any("error", err))
		f = fault.New(fault.Internal, "INTERNAL",
			"Something went wrong on our side. Nothing was half done. Quote "+id+" if you ask for help.").With("error_id", id)
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: f.Reason, Domain: Domain, Metadata: f.Details}}
	if len(f.Violations) > 0 {
		b := &errdetails.BadRequest{}
		for _, v := range f.Violations {
			b.FieldViolations = append(b.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: v.Field, Description: v.Message})
		}
		details = append(details, b)
	}
	if f.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	st := status.New(kindCodes[f.Kind], f.Message)
	if with, err := st.WithDetails(details...); err == nil {
		st = with
	}
	return st.Err()
}

// FromStatus gives back the fault that another room made; other errors stay as they are.
func FromStatus(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	var f *fault.Fault
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			f = fault.New(kindOf(st.Code()), info.GetReason(), st.Message())
			f.Details = info.GetMetadata()
		}
	}
	if f == nil {
		if st.Code() == codes.Unavailable || st.Code() == codes.DeadlineExceeded {
			return fault.New(fault.Unavailable, "ROOM_UNAVAILABLE", "A part of Folkmoot does not answer just now. Try again in a moment.")
		}
		return err
	}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Violations = append(f.Violations, fault.Violation{Field: v.GetField(), Message: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			f.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return f
}

func kindOf(c codes.Code) fault.Kind {
	for k, code := range kindCodes {
		if code == c {
			return k
		}
	}
	return fault.Internal
}
