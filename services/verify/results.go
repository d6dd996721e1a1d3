package verify

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/localgovdigital/folkmoot/services/motions"
)

// ballot is a published ballot; the API writes 64-bit numbers as texts.
type ballot struct {
	ID       string `json:"id"`
	Motion   string `json:"motion"`
	Question string `json:"question"`
	State    string `json:"state"`
	Electors pence  `json:"electors"`
	Turnout  pence  `json:"turnout"`
	Rule     string `json:"rule"`
	Privacy  string `json:"privacy"`
	// Fingerprint is the frozen roll's, hexadecimal.
	Fingerprint string `json:"rollFingerprint"`
	Figures     *struct {
		For         pence `json:"votesFor"`
		Against     pence `json:"votesAgainst"`
		Abstentions pence `json:"abstentions"`
	} `json:"figures"`
}

// motion is the motion that a ballot was about.
type motion struct {
	Vote *struct {
		Ballot string `json:"ballot"`
		Result *struct {
			For         pence  `json:"votesFor"`
			Against     pence  `json:"votesAgainst"`
			Abstentions pence  `json:"abstentions"`
			Electors    pence  `json:"electors"`
			Base        pence  `json:"base"`
			Rule        string `json:"rule"`
			Carried     bool   `json:"carried"`
		} `json:"result"`
	} `json:"vote"`
}

// checkResults decides every published ballot again from its own figures.
func (h *House) checkResults(ctx context.Context, r *Report, log *Log) error {
	token, published, before := "", 0, len(r.Findings)
	logged := ballotLeaves{log: log}
	for {
		var page struct {
			Ballots []ballot `json:"ballots"`
			Next    string   `json:"nextPageToken"`
		}
		if err := h.getJSON(ctx, "/v1/ballots?page_size=1000&page_token="+url.QueryEscape(token), &page); err != nil {
			return err
		}
		for _, b := range page.Ballots {
			if err := h.checkRecord(ctx, r, b, &logged); err != nil {
				return err
			}
			if b.State != "BALLOT_STATE_PUBLISHED" {
				continue
			}
			published++
			var m motion
			if err := h.getJSON(ctx, "/v1/motions/"+url.PathEscape(b.Motion), &m); err != nil {
				return err
			}
			if why := decideAgain(b, m); why != "" {
				r.wrong(fmt.Sprintf("the result of %q", b.Question), "%s", why)
			}
		}
		if token = page.Next; token == "" {
			break
		}
	}
	if r.wrongSince(before) == 0 {
		r.holds("declared results: %d, each decided again from its own figures and rule", published)
	}
	logged.check(r)
	return nil
}

// decideAgain returns what is wrong with a result, or nothing.
func decideAgain(b ballot, m motion) string {
	switch {
	case b.Figures == nil:
		return "it is published without figures"
	case b.Figures.For < 0 || b.Figures.Against < 0 || b.Figures.Abstentions < 0:
		return "a figure is below nothing"
	case b.Figures.For+b.Figures.Against+b.Figures.Abstentions != b.Turnout:
		return fmt.Sprintf("%d for, %d against and %d abstentions are not the %d who voted", b.Figures.For, b.Figures.Against, b.Figures.Abstentions, b.Turnout)
	case b.Turnout > b.Electors:
		return fmt.Sprintf("%d voted of %d electors", b.Turnout, b.Electors)
	case m.Vote == nil || m.Vote.Result == nil || m.Vote.Ballot != b.ID:
		return "the ballot is published and the motion has no result from it"
	}
	v := m.Vote.Result
	if v.For != b.Figures.For || v.Against != b.Figures.Against || v.Abstentions != b.Figures.Abstentions || v.Electors != b.Electors {
		return "the figures that were declared are not those of the ballot"
	}
	if v.Rule != b.Rule {
		return fmt.Sprintf("it was declared by the rule %q, and %q was fixed when the vote opened", v.Rule, b.Rule)
	}
	// "Ordinary resolution: more for than against (rule 12, rule book version 1)".
	text, _, _ := strings.Cut(v.Rule, " (")
	if _, after, ok := strings.Cut(text, ": "); ok {
		text = after
	}
	rule, err := motions.ParseMajority(text)
	if err != nil {
		return fmt.Sprintf("its rule cannot be read: %v", err)
	}
	base, carried := rule.Decide(motions.Figures{For: int64(v.For), Against: int64(v.Against), Abstentions: int64(v.Abstentions), Electors: int64(v.Electors)})
	if base != int64(v.Base) || carried != v.Carried {
		return fmt.Sprintf("by the rule %q, %d for of a base of %d, it is carried: %v; declared is a base of %d, carried: %v", text, v.For, base, carried, v.Base, v.Carried)
	}
	return ""
}
