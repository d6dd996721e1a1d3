package belenios

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
)

// Version is the version of the protocol.
const Version = 1

// Fingerprint is the compact Base64 of SHA-256 without padding: the form in which the specification names an
// election (phi) and a ballot (the smart ballot tracker).
func Fingerprint(raw []byte) string {
	d := sha256.Sum256(raw)
	return compact(d[:])
}

func compact(d []byte) string { return base64.RawStdEncoding.EncodeToString(d) }

// Question is a question of an election (specification, Questions).
type Question struct {
	// Text is what is asked.
	Text string
	// Answers are what may be chosen or ranked.
	Answers []string
	// Ranked is true for a non-homomorphic question: each answer is given a number from 0 to 255, and every
	// ballot comes out of the mixnet as it was given. Otherwise each answer is chosen or not, and only the
	// sums come out.
	Ranked bool
	// Blank allows a blank vote, which chooses nothing whatever Min says. Not for a ranked question.
	Blank bool
	// Min and Max bound how many answers are chosen. Not for a ranked question.
	Min, Max int
	// Extra is a hint on counting a ranked question, compact JSON, or empty.
	Extra string

	// blankSaid is true where the text has the field though it is false.
	blankSaid bool
}

// choices is the number of ciphertexts of an answer.
func (q *Question) choices() int {
	switch {
	case q.Ranked:
		return 1
	case q.Blank:
		return len(q.Answers) + 1
	}
	return len(q.Answers)
}

// Parameters are what an election says (specification, Elections).
type Parameters struct {
	// UUID is 14 or more Base58 characters.
	UUID string
	// Name and Description are for people.
	Name, Description string
	// Group is where everything is computed.
	Group Group
	// PublicKey is y, under which ballots are encrypted.
	PublicKey Element
	// Questions are answered in this order.
	Questions []Question
	// Administrator and CredentialAuthority are names; nil if not said.
	Administrator, CredentialAuthority *string

	language string
}

// Election is what a voter needs to know: parameters with their exact bytes and their fingerprint. It is read by
// [ParseElection] or made by [NewElection], and not to be changed. It is safe for concurrent use.
type Election struct {
	Parameters

	raw string
	phi string

	once     sync.Once
	gTable   powers
	yTable   powers
	ballotAt string // what every ballot of the election begins with
}

// maxQuestions, maxAnswers bound what one election may ask, so that a hostile file cannot ask for a year's work.
const (
	maxQuestions = 1000
	maxAnswers   = 10000
	maxPerBallot = 1000
)

// ParseElection reads an election: its exact bytes are what the fingerprint is over.
func ParseElection(raw []byte) (*Election, error) {
	e := &Election{raw: string(raw), phi: Fingerprint(raw)}
	c := &cursor{s: e.raw}
	c.lit(`{"version":`)
	if v := c.number(1 << 30); c.err == nil && v != Version {
		return nil, at(fail(ReasonUnsupported, ruleElections, "version %d of the protocol is not known, only 1", v), "election")
	}
	c.lit(`,"description":`)
	e.Description = c.text()
	c.lit(`,"name":`)
	e.Name = c.text()
	c.lit(`,"group":`)
	name := c.text()
	if c.err != nil {
		return nil, at(c.err, "election")
	}
	var err error
	if e.Group, err = GroupByName(name); err != nil {
		return nil, at(err, "election")
	}
	c.lit(`,"public_key":`)
	e.PublicKey = c.checked(e.Group)
	c.lit(`,"questions":`)
	c.list(func(int) { e.Questions = append(e.Questions, c.question()) })
	c.lit(`,"uuid":`)
	e.UUID = c.token()
	if c.maybe(`,"administrator":`) {
		s := c.text()
		e.Administrator = &s
	}
	if c.maybe(`,"credential_authority":`) {
		s := c.text()
		e.CredentialAuthority = &s
	}
	if c.maybe(`,"language":`) {
		// Version 3.3 of the tool says how the texts are written: ["en","ltr"].
		start := c.i
		c.lit("[")
		c.text()
		c.lit(",")
		if !c.maybe(`"ltr"`) {
			c.lit(`"rtl"`)
		}
		c.lit("]")
		if c.err == nil {
			e.language = c.s[start:c.i]
		}
	}
	c.lit("}")
	if err := c.end(); err != nil {
		return nil, at(err, "election")
	}
	if err := e.check(); err != nil {
		return nil, at(err, "election")
	}
	return e, nil
}

func (c *cursor) question() Question {
	var q Question
	texts := func(to *[]string) { c.list(func(int) { *to = append(*to, c.text()) }) }
	if c.maybe(`{"type":"Lists"`) {
		c.set(fail(ReasonUnsupported, ruleQuestions, "questions of type Lists are not known"))
		return q
	}
	if c.maybe(`{"type":"NonHomomorphic","value":`) {
		q.Ranked = true
		c.lit(`{"answers":`)
		texts(&q.Answers)
		c.lit(`,"question":`)
		q.Text = c.text()
		c.lit(`}`)
		if c.maybe(`,"extra":`) {
			q.Extra = c.value()
		}
		c.lit(`}`)
		return q
	}
	c.lit(`{"answers":`)
	texts(&q.Answers)
	if c.maybe(`,"blank":true`) {
		q.Blank = true
	} else if c.maybe(`,"blank":false`) {
		q.blankSaid = true
	}
	c.lit(`,"min":`)
	q.Min = int(c.number(maxAnswers))
	c.lit(`,"max":`)
	q.Max = int(c.number(maxAnswers))
	c.lit(`,"question":`)
	q.Text = c.text()
	c.lit(`}`)
	return q
}

