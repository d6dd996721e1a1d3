package ballots

import (
	"bytes"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Check refuses an opening that no roll could mend. It returns an Invalid fault.
func (o Opening) Check() error {
	for _, f := range []struct {
		field, value string
		most         int
		needed       bool
	}{
		{"ballot", o.ID, 64, true},
		{"motion", o.Motion, 64, true},
		{"meeting", o.Meeting, 64, true},
		{"region", o.Region, 64, false},
		{"question", o.Question, 500, true},
		{"rule", o.Rule, 1000, true},
		{"roll", o.Roll, 64, true},
	} {
		if f.needed && f.value == "" {
			return fault.Field("FIELD_NEEDED", f.field, "A ballot cannot open without its "+f.field+".")
		}
		if utf8.RuneCountInString(f.value) > f.most {
			return fault.Field("FIELD_TOO_LONG", f.field, "The "+f.field+" is too long.")
		}
	}
	if o.Electors < 0 {
		return fault.Field("ROLL_COUNT", "roll_count", "A roll has no fewer than 0 electors.")
	}
	if len(o.Fingerprint) != FingerprintSize {
		return fault.Field("ROLL_FINGERPRINT", "roll_fingerprint", "A roll's fingerprint has 32 bytes.")
	}
	return nil
}

// SameAs reports a Conflict fault if the ballot was opened with anything else than o: opening again
// what is open changes nothing.
func (o Opening) SameAs(other Opening) error {
	same := o.ID == other.ID && o.Motion == other.Motion && o.Meeting == other.Meeting && o.Region == other.Region &&
		o.Question == other.Question && o.Rule == other.Rule && o.Roll == other.Roll && o.Electors == other.Electors &&
		bytes.Equal(o.Fingerprint, other.Fingerprint)
	if same {
		return nil
	}
	return fault.New(fault.Conflict, "BALLOT_DIFFERS", "This ballot is open already, with another question, rule or roll.")
}

// NotFound is the fault for a ballot that is not there.
func NotFound() error {
	return fault.New(fault.NotFound, "BALLOT_NOT_FOUND", "There is no such ballot.")
}

// MayPublish returns nil if the ballot's figures may be made public, else a Conflict fault.
func (b Ballot) MayPublish() error {
	if b.Closing == nil {
		return fault.New(fault.Conflict, "BALLOT_OPEN", "This ballot is still open: close it first.")
	}
	return nil
}

// MayOpen returns nil if the votes may be opened, which is from publication; else a Conflict fault.
func (b Ballot) MayOpen() error {
	if b.State() != Published {
		return fault.New(fault.Conflict, "BALLOT_NOT_PUBLISHED", "The votes of this ballot are opened when its result is published.")
	}
	return nil
}
