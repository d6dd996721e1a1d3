package sample

import (
	"context"
	"fmt"
	"time"
)

// made is the answer to whatever made a thing.
type made struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Vote  struct {
		Ballot string `json:"ballot"`
	} `json:"vote"`
}

// regionalNotice is the day on which notice of the regional meetings is given.
const regionalNotice = 10

// held are the two regions that meet before the annual general meeting, with the day, the motion and
// how many of those present vote against it and abstain.
var held = []struct {
	region, place    string
	day              int
	proposal         proposal
	against, abstain int
}{
	{midlands, "The Library of Birmingham", 26, fromMidlands, 3, 2},
	{southWest, "Exeter Guildhall", 27, fromSouthWest, 1, 4},
}

// appoint makes the organisers, drafts the two regional meetings and the annual general meeting, gives
// notice of the regional ones, and has a motion moved and seconded for each.
func (s *story) appoint(ctx context.Context) error {
	if err := s.at(ctx, regionalNotice, 9); err != nil {
		return err
	}
	secretary, err := s.signIn(ctx, s.secretary)
	if err != nil {
		return err
	}
	for region, p := range s.organiser {
		err := s.post(ctx, "/v1/members/"+p.id+"/roles", secretary, map[string]any{
			"role": map[string]any{"role": "ROLE_ORGANISER", "region": region}, "reason": "Has run the region's peer group since it began.",
		}, nil)
		if err != nil {
			return err
		}
		p.token = "" // The next token carries the role.
	}
	var agm made
	err = s.post(ctx, "/v1/meetings", secretary, map[string]any{
		"kind": "MEETING_KIND_AGM", "title": "Founding annual general meeting at LocalGovCamp", "place": "LocalGovCamp, Birmingham, and online",
		"startTime": s.agmStart().Format(time.RFC3339),
	}, &agm)
	if err != nil {
		return err
	}
	s.agm = agm.ID
	for _, h := range held {
		organiser, err := s.tokenOf(ctx, s.organiser[h.region])
		if err != nil {
			return err
		}
		var m made
		err = s.post(ctx, "/v1/meetings", organiser, map[string]any{
			"kind": "MEETING_KIND_REGIONAL", "region": h.region, "title": "Local membership meeting", "place": h.place,
			"startTime": s.begin.Add(time.Duration(h.day)*day + 18*time.Hour + 30*time.Minute).Format(time.RFC3339),
		}, &m)
		if err != nil {
			return err
		}
		s.meeting[h.region] = m.ID
		if err := s.change(ctx, "/v1/meetings/"+m.ID, "giveNotice", organiser, nil); err != nil {
			return err
		}
		motion, err := s.propose(ctx, m.ID, h.proposal, s.inRegion(h.region, 1), s.inRegion(h.region, 2), s.organiser[h.region])
		if err != nil {
			return err
		}
		s.tabling[h.region] = motion
	}
	return nil
}

// agmStart is ten in the morning of today, or half an hour ago if it is not yet half past ten.
func (s *story) agmStart() time.Time {
	ten := s.begin.Add(lastDay*day + 10*time.Hour)
	if latest := s.Now.UTC().Add(-30 * time.Minute); latest.Before(ten) {
		return latest.Truncate(time.Minute)
	}
	return ten
}

// inRegion returns the nth current member of a region, its organiser not counted.
func (s *story) inRegion(region string, n int) *person {
	for _, p := range s.current(region) {
		if p == s.organiser[region] {
			continue
		}
		if n--; n == 0 {
			return p
		}
	}
	panic(fmt.Sprintf("sample: too few members in %q by now", region))
}

// current returns those of a region (or of all, if it is empty) who have joined and given their £1.
func (s *story) current(region string) []*person {
	var all []*person
	today := int(s.now.Sub(s.begin) / day)
	for _, p := range s.people {
		if p.id != "" && (region == "" || p.region == region) && p.pays >= 0 && p.pays < today {
			all = append(all, p)
		}
	}
	return all
}

