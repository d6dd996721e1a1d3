package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

func TestFounding(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	_, err := Found(ctx, h.db, "Another", h.clock.Now(), rand.Reader)
	refused(t, err, codes.AlreadyExists, "ALREADY_FOUNDED")
	_, err = Found(ctx, h.db, " ", h.clock.Now(), rand.Reader)
	refused(t, err, codes.InvalidArgument, "SOCIETY_INVALID")
	_, err = h.people.Join(ctx, &membershipv1.JoinRequest{RequestId: newID(), Name: "Sam", Email: "sam@example.org", SoleMembership: true})
	refused(t, err, codes.FailedPrecondition, "NOT_FOUNDED")
	accept := func(role, email string) (*membershipv1.ConfirmSessionResponse, error) {
		return h.people.AcceptFounding(ctx, &membershipv1.AcceptFoundingRequest{
			RequestId: newID(), Invitation: h.invitations[role], Name: "A Founder", Email: email, SoleMembership: true,
		})
	}
	bad := func(change func(*membershipv1.AcceptFoundingRequest)) error {
		r := &membershipv1.AcceptFoundingRequest{RequestId: newID(), Invitation: h.invitations["chair"], Name: "A Founder", Email: "a@example.org", SoleMembership: true}
		change(r)
		_, err := h.people.AcceptFounding(ctx, r)
		return err
	}
	refused(t, bad(func(r *membershipv1.AcceptFoundingRequest) { r.Invitation = "" }), codes.InvalidArgument, "INVITATION_UNKNOWN")
	refused(t, bad(func(r *membershipv1.AcceptFoundingRequest) { r.Invitation = strings.Repeat("a", 9999) }), codes.InvalidArgument, "INVITATION_UNKNOWN")
	refused(t, bad(func(r *membershipv1.AcceptFoundingRequest) { r.SoleMembership = false }), codes.InvalidArgument, "JOIN_INVALID")
	refused(t, bad(func(r *membershipv1.AcceptFoundingRequest) { r.Email = "a" }), codes.InvalidArgument, "JOIN_INVALID")
	refused(t, bad(func(r *membershipv1.AcceptFoundingRequest) { r.RequestId = "" }), codes.InvalidArgument, "REQUEST_ID_NEEDED")

	secretary, err := accept("secretary", "s@example.org")
	if err != nil || secretary.GetJoined() {
		t.Fatalf("%v, %v", secretary, err)
	}
	_, err = accept("secretary", "other@example.org")
	refused(t, err, codes.FailedPrecondition, "INVITATION_USED")
	_, err = accept("chair", "S@example.org")
	refused(t, err, codes.InvalidArgument, "EMAIL_TAKEN")
	f, err := h.people.GetFounding(ctx, &membershipv1.GetFoundingRequest{})
	if err != nil || f.GetSociety() != "LocalGov Digital" || f.GetActTime() != nil || f.GetSample() ||
		!slices.Equal(f.GetAccepted(), []membershipv1.Role{membershipv1.Role_ROLE_SECRETARY}) || len(f.GetOpen()) != 2 {
		t.Errorf("%v, %v", f, err)
	}
	// Until the act there is no office and no admission.
	me, err := h.people.GetMe(with(h.exchange(secretary.GetSessionSecret())), &membershipv1.GetMeRequest{})
	if err != nil || me.GetStanding() != membershipv1.Standing_STANDING_APPLIED || me.GetNumber() != 0 || me.GetPaymentReference() != "" || len(me.GetRoles()) != 0 {
		t.Errorf("before the act: %v, %v", me, err)
	}
	if _, err := accept("treasurer", "t@example.org"); err != nil {
		t.Fatal(err)
	}
	third, err := accept("chair", "c@example.org")
	if err != nil || !third.GetJoined() {
		t.Fatalf("%v, %v", third, err)
	}
	me, err = h.people.GetMe(with(h.exchange(secretary.GetSessionSecret())), &membershipv1.GetMeRequest{})
	if err != nil || me.GetStanding() != membershipv1.Standing_STANDING_CURRENT || me.GetNumber() != 1 || me.GetRoles()[0].GetRole() != membershipv1.Role_ROLE_SECRETARY {
		t.Errorf("after the act: %v, %v", me, err)
	}
	if f, err = h.people.GetFounding(ctx, &membershipv1.GetFoundingRequest{}); err != nil || !f.GetActTime().AsTime().Equal(h.clock.Now()) || len(f.GetOpen()) != 0 {
		t.Errorf("%v, %v", f, err)
	}
	if n := len(h.motions.founded); n > 1 {
		t.Errorf("motions heard of %d founding acts", n)
	}
}

