package membership

import (
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// A member without e-mail is signed in at a desk: one officer asks for a card and says why, another has seen the person and makes it, and
// whoever holds the card signs in with it once. Each of the three acts is an event of the member's entry, and so a leaf of the public log.

const (
	// CardWait is how long a card waits for the second officer.
	CardWait = 30 * time.Minute
	// CardLife is how long a card works once it was made.
	CardLife = 15 * time.Minute
	// cardLength is how many characters a card's code has, of an alphabet of 32: 60 bits. No guess is counted against a card, or strangers could
	// use cards up: at ten thousand guesses a second for its quarter of an hour, with a hundred cards about, one in a billion finds any.
	cardLength = 12
	// cardAlphabet leaves out what is misread: I, L, O, U (Crockford's base 32).
	cardAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Card is a one-time card for a member.
type Card struct {
	// ID names it; Member is whose it is.
	ID, Member string
	// AskedBy is the first officer, Reason why, Asked when.
	AskedBy, Reason string
	Asked           time.Time
	// MadeBy is the second officer and Made when; zero while one is waited for.
	MadeBy string
	Made   time.Time
	// Cancelled is when an officer took it back.
	Cancelled time.Time
	// Used is when it signed the member in; Request is the hash of the request that did, and Session what it made.
	Used    time.Time
	Request []byte
	Session string
}

// CardState is how far a card is.
type CardState string

// The states.
const (
	CardAsked     CardState = "asked"
	CardMade      CardState = "made"
	CardUsed      CardState = "used"
	CardCancelled CardState = "cancelled"
	CardExpired   CardState = "expired"
)

// Expires is until when the second officer may make it or, once it was made, the member use it.
func (c Card) Expires() time.Time {
	if c.Made.IsZero() {
		return c.Asked.Add(CardWait)
	}
	return c.Made.Add(CardLife)
}

// On returns how far it is at an instant.
func (c Card) On(now time.Time) CardState {
	switch {
	case !c.Used.IsZero():
		return CardUsed
	case !c.Cancelled.IsZero():
		return CardCancelled
	case !now.Before(c.Expires()):
		return CardExpired
	case !c.Made.IsZero():
		return CardMade
	}
	return CardAsked
}

// mayHaveCard refuses a card for who is no member, and for who can sign in by e-mail: officers do not stand in for a mailbox.
func mayHaveCard(by, member, email string, s State) error {
	switch {
	case by == member:
		return fault.New(fault.Denied, "OWN_CARD", "Nobody makes a card for themselves: two other officers do.")
	case !s.Member():
		return fault.New(fault.Conflict, "CARD_NOT_A_MEMBER", "This person is not a member, so there is nothing to sign in to.")
	case Reachable(email) != "":
		return fault.New(fault.Conflict, "CARD_HAS_EMAIL", "This member has an e-mail address and signs in with it. A card is for members without one.")
	}
	return nil
}

// AskForCard decides that a first officer asks for a card. email is the member's address, or what stands for none.
func (d Decision) AskForCard(s State, email string) (Event, error) {
	if err := mayHaveCard(d.By, d.Member, email, s); err != nil {
		return Event{}, err
	}
	d, err := d.reasoned("CARD_INVALID")
	if err != nil {
		return Event{}, err
	}
	return d.event(AskedForCard), nil
}

// Make decides that a second officer makes the card, having seen the person.
func (c Card) Make(by string, seen bool, s State, email string, now time.Time) (Event, error) {
	if err := mayHaveCard(by, c.Member, email, s); err != nil {
		return Event{}, err
	}
	switch c.On(now) {
	case CardAsked:
	case CardExpired:
		return Event{}, fault.New(fault.Conflict, "CARD_EXPIRED", "This card waited too long for a second officer. Ask for it again.")
	case CardMade, CardUsed, CardCancelled:
		return Event{}, fault.New(fault.Conflict, "CARD_DONE", "This card was made or taken back already.")
	}
	switch {
	case c.AskedBy == by:
		return Event{}, fault.New(fault.Denied, "SECOND_OFFICER_NEEDED", "Another officer than the one who asked has to see the person and make the card.")
	case !seen:
		return Event{}, fault.Field("CARD_UNSEEN", "seen", "Confirm that you have seen the person and know that this is the member.")
	}
	return Event{Kind: MadeCard, At: now, By: by, Reason: c.Reason}, nil
}

// Cancel decides that an officer takes the card back.
func (c Card) Cancel(by string, now time.Time) (Event, error) {
	switch c.On(now) {
	case CardAsked, CardMade, CardExpired:
		return Event{Kind: CancelledCard, At: now, By: by, Reason: c.Reason}, nil
	case CardUsed, CardCancelled:
	}
	return Event{}, fault.New(fault.Conflict, "CARD_DONE", "This card was used or taken back already.")
}

// Use decides whether a request with the card's code signs in: Proved if it does, Repeated if the same request did before, else a fault. The
// member may have left since, or may have an address now: then the card is worth nothing.
func (c Card) Use(request []byte, s State, email string, now time.Time) (Outcome, error) {
	switch c.On(now) {
	case CardMade:
		if err := mayHaveCard("", c.Member, email, s); err != nil {
			return Refused, err
		}
		return Proved, nil
	case CardUsed:
		if now.Before(c.Expires()) && equal(c.Request, request) {
			return Repeated, nil
		}
		return Refused, fault.New(fault.Conflict, "CARD_USED", "This card was used already: it works once. Ask at the desk for another.")
	case CardExpired:
		return Refused, fault.New(fault.Conflict, "CARD_EXPIRED", "This card is too old: it works for 15 minutes. Ask at the desk for another.")
	case CardAsked, CardCancelled:
	}
	return Refused, CardUnknown()
}

// CardUnknown is the refusal of a code that no card has.
func CardUnknown() error {
	return fault.Field("CARD_UNKNOWN", "code", "No card has this code. Check it against the card.")
}

// NewCardCode writes a card's code from at least 8 random bytes.
func NewCardCode(random []byte) string {
	var bits uint64
	for _, b := range random[:8] {
		bits = bits<<8 | uint64(b)
	}
	var b strings.Builder
	for i := range cardLength {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(cardAlphabet[bits&31])
		bits >>= 5
	}
	return b.String()
}

// CardCode returns the code that a person typed as cards print it, or a CARD_FORMAT fault. What is misread is read as what it is taken for:
// O as 0, I and L as 1.
func CardCode(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		return r
	}, s)
	s = strings.ToUpper(s)
	if len(s) != cardLength || strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(cardAlphabet, r) }) {
		return "", fault.Field("CARD_FORMAT", "code", "Enter the twelve characters on the card.")
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:], nil
}

// OnPaper checks the application of a person without e-mail, as [NewPerson] does for others.
func OnPaper(name, region, language string, soleMembership bool, reason string) (Person, string, error) {
	p, err := NewPerson(name, "paper@example.org", region, language, soleMembership)
	if err != nil {
		return p, "", err
	}
	p.Email = ""
	reason = oneLine(reason)
	if bad := checkText(nil, "reason", "how you know of the application", reason, MaxReason); len(bad) > 0 {
		return p, "", fault.New(fault.Invalid, "JOIN_INVALID", bad[0].Message, bad...)
	}
	return p, reason, nil
}