// propose has a motion moved, seconded and accepted, and returns its id.
func (s *story) propose(ctx context.Context, meeting string, what proposal, mover, seconder, officer *person) (string, error) {
	token, err := s.tokenOf(ctx, mover)
	if err != nil {
		return "", err
	}
	in := map[string]any{"meeting": meeting, "title": what.title, "text": what.text, "resolution": what.resolution}
	if what.kind != "" {
		in["kind"], in["seats"] = what.kind, what.seats
	}
	var m made
	if err := s.post(ctx, "/v1/motions", token, in, &m); err != nil {
		return "", err
	}
	if token, err = s.tokenOf(ctx, seconder); err != nil {
		return "", err
	}
	if err := s.post(ctx, "/v1/motions/"+m.ID+":second", token, nil, nil); err != nil {
		return "", err
	}
	if token, err = s.tokenOf(ctx, officer); err != nil {
		return "", err
	}
	return m.ID, s.change(ctx, "/v1/motions/"+m.ID, "accept", token, nil)
}

// attend records people as present, by an officer of the meeting.
func (s *story) attend(ctx context.Context, meeting, token string, people []*person) error {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.id
	}
	return s.post(ctx, "/v1/meetings/"+meeting+"/attendance", token, map[string]any{"members": ids}, nil)
}

