package motions

import (
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// The rules that amendments follow.
const (
	keyAmendAGM      = "amendment.agm.until"
	keyAmendSpecial  = "amendment.special.until"
	keyAmendRegional = "amendment.regional.until"
	keyAmendWords    = "amendment.text.words"
	keyAmendLevels   = "amendment.levels"
	keyAmendFriendly = "amendment.friendly"
	keyAmendOrder    = "amendment.order"

	untilPut        = "the motion is put"
	notAllowed      = "not allowed"
	daysBefore      = " days before the meeting"
	oneLevel        = "amendments to amendments, one level deep"
	noLevels        = "no amendments to amendments"
	friendlyByBoth  = "with the consent of the motion's mover and seconder"
	orderAsTextRuns = "as the text runs, then as moved"
)

// Amending are the terms for amendments.
type Amending struct {
	// Words is the most words that the changes of one amendment may bring in.
	Words int
	// ToAmendments is true if an amendment may be amended.
	ToAmendments bool
	// Friendly is true if mover and seconder of a motion may take an amendment in without a vote.
	Friendly bool

	until map[MeetingKind]amendUntil
}

// amendUntil is how long amendments may be moved: never, until a day before the meeting, or until the motion is put.
type amendUntil struct {
	never, put bool
	days       int
}

var amendmentKeys = []string{keyAmendAGM, keyAmendSpecial, keyAmendRegional, keyAmendWords, keyAmendLevels, keyAmendFriendly, keyAmendOrder}

var amendmentReaders = map[string]func(*Terms, string) error{
	keyAmendAGM:      func(t *Terms, v string) error { return readUntil(t, AGM, v) },
	keyAmendSpecial:  func(t *Terms, v string) error { return readUntil(t, Special, v) },
	keyAmendRegional: func(t *Terms, v string) error { return readUntil(t, Regional, v) },
	keyAmendWords: func(t *Terms, v string) error {
		n, err := parseWhole(v)
		if err != nil || n < 1 || n > maxWords {
			return fmt.Errorf("%q is not a number of words from 1 to %d", v, maxWords)
		}
		t.Amending.Words = int(n)
		return nil
	},
	keyAmendLevels: func(t *Terms, v string) error {
		t.Amending.ToAmendments = v == oneLevel
		return oneOf(v, oneLevel, noLevels)
	},
	keyAmendFriendly: func(t *Terms, v string) error {
		t.Amending.Friendly = v == friendlyByBoth
		return oneOf(v, friendlyByBoth, notAllowed)
	},
	keyAmendOrder: func(_ *Terms, v string) error { return oneOf(v, orderAsTextRuns) },
}

func init() {
	keys = append(keys, amendmentKeys...)
	for _, key := range amendmentKeys {
		readers[key], introduced[key] = amendmentReaders[key], true
	}
}

func readUntil(t *Terms, kind MeetingKind, v string) error {
	if t.Amending.until == nil {
		t.Amending.until = map[MeetingKind]amendUntil{}
	}
	days, counted := strings.CutSuffix(v, daysBefore)
	switch {
	case v == untilPut:
		t.Amending.until[kind] = amendUntil{put: true}
	case v == notAllowed:
		t.Amending.until[kind] = amendUntil{never: true}
	case counted:
		return readDays(days, 0, func(n int) { t.Amending.until[kind] = amendUntil{days: n} })
	default:
		return fmt.Errorf("%q is not one of: a number of days and %q; %q; %q", v, strings.TrimSpace(daysBefore), untilPut, notAllowed)
	}
	return nil
}

// AmendmentDeadline returns the last moment to move an amendment for a meeting: the zero time where the rules set none,
// because they may be moved until the motion is put. allowed is false where the rules allow none.
func (t Terms) AmendmentDeadline(m Meeting, zone *time.Location) (last time.Time, allowed bool) {
	u := t.Amending.until[m.Kind]
	if u.never || u.put {
		return time.Time{}, u.put
	}
	return Deadline(m.Starts, u.days, zone), true
}

// mayBeAmended refuses amendments after their deadline, and where the rules allow none.
func (t Terms) mayBeAmended(m Meeting, now time.Time, zone *time.Location) error {
	key := map[MeetingKind]string{AGM: keyAmendAGM, Special: keyAmendSpecial, Regional: keyAmendRegional}[m.Kind]
	last, allowed := t.AmendmentDeadline(m, zone)
	switch {
	case !allowed:
		return fault.New(fault.Conflict, "AMENDMENTS_NOT_ALLOWED", "The rules allow no amendments at this kind of meeting (rule "+t.clause[key]+").")
	case !last.IsZero() && now.After(last):
		return fault.New(fault.Conflict, "AMENDMENT_TOO_LATE", "Amendments for this meeting could be moved until "+
			last.In(zone).Format("2 January 2006, 15:04")+" (rule "+t.clause[key]+").").With("deadline", last.UTC().Format(time.RFC3339))
	}
	return nil
}

// laterRules are those of the founding book that came after version 1 of some society's book could have been adopted.
func laterRules() []Rule { return append(societyRules(), amendmentRules()...) }

// amendmentRules are those of the founding book that amendments follow.
func amendmentRules() []Rule {
	const (
		allotments = "National Allotment Society: no amendments at an extraordinary general meeting"
		until      = "Until when an amendment may be moved: a number of days before the meeting, until the motion is put, or not at all."
	)
	return []Rule{
		{keyAmendAGM, "7" + daysBefore, "5.5", agendaItems, until},
		{keyAmendSpecial, notAllowed, "5.5", allotments, until},
		{keyAmendRegional, untilPut, "5.5", foundersChose + ": a local meeting works on its text in the room", until},
		{keyAmendWords, "500", "5.6", ownMeeting + ": as for a motion", "The most words that an amendment may bring in."},
		{keyAmendLevels, oneLevel, "5.7", foundersChose + "; the custom of British meetings", "Whether an amendment may itself be amended."},
		{keyAmendFriendly, friendlyByBoth, "5.8", foundersChose, "Whether mover and seconder of a motion may take an amendment into its text without a vote."},
		{keyAmendOrder, orderAsTextRuns, "5.9", foundersChose + "; the custom of British meetings, no model rule read names one",
			"In which order amendments are voted on: as the text runs, at the same place as moved; one to an amendment before that amendment; all before the motion."},
	}
}
