package command

import (
	"maps"

	"google.golang.org/grpc"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// described is a pass-through server as reflection shows it: with the rooms' public services, which it hands on without
// having them registered.
type described struct{ *grpc.Server }

// GetServiceInfo returns what the server has itself and what it hands on.
func (d described) GetServiceInfo() map[string]grpc.ServiceInfo {
	all := maps.Clone(d.Server.GetServiceInfo())
	for _, s := range []grpc.ServiceDesc{
		membershipv1.MembershipService_ServiceDesc,
		membershipv1.SignInService_ServiceDesc,
		ledgerv1.LedgerService_ServiceDesc,
		ledgerv1.BooksService_ServiceDesc,
		ledgerv1.BankService_ServiceDesc,
		ledgerv1.PaymentService_ServiceDesc,
		ledgerv1.PayerService_ServiceDesc,
		motionsv1.MotionsService_ServiceDesc,
		motionsv1.AttendanceService_ServiceDesc,
		ballotsv1.BallotsService_ServiceDesc,
	} {
		all[s.ServiceName] = grpc.ServiceInfo{Metadata: s.Metadata}
	}
	return all
}
