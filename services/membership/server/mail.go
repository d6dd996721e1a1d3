package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

const (
	// mailIdle is how long the sender waits when nobody wakes it: another replica or the operator may have queued mail.
	mailIdle = time.Second
	// mailAtOnce is how many mails are sent at the same time, and mailBatch how many are looked at.
	mailAtOnce = 4
	mailBatch  = 64
	// mailTimeout bounds handing one mail over; it is shorter than the lease on it.
	mailTimeout = 30 * time.Second
)

// wakeMail tells the sender that a mail was queued. It never waits.
func (s *Server) wakeMail() {
	select {
	case s.mailDue <- struct{}{}:
	default:
	}
}

// sendMail sends what is queued until the context ends. The queue is a table, so that a mail that was promised is sent
// after a restart; its secrets are made when it is sent, so that the queue holds none.
func (s *Server) sendMail(ctx context.Context) {
	if s.cfg.Mailer == nil {
		s.cfg.Log.WarnContext(ctx, "membership: no way to send mail is configured, so no sign-in mail is sent")
		return
	}
	for ctx.Err() == nil {
		due, err := s.store.Due(ctx, s.machine(), mailBatch)
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "membership: the queue of mail could not be read", slog.Any("error", err))
		}
		s.sendAll(ctx, due)
		if len(due) == mailBatch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.mailDue:
		case <-time.After(mailIdle):
		}
	}
}

func (s *Server) sendAll(ctx context.Context, due []string) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, mailAtOnce)
	for _, mail := range due {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.sendOne(ctx, mail); err != nil && ctx.Err() == nil {
				// Neither address nor secret is in the log: the mail's id finds both.
				s.cfg.Log.WarnContext(ctx, "membership: a mail was not sent, it will be tried again", slog.String("mail", mail))
			}
		})
	}
	wg.Wait()
}

func (s *Server) sendOne(ctx context.Context, mail string) error {
	var code, link string
	letter, send, err := s.store.Take(ctx, mail, s.cfg.Now(), s.machine(), func(attempt []byte) (codeHash, linkHash []byte, err error) {
		if code, err = membership.NewCode(s.cfg.Random); err != nil {
			return nil, nil, err
		}
		if link, err = newSecret(s.cfg.Random); err != nil {
			return nil, nil, err
		}
		return s.secrets.code(attempt, code), digest(link), nil
	})
	if err != nil || !send {
		return err
	}
	f, err := s.store.Founding(ctx)
	if err != nil {
		return err
	}
	w := words{
		Society: f.Society, Home: s.cfg.PublicURL, Link: s.cfg.PublicURL + confirmPath(letter.Kind) + "?link=" + link, Code: code, Reason: letter.Reason,
		Until: letter.Expires.In(s.cfg.Zone).Format("15:04"), WithCode: letter.WithCode, zone: s.cfg.Zone,
	}
	subject, text, err := write(letter, w)
	if err == nil {
		handing, cancel := context.WithTimeout(ctx, mailTimeout)
		defer cancel()
		err = s.cfg.Mailer.Send(handing, letter.To, subject, text)
	}
	if err != nil {
		// The process may be stopping: that the mail has to be tried again is noted all the same.
		note, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailTimeout)
		defer cancel()
		said, final := serverWords(err)
		if noted := s.store.NotSent(note, mail, said, final, s.machine()); noted != nil {
			return noted
		}
		return err
	}
	return s.store.Sent(ctx, mail, s.cfg.Now())
}

// serverWords are what the mail server said, and whether for good.
func serverWords(err error) (said string, final bool) {
	var r interface {
		error
		ServerWords() string
		Final() bool
	}
	if errors.As(err, &r) {
		return r.ServerWords(), r.Final()
	}
	return err.Error(), false
}
