package gateway_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// The rooms here are stand-ins that answer as the contract says and remember what was asked. They decide nothing:
// what is tested is the gateway.

var noon = timestamppb.New(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))

// refusal is a status as the rooms make it.
func refusal(code codes.Code, reason, message string, fields ...string) error {
	st := status.New(code, message)
	st, _ = st.WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "folkmoot"})
	if len(fields) > 0 {
		b := &errdetails.BadRequest{}
		for _, f := range fields {
			b.FieldViolations = append(b.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f, Description: message})
		}
		st, _ = st.WithDetails(b)
	}
	return st.Err()
}

// caller returns the member whose token came, or "".
func caller(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get("authorization") {
		return strings.TrimPrefix(v, "Bearer token-")
	}
	return ""
}

type membership struct {
	membershipv1.UnimplementedMembershipServiceServer
	membershipv1.UnimplementedSignInServiceServer
	*house
}

type ledgerRoom struct {
	ledgerv1.UnimplementedLedgerServiceServer
	*house
}

type motionsRoom struct {
	motionsv1.UnimplementedMotionsServiceServer
	*house
}

type ruleBookRoom struct {
	motionsv1.UnimplementedRuleBookServiceServer
}

func (ruleBookRoom) ListRuleBooks(context.Context, *motionsv1.ListRuleBooksRequest) (*motionsv1.ListRuleBooksResponse, error) {
	return &motionsv1.ListRuleBooksResponse{RuleBooks: []*motionsv1.RuleBook{{Version: 1, EffectiveTime: noon, AdoptedBy: "founding act"}}}, nil
}

type ballotsRoom struct {
	ballotsv1.UnimplementedBallotsServiceServer
	*house
}

// house is what the rooms know.
type house struct {
	mu   sync.Mutex
	down bool
	// postal is whether the society is registered, and waits whether the caller's application waits.
	postal, waits bool
	joined        []*membershipv1.JoinRequest
	confirm       []*membershipv1.ConfirmSessionRequest
	ended         int
	roles         map[string][]*membershipv1.HeldRole
	motion        *motionsv1.Motion
	meeting       *motionsv1.Meeting
	ballot        *ballotsv1.Ballot
	offRoll       bool
	votes         map[string]*ballotsv1.CastVoteRequest
	asked         []any
	// endedElsewhere is the session that membership ended while the gateway keeps a token of it.
	endedElsewhere string
}

func (h *house) note(req any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, req)
}

func (h *house) lastAsked() any {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.asked) == 0 {
		return nil
	}
	return h.asked[len(h.asked)-1]
}

func (m membership) GetFounding(context.Context, *membershipv1.GetFoundingRequest) (*membershipv1.Founding, error) {
	if m.down {
		return nil, status.Error(codes.Unavailable, "away")
	}
	return &membershipv1.Founding{Society: "Sample Digital", ActTime: noon, Sample: true, PostalAsked: m.postal}, nil
}

func (m membership) ListRegions(context.Context, *membershipv1.ListRegionsRequest) (*membershipv1.ListRegionsResponse, error) {
	return &membershipv1.ListRegionsResponse{Regions: []*membershipv1.Region{
		{Id: "london", Name: "London", State: membershipv1.RegionState_REGION_STATE_MEETING},
		{Id: "yorkshire", Name: "Yorkshire and the Humber", State: membershipv1.RegionState_REGION_STATE_FORMING},
	}}, nil
}

func (m membership) Join(_ context.Context, in *membershipv1.JoinRequest) (*membershipv1.JoinResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.joined = append(m.joined, in)
	if !strings.Contains(in.GetEmail(), "@") {
		return nil, refusal(codes.InvalidArgument, "BAD_EMAIL", "Enter an email address in the correct format, like name@example.com", "email")
	}
	return &membershipv1.JoinResponse{Attempt: "attempt-1"}, nil
}

func (m membership) RequestSignIn(context.Context, *membershipv1.RequestSignInRequest) (*membershipv1.RequestSignInResponse, error) {
	return &membershipv1.RequestSignInResponse{Attempt: "attempt-2"}, nil
}

