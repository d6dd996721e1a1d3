package elect

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// drawn begins what is hashed for a lot, so that the hash of a lot is the hash of nothing else.
const drawn = "folkmoot lot v1\n"

// MaxSeed is the longest seed, in bytes.
const MaxSeed = 200

// CheckSeed refuses a seed that is empty, longer than [MaxSeed] or of more than one line: an Invalid fault SEED_INVALID. A seed is
// fair when nobody who knew the names could choose it: numbers thrown or drawn before the meeting, or published by others
// after the names were fixed. Where it came from is recorded beside it.
func CheckSeed(seed string) error {
	if seed == "" || seed != strings.TrimSpace(seed) || len(seed) > MaxSeed || strings.ContainsAny(seed, "\r\n") {
		return fault.Field("SEED_INVALID", "seed", "Give what was drawn, in one line of at most 200 characters.")
	}
	return nil
}

// Draw puts ids into the order of a lot: by the SHA-256 of "folkmoot lot v1", a line feed, the seed, a line feed and the id, smallest
// first. Whoever has the seed and the ids draws the same, with
//
//	printf 'folkmoot lot v1\n%s\n%s' "$SEED" "$ID" | sha256sum
//
// and no order in which they are given changes it.
func Draw(seed string, ids []string) []string {
	type ticket struct {
		hash [sha256.Size]byte
		id   string
	}
	tickets := make([]ticket, 0, len(ids))
	for _, id := range ids {
		tickets = append(tickets, ticket{sha256.Sum256([]byte(drawn + seed + "\n" + id)), id})
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	order := make([]string, 0, len(ids))
	for _, t := range tickets {
		order = append(order, t.id)
	}
	return order
}
