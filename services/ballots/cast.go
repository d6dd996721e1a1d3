package ballots

import (
	"crypto/sha256"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// RequestKey is what makes a repeated request the same one: the first half of SHA-256 over who casts and their request
// id. It stands in the vote's own row, so that another caller's id is never found and no other table is written.
type RequestKey [16]byte

// NewRequestKey returns the key of a caller's request.
func NewRequestKey(principal, requestID string) RequestKey {
	sum := sha256.Sum256([]byte(principal + "\x00" + requestID))
	return RequestKey(sum[:16])
}

// Vote is a vote as the writer holds it. The zero value is no vote.
type Vote struct {
	// Receipt is its code.
	Receipt Code
	// Request is the key of the request that cast it.
	Request RequestKey
	// Choice is what was chosen.
	Choice Choice
	// Cast is when it was stored, in microseconds since 1970.
	Cast int64
}

// IsZero reports whether there is no vote.
func (v Vote) IsZero() bool { return v.Choice == "" }

// Time is when it was stored.
func (v Vote) Time() time.Time { return time.UnixMicro(v.Cast) }

// DecideCast says what comes of a cast by an elector who has earlier already stored (the zero value for nothing).
// It returns store true if a vote is to be stored, or false and no fault if this request has stored it before: then
// earlier's receipt is the answer, be the ballot closed by now or not.
//
// Its faults: REQUEST_ID_REUSED, BALLOT_CLOSED, ALREADY_VOTED with the first receipt in its details.
func DecideCast(open bool, earlier Vote, request RequestKey, choice Choice) (store bool, err error) {
	voted := !earlier.IsZero()
	switch {
	case voted && earlier.Request == request && earlier.Choice == choice:
		return false, nil
	case voted && earlier.Request == request:
		return false, RequestReused()
	case !open:
		f := fault.New(fault.Conflict, "BALLOT_CLOSED", "Voting has closed. This vote was not stored.")
		if voted {
			f = withReceipt(fault.New(fault.Conflict, "BALLOT_CLOSED",
				"Voting has closed. You had voted before: your first vote counts and this one was not stored."), earlier)
		}
		return false, f
	case voted:
		return false, withReceipt(fault.New(fault.Exists, "ALREADY_VOTED",
			"You have already voted on this: your first vote counts and this one was not stored. Your receipt is "+earlier.Receipt.String()+"."), earlier)
	}
	return true, nil
}

// RequestReused is the fault for a request id that was used for something else.
func RequestReused() error {
	return fault.Field("REQUEST_ID_REUSED", "request_id", "This request id was used for something else. Give a new request an id of its own.")
}

func withReceipt(f *fault.Fault, v Vote) *fault.Fault {
	return f.With("receipt", v.Receipt.String()).With("cast_time", v.Time().UTC().Format(time.RFC3339Nano))
}

// CheckChoice returns an Invalid fault unless the choice is one of the three.
func CheckChoice(c Choice) error {
	if c.Valid() {
		return nil
	}
	return fault.Field("CHOICE_NEEDED", "choice", "Choose for, against or abstain.")
}

// NotOnRoll is the fault for a caller who is not an elector of the ballot. The server adds why.
func NotOnRoll() *fault.Fault {
	return fault.New(fault.Denied, "NOT_ON_ROLL", "You are not on the roll for this vote.")
}
