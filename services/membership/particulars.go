package membership

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Sector is where a member works; empty where they did not say.
type Sector string

// The sectors.
const (
	Council           Sector = "council"
	CentralGovernment Sector = "central_government"
	Private           Sector = "private"
	SelfEmployed      Sector = "self_employed"
	OtherSector       Sector = "other"
)

// Sectors lists them.
var Sectors = []Sector{Council, CentralGovernment, Private, SelfEmployed, OtherSector}

const (
	// FewestShown is the smallest number of members that a published total tells of.
	FewestShown = 10
	// MaxAddress bounds a postal address, in characters.
	MaxAddress = 300
)

// Particulars are what a member may give beside name and e-mail address.
type Particulars struct {
	// Address is the postal address in lines.
	Address string
	// Sector is where they work.
	Sector Sector
}

// NewParticulars checks what a member gave. registered is whether the rule book says that the society is registered: only then does
// section 30 of the Co-operative and Community Benefit Societies Act 2014 want a postal address, and what no law wants is not
// taken.
func NewParticulars(address string, sector Sector, registered bool) (Particulars, error) {
	var lines []string
	for line := range strings.Lines(address) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	p := Particulars{Address: strings.Join(lines, "\n"), Sector: sector}
	switch {
	case p.Address != "" && !registered:
		return Particulars{}, fault.Field("ADDRESS_NOT_ASKED", "postal_address", "No rule asks for a postal address: leave it out.")
	case !utf8.ValidString(address) || utf8.RuneCountInString(p.Address) > MaxAddress ||
		strings.ContainsFunc(p.Address, func(r rune) bool { return r != '\n' && r != ' ' && !unicode.IsPrint(r) }):
		return Particulars{}, fault.Field("PARTICULARS_INVALID", "postal_address", "Use at most 300 ordinary characters for the address.")
	case sector != "" && !slices.Contains(Sectors, sector):
		return Particulars{}, fault.Field("PARTICULARS_INVALID", "sector", "Choose one of the sectors, or none.")
	}
	return p, nil
}

// SectorTotal is how many members work in a sector.
type SectorTotal struct {
	// Sector is empty for those who did not say.
	Sector  Sector
	Members int64
}

// Totals returns what may be published of how many members work where, the largest first. A total below [FewestShown] is left out. Where
// only one is, or all that are together are fewer than that, the next larger one is left out as well: the number of all members is
// public, and the difference would tell.
func Totals(counts map[Sector]int64) []SectorTotal {
	var all []SectorTotal
	for s, n := range counts {
		if n > 0 {
			all = append(all, SectorTotal{s, n})
		}
	}
	slices.SortFunc(all, func(a, b SectorTotal) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Sector, b.Sector))
	})
	left, hidden := 0, int64(0)
	for len(all) > 0 {
		last := all[len(all)-1]
		if last.Members >= FewestShown && (left == 0 || (left > 1 && hidden >= FewestShown)) {
			break
		}
		left, hidden, all = left+1, hidden+last.Members, all[:len(all)-1]
	}
	return all
}
