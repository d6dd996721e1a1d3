package server

import (
	"maps"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// Policies say who may call each method. What depends on the request (another region, one's own entry) is decided
// where the method is.
func (s *Server) Policies() auth.Policies {
	public := auth.Policy{Anyone: true}
	// Before anybody is signed in there is nobody to name; these write, so each needs a request id.
	arriving := auth.Policy{Anyone: true, Writes: true}
	secretary := auth.Policy{Roles: []string{auth.Secretary}, Writes: true, Personal: true}
	appointing := auth.Policy{Roles: []string{auth.Secretary, auth.Chair}, Writes: true, Personal: true, Fresh: auth.FreshSeconds}
	approving := auth.Policy{Roles: []string{auth.Secretary, auth.Chair, auth.Treasurer, auth.Board}, Writes: true, Personal: true, Fresh: auth.FreshSeconds}
	motions, ballots, ledger := auth.Policy{Rooms: []string{auth.Motions}}, auth.Policy{Rooms: []string{auth.Ballots}}, auth.Policy{Rooms: []string{auth.Ledger}, Writes: true}
	telling := auth.Policy{Rooms: []string{auth.Motions}, Writes: true}
	p := auth.Policies{
		membershipv1.MembershipService_Join_FullMethodName:             arriving,
		membershipv1.MembershipService_RequestSignIn_FullMethodName:    arriving,
		membershipv1.MembershipService_ConfirmSession_FullMethodName:   arriving,
		membershipv1.MembershipService_AcceptFounding_FullMethodName:   arriving,
		membershipv1.MembershipService_ExchangeSession_FullMethodName:  public,
		membershipv1.MembershipService_SignOut_FullMethodName:          {Member: true, Writes: true},
		membershipv1.MembershipService_GetMe_FullMethodName:            {Member: true},
		membershipv1.MembershipService_ListMembers_FullMethodName:      {Roles: officers},
		membershipv1.MembershipService_GetMember_FullMethodName:        {Member: true},
		membershipv1.MembershipService_CreateRegion_FullMethodName:     secretary,
		membershipv1.MembershipService_UpdateRegion_FullMethodName:     secretary,
		membershipv1.MembershipService_ListRegions_FullMethodName:      public,
		membershipv1.MembershipService_ListOfficers_FullMethodName:     public,
		membershipv1.MembershipService_GrantRole_FullMethodName:        appointing,
		membershipv1.MembershipService_ApproveRole_FullMethodName:      approving,
		membershipv1.MembershipService_EndRole_FullMethodName:          {Member: true, Writes: true, Personal: true, Fresh: auth.FreshSeconds},
		membershipv1.MembershipService_GetFounding_FullMethodName:      public,
		membershipv1.MembershipService_ListKeys_FullMethodName:         public,
		membershipv1.MembershipService_GetMyProofs_FullMethodName:      {Member: true},
		membershipv1.MembershipService_ReadLog_FullMethodName:          public,
		membershipv1.OfficerActsService_ListOfficerActs_FullMethodName: {Member: true},

		membershipv1.PrivacyService_GetMyData_FullMethodName:          {Member: true},
		membershipv1.PrivacyService_GetMyRetention_FullMethodName:     {Member: true},
		membershipv1.PrivacyService_EraseMe_FullMethodName:            {Member: true, Writes: true, Personal: true, Fresh: freshSeconds},
		membershipv1.PrivacyService_SetMyAccessNeeds_FullMethodName:   {Member: true, Writes: true},
		membershipv1.PrivacyService_ListMyAccessNeeds_FullMethodName:  {Member: true},
		membershipv1.PrivacyService_ListAccessNeeds_FullMethodName:    {Roles: []string{auth.Secretary, auth.Organiser}, Personal: true},
		membershipv1.PrivacyService_GetRetentionReport_FullMethodName: {Roles: []string{auth.Secretary}},

		membershipv1.MembershipRoomsService_FreezeRoll_FullMethodName:       telling,
		membershipv1.MembershipRoomsService_ListRollEntries_FullMethodName:  ballots,
		membershipv1.MembershipRoomsService_ExplainRoll_FullMethodName:      ballots,
		membershipv1.MembershipRoomsService_CountElectors_FullMethodName:    motions,
		membershipv1.MembershipRoomsService_ApplyLedgerEvent_FullMethodName: ledger,
		membershipv1.MembershipRoomsService_ApplyRules_FullMethodName:       telling,
		membershipv1.MembershipRoomsService_ListRevocations_FullMethodName:  {Rooms: auth.Rooms},
		membershipv1.MembershipRoomsService_GetPeople_FullMethodName:        {Rooms: auth.Rooms},

		membershipv1.PayersRoomsService_ListPayers_FullMethodName: {Rooms: []string{auth.Ledger}},
	}
	maps.Copy(p, signInPolicies())
	maps.Copy(p, registerPolicies())
	maps.Copy(p, deskPolicies())
	rollPolicies(p)
	statutePolicies(p)
	if s.cfg.Step != nil {
		p[membershipv1.SampleService_StepClock_FullMethodName] = public
	}
	return p
}

// freshSeconds is how long ago a sign-in may be for what cannot be undone.
const freshSeconds = 15 * 60

// rollPolicies adds those of [membershipv1.RollService].
func rollPolicies(p auth.Policies) {
	preparing := auth.Policy{Roles: []string{auth.Secretary, auth.Chair}, Writes: true, Personal: true}
	// A decision on a challenge lets somebody vote or keeps them from it.
	deciding := preparing
	deciding.Fresh = auth.FreshSeconds
	for method, policy := range (auth.Policies{
		membershipv1.RollService_ListRolls_FullMethodName:           {Anyone: true},
		membershipv1.RollService_GetRoll_FullMethodName:             {Anyone: true},
		membershipv1.RollService_GetRollProof_FullMethodName:        {Anyone: true},
		membershipv1.RollService_GetMyRollProof_FullMethodName:      {Member: true},
		membershipv1.RollService_GetRollEntry_FullMethodName:        {Member: true},
		membershipv1.RollService_CompareRolls_FullMethodName:        {Anyone: true},
		membershipv1.RollService_ListRollDifferences_FullMethodName: {Roles: []string{auth.Secretary}},
		membershipv1.RollService_PrepareRoll_FullMethodName:         preparing,
		membershipv1.RollService_ChallengeRoll_FullMethodName:       {Member: true, Writes: true, Personal: true},
		membershipv1.RollService_ListRollChallenges_FullMethodName:  {Member: true},
		membershipv1.RollService_DecideRollChallenge_FullMethodName: deciding,
	}) {
		p[method] = policy
	}
}

// statutePolicies adds those of [membershipv1.StatuteService].
func statutePolicies(p auth.Policies) {
	secretary := auth.Policy{Roles: []string{auth.Secretary}, Writes: true, Personal: true}
	// Approving an import makes members, thousands perhaps.
	fresh := secretary
	fresh.Fresh = auth.FreshSeconds
	looking := auth.Policy{Roles: []string{auth.Secretary}}
	p[membershipv1.StatuteService_CreateImport_FullMethodName] = secretary
	p[membershipv1.StatuteService_UploadImport_FullMethodName] = secretary
	p[membershipv1.StatuteService_CheckImport_FullMethodName] = secretary
	p[membershipv1.StatuteService_ApplyImport_FullMethodName] = fresh
	p[membershipv1.StatuteService_GetImport_FullMethodName] = looking
	p[membershipv1.StatuteService_ListImports_FullMethodName] = looking
	p[membershipv1.StatuteService_ExportRegister_FullMethodName] = secretary
	p[membershipv1.StatuteService_GetMyParticulars_FullMethodName] = auth.Policy{Member: true}
	p[membershipv1.StatuteService_SetMyParticulars_FullMethodName] = auth.Policy{Member: true, Writes: true, Personal: true}
	p[membershipv1.StatuteService_ListSectors_FullMethodName] = auth.Policy{Anyone: true}
}

// officers may look at the register; organisers at their region's part of it.
var officers = []string{auth.Secretary, auth.Treasurer, auth.Chair, auth.Board, auth.Registrar, auth.Organiser}

// wholeSociety are those who may look at all of it.
var wholeSociety = []string{auth.Secretary, auth.Treasurer, auth.Chair, auth.Board, auth.Registrar}

// signInPolicies are those of signing in and mail. What belongs to the member alone is refused to the operator's tokens: they do not act
// for the member. An officer's own mail list shows addresses, so it is for the secretary, who sees them anyway.
func signInPolicies() auth.Policies {
	public, own := auth.Policy{Anyone: true}, auth.Policy{Member: true}
	arriving := auth.Policy{Anyone: true, Writes: true}
	change := auth.Policy{Member: true, Writes: true, Personal: true}
	fresh := change
	fresh.Fresh = auth.FreshSeconds
	motions := auth.Policy{Rooms: []string{auth.Motions}}
	return auth.Policies{
		membershipv1.SignInService_GetSignInMethods_FullMethodName:   public,
		membershipv1.SignInService_BeginPasskeySignIn_FullMethodName: arriving,
		membershipv1.SignInService_ConfirmPasskey_FullMethodName:     arriving,
		membershipv1.SignInService_ListPasskeys_FullMethodName:       own,
		membershipv1.SignInService_BeginPasskey_FullMethodName:       fresh,
		membershipv1.SignInService_AddPasskey_FullMethodName:         change,
		membershipv1.SignInService_RenamePasskey_FullMethodName:      change,
		membershipv1.SignInService_RemovePasskey_FullMethodName:      change,
		membershipv1.SignInService_ListSessions_FullMethodName:       own,
		membershipv1.SignInService_EndSession_FullMethodName:         change,
		membershipv1.SignInService_EndOtherSessions_FullMethodName:   change,
		membershipv1.SignInService_ListMail_FullMethodName:           {Roles: []string{auth.Secretary}},
		membershipv1.SignInService_ResendMail_FullMethodName:         {Roles: []string{auth.Secretary}, Writes: true, Personal: true},

		membershipv1.NoticeRoomsService_SendNotice_FullMethodName:  {Rooms: []string{auth.Motions}, Writes: true},
		membershipv1.NoticeRoomsService_ListNotices_FullMethodName: motions,
	}
}
