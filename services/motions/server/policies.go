package server

import (
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// Policies say who may call each method of the motions room. Which meeting and which region, the room decides
// (motions.Caller).
func Policies() auth.Policies {
	public := auth.Policy{Anyone: true}
	officers := func(roles ...string) auth.Policy { return auth.Policy{Roles: roles, Writes: true, Personal: true} }
	// Moving and withdrawing speak in a member's name as seconding does, so they too need the member themselves.
	member := auth.Policy{Member: true, Writes: true, Personal: true}
	planning := officers(auth.Secretary, auth.Organiser)
	presiding := officers(auth.Chair, auth.Organiser)
	// attending are who may stand at the desk; which meeting, the room decides.
	attending := []string{auth.Chair, auth.Secretary, auth.Organiser}
	// A declared result stands: whoever declares has signed in a moment ago.
	declaring := presiding
	declaring.Fresh = auth.FreshSeconds
	// So do the rules that every later meeting pins.
	adopting := officers(auth.Secretary)
	adopting.Fresh = auth.FreshSeconds
	return auth.Policies{
		motionsv1.MotionsService_GetRuleBook_FullMethodName:         public,
		motionsv1.MotionsService_CreateMeeting_FullMethodName:       planning,
		motionsv1.MotionsService_GiveNotice_FullMethodName:          planning,
		motionsv1.MotionsService_RecordAttendance_FullMethodName:    officers(attending...),
		motionsv1.MotionsService_OpenMeeting_FullMethodName:         presiding,
		motionsv1.MotionsService_CloseMeeting_FullMethodName:        presiding,
		motionsv1.MotionsService_ListMeetings_FullMethodName:        public,
		motionsv1.MotionsService_GetMeeting_FullMethodName:          public,
		motionsv1.MotionsService_MoveMotion_FullMethodName:          member,
		motionsv1.MotionsService_SecondMotion_FullMethodName:        member,
		motionsv1.MotionsService_AcceptMotion_FullMethodName:        planning,
		motionsv1.MotionsService_TableMotion_FullMethodName:         officers(auth.Organiser),
		motionsv1.MotionsService_WithdrawMotion_FullMethodName:      member,
		motionsv1.MotionsService_OpenVote_FullMethodName:            presiding,
		motionsv1.MotionsService_CloseVote_FullMethodName:           presiding,
		motionsv1.MotionsService_DeclareVote_FullMethodName:         declaring,
		motionsv1.MotionsService_ListMotions_FullMethodName:         public,
		motionsv1.MotionsService_GetMotion_FullMethodName:           public,
		motionsv1.AttendanceService_GetHallCode_FullMethodName:      {Roles: attending, Personal: true},
		motionsv1.AttendanceService_GetBadge_FullMethodName:         {Member: true, Personal: true},
		motionsv1.AttendanceService_ReadBadge_FullMethodName:        {Roles: attending, Personal: true},
		motionsv1.AttendanceService_CheckIn_FullMethodName:          member,
		motionsv1.AttendanceService_CheckOut_FullMethodName:         member,
		motionsv1.AttendanceService_SendApologies_FullMethodName:    member,
		motionsv1.AttendanceService_RecordPresence_FullMethodName:   officers(attending...),
		motionsv1.AttendanceService_StrikePresence_FullMethodName:   officers(attending...),
		motionsv1.AttendanceService_ListPresence_FullMethodName:     {Roles: attending, Personal: true},
		motionsv1.OfficerActsService_ListOfficerActs_FullMethodName: {Member: true},
		motionsv1.RuleBookService_ListRuleBooks_FullMethodName:      public,
		motionsv1.RuleBookService_CheckRules_FullMethodName:         public,
		motionsv1.RuleBookService_AdoptRules_FullMethodName:         adopting,
		motionsv1.AmendmentService_ListAmendments_FullMethodName:    public,
		motionsv1.AmendmentService_ReadMotion_FullMethodName:        public,
		motionsv1.AmendmentService_CheckAmendment_FullMethodName:    public,
		motionsv1.AmendmentService_MoveAmendment_FullMethodName:     member,
		motionsv1.AmendmentService_AgreeAmendment_FullMethodName:    member,

		motionsv1.MotionsRoomsService_ApplyFounding_FullMethodName: {Rooms: []string{auth.Membership}, Writes: true},

		motionsv1.ResolutionsRoomsService_GetDecision_FullMethodName: {Rooms: []string{auth.Membership}},

		motionsv1.CalledMeetingsRoomsService_GetCalledMeeting_FullMethodName: {Rooms: []string{auth.Membership, auth.Ledger}},
	}
}
