package server

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

func recordProto(r store.Record) *membershipv1.RollRecord {
	out := &membershipv1.RollRecord{
		Id: r.ID, Title: r.Title, Meeting: r.Meeting, Region: r.Terms.Region, NoticeTime: instant(r.Terms.Notice),
		DonationRequired: r.Terms.Required, RuleBook: r.Terms.Book, FreezeTime: instant(r.Frozen), Count: r.Count,
		Fingerprint: hex.EncodeToString(r.Fingerprint), Root: hex.EncodeToString(r.Root), Leaf: r.Leaf,
		AdmittedSinceNotice: r.Admitted, DoublesExamined: r.Doubles, Supersedes: r.Supersedes, SupersededBy: r.SupersededBy, UseTime: instant(r.Used),
		ChallengesOpen: r.Open, ChallengesUpheld: r.Upheld, ChallengesDismissed: r.Dismissed, Rulings: r.Rulings, Contact: r.Contact,
	}
	if !r.Prepared {
		out.Ballot = r.Purpose
	}
	return out
}

// ListRolls pages through all rolls, the newest first.
func (s *Server) ListRolls(ctx context.Context, r *membershipv1.ListRollsRequest) (*membershipv1.ListRollsResponse, error) {
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	key, err := page.Key(r.GetPageToken(), "rolls", r.GetMeeting())
	if err != nil {
		return nil, err
	}
	var after store.RollPage
	if key != "" {
		at, id, _ := strings.Cut(key, " ")
		micros, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, foreignToken()
		}
		after = store.RollPage{Frozen: time.UnixMicro(micros), ID: id}
	}
	all, err := s.store.RollRecords(ctx, r.GetMeeting(), after, size+1)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListRollsResponse{}
	if len(all) > size {
		all = all[:size]
		last := all[size-1]
		out.NextPageToken = page.Token(fmt.Sprintf("%d %s", last.Frozen.UnixMicro(), last.ID), "rolls", r.GetMeeting())
	}
	for _, roll := range all {
		out.Rolls = append(out.Rolls, recordProto(roll))
	}
	return out, nil
}

func foreignToken() error {
	return fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
}

// GetRoll returns what is public of a roll.
func (s *Server) GetRoll(ctx context.Context, r *membershipv1.GetRollRequest) (*membershipv1.RollRecord, error) {
	roll, err := s.store.RollRecord(ctx, r.GetRoll())
	if err != nil {
		return nil, err
	}
	return recordProto(roll), nil
}

// GetRollProof shows that the roll's leaf stands in the public log.
func (s *Server) GetRollProof(ctx context.Context, r *membershipv1.GetRollProofRequest) (*httpbody.HttpBody, error) {
	roll, err := s.store.RollRecord(ctx, r.GetRoll())
	if err != nil {
		return nil, err
	}
	file, err := s.cfg.PublicLog.Prove(ctx, []int64{roll.Leaf})
	if err != nil {
		return nil, err
	}
	return jsonFile(file)
}

// RollProofFormat names the form of [RollProofFile].
const RollProofFormat = "folkmoot/roll-proof/v1"

// RollProofFile shows without the house that an entry stands on a roll whose root is in the register's public log. It is written
// as JSON; bytes are base64.
type RollProofFile struct {
	Format string `json:"format"`
	// Log proves the roll's own leaf, whose content names the root.
	Log translog.ProofFile `json:"log"`
	// Entry is the elector's.
	Entry RollEntryProof `json:"entry"`
}

// RollEntryProof leads from an entry to the roll's root.
type RollEntryProof struct {
	Number int64  `json:"number"`
	Member string `json:"member"`
	Region string `json:"region"`
	// Salt and the entry's line give the leaf's data ([membership.EntryCommitment]).
	Salt []byte `json:"salt"`
	// Hashes are the inclusion proof (RFC 6962 section 2.1.1).
	Hashes [][]byte `json:"proof"`
}

// GetMyRollProof shows that the caller stands on a roll.
func (s *Server) GetMyRollProof(ctx context.Context, r *membershipv1.GetMyRollProofRequest) (*httpbody.HttpBody, error) {
	p, found, err := s.store.ProveEntry(ctx, r.GetRoll(), auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.NotFound, "NOT_ON_ROLL", "You are not on this roll: its page says why.")
	}
	log, err := s.cfg.PublicLog.Prove(ctx, []int64{p.Leaf})
	if err != nil {
		return nil, err
	}
	file := RollProofFile{Format: RollProofFormat, Log: log, Entry: RollEntryProof{Number: p.Number, Member: p.Member, Region: p.Region, Salt: p.Salt}}
	for _, h := range p.Path {
		file.Entry.Hashes = append(file.Entry.Hashes, h[:])
	}
	return jsonFile(file)
}

func jsonFile(v any) (*httpbody.HttpBody, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: encode a file: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: append(raw, '\n')}, nil
}

// GetRollEntry says whether a member is on a roll, or why not.
func (s *Server) GetRollEntry(ctx context.Context, r *membershipv1.GetRollEntryRequest) (*membershipv1.GetRollEntryResponse, error) {
	p := auth.FromContext(ctx)
	member := r.GetMember()
	if member == "" {
		member = p.Member
	}
	if member != p.Member && !p.HoldsAny(auth.Secretary, auth.Chair) {
		return nil, fault.New(fault.Denied, "ROLE_NEEDED", "You may look your own entry up; other entries are for the secretary and the chair.")
	}
	v, contact, err := s.explainRoll(ctx, r.GetRoll(), member)
	if err != nil {
		return nil, err
	}
	return &membershipv1.GetRollEntryResponse{OnRoll: v.on, Number: v.number, Reason: v.Reason, Explanation: v.Words, Date: v.Date, Contact: contact}, nil
}

