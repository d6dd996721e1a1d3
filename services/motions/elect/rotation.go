package elect

import (
	"cmp"
	"slices"
)

// Holder is a person who holds a seat.
type Holder struct {
	Member string
	// Since is the day on which they were last elected or appointed, as 2026-11-24.
	Since string
	// Appointed by the board since the last annual general meeting: such a person's seat is up at the next one,
	// beside those that rotate.
	Appointed bool
}

// Rotation is a rule about who retires at an annual general meeting.
type Rotation string

// The rotations.
const (
	// Third: all at the first meeting, then the number nearest to one third of those not appointed since the last.
	Third Rotation = "third"
	// All retire at every annual general meeting.
	All Rotation = "all"
	// None retires by rotation; only those appointed since the last meeting.
	None Rotation = "none"
)

// Reason is why a person retires.
type Reason string

// The reasons.
const (
	FirstMeeting Reason = "first_meeting"
	ByAppointed  Reason = "appointed"
	Everybody    Reason = "all"
	Longest      Reason = "longest"
	ByLot        Reason = "lot"
)

// Retirement is a person whose seat is up, and why.
type Retirement struct {
	Member string
	Reason Reason
}

// Retiring says whose seats are up at an annual general meeting; first tells that it is the society's first. drawn is true where people
// of equal standing must be told apart by lot: then, while there is no seed, only those are returned about whom there is no
// doubt. The result does not depend on the order of the holders.
func Retiring(rule Rotation, holders []Holder, first bool, seed string) (up []Retirement, drawn bool) {
	holders = slices.Clone(holders)
	slices.SortFunc(holders, func(a, b Holder) int { return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Member, b.Member)) })
	var rotate []Holder
	for _, h := range holders {
		switch {
		case first && rule != None:
			up = append(up, Retirement{h.Member, FirstMeeting})
		case rule == All:
			up = append(up, Retirement{h.Member, Everybody})
		case h.Appointed:
			up = append(up, Retirement{h.Member, ByAppointed})
		case rule == Third:
			rotate = append(rotate, h)
		}
	}
	// The number nearest to a third: a third is never half-way between two numbers.
	number := (len(rotate) + 1) / 3
	for number > 0 {
		same := 1
		for same < len(rotate) && rotate[same].Since == rotate[0].Since {
			same++
		}
		if same <= number {
			for _, h := range rotate[:same] {
				up = append(up, Retirement{h.Member, Longest})
			}
			rotate, number = rotate[same:], number-same
			continue
		}
		if seed == "" {
			return up, true
		}
		ids := make([]string, 0, same)
		for _, h := range rotate[:same] {
			ids = append(ids, h.Member)
		}
		for _, id := range Draw(seed, ids)[:number] {
			up = append(up, Retirement{id, ByLot})
		}
		return up, true
	}
	return up, false
}
