// Package sample lives through LocalGov Digital's first eight weeks, from its founding to its annual general
// meeting, as a client of the public API.
//
// It holds no database and imports nothing of the rooms: every member joins with a mailed code, every £1 is
// booked by the treasurer, every vote is cast with its member's own token. What makes the weeks pass is the
// clock of a folder marked as a sample, which a method that exists only there moves forward. So the sample
// is the first integration test and the first load.
package sample

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Weeks is how long before now the sample's clock begins.
const Weeks = 8

// lastDay is the day of the story that is today.
const lastDay = Weeks * 7

// day is a calendar day of the sample.
const day = 24 * time.Hour

// Config is what the loader needs.
type Config struct {
	// Base is the address of the house: http://localhost:8080.
	Base string
	// Invitations are the founding invitations by office: secretary, treasurer, chair.
	Invitations map[string]string
	// Now is the real time at which the sample ends.
	Now time.Time
	// Progress is told what happens, in a line each.
	Progress func(string)
	// HTTP is the client; nil for one with sensible limits.
	HTTP *http.Client
}

// story is the loader at work.
type story struct {
	*client
	Config
	begin  time.Time
	people []*person
	// now is where the sample's clock stands.
	now time.Time

	secretary, treasurer, chair *person
	organiser                   map[string]*person
	meeting, tabling            map[string]string
	agm                         string
}

// Load tells the story. It returns when the clock is the real one, with the AGM open.
func Load(ctx context.Context, c Config) error {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: time.Minute}
	}
	now := c.Now.UTC()
	s := &story{
		client: &client{base: c.Base, http: c.HTTP}, Config: c, people: population(),
		now:   now.Add(-Weeks * 7 * day),
		begin: time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC).Add(-Weeks * 7 * day),
	}
	s.secretary, s.treasurer, s.chair = s.people[0], s.people[1], s.people[2]
	s.organiser = map[string]*person{london: s.people[9], midlands: s.people[6], southWest: s.people[7], southEng: s.people[3]}
	s.meeting, s.tabling = map[string]string{}, map[string]string{}
	for _, step := range []struct {
		say string
		do  func(context.Context) error
	}{
		{"the founding", s.found},
		{"the first members join and give their £1", func(ctx context.Context) error { return s.pass(ctx, regionalNotice-1) }},
		{"regional organisers, and notice of two regional meetings", s.appoint},
		{"more members join", func(ctx context.Context) error { return s.pass(ctx, 25) }},
		{"the Midlands and the South West meet", s.meetInRegions},
		{"the order paper and notice of the annual general meeting", s.giveNotice},
		{"more members join", func(ctx context.Context) error { return s.pass(ctx, lastDay-1) }},
		{"the treasurer's corrections", s.correct},
		{"the annual general meeting", s.meet},
		{"now", s.letGo},
	} {
		c.Progress(step.say)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("sample: %s: %w", step.say, err)
		}
	}
	return nil
}

// at moves the clock to an hour of a day of the story.
func (s *story) at(ctx context.Context, days int, hours float64) error {
	to := s.begin.Add(time.Duration(days)*day + time.Duration(hours*float64(time.Hour)))
	if !to.After(s.now) {
		return nil
	}
	s.now = to
	return s.stepTo(ctx, to)
}

func (s *story) found(ctx context.Context) error {
	for office, p := range map[string]*person{"secretary": s.secretary, "treasurer": s.treasurer, "chair": s.chair} {
		var done struct {
			SessionSecret string `json:"sessionSecret"`
			Member        string `json:"member"`
		}
		err := s.post(ctx, "/v1/founding:accept", "", map[string]any{
			"invitation": s.Invitations[office], "name": p.name, "email": p.email, "soleMembership": true,
		}, &done)
		if err != nil {
			return err
		}
		p.id, p.session = done.Member, done.SessionSecret
	}
	secretary, err := s.tokenOf(ctx, s.secretary)
	if err != nil {
		return err
	}
	for _, r := range [][3]string{
		{london, "London", "REGION_STATE_MEETING"},
		{midlands, "Midlands", "REGION_STATE_MEETING"},
		{southWest, "South West", "REGION_STATE_MEETING"},
		{southEng, "South of England", "REGION_STATE_MEETING"},
		{yorkshire, "Yorkshire and the Humber", "REGION_STATE_FORMING"},
	} {
		if err := s.post(ctx, "/v1/regions", secretary, map[string]any{"region": r[0], "name": r[1], "state": r[2]}, nil); err != nil {
			return err
		}
	}
	return nil
}

// tokenOf returns an access token of the person, signing them in again by mail where their session has ended.
func (s *story) tokenOf(ctx context.Context, p *person) (string, error) {
	if p.token != "" && s.now.Add(time.Minute).Before(p.expires) {
		return p.token, nil
	}
	token, err := s.exchange(ctx, p)
	if err == nil {
		return token, nil
	}
	var refused *problem
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return "", err
	}
	return s.signIn(ctx, p)
}