// placed is a member's place on a roll.
type placed struct {
	membership.Verdict
	on     bool
	number int64
}

func (s *Server) explainRoll(ctx context.Context, rollID, member string) (placed, string, error) {
	roll, number, history, err := s.store.Explain(ctx, rollID, member)
	if err != nil {
		return placed{}, "", err
	}
	ruling, err := s.store.RulingOn(ctx, roll, member)
	if err != nil {
		return placed{}, "", err
	}
	return placed{roll.Terms.ExplainRuled(history, roll.Frozen, ruling, s.cfg.Zone), number > 0, number}, roll.Contact, nil
}

// CompareRolls counts how two rolls differ.
func (s *Server) CompareRolls(ctx context.Context, r *membershipv1.CompareRollsRequest) (*membershipv1.CompareRollsResponse, error) {
	c, err := s.store.Compare(ctx, r.GetRoll(), r.GetWith())
	if err != nil {
		return nil, err
	}
	return &membershipv1.CompareRollsResponse{Both: c.Both, OnlyFirst: c.First, OnlySecond: c.Second}, nil
}

// ListRollDifferences names who is on one of two rolls only.
func (s *Server) ListRollDifferences(ctx context.Context, r *membershipv1.ListRollDifferencesRequest) (*membershipv1.ListRollDifferencesResponse, error) {
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	key, err := page.Key(r.GetPageToken(), "differences", r.GetRoll(), r.GetWith())
	if err != nil {
		return nil, err
	}
	var after store.DifferencePage
	if key != "" {
		side, member, ok := strings.Cut(key, " ")
		if !ok || (side != "0" && side != "1") {
			return nil, foreignToken()
		}
		after = store.DifferencePage{OnLater: side == "1", Member: member}
	}
	all, err := s.store.Differences(ctx, r.GetRoll(), r.GetWith(), after, size+1)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListRollDifferencesResponse{}
	if len(all) > size {
		all = all[:size]
		last, side := all[size-1], "0"
		if last.OnLater {
			side = "1"
		}
		out.NextPageToken = page.Token(side+" "+last.Member, "differences", r.GetRoll(), r.GetWith())
	}
	for _, d := range all {
		v := d.Missing.Terms.ExplainRuled(d.History, d.Missing.Frozen, d.Ruling, s.cfg.Zone)
		out.Differences = append(out.Differences, &membershipv1.RollDifference{
			Member: d.Member, Name: d.Name, OnLater: d.OnLater, Change: membership.Change(d.OnLater, v.Reason), Explanation: v.Words,
		})
	}
	return out, nil
}

// PrepareRoll freezes a roll for a meeting before any vote at it, by the rule in force.
func (s *Server) PrepareRoll(ctx context.Context, r *membershipv1.PrepareRollRequest) (*membershipv1.RollRecord, error) {
	now := s.cfg.Now()
	title := strings.Join(strings.Fields(r.GetTitle()), " ")
	switch {
	case r.GetMeeting() == "" || len(r.GetMeeting()) > maxMeeting:
		return nil, fault.Field("ROLL_INVALID", "meeting", "Say which meeting the roll is for.")
	case title == "" || utf8.RuneCountInString(title) > maxPurpose:
		return nil, fault.Field("ROLL_INVALID", "title", "Say what the roll is for, in 1 to 200 characters.")
	case r.GetNoticeTime() == nil || r.GetNoticeTime().AsTime().After(now):
		return nil, fault.Field("ROLL_INVALID", "notice_time", "A roll is prepared after notice was given: say when that was.")
	}
	request, err := rpc.Once(ctx, membershipv1.RollService_PrepareRoll_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	if err := s.wasCalled(ctx, r); err != nil {
		return nil, err
	}
	told, err := s.store.Rules(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.waitForLedger(ctx); err != nil {
		return nil, err
	}
	rule := membership.RuleAt(told, now)
	draft := store.Draft{Meeting: r.GetMeeting(), Title: title, Contact: "the secretary", Terms: membership.Terms{
		Region: r.GetRegion(), Notice: r.GetNoticeTime().AsTime().Truncate(time.Microsecond), Required: rule.Required, Book: rule.Book,
	}}
	reply, err := s.store.Prepare(ctx, request, draft, func(used bool) error {
		if used {
			return fault.New(fault.Conflict, "ROLL_USED", "A vote of this meeting has been opened: its rolls can no longer be prepared anew.")
		}
		return nil
	}, func(r store.Record) ([]byte, error) { return proto.Marshal(recordProto(r)) })
	return rpc.Reply(&membershipv1.RollRecord{}, reply, err)
}

// wasCalled refuses a meeting that the motions room does not know, has given no notice of, or has called otherwise: an officer can
// neither invent one nor move the day from which people are entitled.
func (s *Server) wasCalled(ctx context.Context, r *membershipv1.PrepareRollRequest) error {
	m, err := s.called.GetCalledMeeting(ctx, &motionsv1.GetCalledMeetingRequest{Meeting: r.GetMeeting()})
	switch {
	case err != nil:
		return err
	case m.GetNoticeTime() == nil:
		return fault.New(fault.Conflict, "MEETING_NOT_NOTICED", "A roll is prepared after notice was given: no notice of this meeting has been given yet.")
	case m.GetRegion() != r.GetRegion():
		return fault.Field("ROLL_INVALID", "region", "The meeting is of another region, or of the whole society.")
	case !m.GetNoticeTime().AsTime().Truncate(time.Microsecond).Equal(r.GetNoticeTime().AsTime().Truncate(time.Microsecond)):
		return fault.Field("ROLL_INVALID", "notice_time", "Notice of this meeting was given at another time.")
	}
	return nil
}

// maxMeeting is in bytes.
const maxMeeting = 64