func TestOffices(t *testing.T) {
	h := open(t)
	secretary, treasurer, chair := h.found()
	h.region(secretary, "london")
	sam := h.join("Sam", "sam@example.org", "london")
	grant := func(by, to *member, role membershipv1.Role, region, reason string) (*membershipv1.RoleGrant, error) {
		return h.people.GrantRole(with(by.token), &membershipv1.GrantRoleRequest{
			RequestId: newID(), Member: to.id, Role: &membershipv1.HeldRole{Role: role, Region: region}, Reason: reason,
		})
	}
	approve := func(by *member, g string) (*membershipv1.RoleGrant, error) {
		return h.people.ApproveRole(with(by.token), &membershipv1.ApproveRoleRequest{RequestId: newID(), Grant: g})
	}
	end := func(by *member, g, reason string) (*membershipv1.RoleGrant, error) {
		return h.people.EndRole(with(by.token), &membershipv1.EndRoleRequest{RequestId: newID(), Grant: g, Reason: reason})
	}
	_, err := grant(secretary, sam, membershipv1.Role_ROLE_UNSPECIFIED, "", "Elected.")
	refused(t, err, codes.InvalidArgument, "GRANT_INVALID")
	_, err = grant(secretary, sam, membershipv1.Role_ROLE_ORGANISER, "", "Elected.")
	refused(t, err, codes.InvalidArgument, "GRANT_INVALID")
	_, err = grant(secretary, sam, membershipv1.Role_ROLE_ORGANISER, "atlantis\x01", "Elected.")
	refused(t, err, codes.InvalidArgument, "GRANT_INVALID")
	_, err = grant(secretary, sam, membershipv1.Role_ROLE_BOARD, "", "")
	refused(t, err, codes.InvalidArgument, "GRANT_INVALID")
	_, err = grant(secretary, secretary, membershipv1.Role_ROLE_BOARD, "", "Because.")
	refused(t, err, codes.PermissionDenied, "GRANT_TO_SELF")
	_, err = grant(secretary, &member{id: "nobody"}, membershipv1.Role_ROLE_BOARD, "", "Elected.")
	refused(t, err, codes.NotFound, "MEMBER_NOT_FOUND")
	g, err := grant(secretary, sam, membershipv1.Role_ROLE_ORGANISER, "london", "Runs it.")
	if err != nil || g.GetState() != membershipv1.GrantState_GRANT_STATE_IN_FORCE || g.GetGrantedBy() != secretary.id || g.GetName() != "Sam" {
		t.Errorf("%v, %v", g, err)
	}
	_, err = grant(secretary, sam, membershipv1.Role_ROLE_ORGANISER, "london", "Again.")
	refused(t, err, codes.AlreadyExists, "GRANT_EXISTS")
	// A treasurer needs two officers.
	g, err = grant(secretary, sam, membershipv1.Role_ROLE_TREASURER, "", "Elected.")
	if err != nil || g.GetState() != membershipv1.GrantState_GRANT_STATE_PROPOSED || g.GetStartTime() != nil {
		t.Errorf("%v, %v", g, err)
	}
	if r := rolesOf(t, h, sam); !slices.Equal(r, []string{"ROLE_ORGANISER london"}) {
		t.Errorf("before the approval Sam holds %v", r)
	}
	_, err = approve(secretary, g.GetId())
	refused(t, err, codes.PermissionDenied, "SECOND_OFFICER_NEEDED")
	_, err = approve(chair, "nothing")
	refused(t, err, codes.NotFound, "GRANT_NOT_FOUND")
	g, err = approve(treasurer, g.GetId())
	if err != nil || g.GetState() != membershipv1.GrantState_GRANT_STATE_IN_FORCE || g.GetApprovedBy() != treasurer.id {
		t.Errorf("%v, %v", g, err)
	}
	_, err = approve(chair, g.GetId())
	refused(t, err, codes.FailedPrecondition, "GRANT_IN_FORCE")
	if r := rolesOf(t, h, sam); !slices.Equal(r, []string{"ROLE_ORGANISER london", "ROLE_TREASURER "}) {
		t.Errorf("after the approval Sam holds %v", r)
	}
	// Ending it: by whom, why, and the tokens that name it die while the session lives.
	ben := h.join("Ben", "ben@example.org", "")
	_, err = end(ben, g.GetId(), "I want it.")
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	_, err = end(chair, g.GetId(), "")
	refused(t, err, codes.InvalidArgument, "GRANT_INVALID")
	sam.token = h.exchange(sam.session)
	g, err = end(sam, g.GetId(), "No time.")
	if err != nil || g.GetState() != membershipv1.GrantState_GRANT_STATE_ENDED || g.GetEndTime() == nil {
		t.Errorf("%v, %v", g, err)
	}
	refused(t, h.me(sam.token), codes.Unauthenticated, "SESSION_ENDED")
	if r := rolesOf(t, h, sam); !slices.Equal(r, []string{"ROLE_ORGANISER london"}) {
		t.Errorf("afterwards Sam holds %v", r)
	}
	officers, err := h.people.ListOfficers(context.Background(), &membershipv1.ListOfficersRequest{})
	if err != nil || len(officers.GetGrants()) != 5 {
		t.Fatalf("%v, %v", officers, err)
	}
	for _, o := range officers.GetGrants() {
		if o.GetRole().GetRole() == membershipv1.Role_ROLE_SECRETARY {
			_, err = end(chair, o.GetId(), "Over.")
			refused(t, err, codes.FailedPrecondition, "LAST_SECRETARY")
		}
	}
}

