package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// sampleServer moves the clock of a marked folder.
type sampleServer struct {
	membershipv1.UnimplementedSampleServiceServer
	s *Server
}

// StepClock moves the sample clock forward; without an instant it becomes the real one for good.
func (t sampleServer) StepClock(_ context.Context, r *membershipv1.StepClockRequest) (*membershipv1.StepClockResponse, error) {
	var to time.Time
	if r.GetTo() != nil {
		to = r.GetTo().AsTime()
	}
	now, err := t.s.cfg.Step(to)
	if err != nil {
		return nil, err
	}
	return &membershipv1.StepClockResponse{Now: timestamppb.New(now)}, nil
}