func (m membership) ConfirmSession(_ context.Context, in *membershipv1.ConfirmSessionRequest) (*membershipv1.ConfirmSessionResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.confirm = append(m.confirm, in)
	if in.GetCode() != "123456" && in.GetLink() != "secret-link" {
		return nil, refusal(codes.Unauthenticated, "CODE_WRONG", "This is not the code in the newest email.", "code")
	}
	return &membershipv1.ConfirmSessionResponse{
		SessionSecret: "ada", ExpireTime: timestamppb.New(time.Now().Add(24 * time.Hour)), Member: "ada", Joined: in.GetAttempt() == "attempt-1",
	}, nil
}

func (m membership) ExchangeSession(_ context.Context, in *membershipv1.ExchangeSessionRequest) (*membershipv1.ExchangeSessionResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.GetSessionSecret() == "ended" || in.GetSessionSecret() == m.endedElsewhere {
		return nil, refusal(codes.Unauthenticated, "SESSION_ENDED", "Sign in again.")
	}
	return &membershipv1.ExchangeSessionResponse{
		AccessToken: "token-" + in.GetSessionSecret(), ExpireTime: timestamppb.New(time.Now().Add(15 * time.Minute)),
		Member: in.GetSessionSecret(), Name: "Ada Example", Roles: m.roles[in.GetSessionSecret()],
	}, nil
}

func (m membership) SignOut(context.Context, *membershipv1.SignOutRequest) (*membershipv1.SignOutResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended++
	return &membershipv1.SignOutResponse{}, nil
}

func (m membership) GetMe(ctx context.Context, _ *membershipv1.GetMeRequest) (*membershipv1.Member, error) {
	if caller(ctx) == "" || caller(ctx) == m.endedElsewhere {
		return nil, refusal(codes.Unauthenticated, "SIGN_IN", "Sign in to do this.")
	}
	return &membershipv1.Member{
		Id: caller(ctx), Number: 7, Name: "Ada Example", Email: "ada@example.org", Standing: membershipv1.Standing_STANDING_CURRENT,
		StandingReason: "Admitted; the £1 is asked for, not required (rule membership.donation).", AdmitTime: noon, PaymentReference: "LGD-7K4Q", Roles: m.roles[caller(ctx)],
	}, nil
}

func (m membership) GetSignInMethods(ctx context.Context, _ *membershipv1.GetSignInMethodsRequest) (*membershipv1.SignInMethods, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if who := caller(ctx); who != "" && who == m.endedElsewhere {
		return nil, refusal(codes.Unauthenticated, "SESSION_ENDED", "Sign in again.")
	}
	return &membershipv1.SignInMethods{Passkeys: true}, nil
}

func (m membership) BeginPasskeySignIn(context.Context, *membershipv1.BeginPasskeySignInRequest) (*membershipv1.PasskeyChallenge, error) {
	return &membershipv1.PasskeyChallenge{Attempt: "challenge-1", Options: `{"challenge":"abc"}`}, nil
}

func (m membership) ConfirmPasskey(_ context.Context, in *membershipv1.ConfirmPasskeyRequest) (*membershipv1.ConfirmSessionResponse, error) {
	m.note(in)
	if in.GetAttempt() != "challenge-1" || in.GetCredential() != `{"id":"key"}` {
		return nil, refusal(codes.Unauthenticated, "PASSKEY_UNKNOWN", "We do not know this passkey.")
	}
	return &membershipv1.ConfirmSessionResponse{SessionSecret: "ada", ExpireTime: timestamppb.New(time.Now().Add(24 * time.Hour)), Member: "ada"}, nil
}

func (m membership) BeginPasskey(ctx context.Context, _ *membershipv1.BeginPasskeyRequest) (*membershipv1.PasskeyChallenge, error) {
	if caller(ctx) != "ada" {
		return nil, refusal(codes.Unauthenticated, "FRESH_SIGN_IN", "Sign in again to do this.")
	}
	return &membershipv1.PasskeyChallenge{Attempt: "challenge-2", Options: `{"challenge":"def"}`}, nil
}