// signIn signs the person in by mail and returns an access token: what cannot be undone (an office given, a result declared, an entry
// reversed) asks for a sign-in of the last ten minutes.
func (s *story) signIn(ctx context.Context, p *person) (string, error) {
	before, err := s.letters(ctx, p.email)
	if err != nil {
		return "", err
	}
	var asked struct {
		Attempt string `json:"attempt"`
	}
	if err := s.post(ctx, "/v1/sessions:request", "", map[string]any{"email": p.email}, &asked); err != nil {
		return "", err
	}
	if err := s.confirm(ctx, p, asked.Attempt, len(before)); err != nil {
		return "", err
	}
	return s.exchange(ctx, p)
}

func (s *story) exchange(ctx context.Context, p *person) (string, error) {
	var reply struct {
		AccessToken string    `json:"accessToken"`
		ExpireTime  time.Time `json:"expireTime"`
	}
	if err := s.post(ctx, "/v1/sessions:exchange", "", map[string]any{"sessionSecret": p.session}, &reply); err != nil {
		return "", err
	}
	p.token, p.expires = reply.AccessToken, reply.ExpireTime
	return p.token, nil
}

// confirm types in the code that came after so many letters.
func (s *story) confirm(ctx context.Context, p *person, attempt string, before int) error {
	code, err := s.code(ctx, p.email, before)
	if err != nil {
		return err
	}
	var done struct {
		SessionSecret string `json:"sessionSecret"`
		Member        string `json:"member"`
	}
	if err := s.post(ctx, "/v1/sessions:confirm", "", map[string]any{"attempt": attempt, "code": code}, &done); err != nil {
		return err
	}
	p.id, p.session = done.Member, done.SessionSecret
	return nil
}

func (s *story) join(ctx context.Context, p *person) error {
	var asked struct {
		Attempt string `json:"attempt"`
	}
	err := s.post(ctx, "/v1/members:join", "", map[string]any{
		"name": p.name, "email": p.email, "region": p.region, "soleMembership": true, "language": "en",
	}, &asked)
	if err != nil {
		return err
	}
	return s.confirm(ctx, p, asked.Attempt, 0)
}

// pass lets days go by until the evening of a day: people join and the treasurer books what they gave.
func (s *story) pass(ctx context.Context, until int) error {
	for d := int(s.now.Sub(s.begin) / day); d <= until; d++ {
		if err := s.at(ctx, d, 12); err != nil {
			return err
		}
		var joining, paying []*person
		for _, p := range s.people {
			if p.id == "" && p.joins <= d {
				joining = append(joining, p)
			}
		}
		if err := each(ctx, joining, s.join); err != nil {
			return err
		}
		for _, p := range s.people {
			if p.pays == d {
				paying = append(paying, p)
			}
		}
		if len(paying) == 0 {
			continue
		}
		if err := s.at(ctx, d, 18); err != nil {
			return err
		}
		token, err := s.tokenOf(ctx, s.treasurer)
		if err != nil {
			return err
		}
		if err := each(ctx, paying, func(ctx context.Context, p *person) error { return s.give(ctx, token, p, d) }); err != nil {
			return err
		}
		if err := each(ctx, paying, func(ctx context.Context, p *person) error { return s.arrived(ctx, token, p) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) give(ctx context.Context, token string, p *person, d int) error {
	method, reference := "METHOD_BANK", "transfer"
	if len(p.name)%3 == 0 {
		method, reference = "METHOD_CASH", "receipt"
	}
	return s.post(ctx, "/v1/ledger/donations", token, map[string]any{
		"member": p.id, "amountPence": 100, "method": method, "occurDate": s.date(d), "reference": reference,
	}, nil)
}

// arrived waits until the register has heard of a person's £1: a day passes between booking and meeting, but here it
// passes in a moment.
func (s *story) arrived(ctx context.Context, token string, p *person) error {
	for range 400 {
		var member struct {
			DonationTime *time.Time `json:"donationTime"`
		}
		if err := s.get(ctx, "/v1/members/"+p.id, token, &member); err != nil {
			return err
		}
		if member.DonationTime != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
	return fmt.Errorf("the register has not heard of the £1 of %s", p.email)
}

// date is a day of the story as the society's calendar writes it.
func (s *story) date(d int) string {
	return s.begin.Add(time.Duration(d) * day).UTC().Format("2006-01-02")
}

// each runs f for every person, a few at a time, and returns the first error.
func each(ctx context.Context, people []*person, f func(context.Context, *person) error) error {
	const workers = 4
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *person)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for p := range queue {
				if err := f(ctx, p); err != nil {
					cancel(fmt.Errorf("%s: %w", p.email, err))
				}
			}
		})
	}
	for _, p := range people {
		if ctx.Err() != nil {
			break
		}
		queue <- p
	}
	close(queue)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return nil
}