// rolesOf are the roles that the next token of a member carries.
func rolesOf(t *testing.T, h *house, m *member) []string {
	t.Helper()
	reply, err := h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: m.session})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range reply.GetRoles() {
		all = append(all, r.GetRole().String()+" "+r.GetRegion())
	}
	slices.Sort(all)
	return all
}

// TestWhoHasLeftHoldsNoOffice: nobody need remember to end the offices of a member who resigned or died.
func TestWhoHasLeftHoldsNoOffice(t *testing.T) {
	h := open(t)
	_, treasurer, _ := h.found()
	err := h.db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO event (number, member, kind, at, recorded, region, reason, decider) VALUES (1000, $1, 'resigned', $2, $2, '', '', '')`,
			treasurer.id, h.clock.Now().UnixMicro())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := rolesOf(t, h, treasurer); len(r) != 0 {
		t.Errorf("the treasurer has resigned and holds %v", r)
	}
	me, err := h.people.GetMe(with(h.exchange(treasurer.session)), &membershipv1.GetMeRequest{})
	if err != nil || me.GetStanding() != membershipv1.Standing_STANDING_LEFT || len(me.GetRoles()) != 0 {
		t.Errorf("%v, %v", me, err)
	}
}

// TestRequestIDs: sent twice it happens once; the id belongs to one request and to one caller.
func TestRequestIDs(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	sam := h.join("Sam", "sam@example.org", "")
	ask := func(reason string) *membershipv1.GrantRoleRequest {
		return &membershipv1.GrantRoleRequest{RequestId: "the-same-request-id", Member: sam.id, Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_BOARD}, Reason: reason}
	}
	first, err := h.people.GrantRole(with(secretary.token), ask("Elected."))
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.people.GrantRole(with(secretary.token), ask("Elected."))
	if err != nil || again.GetId() != first.GetId() {
		t.Errorf("%v, %v; want %s again", again, err, first.GetId())
	}
	_, err = h.people.GrantRole(with(secretary.token), ask("Another reason."))
	refused(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
	// The chair's request with the secretary's id is one of its own.
	_, err = h.people.GrantRole(with(chair.token), ask("Elected."))
	refused(t, err, codes.AlreadyExists, "GRANT_EXISTS")
}

func TestRegions(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	create := func(id, name string, state membershipv1.RegionState) error {
		_, err := h.people.CreateRegion(with(secretary.token), &membershipv1.CreateRegionRequest{RequestId: newID(), Region: id, Name: name, State: state})
		return err
	}
	if err := create("yorkshire", "Yorkshire and the Humber", membershipv1.RegionState_REGION_STATE_UNSPECIFIED); err != nil {
		t.Fatal(err)
	}
	refused(t, create("yorkshire", "Again", 0), codes.AlreadyExists, "REGION_EXISTS")
	refused(t, create("York shire", "A", 0), codes.InvalidArgument, "REGION_INVALID")
	refused(t, create("wales", "", 0), codes.InvalidArgument, "REGION_INVALID")
	refused(t, create("wales", "Wales", 77), codes.InvalidArgument, "REGION_INVALID")
	update := func(id string, state membershipv1.RegionState) (*membershipv1.Region, error) {
		return h.people.UpdateRegion(with(secretary.token), &membershipv1.UpdateRegionRequest{RequestId: newID(), Region: id, State: state})
	}
	_, err := update("yorkshire", membershipv1.RegionState_REGION_STATE_UNSPECIFIED)
	refused(t, err, codes.InvalidArgument, "REGION_INVALID")
	_, err = update("atlantis", membershipv1.RegionState_REGION_STATE_MEETING)
	refused(t, err, codes.NotFound, "REGION_NOT_FOUND")
	if r, err := update("yorkshire", membershipv1.RegionState_REGION_STATE_MEETING); err != nil || r.GetState() != membershipv1.RegionState_REGION_STATE_MEETING {
		t.Errorf("%v, %v", r, err)
	}
	_, err = update("yorkshire", membershipv1.RegionState_REGION_STATE_FORMING)
	refused(t, err, codes.FailedPrecondition, "REGION_MEETS")
	all, err := h.people.ListRegions(context.Background(), &membershipv1.ListRegionsRequest{})
	if err != nil || len(all.GetRegions()) != 1 || all.GetRegions()[0].GetName() != "Yorkshire and the Humber" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestListMembersByPage(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	list := func(r *membershipv1.ListMembersRequest) (*membershipv1.ListMembersResponse, error) {
		return h.people.ListMembers(with(secretary.token), r)
	}
	first, err := list(&membershipv1.ListMembersRequest{PageSize: 2})
	if err != nil || len(first.GetMembers()) != 2 || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	last, err := list(&membershipv1.ListMembersRequest{PageSize: 2, PageToken: first.GetNextPageToken()})
	if err != nil || len(last.GetMembers()) != 1 || last.GetNextPageToken() != "" || last.GetMembers()[0].GetNumber() != 3 {
		t.Errorf("%v, %v", last, err)
	}
	for _, bad := range []*membershipv1.ListMembersRequest{
		{PageToken: "nonsense"}, {PageToken: first.GetNextPageToken() + "A"}, {PageToken: first.GetNextPageToken(), Search: "the"}, {PageToken: strings.Repeat("A", 10_000)},
	} {
		_, err = list(bad)
		refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	}
	_, err = list(&membershipv1.ListMembersRequest{PageSize: -1})
	refused(t, err, codes.InvalidArgument, "PAGE_SIZE")
	_, err = list(&membershipv1.ListMembersRequest{Region: "\x01"})
	refused(t, err, codes.InvalidArgument, "REGION_UNKNOWN")
	_, err = list(&membershipv1.ListMembersRequest{Search: strings.Repeat("a", 500)})
	refused(t, err, codes.InvalidArgument, "SEARCH_TOO_LONG")
}