func (m membership) AddPasskey(_ context.Context, in *membershipv1.AddPasskeyRequest) (*membershipv1.Passkey, error) {
	m.note(in)
	return &membershipv1.Passkey{Id: "k1", Name: in.GetName()}, nil
}

func (m membership) ListPasskeys(context.Context, *membershipv1.ListPasskeysRequest) (*membershipv1.ListPasskeysResponse, error) {
	return &membershipv1.ListPasskeysResponse{Passkeys: []*membershipv1.Passkey{
		{Id: "k1", Name: "My phone", AddTime: noon, UseTime: noon, Synced: true}, {Id: "k2", Name: "Laptop", AddTime: noon},
	}}, nil
}

func (m membership) RenamePasskey(_ context.Context, in *membershipv1.RenamePasskeyRequest) (*membershipv1.Passkey, error) {
	m.note(in)
	return &membershipv1.Passkey{Id: in.GetPasskey(), Name: in.GetName()}, nil
}

func (m membership) RemovePasskey(_ context.Context, in *membershipv1.RemovePasskeyRequest) (*membershipv1.RemovePasskeyResponse, error) {
	m.note(in)
	return &membershipv1.RemovePasskeyResponse{}, nil
}

func (m membership) ListSessions(context.Context, *membershipv1.ListSessionsRequest) (*membershipv1.ListSessionsResponse, error) {
	return &membershipv1.ListSessionsResponse{Sessions: []*membershipv1.MemberSession{
		{Id: "s1", Device: "Firefox on Windows", Method: "passkey", BeginTime: noon, LastUsed: "2026-11-24", Current: true},
		{Id: "s2", Method: "mail", BeginTime: noon, LastUsed: "2026-11-20"},
	}}, nil
}

func (m membership) EndSession(_ context.Context, in *membershipv1.EndSessionRequest) (*membershipv1.EndSessionResponse, error) {
	m.note(in)
	if in.GetSession() != "s2" {
		return nil, refusal(codes.NotFound, "SESSION_NOT_FOUND", "You are not signed in on such a device.")
	}
	return &membershipv1.EndSessionResponse{}, nil
}

func (m membership) EndOtherSessions(_ context.Context, in *membershipv1.EndOtherSessionsRequest) (*membershipv1.EndOtherSessionsResponse, error) {
	m.note(in)
	return &membershipv1.EndOtherSessionsResponse{Ended: 1}, nil
}

func (m membership) ListMail(ctx context.Context, in *membershipv1.ListMailRequest) (*membershipv1.ListMailResponse, error) {
	m.note(in)
	if caller(ctx) != "secretary" {
		return nil, refusal(codes.PermissionDenied, "ROLE_NEEDED", "You need a different role to do this: secretary.")
	}
	return &membershipv1.ListMailResponse{Counts: &membershipv1.MailCounts{Failed: 1, GivenUp: 1, Sent: 3}, NextPageToken: "more", Mails: []*membershipv1.Mail{
		{Id: "m1", Kind: "sign_in", Member: "ada", Name: "Ada Example", Email: "ada@example.org", State: membershipv1.MailState_MAIL_STATE_FAILED, QueueTime: noon, Tries: 2, NextTryTime: noon, Error: "451 Try later"},
		{Id: "m2", Kind: "join", Name: "Ben", Email: "ben@example.org", State: membershipv1.MailState_MAIL_STATE_GIVEN_UP, QueueTime: noon, Tries: 1, Error: "550 No such user"},
		{Id: "m3", Kind: "notice", Member: "ada", Name: "Ada Example", State: membershipv1.MailState_MAIL_STATE_POST, QueueTime: noon},
	}}, nil
}

func (m membership) ResendMail(_ context.Context, in *membershipv1.ResendMailRequest) (*membershipv1.Mail, error) {
	m.note(in)
	if in.GetMail() == "m2" {
		return nil, refusal(codes.FailedPrecondition, "LETTER_EXPIRED", "Expired.")
	}
	return &membershipv1.Mail{Id: in.GetMail()}, nil
}

