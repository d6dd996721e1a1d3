package server

import (
	"context"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

var mailStates = map[membership.MailState]membershipv1.MailState{
	membership.MailQueued: membershipv1.MailState_MAIL_STATE_QUEUED, membership.MailSent: membershipv1.MailState_MAIL_STATE_SENT,
	membership.MailFailed: membershipv1.MailState_MAIL_STATE_FAILED, membership.MailGivenUp: membershipv1.MailState_MAIL_STATE_GIVEN_UP,
	membership.MailPost: membershipv1.MailState_MAIL_STATE_POST,
}

func mailProto(m store.Mail) *membershipv1.Mail {
	return &membershipv1.Mail{
		Id: m.ID, Kind: m.Kind, Member: m.Member, Name: m.Name, Email: m.Email, State: mailStates[m.State], QueueTime: instant(m.Made),
		SendTime: instant(m.Done), Tries: int32(m.Tries), NextTryTime: instant(m.Next), Error: m.Error, //nolint:gosec // few tries
	}
}

func countsProto(counts map[membership.MailState]int64) *membershipv1.MailCounts {
	return &membershipv1.MailCounts{
		Queued: counts[membership.MailQueued], Sent: counts[membership.MailSent], Failed: counts[membership.MailFailed],
		GivenUp: counts[membership.MailGivenUp], Post: counts[membership.MailPost],
	}
}

// maxMails is the largest page.
const maxMails = 200

// ListMail pages through the queue. What the next try is told by the machine's clock, which a sample's differs from.
func (s *Server) ListMail(ctx context.Context, r *membershipv1.ListMailRequest) (*membershipv1.ListMailResponse, error) {
	f := store.MailFilter{}
	for state, p := range mailStates {
		if p == r.GetState() {
			f.State = state
		}
	}
	if f.State == "" && r.GetState() != membershipv1.MailState_MAIL_STATE_UNSPECIFIED {
		return nil, fault.Field("MAIL_STATE_UNKNOWN", "state", "There is no such state.")
	}
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	size = min(size, maxMails)
	key, err := page.Key(r.GetPageToken(), "mail", string(f.State))
	if err != nil {
		return nil, err
	}
	if key != "" {
		made, id, _ := strings.Cut(key, " ")
		n, err := strconv.ParseInt(made, 10, 64)
		if err != nil {
			return nil, fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
		f.Before, f.BeforeID = time.UnixMicro(n), id
	}
	f.Limit = size + 1
	all, err := s.store.Mails(ctx, f)
	if err != nil {
		return nil, err
	}
	counts, err := s.store.MailCounts(ctx, "")
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListMailResponse{Counts: countsProto(counts)}
	if len(all) > size {
		all = all[:size]
		last := all[size-1]
		out.NextPageToken = page.Token(strconv.FormatInt(last.Made.UnixMicro(), 10)+" "+last.ID, "mail", string(f.State))
	}
	for _, m := range all {
		out.Mails = append(out.Mails, mailProto(m))
	}
	return out, nil
}

// ResendMail sends a mail again.
func (s *Server) ResendMail(ctx context.Context, r *membershipv1.ResendMailRequest) (*membershipv1.Mail, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.SignInService_ResendMail_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.Resend(ctx, request, r.GetMail(), now, s.machine(), func(m store.Mail) ([]byte, error) { return proto.Marshal(mailProto(m)) })
	if err == nil {
		s.wakeMail()
	}
	return rpc.Reply(&membershipv1.Mail{}, reply, err)
}