// NewElection makes an election from its parts. It returns [ReasonElection] if the parts contradict each other.
func NewElection(p Parameters) (*Election, error) {
	return ParseElection(p.text())
}

func (e *Parameters) text() []byte {
	b := append([]byte(`{"version":1,"description":`), appendText(nil, e.Description)...)
	b = appendText(append(b, `,"name":`...), e.Name)
	b = appendText(append(b, `,"group":`...), e.Group.Name())
	b = appendQuoted(append(b, `,"public_key":`...), e.PublicKey.String())
	b = append(b, `,"questions":`...)
	b = appendList(b, len(e.Questions), func(b []byte, i int) []byte { return e.Questions[i].append(b) })
	b = appendQuoted(append(b, `,"uuid":`...), e.UUID)
	if e.Administrator != nil {
		b = appendText(append(b, `,"administrator":`...), *e.Administrator)
	}
	if e.CredentialAuthority != nil {
		b = appendText(append(b, `,"credential_authority":`...), *e.CredentialAuthority)
	}
	if e.language != "" {
		b = append(append(b, `,"language":`...), e.language...)
	}
	return append(b, '}')
}

func (q *Question) append(b []byte) []byte {
	texts := func(b []byte) []byte {
		return appendList(b, len(q.Answers), func(b []byte, i int) []byte { return appendText(b, q.Answers[i]) })
	}
	if q.Ranked {
		b = texts(append(b, `{"type":"NonHomomorphic","value":{"answers":`...))
		b = append(appendText(append(b, `,"question":`...), q.Text), '}')
		if q.Extra != "" {
			b = append(append(b, `,"extra":`...), q.Extra...)
		}
		return append(b, '}')
	}
	b = texts(append(b, `{"answers":`...))
	if q.Blank {
		b = append(b, `,"blank":true`...)
	} else if q.blankSaid {
		b = append(b, `,"blank":false`...)
	}
	b = strconv.AppendInt(append(b, `,"min":`...), int64(q.Min), 10)
	b = strconv.AppendInt(append(b, `,"max":`...), int64(q.Max), 10)
	return append(appendText(append(b, `,"question":`...), q.Text), '}')
}

// check refuses an election that nobody could vote in or that its group cannot carry.
func (e *Election) check() error {
	if err := CheckUUID(e.UUID); err != nil {
		return err
	}
	if len(e.Questions) == 0 || len(e.Questions) > maxQuestions {
		return fail(ReasonElection, ruleElections, "an election has from 1 to %d questions, not %d", maxQuestions, len(e.Questions))
	}
	for i := range e.Questions {
		q := &e.Questions[i]
		switch {
		case len(q.Answers) == 0 || len(q.Answers) > maxPerBallot:
			return fail(ReasonElection, ruleQuestions, "question %d: from 1 to %d answers, not %d", i+1, maxPerBallot, len(q.Answers))
		case q.Ranked && e.Group.Ranks() == 0:
			return fail(ReasonElection, ruleQuestions, "question %d: the group %s carries no ranked answers", i+1, e.Group.Name())
		case q.Ranked && len(q.Answers) > e.Group.Ranks():
			return fail(ReasonElection, ruleQuestions, "question %d: the group carries at most %d ranked answers, not %d", i+1, e.Group.Ranks(), len(q.Answers))
		case !q.Ranked && q.Min > q.Max:
			return fail(ReasonElection, ruleQuestions, "question %d: at least %d and at most %d", i+1, q.Min, q.Max)
		}
	}
	if e.Group.equal(e.PublicKey, e.Group.identity()) {
		return fail(ReasonElection, ruleElections, "the public key is the neutral element: nothing would be secret")
	}
	return nil
}

// base58 is the alphabet of tokens: no 0, O, I or l.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// CheckUUID refuses an identifier that is not of 14 or more Base58 characters (specification, Basic types).
func CheckUUID(s string) error {
	if len(s) < 14 || len(s) > 128 || strings.Trim(s, base58) != "" {
		return fail(ReasonElection, ruleBasic, "%.40q is not an election's identifier: 14 or more characters of Base58", s)
	}
	return nil
}

// Raw returns the exact bytes.
func (e *Election) Raw() []byte { return []byte(e.raw) }

// Fingerprint returns phi, which every ballot and every proof names.
func (e *Election) Fingerprint() string { return e.phi }

// Ranked says whether a question is ranked, so that the ballots must be shuffled.
func (e *Election) Ranked() bool {
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			return true
		}
	}
	return false
}

// prepare makes the tables of the two bases that every proof uses.
func (e *Election) prepare() {
	e.once.Do(func() {
		e.gTable = e.Group.table(e.Group.generator())
		e.yTable = e.Group.table(e.PublicKey)
		e.ballotAt = `{"election_uuid":"` + e.UUID + `","election_hash":"` + e.phi + `","credential":`
	})
}
