package ballots

import (
	"crypto/sha256"
	"strconv"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// FingerprintSize is the length of a roll's fingerprint, in bytes.
const FingerprintSize = sha256.Size

// Elector is an entry of a frozen roll.
type Elector struct {
	// Number is 1 to the roll's count, in an order that tells nothing.
	Number int64
	// Member is the member's id.
	Member string
	// Region is the id of the member's region when the roll was frozen, or empty.
	Region string
}

// Fingerprint is SHA-256 over the entries in order of number, each as: the number in decimal, 0x1f, the member's id,
// 0x1f, the region's id, 0x0a. The membership room computes the same when it freezes the roll.
func Fingerprint(roll []Elector) []byte {
	h := sha256.New()
	var line []byte
	for _, e := range roll {
		line = strconv.AppendInt(line[:0], e.Number, 10)
		line = append(line, 0x1f)
		line = append(line, e.Member...)
		line = append(line, 0x1f)
		line = append(line, e.Region...)
		line = append(line, 0x0a)
		h.Write(line)
	}
	return h.Sum(nil)
}

// CheckRoll returns nil if the roll that was pulled is the one the ballot is to be opened with: as many entries,
// numbered 1 to n without a gap, no member twice, the same fingerprint. Otherwise it returns a Conflict fault.
func (o Opening) CheckRoll(roll []Elector) error {
	if int64(len(roll)) != o.Electors {
		return differs("it has " + strconv.Itoa(len(roll)) + " entries and not " + strconv.FormatInt(o.Electors, 10))
	}
	seen := make(map[string]bool, len(roll))
	for i, e := range roll {
		switch {
		case e.Number != int64(i)+1:
			return differs("its numbers do not run from 1 without a gap")
		case e.Member == "":
			return differs("an entry names nobody")
		case seen[e.Member]:
			return differs("a member stands on it twice")
		}
		seen[e.Member] = true
	}
	if string(Fingerprint(roll)) != string(o.Fingerprint) {
		return differs("its fingerprint is another")
	}
	return nil
}

func differs(why string) error {
	return fault.New(fault.Conflict, "ROLL_DIFFERS", "The roll that the membership room holds is not the one this ballot was to open with: "+why+".")
}
