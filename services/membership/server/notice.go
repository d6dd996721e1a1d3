package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// The limits of a notice's facts, in characters and lines.
const (
	maxTitle    = 200
	maxPlace    = 300
	maxBusiness = 50
	maxPath     = 200
)

var (
	noticeID    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._:-]{7,63}$`)
	noticePath  = regexp.MustCompile(`^/[0-9A-Za-z][0-9A-Za-z/_.-]*$`)
	noticeKinds = map[string]membership.Letter{
		"": membership.LetterNotice, "notice": membership.LetterNotice, "changed": membership.LetterChanged, "cancelled": membership.LetterCancelled,
	}
)

// SendNotice queues a letter to each recipient, once. The letters are queued in the background, which goes on after a restart: a notice to
// everybody takes longer than a call may.
func (s *Server) SendNotice(ctx context.Context, r *membershipv1.SendNoticeRequest) (*membershipv1.NoticeProgress, error) {
	n, err := s.notice(r)
	if err != nil {
		return nil, err
	}
	kept, err := s.store.BeginNotice(ctx, n)
	if err != nil {
		return nil, err
	}
	s.wakeNotices()
	return s.progress(ctx, kept)
}

func (s *Server) notice(r *membershipv1.SendNoticeRequest) (store.Notice, error) {
	n := store.Notice{ID: r.GetNotice(), Made: s.cfg.Now()}
	if !noticeID.MatchString(n.ID) {
		return n, fault.Field("NOTICE_INVALID", "notice", "Give the notice an id of 8 to 64 letters, digits and -._:.")
	}
	kind, ok := noticeKinds[r.GetFacts().GetKind()]
	if !ok {
		return n, fault.Field("NOTICE_INVALID", "facts.kind", "A notice is a notice, changed or cancelled.")
	}
	n.Kind = kind
	switch to := r.GetRecipients().(type) {
	case *membershipv1.SendNoticeRequest_Roll:
		n.Roll = to.Roll
	case *membershipv1.SendNoticeRequest_Region:
		n.Region = to.Region
	}
	if n.Roll == "" && n.Region == "" && !r.GetEveryone() {
		return n, fault.Field("NOTICE_INVALID", "everyone", "Say to whom the notice goes: a roll, a region, or everyone.")
	}
	var err error
	if n.Hash, err = requestHash(r); err != nil {
		return n, err
	}
	n.Facts, err = noticeFacts(r.GetFacts())
	return n, err
}

// noticeFacts checks the facts, which end up in a mail, and encodes them for the letter.
func noticeFacts(f *membershipv1.NoticeFacts) ([]byte, error) {
	bad := func(field, s string, least, most int) error {
		n := utf8.RuneCountInString(s)
		if n >= least && n <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) {
			return nil
		}
		return fault.Field("NOTICE_INVALID", "facts."+field, fmt.Sprintf("Use one line of %d to %d characters.", least, most))
	}
	for _, err := range []error{bad("title", f.GetTitle(), 1, maxTitle), bad("title_cy", f.GetTitleCy(), 0, maxTitle), bad("place", f.GetPlace(), 0, maxPlace)} {
		if err != nil {
			return nil, err
		}
	}
	for _, line := range f.GetBusiness() {
		if err := bad("business", line, 1, maxTitle); err != nil {
			return nil, err
		}
	}
	switch {
	case len(f.GetBusiness()) > maxBusiness:
		return nil, fault.Field("NOTICE_INVALID", "facts.business", fmt.Sprintf("Give at most %d lines; the papers have the rest.", maxBusiness))
	case f.GetStartTime() == nil:
		return nil, fault.Field("NOTICE_INVALID", "facts.start_time", "Say when the meeting starts.")
	case len(f.GetPath()) > maxPath || !noticePath.MatchString(f.GetPath()) || strings.Contains(f.GetPath(), "//"):
		// It follows the society's own address: a notice never leads anywhere else.
		return nil, fault.Field("NOTICE_INVALID", "facts.path", "Give a path of the society's own pages.")
	}
	return json.Marshal(map[string]any{
		"title": f.GetTitle(), "title_cy": f.GetTitleCy(), "place": f.GetPlace(), "path": f.GetPath(), "business": f.GetBusiness(),
		"start": f.GetStartTime().AsTime().Format(time.RFC3339),
	})
}

func (s *Server) progress(ctx context.Context, n store.Notice) (*membershipv1.NoticeProgress, error) {
	counts, err := s.store.MailCounts(ctx, n.ID)
	if err != nil {
		return nil, err
	}
	return &membershipv1.NoticeProgress{Counts: countsProto(counts), Complete: n.Complete}, nil
}

// ListNotices pages through the recipients of a notice, in an order that tells nothing.
func (s *Server) ListNotices(ctx context.Context, r *membershipv1.ListNoticesRequest) (*membershipv1.ListNoticesResponse, error) {
	n, err := s.store.Notice(ctx, r.GetNotice())
	if err != nil {
		return nil, err
	}
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	after, err := page.Key(r.GetPageToken(), "notice", n.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Recipients(ctx, n.ID, after, size+1)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListNoticesResponse{}
	if out.Progress, err = s.progress(ctx, n); err != nil {
		return nil, err
	}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = page.Token(all[size-1].Letter, "notice", n.ID)
	}
	for _, one := range all {
		out.Recipients = append(out.Recipients, &membershipv1.NoticeRecipient{Member: one.Member, State: mailStates[one.State], SendTime: instant(one.Done), Error: one.Error})
	}
	return out, nil
}

// noticeIdle is how long the spreader waits when nobody wakes it.
const noticeIdle = 5 * time.Second

func (s *Server) wakeNotices() {
	select {
	case s.noticeDue <- struct{}{}:
	default:
	}
}

// spreadNotices queues the letters of notices until the context ends, a bounded number at a time.
func (s *Server) spreadNotices(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.spreadOnce(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "membership: the letters of a notice could not be queued, it will be tried again", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-s.noticeDue:
		case <-time.After(noticeIdle):
		}
	}
}

func (s *Server) spreadOnce(ctx context.Context) error {
	unfinished, err := s.store.UnfinishedNotices(ctx)
	if err != nil {
		return err
	}
	for _, notice := range unfinished {
		for {
			complete, err := s.store.SpreadNotice(ctx, notice, s.cfg.Now(), s.machine())
			if err != nil {
				return err
			}
			s.wakeMail()
			if complete {
				break
			}
		}
	}
	return nil
}