func (m membership) ListMembers(ctx context.Context, in *membershipv1.ListMembersRequest) (*membershipv1.ListMembersResponse, error) {
	if len(m.roles[caller(ctx)]) == 0 {
		return nil, refusal(codes.PermissionDenied, "ROLE_NEEDED", "You need a different role to do this: secretary.")
	}
	if !strings.HasPrefix("Ada Example", in.GetSearch()) {
		return &membershipv1.ListMembersResponse{}, nil
	}
	return &membershipv1.ListMembersResponse{Members: []*membershipv1.Member{{Id: "ada", Number: 7, Name: "Ada Example", Email: "ada@example.org", PaymentReference: "LGD-7K4Q"}}}, nil
}

func (m membership) GetMember(_ context.Context, in *membershipv1.GetMemberRequest) (*membershipv1.Member, error) {
	if in.GetMember() != "ada" {
		return nil, refusal(codes.NotFound, "NO_SUCH_MEMBER", "There is no such member.")
	}
	return &membershipv1.Member{Id: "ada", Number: 7, Name: "Ada Example", Email: "ada@example.org", Standing: membershipv1.Standing_STANDING_CURRENT}, nil
}

func (m membership) ListOfficers(context.Context, *membershipv1.ListOfficersRequest) (*membershipv1.ListOfficersResponse, error) {
	return &membershipv1.ListOfficersResponse{Grants: []*membershipv1.RoleGrant{
		{Id: "g2", Member: "bob", Name: "Bob Example", Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_TREASURER}, State: membershipv1.GrantState_GRANT_STATE_PROPOSED, Reason: "Agreed in March", GrantedBy: "ada", GrantTime: noon},
		{Id: "g1", Member: "ada", Name: "Ada Example", Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_SECRETARY}, State: membershipv1.GrantState_GRANT_STATE_IN_FORCE, Reason: "Founding", GrantedBy: "founding act", GrantTime: noon, StartTime: noon},
	}}, nil
}

func (m membership) GrantRole(ctx context.Context, in *membershipv1.GrantRoleRequest) (*membershipv1.RoleGrant, error) {
	if caller(ctx) == "late" {
		return nil, refusal(codes.Unauthenticated, "FRESH_SIGN_IN", "Sign in again to do this.")
	}
	m.note(in)
	return &membershipv1.RoleGrant{Id: "g3"}, nil
}

func (m membership) ApproveRole(_ context.Context, in *membershipv1.ApproveRoleRequest) (*membershipv1.RoleGrant, error) {
	m.note(in)
	return &membershipv1.RoleGrant{Id: in.GetGrant()}, nil
}

func (m membership) EndRole(_ context.Context, in *membershipv1.EndRoleRequest) (*membershipv1.RoleGrant, error) {
	m.note(in)
	return nil, refusal(codes.FailedPrecondition, "LAST_SECRETARY", "The last secretary cannot be removed: grant the office to somebody else first.")
}

func (m membership) CreateRegion(_ context.Context, in *membershipv1.CreateRegionRequest) (*membershipv1.Region, error) {
	m.note(in)
	return &membershipv1.Region{Id: in.GetRegion()}, nil
}

func (m membership) UpdateRegion(_ context.Context, in *membershipv1.UpdateRegionRequest) (*membershipv1.Region, error) {
	m.note(in)
	return &membershipv1.Region{Id: in.GetRegion()}, nil
}

func (m membership) AcceptFounding(_ context.Context, in *membershipv1.AcceptFoundingRequest) (*membershipv1.ConfirmSessionResponse, error) {
	m.note(in)
	if in.GetInvitation() != "one-time" {
		return nil, refusal(codes.NotFound, "INVITATION_UNKNOWN", "This invitation was used or never given.")
	}
	return &membershipv1.ConfirmSessionResponse{SessionSecret: "ada", ExpireTime: timestamppb.New(time.Now().Add(time.Hour)), Member: "ada"}, nil
}

