package server

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// headerDevice is where the gateway says, in words, on what somebody signs in. It is shown to that member and decides nothing.
const headerDevice = "x-device"

func device(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get(headerDevice) {
		return membership.Device(v)
	}
	return ""
}

// ListSessions lists the devices on which the caller is signed in. Of the last use only the day is told.
func (s *Server) ListSessions(ctx context.Context, _ *membershipv1.ListSessionsRequest) (*membershipv1.ListSessionsResponse, error) {
	p := auth.FromContext(ctx)
	all, err := s.store.Sessions(ctx, p.Member, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListSessionsResponse{}
	for _, one := range all {
		out.Sessions = append(out.Sessions, &membershipv1.MemberSession{
			Id: one.ID, Device: one.Way.Device, Method: one.Way.Method, BeginTime: instant(one.Made),
			LastUsed: one.Used.In(s.cfg.Zone).Format("2006-01-02"), Current: one.SID == p.Session,
		})
	}
	return out, nil
}

// EndSession signs the caller out on one device.
func (s *Server) EndSession(ctx context.Context, r *membershipv1.EndSessionRequest) (*membershipv1.EndSessionResponse, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.SignInService_EndSession_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	id := r.GetSession()
	if id == "" {
		id = "none"
	}
	_, err = s.store.EndSessions(ctx, request, p.Member, id, p.Session, now, s.machine(), func(int) ([]byte, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	s.refreshRevoked(ctx)
	return &membershipv1.EndSessionResponse{}, nil
}

// EndOtherSessions signs the caller out everywhere but here.
func (s *Server) EndOtherSessions(ctx context.Context, r *membershipv1.EndOtherSessionsRequest) (*membershipv1.EndOtherSessionsResponse, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.SignInService_EndOtherSessions_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.EndSessions(ctx, request, p.Member, "", p.Session, now, s.machine(), func(n int) ([]byte, error) {
		return proto.Marshal(&membershipv1.EndOtherSessionsResponse{Ended: int32(n)}) //nolint:gosec // at most as many as are listed
	})
	if err == nil {
		s.refreshRevoked(ctx)
	}
	return rpc.Reply(&membershipv1.EndOtherSessionsResponse{}, reply, err)
}
