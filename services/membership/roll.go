package membership

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Terms say who is entitled to stand on a roll.
type Terms struct {
	// Region is the region whose members are meant, or empty for the whole society.
	Region string
	// Notice is when notice was given: a person must have been in good standing then, and at the freeze.
	Notice time.Time
	// Required is whether the pinned rule requires the £1.
	Required bool
	// Book is the pinned rule book's version, for explanations.
	Book int32
}

// The reasons why a person is not on a roll, as the API spells them.
const (
	NotAMember          = "not_a_member"
	OtherRegion         = "other_region"
	AdmittedAfterNotice = "admitted_after_notice"
	NotCurrentAtNotice  = "not_current_at_notice"
	DonationNotSettled  = "donation_not_settled"
	// RuledOut: a challenge of the entry was upheld.
	RuledOut = "ruled_out"
)

// Excluded returns why the person with this history is not entitled at an instant, or an empty string if they are.
// The rule is "member on the notice date and on the meeting date", as the Co-operative Group has it.
func (t Terms) Excluded(h History, at time.Time) string {
	now := h.On(at)
	switch {
	case !now.Member():
		return NotAMember
	case t.Region != "" && now.Region != t.Region:
		return OtherRegion
	case !now.Good(t.Required):
		return DonationNotSettled
	}
	then := h.On(t.Notice)
	switch {
	case then.Good(t.Required):
		return ""
	case then.Admitted.IsZero():
		return AdmittedAfterNotice
	}
	return NotCurrentAtNotice
}

// Verdict is the answer to "why am I (not) on this roll?".
type Verdict struct {
	// Reason is empty for a person who is on it.
	Reason string
	// Words are the rule and the event.
	Words string
	// Date is the day that the rule looks at, YYYY-MM-DD.
	Date string
}

// Explain answers for the person with this history about a roll frozen at an instant. Dates are those of zone.
func (t Terms) Explain(h History, frozen time.Time, zone *time.Location) Verdict {
	v := Verdict{Reason: t.Excluded(h, frozen), Date: Day(t.Notice, zone)}
	now, then := h.On(frozen), h.On(t.Notice)
	rule := fmt.Sprintf("This roll holds those who were in good standing when notice was given, on %s, and when it was frozen, on %s.",
		Date(t.Notice, zone), Date(frozen, zone))
	book := Rule{Book: t.Book, Required: t.Required}
	switch v.Reason {
	case "":
		v.Words = rule + " " + now.Explain(book, zone)
	case NotAMember:
		v.Date = Day(frozen, zone)
		v.Words = rule + " " + now.Explain(book, zone)
	case OtherRegion:
		v.Date = Day(frozen, zone)
		v.Words = "This roll is for the members of one region, and this member belongs to another or to none."
	case DonationNotSettled:
		v.Date = Day(frozen, zone)
		v.Words = rule + " " + now.Explain(book, zone)
	case AdmittedAfterNotice:
		v.Words = rule + fmt.Sprintf(" This member was admitted on %s, after the notice.", Date(now.Admitted, zone))
	case NotCurrentAtNotice:
		v.Words = rule + " When notice was given: " + then.Explain(book, zone)
		if then.Member() && !now.Donated.IsZero() {
			v.Words += fmt.Sprintf(" It settled on %s, after the notice.", Date(now.Donated, zone))
		}
	}
	return v
}

// Elector is a person who is entitled.
type Elector struct {
	// Member is the member's id.
	Member string
	// Region is their region's id when the roll was frozen, or empty.
	Region string
}

// Draw puts the electors into an order that tells nothing, by randomness alone; the first is number 1. It changes
// the slice. It fails if a person stands in it twice or randomness runs out.
func Draw(electors []Elector, random io.Reader) error {
	// Whoever stands twice stands beside themselves: no second copy of a large roll is needed to see it.
	byMember := func(a, b Elector) int { return strings.Compare(a.Member, b.Member) }
	if !slices.IsSortedFunc(electors, byMember) {
		slices.SortFunc(electors, byMember)
	}
	for i := 1; i < len(electors); i++ {
		if electors[i].Member == electors[i-1].Member {
			return fmt.Errorf("membership: a person stands twice on a roll")
		}
	}
	buffered := bufio.NewReaderSize(random, min(8*len(electors)+16, 4096))
	for i := len(electors) - 1; i > 0; i-- {
		j, err := below(buffered, uint64(i)+1)
		if err != nil {
			return err
		}
		electors[i], electors[j] = electors[j], electors[i]
	}
	return nil
}

// below returns a number below n, each equally likely.
func below(random io.Reader, n uint64) (uint64, error) {
	// Values above the last multiple of n would make small numbers likelier.
	most := ^uint64(0) - ^uint64(0)%n
	for {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("membership: randomness: %w", err)
		}
		if v := binary.BigEndian.Uint64(b[:]); v < most {
			return v % n, nil
		}
	}
}

// Fingerprint is SHA-256 over the entries of a roll in order of number, each written as
//
//	decimal number, byte 0x1f, member id, byte 0x1f, region id (may be empty), byte 0x0a
//
// The electors stand in the order of their numbers, beginning with 1.
func Fingerprint(electors []Elector) []byte {
	h := sha256.New()
	var line []byte
	for i, e := range electors {
		line = appendEntry(line[:0], int64(i)+1, e)
		h.Write(line)
	}
	return h.Sum(nil)
}

func appendEntry(line []byte, number int64, e Elector) []byte {
	line = strconv.AppendInt(line, number, 10)
	line = append(line, 0x1f)
	line = append(line, e.Member...)
	line = append(line, 0x1f)
	line = append(line, e.Region...)
	return append(line, '\n')
}
