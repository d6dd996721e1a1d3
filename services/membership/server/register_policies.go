package server

import (
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// registerPolicies are those of the methods that record what happens to entries. What depends on the entry (one's own, another
// region) is decided where the method is, and which of the admitting roles decides by the rule book.
func registerPolicies() auth.Policies {
	own := auth.Policy{Member: true, Writes: true, Personal: true}
	by := func(roles ...string) auth.Policy { return auth.Policy{Roles: roles, Writes: true, Personal: true} }
	// What ends or joins memberships is asked of somebody who has signed in a moment ago: a device left open must not do it.
	freshBy := func(roles ...string) auth.Policy {
		return auth.Policy{Roles: roles, Writes: true, Personal: true, Fresh: auth.FreshSeconds}
	}
	return auth.Policies{
		membershipv1.RegisterService_ListHistory_FullMethodName:       {Member: true},
		membershipv1.RegisterService_ExplainStanding_FullMethodName:   {Member: true},
		membershipv1.RegisterService_MoveRegion_FullMethodName:        own,
		membershipv1.RegisterService_ChangeName_FullMethodName:        own,
		membershipv1.RegisterService_RequestEmail_FullMethodName:      own,
		membershipv1.RegisterService_ConfirmEmail_FullMethodName:      own,
		membershipv1.RegisterService_GetPostal_FullMethodName:         {Member: true},
		membershipv1.RegisterService_ChangePostal_FullMethodName:      own,
		membershipv1.RegisterService_Leave_FullMethodName:             own,
		membershipv1.RegisterService_EndMembership_FullMethodName:     freshBy(auth.Secretary),
		membershipv1.RegisterService_WaiveDonation_FullMethodName:     by(auth.Secretary, auth.Treasurer),
		membershipv1.RegisterService_ListApplications_FullMethodName:  {Roles: admitting},
		membershipv1.RegisterService_DecideApplication_FullMethodName: by(admitting...),
		membershipv1.RegisterService_ListDoubles_FullMethodName:       {Roles: examining},
		membershipv1.RegisterService_FindDouble_FullMethodName:        freshBy(examining...),
		membershipv1.RegisterService_ConfirmDouble_FullMethodName:     freshBy(examining...),
		membershipv1.RegisterService_ObjectToEntry_FullMethodName:     own,
		membershipv1.RegisterService_ListObjections_FullMethodName:    {Member: true},
		membershipv1.RegisterService_AnswerObjection_FullMethodName:   by(keepers...),
	}
}

// examining are the roles that look at possible doubles: two of them have to agree.
var examining = []string{auth.Secretary, auth.Chair, auth.Treasurer, auth.Board, auth.Registrar}
