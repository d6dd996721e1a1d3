package verify

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// ballotLeaves adds up what the ballots say that they have in the log.
type ballotLeaves struct {
	log *Log
	// ballots and events are how many there are, votes how many leaves of closed ballots are votes, and open how many are open.
	ballots, events, votes, open int64
	wrong                        int
}

// checkRecord compares a ballot as the API shows it with its events in the log.
func (h *House) checkRecord(ctx context.Context, r *Report, b ballot, all *ballotLeaves) error {
	what := fmt.Sprintf("the record of the ballot on %q", b.Question)
	var f translog.ProofFile
	if err := h.getJSON(ctx, "/v1/ballots/"+url.PathEscape(b.ID)+"/record", &f); err != nil {
		return err
	}
	all.ballots++
	all.events += int64(len(f.Leaves))
	if len(all.log.faults) > 0 {
		return nil // What is wrong with the log is said already.
	}
	why := ""
	if _, err := translog.CheckProof(f, all.log.Key); err != nil {
		why = err.Error()
	} else {
		why = all.compare(b, f)
	}
	if why != "" {
		all.wrong++
		r.wrong(what, "%s", why)
	}
	return nil
}

// compare returns what of a ballot is not what its events commit to, or nothing.
func (all *ballotLeaves) compare(b ballot, f translog.ProofFile) string {
	said := map[ballots.Event]map[string]string{}
	for _, l := range f.Leaves {
		if l.Index < int64(len(all.log.Leaves)) && len(l.Salt) > 0 && string(translog.Commit(l.Salt, []byte(l.Content))) != string(all.log.Leaves[l.Index]) {
			return fmt.Sprintf("leaf %d is another in the log that is served", l.Index)
		}
		if len(l.Salt) == 0 {
			continue
		}
		event := readEvent(l.Content)
		if event["ballot"] != b.ID {
			return fmt.Sprintf("leaf %d is of another ballot", l.Index)
		}
		said[ballots.Event(event["event"])] = event
	}
	opened := said[ballots.EventOpened]
	switch {
	case opened == nil:
		return "that it was opened is not in the log"
	case opened["text question"] != b.Question || opened["text rule"] != b.Rule || opened["text privacy"] != b.Privacy ||
		opened["fingerprint"] != b.Fingerprint || opened["electors"] != strconv.FormatInt(int64(b.Electors), 10):
		return "its question, rule, roll or who may see what is not what was fixed when it opened"
	case b.State == "BALLOT_STATE_OPEN":
		all.open++
		return ""
	}
	closed := said[ballots.EventClosed]
	if closed == nil || closed["turnout"] != strconv.FormatInt(int64(b.Turnout), 10) {
		return "its turnout is not what was recorded when it closed"
	}
	all.votes += max(0, number(closed["leaves"]))
	if b.State != "BALLOT_STATE_PUBLISHED" || b.Figures == nil {
		return ""
	}
	figures := ballots.Figures{For: int64(b.Figures.For), Against: int64(b.Figures.Against), Abstain: int64(b.Figures.Abstentions)}
	for _, event := range []ballots.Event{ballots.EventCounted, ballots.EventPublished} {
		if figuresOf(said[event]) != figures {
			return fmt.Sprintf("its figures are not those that the log says were %s", event)
		}
	}
	return ""
}

// check says what was found, and whether the log has leaves that belong to no ballot.
func (all *ballotLeaves) check(r *Report) {
	if all.wrong > 0 || len(all.log.faults) > 0 {
		return
	}
	r.holds("the record of %d ballots: what was fixed at opening, the turnout and the published figures are what the log commits to", all.ballots)
	switch n := all.log.Tree.N; {
	case all.open > 0:
		r.unchecked("Whether the ballots' log holds leaves that are no vote: %d ballots are open, and how many votes of theirs are in it is said when they close.", all.open)
	case n < all.events+all.votes:
		r.unchecked("Whether the ballots' log holds leaves that are no vote: it grew while it was read.")
	case n > all.events+all.votes:
		r.wrong("the public log of the ballots", "it has %d leaves, and the ballots account for %d events and %d votes", n, all.events, all.votes)
	default:
		r.holds("the public log of the ballots: its %d leaves are %d events and %d votes, and nothing else", n, all.events, all.votes)
	}
}
