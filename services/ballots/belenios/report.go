package belenios

import (
	"crypto/sha256"
)

// Report is what a verified archive says. That it is returned without an error means that everything in the archive
// follows from everything else by the rules; it cannot mean that the archive is the one that others see. For that,
// compare heads, or an earlier copy with [Diff].
type Report struct {
	Election *Election
	Trustees *Trustees
	Roll     *Roll
	// Timestamp is when the archive was begun, in seconds since 1970.
	Timestamp int64
	// Stage is the type of the last event.
	Stage EventType
	// Ballots is how many were cast, Voters how many of the roll cast one.
	Ballots, Voters int
	// Tally is nil before the ballots have ended. It is the one that was shuffled, if it was.
	Tally *Tally
	// TallyFingerprint, TrusteesFingerprint and RollFingerprint are for comparing by eye.
	TallyFingerprint, TrusteesFingerprint, RollFingerprint string
	// Shuffles and Decryptions are the numbers of the trustees who gave one, in order.
	Shuffles, Decryptions []int
	// Result is nil before the end.
	Result *Result
	// Prefix is what was verified, for the next time.
	Prefix Prefix

	last  map[int32]span // where each voter's last ballot stands
	given []share
	sum   *Tally // of the ballots, while there is no tally
	cast  map[[32]byte]struct{}
}

// span is where a record's body stands.
type span struct {
	at     int64
	length int32
}

// AcceptBallot verifies a ballot that is to be appended to a verified archive, as an auditor would. Ballots that were
// appended since are not known to it: whoever writes an archive keeps the trackers of all ballots, and refuses one that
// was cast before ([ReasonRepeated]).
func (r *Report) AcceptBallot(raw []byte) error {
	b, err := r.Election.ParseBallot(raw)
	if err != nil {
		return err
	}
	if _, ok := r.Roll.index[b.Credential]; !ok {
		return fail(ReasonUnlisted, ruleVote, "the credential %.64s is not on the roll", b.Credential)
	}
	if r.cast != nil {
		if _, ok := r.cast[sha256.Sum256(raw)]; ok {
			return fail(ReasonRepeated, ruleVote, "the same ballot was cast before")
		}
	}
	return r.Election.Check(b)
}

// ComputeTally returns the encrypted tally of the ballots in an archive that has none yet.
func (r *Report) ComputeTally() (*Tally, error) {
	if r.Tally != nil {
		return nil, fail(ReasonOrder, ruleTally, "there is a tally already")
	}
	return r.sum, nil
}
