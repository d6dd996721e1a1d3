package motions

import (
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Rule is a value with its clause in the society's rules and the source it was taken from.
type Rule struct {
	Key, Value, Clause, Source, Meaning string
}

// Book is a version of the rule book.
type Book struct {
	// Version counts from 1.
	Version int
	// Effective is from when it is in force.
	Effective time.Time
	// AdoptedBy is "founding act" or the motion that changed it.
	AdoptedBy string
	// Rules are in the order in which they are shown.
	Rules []Rule
}

// The keys of the rules that are used.
const (
	keyNoticeAGM         = "notice.agm.clear_days"
	keyNoticeSpecial     = "notice.special.clear_days"
	keyNoticeRegional    = "notice.regional.clear_days"
	keyDeemed            = "notice.deemed_service_days"
	keyQuorumAGM         = "quorum.agm"
	keyQuorumSpecial     = "quorum.special"
	keyQuorumRegional    = "quorum.regional"
	keyOrdinary          = "majority.ordinary"
	keyExtraordinary     = "majority.extraordinary"
	keyDeadlineAGM       = "motion.agm.deadline_days"
	keyDeadlineSpecial   = "motion.special.deadline_days"
	keyDeadlineRegional  = "motion.regional.deadline_days"
	keyWords             = "motion.text.words"
	keyMover             = "motion.mover"
	keySeconder          = "motion.seconder"
	keyRoll              = "roll.dates"
	keyDonation          = "membership.donation"
	moverInGoodStanding  = "a member in good standing"
	secondInGoodStanding = "another member in good standing"
	rollNoticeAndVote    = "on the day of notice and when the vote opens"
	donationRequired     = "required"
	donationAsked        = "asked"
)

// introduced are the rules that came after version 1 of some society's book could have been adopted. A book without
// one of them is read as if it said what [FoundingBook] says.
var introduced = map[string]bool{keyAdmission: true, keyRegistered: true, keyPound: true, keyRetention: true, keySpending: true}

// Terms are a rule book's values, read and checked.
type Terms struct {
	// Version is the book's.
	Version int
	// DonationRequired is true where the £1 is required for good standing, false where it is asked for.
	DonationRequired bool
	// Deemed is how many days after it is sent a notice counts as served.
	Deemed int
	// Words is the longest text of a motion, in words.
	Words int
	// Society are those that the register and the books need.
	Society
	// Amending are those that amendments follow.
	Amending Amending

	notice, deadline map[MeetingKind]int
	quorum           map[MeetingKind]Quorum
	majority         map[Majority]MajorityRule
	clause           map[string]string
}

// maxDays bounds numbers of days in rules.
const maxDays = 366

// Terms reads the book and refuses it if a rule is missing, unknown, given twice, or says what cannot be followed:
// an Invalid fault of reason RULE_BOOK_INVALID with a violation for each.
func (b Book) Terms() (Terms, error) {
	t := Terms{Version: b.Version, notice: map[MeetingKind]int{}, deadline: map[MeetingKind]int{},
		quorum: map[MeetingKind]Quorum{}, majority: map[Majority]MajorityRule{}, clause: map[string]string{}}
	var wrong []fault.Violation
	say := func(key, message string) { wrong = append(wrong, fault.Violation{Field: key, Message: message}) }
	value := map[string]string{}
	for _, r := range b.Rules {
		if _, ok := readers[r.Key]; !ok {
			say(r.Key, "There is no rule of this name.")
			continue
		}
		if _, twice := value[r.Key]; twice {
			say(r.Key, "This rule stands twice.")
			continue
		}
		if strings.TrimSpace(r.Clause) == "" || strings.TrimSpace(r.Source) == "" {
			say(r.Key, "A rule needs its clause and its source.")
		}
		value[r.Key], t.clause[r.Key] = r.Value, r.Clause
	}
	for _, key := range keys {
		v, ok := value[key]
		switch {
		case !ok && introduced[key]:
			v, t.clause[key] = byDefault(key)
		case !ok:
			say(key, "This rule is missing.")
			continue
		}
		if err := readers[key](&t, v); err != nil {
			say(key, err.Error()+".")
		}
	}
	for _, v := range t.contradictions() {
		say(v.Field, v.Message)
	}
	if len(wrong) > 0 {
		return Terms{}, fault.New(fault.Invalid, "RULE_BOOK_INVALID", "The rule book cannot be followed: "+wrong[0].Field+": "+wrong[0].Message, wrong...)
	}
	return t, nil
}

// keys lists the rules in the order in which the default book shows them.
var keys = []string{keyNoticeAGM, keyNoticeSpecial, keyNoticeRegional, keyDeemed, keyQuorumAGM, keyQuorumSpecial, keyQuorumRegional,
	keyOrdinary, keyExtraordinary, keyDeadlineAGM, keyDeadlineSpecial, keyDeadlineRegional, keyWords, keyMover, keySeconder, keyRoll, keyDonation,
	keyAdmission, keyRegistered, keyPound, keyRetention, keySpending}

// readers read each rule's value.
var readers = map[string]func(*Terms, string) error{
	keyNoticeAGM:        func(t *Terms, v string) error { return readDays(v, 1, func(n int) { t.notice[AGM] = n }) },
	keyNoticeSpecial:    func(t *Terms, v string) error { return readDays(v, 1, func(n int) { t.notice[Special] = n }) },
	keyNoticeRegional:   func(t *Terms, v string) error { return readDays(v, 1, func(n int) { t.notice[Regional] = n }) },
	keyDeemed:           func(t *Terms, v string) error { return readDays(v, 0, func(n int) { t.Deemed = n }) },
	keyQuorumAGM:        func(t *Terms, v string) error { return readQuorum(t, AGM, v) },
	keyQuorumSpecial:    func(t *Terms, v string) error { return readQuorum(t, Special, v) },
	keyQuorumRegional:   func(t *Terms, v string) error { return readQuorum(t, Regional, v) },
	keyOrdinary:         func(t *Terms, v string) error { return readMajority(t, Ordinary, v) },
	keyExtraordinary:    func(t *Terms, v string) error { return readMajority(t, Extraordinary, v) },
	keyDeadlineAGM:      func(t *Terms, v string) error { return readDays(v, 0, func(n int) { t.deadline[AGM] = n }) },
	keyDeadlineSpecial:  func(t *Terms, v string) error { return readDays(v, 0, func(n int) { t.deadline[Special] = n }) },
	keyDeadlineRegional: func(t *Terms, v string) error { return readDays(v, 0, func(n int) { t.deadline[Regional] = n }) },
	keyWords:            readWords,
	keyMover:            func(_ *Terms, v string) error { return oneOf(v, moverInGoodStanding) },
	keySeconder:         func(_ *Terms, v string) error { return oneOf(v, secondInGoodStanding) },
	keyRoll:             func(_ *Terms, v string) error { return oneOf(v, rollNoticeAndVote) },
	keyDonation: func(t *Terms, v string) error {
		t.DonationRequired = v == donationRequired
		return oneOf(v, donationRequired, donationAsked)
	},
	keyAdmission:  readAdmission,
	keyRegistered: readRegistered,
	keyPound:      readPound,
	keyRetention:  readRetention,
	keySpending:   readSpending,
}

func readDays(v string, least int, set func(int)) error {
	n, err := parseWhole(v)
	if err != nil || n < int64(least) || n > maxDays {
		return fmt.Errorf("%q is not a number of days from %d to %d", v, least, maxDays)
	}
	set(int(n))
	return nil
}

// maxWords bounds what a rule may allow: a motion is stored in at most [maxText] characters.
const maxWords = 5000

func readWords(t *Terms, v string) error {
	n, err := parseWhole(v)
	if err != nil || n < 1 || n > maxWords {
		return fmt.Errorf("%q is not a number of words from 1 to %d", v, maxWords)
	}
	t.Words = int(n)
	return nil
}

func readQuorum(t *Terms, kind MeetingKind, v string) error {
	q, err := ParseQuorum(v)
	t.quorum[kind] = q
	return err
}

func readMajority(t *Terms, which Majority, v string) error {
	m, err := ParseMajority(v)
	t.majority[which] = m
	return err
}

func oneOf(v string, choices ...string) error {
	for _, c := range choices {
		if v == c {
			return nil
		}
	}
	return fmt.Errorf("%q is not one of: %s", v, strings.Join(choices, "; "))
}

// NoticeDays returns how many clear days' notice a meeting needs.
func (t Terms) NoticeDays(kind MeetingKind) int { return t.notice[kind] }

// Quorum returns a kind of meeting's quorum rule.
func (t Terms) Quorum(kind MeetingKind) Quorum { return t.quorum[kind] }

// MotionDeadline returns the last moment to move a motion for a meeting.
func (t Terms) MotionDeadline(m Meeting, zone *time.Location) time.Time {
	return Deadline(m.Starts, t.deadline[m.Kind], zone)
}

// Majority returns the rule of a majority.
func (t Terms) Majority(which Majority) MajorityRule { return t.majority[which] }

// QuorumWords is the quorum rule in words, with its clause.
func (t Terms) QuorumWords(kind MeetingKind) string {
	key := map[MeetingKind]string{AGM: keyQuorumAGM, Special: keyQuorumSpecial, Regional: keyQuorumRegional}[kind]
	return t.inWords("", t.quorum[kind].String(), key)
}

// MajorityWords is a majority in words, with its clause and the rule book's version.
func (t Terms) MajorityWords(which Majority) string {
	if which == Extraordinary {
		return t.inWords("Extraordinary resolution: ", t.majority[which].String(), keyExtraordinary)
	}
	return t.inWords("Ordinary resolution: ", t.majority[which].String(), keyOrdinary)
}

func (t Terms) inWords(before, value, key string) string {
	return fmt.Sprintf("%s%s (rule %s, rule book version %d)", before, value, t.clause[key], t.Version)
}
