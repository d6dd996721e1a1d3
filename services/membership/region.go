package membership

import (
	"regexp"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// RegionState is whether a regional group already meets.
type RegionState string

// The states.
const (
	// Forming: people may join it; it holds no meeting yet.
	Forming RegionState = "forming"
	// Meeting: it holds local membership meetings.
	Meeting RegionState = "meeting"
)

// MaxRegionName is in characters.
const MaxRegionName = 80

var regionID = regexp.MustCompile(`^[a-z0-9-]{2,40}$`)

// Region is a regional group.
type Region struct {
	// ID is 2 to 40 of a-z, 0-9 and hyphen.
	ID string
	// Name is its name.
	Name string
	// State is whether it meets.
	State RegionState
}

// NewRegion checks a new group; an empty state means forming. It returns an Invalid fault that names each wrong field.
func NewRegion(id, name string, state RegionState) (Region, error) {
	r := Region{ID: id, Name: strings.Join(strings.Fields(name), " "), State: state}
	var bad []fault.Violation
	if !regionID.MatchString(id) || strings.Trim(id, "-") != id {
		bad = append(bad, fault.Violation{Field: "region", Message: "Use 2 to 40 of a-z, 0-9 and hyphens, like south-west."})
	}
	bad = checkText(bad, "name", "the name of the region", r.Name, MaxRegionName)
	if r.State == "" {
		r.State = Forming
	}
	if r.State != Forming && r.State != Meeting {
		bad = append(bad, fault.Violation{Field: "state", Message: "Choose forming or meeting."})
	}
	if len(bad) > 0 {
		return Region{}, fault.New(fault.Invalid, "REGION_INVALID", bad[0].Message, bad...)
	}
	return r, nil
}

// Become returns the region in another state: a group that is being founded begins to meet. One that meets does not
// go back, since it has held meetings.
func (r Region) Become(state RegionState) (Region, error) {
	switch {
	case state != Forming && state != Meeting:
		return Region{}, fault.Field("REGION_INVALID", "state", "Choose forming or meeting.")
	case r.State == Meeting && state == Forming:
		return Region{}, fault.New(fault.Conflict, "REGION_MEETS", "This region already meets, and does not become one that is being founded again.")
	}
	r.State = state
	return r, nil
}
