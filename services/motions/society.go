package motions

import (
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// The rules that the register and the books follow.
const (
	keyAdmission  = "membership.admission"
	keyRegistered = "society.registered"
	keyPound      = "membership.pound"
	keyRetention  = "register.retention_years"
	keySpending   = "spending.second_officer_above"

	isRegistered, notRegistered = "yes", "no"
	poundGiven, poundShare      = "donation", "share"
)

// Admission is who admits members, in the rule book's words.
type Admission string

// The admissions.
const (
	// AdmitAll: whoever confirms their address is admitted.
	AdmitAll Admission = "automatic"
	// AdmitBySecretary: the secretary decides on each application.
	AdmitBySecretary Admission = "by the secretary"
	// AdmitByBoard: the board decides on each application.
	AdmitByBoard Admission = "by the board"
)

// Society are the terms that the register and the books follow.
type Society struct {
	// Admission is who admits members.
	Admission Admission
	// Registered is true for a society registered under the Co-operative and Community Benefit Societies Act 2014, whose
	// section 30 asks the register for postal addresses.
	Registered bool
	// PoundIsShare is true if the £1 is a share; else it is a donation.
	PoundIsShare bool
	// RetentionYears is how long an entry of the register is kept after the person left.
	RetentionYears int
	// SpendingAlone is the most that one officer may spend without a second, in pence.
	SpendingAlone int64
}

// maxRetention and maxSpending bound what a rule may say: a century, and ten million pounds.
const (
	maxRetention = 100
	maxSpending  = 1_000_000_000
)

func readAdmission(t *Terms, v string) error {
	t.Admission = Admission(v)
	return oneOf(v, string(AdmitAll), string(AdmitBySecretary), string(AdmitByBoard))
}

func readRegistered(t *Terms, v string) error {
	t.Registered = v == isRegistered
	return oneOf(v, isRegistered, notRegistered)
}

func readPound(t *Terms, v string) error {
	t.PoundIsShare = v == poundShare
	return oneOf(v, poundGiven, poundShare)
}

func readRetention(t *Terms, v string) error {
	n, err := parseWhole(v)
	if err != nil || n < 1 || n > maxRetention {
		return fmt.Errorf("%q is not a number of years from 1 to %d", v, maxRetention)
	}
	t.RetentionYears = int(n)
	return nil
}

// readSpending reads an amount: "£100" or "£99.50".
func readSpending(t *Terms, v string) error {
	wrong := fmt.Errorf("%q is not an amount like £100 or £99.50, at most £%d", v, maxSpending/100)
	amount, ok := strings.CutPrefix(v, "£")
	pounds, pence, split := strings.Cut(amount, ".")
	if !split {
		pence = "00"
	}
	if !ok || len(pence) != 2 {
		return wrong
	}
	whole, err := parseWhole(pounds)
	if err != nil || whole > maxSpending/100 {
		return wrong
	}
	for _, d := range pence {
		if d < '0' || d > '9' {
			return wrong
		}
	}
	t.SpendingAlone = whole*100 + int64(pence[0]-'0')*10 + int64(pence[1]-'0')
	if t.SpendingAlone > maxSpending {
		return wrong
	}
	return nil
}

// contradictions are rules that cannot stand beside each other.
func (t Terms) contradictions() []fault.Violation {
	if t.PoundIsShare && !t.Registered {
		return []fault.Violation{{Field: keyPound, Message: "Only a registered society has withdrawable shares (section 24 of the Act)."}}
	}
	return nil
}

// byDefault is the value and clause that the founding book gives a rule.
func byDefault(key string) (value, clause string) {
	for _, r := range laterRules() {
		if r.Key == key {
			return r.Value, r.Clause
		}
	}
	return "", ""
}

// societyRules are those of the founding book that the register and the books follow.
func societyRules() []Rule {
	const act = "Co-operative and Community Benefit Societies Act 2014"
	return []Rule{
		{keyAdmission, string(AdmitAll), "1.3", proposal2016, "Who admits members: automatic, as soon as an address is confirmed; or by the secretary or by the board, who say why not."},
		{keyRegistered, notRegistered, "1.4", act + ", section 30", "Whether the society is registered under the Act. Only then does the register ask for postal addresses."},
		{keyPound, poundGiven, "1.2", proposal2016, "Whether the £1 is a donation or a share. What was given as one is never turned into the other."},
		{keyRetention, "10", "1.5", foundersChose + "; the Act asks for the dates of entering and ceasing and sets no end",
			"Years for which a person's entry in the register is kept after they left. What no law asks for is deleted at once when they ask."},
		{keySpending, "£100", "7.1", foundersChose, "One officer may spend up to this alone; more needs a second officer's approval."},
	}
}
