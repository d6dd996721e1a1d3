package sample

import (
	"fmt"
	"strings"
	"time"
)

// person is a fictional member.
type person struct {
	name, email, region string
	// joins is the day, counted from the beginning, on which they join; pays is the day on which the treasurer
	// books their £1, or -1 for never.
	joins, pays int

	id, session, token string
	expires            time.Time
}

// The first names and surnames of the fictional members; every pair is used at most once. The people
// do not exist and the addresses end in example.org, which no mail reaches.
var (
	firstNames = strings.Fields(`Asha Ben Carys Dev Elin Farid Grace Hana Idris Jo Kofi Lowri Maya Nia Owen Priya Quinn
		Rhys Sana Tom Uma Vic Wren Yusuf Zoe`)
	surnames = strings.Fields(`Adeyemi Baker Chen Davies Evans Farouk Green Hughes Iqbal Jones Khan Lewis Morgan Nowak
		Okafor Patel Reid Singh Thomas Walker`)
)

// region ids as the secretary founds them.
const (
	london      = "london"
	midlands    = "midlands"
	southWest   = "south-west"
	southEng    = "south-of-england"
	yorkshire   = "yorkshire-and-the-humber"
	founders    = 3
	members     = 250
	joiningDays = 50
)

// population makes the members. The first are the three founders and the organisers, who join on the first days.
func population() []*person {
	regions := []string{london, midlands, southWest, southEng, yorkshire, london, midlands, southWest, ""}
	all := make([]*person, members)
	for i := range all {
		first, last := firstNames[i%len(firstNames)], surnames[(i/len(firstNames)+3*i)%len(surnames)]
		p := &person{
			name:   first + " " + last,
			email:  fmt.Sprintf("%s.%s.%d@example.org", strings.ToLower(first), strings.ToLower(last), i+1),
			region: regions[i%len(regions)],
		}
		// Most join in the first weeks, before the notice of the annual general meeting.
		p.joins = 1 + i*i*joiningDays/(members*members)
		p.pays = p.joins + 1 + i%4
		if i < founders {
			p.region = "" // An invitation asks for no region.
		}
		switch {
		case i >= 12 && i%41 == 7:
			p.pays = -1 // A few have not given their £1.
		case p.pays > 55:
			p.pays = 55
		}
		all[i] = p
	}
	return all
}
