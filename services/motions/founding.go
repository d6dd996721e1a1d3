package motions

import "time"

// FoundingAct is what adopts rule book version 1.
const FoundingAct = "founding act"

// Sources of the default rules.
const (
	modelRules    = "Co-operatives UK model rules for a registered society, as adopted by Good Data Co-operative Ltd"
	modelCompany  = "Co-operatives UK model rules for a worker co-operative, 2012"
	ownMeeting    = "Co-operatives UK's own annual general meeting (uk.coop/agm)"
	sharesBook    = "Community Shares Handbook 3.2.5; model rules of Co-operatives UK for the fixed number"
	coopGroup     = "Co-op Group: a member on the date of notice and on the date of the meeting"
	clubRules     = "Rules of clubs: motions 28 days before (Stratford; St Andrews Bradford)"
	agendaItems   = "Ash Co-op: agenda items 7 days before"
	proposal2016  = "LocalGov Digital's proposal of 21 November 2016: each individual who wants to be part is asked for a donation of £1"
	foundersChose = "Chosen for version 1"
)

// FoundingBook is rule book version 1, which the founding act adopts. A resolution may change every value of it.
func FoundingBook(effective time.Time) Book {
	const (
		clearDays = "Clear days of notice: without the day it is sent, the day it is deemed served and the day of the meeting."
		quorum    = "Members who must be present to open the meeting and to put a motion. Part of a member counts as a whole one."
	)
	return Book{Version: 1, Effective: effective, AdoptedBy: FoundingAct, Rules: append([]Rule{
		{keyNoticeAGM, "14", "2.1", modelRules, clearDays},
		{keyNoticeSpecial, "14", "2.1", modelRules, clearDays},
		{keyNoticeRegional, "14", "2.2", modelRules, clearDays},
		{keyDeemed, "1", "2.3", modelRules, "Days after it is sent when a notice by e-mail counts as served."},
		{keyQuorumAGM, "greater of 3 and 10% of members", "3.1", sharesBook, quorum},
		{keyQuorumSpecial, "greater of 3 and 10% of members", "3.1", sharesBook, quorum},
		{keyQuorumRegional, "greater of 3 and 10% of members", "3.2", sharesBook, quorum + " Members are those of the region."},
		{keyOrdinary, moreForThanAgainst, "4.1", modelRules + "; \"51%\" there is read as more than half",
			"An ordinary resolution is carried by more votes for than against. Abstentions do not count. A tie is lost: nobody has a casting vote."},
		{keyExtraordinary, "at least 3/4 of votes for and against", "4.2", modelRules + " and " + modelCompany,
			"An extraordinary resolution (rules, expulsion, winding up) needs three quarters of the votes for and against. Abstentions do not count."},
		{keyDeadlineAGM, "28", "5.1", clubRules, "Days before the day of the meeting; a motion may be moved until the end of that day."},
		{keyDeadlineSpecial, "16", "5.1", foundersChose + ": the last day on which notice of 14 clear days can still carry it",
			"Days before the day of the meeting; a motion may be moved until the end of that day."},
		{keyDeadlineRegional, "7", "5.2", agendaItems, "Days before the day of the meeting; a motion may be moved until the end of that day."},
		{keyWords, "500", "5.3", ownMeeting, "The most words that a motion's text may have."},
		{keyMover, moverInGoodStanding, "5.4", modelRules, "Who may move a motion; for a regional meeting, a member of that region."},
		{keySeconder, secondInGoodStanding, "5.4", ownMeeting, "Who has to second it, by an act of their own; for a regional meeting, a member of that region."},
		{keyRoll, rollNoticeAndVote, "6.1", coopGroup, "When a person must be a member in good standing to vote."},
		{keyDonation, donationRequired, "1.2", proposal2016 + "; version 1 requires it before a member votes",
			"Whether the £1 is required for good standing or only asked for."},
	}, laterRules()...)}
}