func (l ledgerRoom) GetTrialBalance(context.Context, *ledgerv1.GetTrialBalanceRequest) (*ledgerv1.TrialBalance, error) {
	return &ledgerv1.TrialBalance{Date: "2026-11-24", Currency: "GBP", TotalDebitPence: 123456, TotalCreditPence: 123456, Lines: []*ledgerv1.TrialBalanceLine{
		{Account: &ledgerv1.Account{Id: "assets:bank", Name: "Bank"}, DebitPence: 123456}, {Account: &ledgerv1.Account{Id: "income:donations", Name: "Donations"}, CreditPence: 123456},
	}}, nil
}

func (l ledgerRoom) ListAccounts(context.Context, *ledgerv1.ListAccountsRequest) (*ledgerv1.ListAccountsResponse, error) {
	return &ledgerv1.ListAccountsResponse{Accounts: []*ledgerv1.Account{{Id: "assets:bank", Name: "Bank"}, {Id: "expenses:venue", Name: "Venue"}}}, nil
}

func entry() *ledgerv1.Entry {
	return &ledgerv1.Entry{
		Id: "e1", Number: 12, Kind: ledgerv1.Kind_KIND_DONATION, OccurDate: "2026-11-20", EnterTime: noon, Description: "Donation", Currency: "GBP", Method: ledgerv1.Method_METHOD_CASH,
		Postings: []*ledgerv1.Posting{{Account: "assets:bank", AmountPence: 100}, {Account: "income:donations", AmountPence: -100}}, MembershipDonation: true,
	}
}

func (l ledgerRoom) ListEntries(context.Context, *ledgerv1.ListEntriesRequest) (*ledgerv1.ListEntriesResponse, error) {
	return &ledgerv1.ListEntriesResponse{Entries: []*ledgerv1.Entry{entry()}, NextPageToken: "more"}, nil
}

func (l ledgerRoom) ListMyDonations(context.Context, *ledgerv1.ListMyDonationsRequest) (*ledgerv1.ListMyDonationsResponse, error) {
	return &ledgerv1.ListMyDonationsResponse{Entries: []*ledgerv1.Entry{entry()}}, nil
}

func (l ledgerRoom) GetEntry(_ context.Context, in *ledgerv1.GetEntryRequest) (*ledgerv1.Entry, error) {
	if in.GetEntry() != "e1" {
		return nil, refusal(codes.NotFound, "NO_SUCH_ENTRY", "There is no such entry.")
	}
	return entry(), nil
}

func (l ledgerRoom) RecordDonation(_ context.Context, in *ledgerv1.RecordDonationRequest) (*ledgerv1.Entry, error) {
	l.note(in)
	return entry(), nil
}

func (l ledgerRoom) PostEntry(_ context.Context, in *ledgerv1.PostEntryRequest) (*ledgerv1.Entry, error) {
	l.note(in)
	sum := int64(0)
	for _, p := range in.GetPostings() {
		sum += p.GetAmountPence()
	}
	if sum != 0 {
		return nil, refusal(codes.InvalidArgument, "UNBALANCED", fmt.Sprintf("The postings must sum to 0: they sum to %d pence.", sum), "postings")
	}
	return entry(), nil
}

func (l ledgerRoom) ReverseEntry(_ context.Context, in *ledgerv1.ReverseEntryRequest) (*ledgerv1.Entry, error) {
	l.note(in)
	return entry(), nil
}

func (m motionsRoom) ListMeetings(context.Context, *motionsv1.ListMeetingsRequest) (*motionsv1.ListMeetingsResponse, error) {
	return &motionsv1.ListMeetingsResponse{Meetings: []*motionsv1.Meeting{m.meeting}}, nil
}

func (m motionsRoom) GetMeeting(_ context.Context, in *motionsv1.GetMeetingRequest) (*motionsv1.Meeting, error) {
	if in.GetMeeting() != "agm" {
		return nil, refusal(codes.NotFound, "NO_SUCH_MEETING", "There is no such meeting.")
	}
	return m.meeting, nil
}

func (m motionsRoom) ListMotions(context.Context, *motionsv1.ListMotionsRequest) (*motionsv1.ListMotionsResponse, error) {
	return &motionsv1.ListMotionsResponse{Motions: []*motionsv1.Motion{m.motion}}, nil
}