// openVote opens the vote on a motion and returns the ballot.
func (s *story) openVote(ctx context.Context, motion, token string) (string, error) {
	var m made
	if err := s.change(ctx, "/v1/motions/"+motion, "openVote", token, &m); err != nil {
		return "", err
	}
	for range 100 {
		if m.State == "MOTION_STATE_VOTING" {
			return m.Vote.Ballot, nil
		}
		time.Sleep(50 * time.Millisecond)
		if err := s.get(ctx, "/v1/motions/"+motion, token, &m); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the vote on %s stays in %s", motion, m.State)
}

// vote casts for everybody: the first against, the next abstentions, the rest for.
func (s *story) vote(ctx context.Context, ballot string, people []*person, against, abstain int) error {
	choice := map[*person]string{}
	for i, p := range people {
		switch {
		case i < against:
			choice[p] = "CHOICE_AGAINST"
		case i < against+abstain:
			choice[p] = "CHOICE_ABSTAIN"
		default:
			choice[p] = "CHOICE_FOR"
		}
	}
	return each(ctx, people, func(ctx context.Context, p *person) error {
		token, err := s.tokenOf(ctx, p)
		if err != nil {
			return err
		}
		return s.post(ctx, "/v1/ballots/"+ballot+"/votes", token, map[string]any{"choice": choice[p]}, nil)
	})
}

// decide puts a motion to those present and declares the result.
func (s *story) decide(ctx context.Context, motion, token string, people []*person, against, abstain int) error {
	ballot, err := s.openVote(ctx, motion, token)
	if err != nil {
		return err
	}
	if err := s.vote(ctx, ballot, people, against, abstain); err != nil {
		return err
	}
	if err := s.change(ctx, "/v1/motions/"+motion, "closeVote", token, nil); err != nil {
		return err
	}
	return s.change(ctx, "/v1/motions/"+motion, "declare", token, nil)
}

// meetInRegions holds the two regional meetings, each of which carries its motion and tables it.
func (s *story) meetInRegions(ctx context.Context) error {
	for _, h := range held {
		if err := s.pass(ctx, h.day-1); err != nil {
			return err
		}
		if err := s.at(ctx, h.day, 18.5); err != nil {
			return err
		}
		token, err := s.signIn(ctx, s.organiser[h.region])
		if err != nil {
			return err
		}
		present := s.current(h.region)
		path := "/v1/meetings/" + s.meeting[h.region]
		if err := s.attend(ctx, s.meeting[h.region], token, present); err != nil {
			return err
		}
		if err := s.change(ctx, path, "open", token, nil); err != nil {
			return err
		}
		// Those who joined after the notice are not on the roll: only the earlier ones vote.
		if err := s.decide(ctx, s.tabling[h.region], token, s.before(present, regionalNotice-1), h.against, h.abstain); err != nil {
			return err
		}
		if err := s.change(ctx, path, "close", token, nil); err != nil {
			return err
		}
		var seen struct {
			ETag string `json:"etag"`
		}
		motion := "/v1/motions/" + s.tabling[h.region]
		if err := s.get(ctx, motion, token, &seen); err != nil {
			return err
		}
		if err := s.call(ctx, "POST", motion+":table", token, seen.ETag, map[string]any{"meeting": s.agm}, nil); err != nil {
			return err
		}
	}
	return nil
}

// before returns those whose £1 was booked by the evening of a day.
func (s *story) before(people []*person, day int) []*person {
	var all []*person
	for _, p := range people {
		if p.pays <= day {
			all = append(all, p)
		}
	}
	return all
}

const noticeDay = 36

// giveNotice puts the order paper together and gives notice of the annual general meeting.
func (s *story) giveNotice(ctx context.Context) error {
	if err := s.at(ctx, 27, 20); err != nil {
		return err
	}
	for i, p := range orderPaper {
		if _, err := s.propose(ctx, s.agm, p, s.people[3+i], s.people[20+i], s.secretary); err != nil {
			return err
		}
	}
	if err := s.pass(ctx, noticeDay-1); err != nil {
		return err
	}
	if err := s.at(ctx, noticeDay, 9); err != nil {
		return err
	}
	token, err := s.tokenOf(ctx, s.secretary)
	if err != nil {
		return err
	}
	return s.change(ctx, "/v1/meetings/"+s.agm, "giveNotice", token, nil)
}

// correct has the treasurer refund one £1 that a member asked back, and book one that a member paid twice.
func (s *story) correct(ctx context.Context) error {
	if err := s.at(ctx, lastDay-1, 20); err != nil {
		return err
	}
	token, err := s.signIn(ctx, s.treasurer)
	if err != nil {
		return err
	}
	refunded, twice := s.people[30], s.people[31]
	var list struct {
		Entries []made `json:"entries"`
	}
	if err := s.get(ctx, "/v1/ledger/entries?member="+refunded.id, token, &list); err != nil {
		return err
	}
	if len(list.Entries) == 0 {
		return fmt.Errorf("%s has given nothing to refund", refunded.email)
	}
	err = s.post(ctx, "/v1/ledger/entries/"+list.Entries[0].ID+":reverse", token, map[string]any{"reason": "Refunded: the member moved abroad and asked for it back."}, nil)
	if err != nil {
		return err
	}
	refunded.pays = -1
	return s.give(ctx, token, twice, lastDay-1)
}

// meet opens the annual general meeting: one vote declared, one open, the rest waiting.
func (s *story) meet(ctx context.Context) error {
	start := s.agmStart()
	if err := s.at(ctx, 0, start.Sub(s.begin).Hours()); err != nil {
		return err
	}
	token, err := s.signIn(ctx, s.chair)
	if err != nil {
		return err
	}
	var electors []*person
	for _, p := range s.current("") {
		if p.pays < noticeDay {
			electors = append(electors, p)
		}
	}
	present := electors[:len(electors)*3/5]
	if err := s.attend(ctx, s.agm, token, present); err != nil {
		return err
	}
	if err := s.change(ctx, "/v1/meetings/"+s.agm, "open", token, nil); err != nil {
		return err
	}
	var meeting struct {
		OrderPaper []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		} `json:"orderPaper"`
	}
	if err := s.get(ctx, "/v1/meetings/"+s.agm, "", &meeting); err != nil {
		return err
	}
	motions := map[string]string{}
	for _, m := range meeting.OrderPaper {
		motions[m.Title] = m.ID
	}
	first, second := motions[orderPaper[0].title], motions[orderPaper[1].title]
	if first == "" || second == "" {
		return fmt.Errorf("the order paper has %d motions and not those that were accepted", len(motions))
	}
	if err := s.decide(ctx, first, token, present, 7, 5); err != nil {
		return err
	}
	ballot, err := s.openVote(ctx, second, token)
	if err != nil {
		return err
	}
	// Some vote at once; whoever signs in from the list of sample people may still vote.
	return s.vote(ctx, ballot, present[len(present)/2:], 4, 3)
}
