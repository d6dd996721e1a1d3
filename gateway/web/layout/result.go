package layout

import (
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// Result is a declared result: carried or lost in words, the integers, the rule and its base.
type Result struct {
	Verdict string
	Bars    []Bar
	Rows    []form.Row
}

// Bar is one figure: the words and the number stand in text, only the bar is drawn.
type Bar struct {
	Name    string
	Votes   int64
	Percent string
	Colour  string
}

// ResultOf returns what the template "result" shows, or nil for no result.
func (q *Request) ResultOf(r *motionsv1.Result) *Result {
	if r == nil {
		return nil
	}
	cast := r.GetVotesFor() + r.GetVotesAgainst() + r.GetAbstentions()
	bar := func(name string, votes int64, colour string) Bar {
		return Bar{Name: q.T(name), Votes: votes, Percent: percent(votes, cast), Colour: colour}
	}
	out := &Result{
		Verdict: q.T("result.lost", "For", r.GetVotesFor(), "Against", r.GetVotesAgainst()),
		Bars: []Bar{
			bar("ballot.for", r.GetVotesFor(), "#512b58"), bar("ballot.against", r.GetVotesAgainst(), "#8d4f97"), bar("ballot.abstain", r.GetAbstentions(), "#6f777b"),
		},
		Rows: []form.Row{
			{Key: q.T("result.rule"), Value: r.GetRule()},
			{Key: q.T("result.base"), Value: q.T("result.baseIs", "Name", r.GetBaseName(), "Count", r.GetBase())},
			{Key: q.T("result.turnout"), Value: q.T("result.turnoutIs", "Cast", cast, "Electors", r.GetElectors())},
			{Key: q.T("result.quorum"), Value: q.T("result.quorumIs", "Present", r.GetPresent(), "Quorum", r.GetQuorum())},
			{Key: q.T("result.book"), Value: q.T("result.bookIs", "Version", r.GetRuleBook())},
		},
	}
	if r.GetCarried() {
		out.Verdict = q.T("result.carried", "For", r.GetVotesFor(), "Against", r.GetVotesAgainst())
	}
	return out
}

// percent returns part of whole with one decimal, for the width of a bar.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 1, 64)
}