func (m motionsRoom) GetMotion(_ context.Context, in *motionsv1.GetMotionRequest) (*motionsv1.Motion, error) {
	if in.GetMotion() != "mo1" {
		return nil, refusal(codes.NotFound, "NO_SUCH_MOTION", "There is no such motion.")
	}
	return m.motion, nil
}

func (m motionsRoom) MoveMotion(_ context.Context, in *motionsv1.MoveMotionRequest) (*motionsv1.Motion, error) {
	m.note(in)
	if len(in.GetTitle()) > 100 {
		return nil, refusal(codes.InvalidArgument, "TITLE_TOO_LONG", "Write at most 100 characters.", "title")
	}
	return m.motion, nil
}

func (m motionsRoom) SecondMotion(ctx context.Context, in *motionsv1.SecondMotionRequest) (*motionsv1.Motion, error) {
	m.note(in)
	if caller(ctx) == m.motion.GetMover() {
		return nil, refusal(codes.FailedPrecondition, "OWN_MOTION", "Whoever moves a motion cannot second it.")
	}
	return m.motion, nil
}

func (m motionsRoom) OpenVote(_ context.Context, in *motionsv1.OpenVoteRequest) (*motionsv1.Motion, error) {
	m.note(in)
	if in.GetEtag() != m.motion.GetEtag() {
		return nil, refusal(codes.FailedPrecondition, "ETAG_MISMATCH", "Somebody else changed this since you looked.")
	}
	return m.motion, nil
}

func (m motionsRoom) RecordAttendance(_ context.Context, in *motionsv1.RecordAttendanceRequest) (*motionsv1.Meeting, error) {
	m.note(in)
	return m.meeting, nil
}

func (m motionsRoom) OpenMeeting(_ context.Context, in *motionsv1.OpenMeetingRequest) (*motionsv1.Meeting, error) {
	m.note(in)
	return m.meeting, nil
}

func (m motionsRoom) CreateMeeting(_ context.Context, in *motionsv1.CreateMeetingRequest) (*motionsv1.Meeting, error) {
	m.note(in)
	return m.meeting, nil
}

func (m motionsRoom) GetRuleBook(context.Context, *motionsv1.GetRuleBookRequest) (*motionsv1.RuleBook, error) {
	return &motionsv1.RuleBook{Version: 1, EffectiveTime: noon, AdoptedBy: "founding act", Rules: []*motionsv1.Rule{
		{Key: "notice.agm.clear_days", Value: "14", Clause: "Rule 21", Source: "Co-operatives UK model rules", Meaning: "Clear days between notice and meeting."},
	}}, nil
}

func (b ballotsRoom) ListBallots(context.Context, *ballotsv1.ListBallotsRequest) (*ballotsv1.ListBallotsResponse, error) {
	return &ballotsv1.ListBallotsResponse{Ballots: []*ballotsv1.Ballot{b.ballot}}, nil
}

func (b ballotsRoom) GetBallot(_ context.Context, in *ballotsv1.GetBallotRequest) (*ballotsv1.Ballot, error) {
	if in.GetBallot() != "b1" {
		return nil, refusal(codes.NotFound, "NO_SUCH_BALLOT", "There is no such ballot.")
	}
	return b.ballot, nil
}

func (b ballotsRoom) receipt(who string) *ballotsv1.Receipt {
	if b.votes[who] == nil {
		return nil
	}
	return &ballotsv1.Receipt{Code: "FKLV-C3BV-JNUP-JDG3", Ballot: "b1", CastTime: noon}
}

func (b ballotsRoom) CastVote(ctx context.Context, in *ballotsv1.CastVoteRequest) (*ballotsv1.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	who := caller(ctx)
	switch first := b.votes[who]; {
	case who == "":
		return nil, refusal(codes.Unauthenticated, "SIGN_IN", "Sign in to do this.")
	case first != nil && first.GetRequestId() == in.GetRequestId() && first.GetChoice() == in.GetChoice():
		return b.receipt(who), nil
	case first != nil:
		return nil, refusal(codes.AlreadyExists, "ALREADY_VOTED", "You have already voted.")
	case b.ballot.GetState() != ballotsv1.BallotState_BALLOT_STATE_OPEN:
		return nil, refusal(codes.FailedPrecondition, "VOTE_CLOSED", "Voting is closed.")
	case b.offRoll:
		return nil, refusal(codes.PermissionDenied, "NOT_ON_ROLL", "You are not on the roll.")
	}
	b.votes[who] = in
	return b.receipt(who), nil
}

func (b ballotsRoom) GetMyVote(ctx context.Context, _ *ballotsv1.GetMyVoteRequest) (*ballotsv1.MyVote, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.offRoll {
		return &ballotsv1.MyVote{Reason: "admitted_after_notice", Explanation: "Rule 34: you joined after notice was given.", Date: "2026-11-03", Contact: "secretary@example.org"}, nil
	}
	return &ballotsv1.MyVote{OnRoll: true, Receipt: b.receipt(caller(ctx))}, nil
}

func (b ballotsRoom) FindReceipt(_ context.Context, in *ballotsv1.FindReceiptRequest) (*ballotsv1.FindReceiptResponse, error) {
	return &ballotsv1.FindReceiptResponse{Found: strings.HasPrefix(in.GetCode(), "FKLV"), CastTime: noon}, nil
}

// newHouse starts the stand-ins and returns them with a connection to all.
func newHouse(t *testing.T) (*house, rest.Rooms) {
	t.Helper()
	h := &house{
		roles: map[string][]*membershipv1.HeldRole{
			"chair": {{Role: membershipv1.Role_ROLE_CHAIR}}, "secretary": {{Role: membershipv1.Role_ROLE_SECRETARY}}, "treasurer": {{Role: membershipv1.Role_ROLE_TREASURER}},
		},
		votes: map[string]*ballotsv1.CastVoteRequest{},
		ballot: &ballotsv1.Ballot{
			Id: "b1", Motion: "mo1", Meeting: "agm", Question: "To bid for funding", State: ballotsv1.BallotState_BALLOT_STATE_OPEN, OpenTime: noon, Electors: 240, Turnout: 12,
			Rule: "More for than against (rule 38).", Privacy: "This is an open vote.",
		},
		motion: &motionsv1.Motion{
			Id: "mo1", Meeting: "agm", Position: 1, Kind: motionsv1.MotionKind_MOTION_KIND_RESOLUTION, Resolution: motionsv1.Resolution_RESOLUTION_ORDINARY, Title: "To bid for funding",
			Text: "That the co-operative **may bid** for funding. <script>alert(1)</script> [x](javascript:alert(1))", State: motionsv1.MotionState_MOTION_STATE_ACCEPTED,
			Mover: "ada", MoverName: "Ada Example", MoveTime: noon, Etag: "v3",
		},
	}
	h.meeting = &motionsv1.Meeting{
		Id: "agm", Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "LocalGovCamp 2026", Place: "Birmingham", StartTime: noon, State: motionsv1.MeetingState_MEETING_STATE_OPEN,
		NoticeTime: noon, ClearDays: 14, Present: 30, Quorum: 25, QuorumRule: "greater of 3 and 10% of members", Etag: "m2", RuleBook: 1, OrderPaper: []*motionsv1.Motion{h.motion},
	}
	server := grpc.NewServer()
	membershipv1.RegisterMembershipServiceServer(server, membership{house: h})
	membershipv1.RegisterSignInServiceServer(server, membership{house: h})
	membershipv1.RegisterRegisterServiceServer(server, entries{house: h})
	ledgerv1.RegisterLedgerServiceServer(server, ledgerRoom{house: h})
	motionsv1.RegisterMotionsServiceServer(server, motionsRoom{house: h})
	motionsv1.RegisterRuleBookServiceServer(server, ruleBookRoom{})
	ballotsv1.RegisterBallotsServiceServer(server, ballotsRoom{house: h})
	ballotsv1.RegisterBallotRecordServiceServer(server, recordRoom{house: h})
	wire := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(wire) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///house", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return wire.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return h, rest.Rooms{Membership: conn, Ledger: conn, Motions: conn, Ballots: conn}
}
