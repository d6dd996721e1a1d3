package sample

// proposal is a motion of the founding meeting, in words written for the sample from what the network
// published in autumn 2016.
type proposal struct {
	title, text string
	resolution  string
	kind        string
	seats       int
}

const (
	ordinary      = "RESOLUTION_ORDINARY"
	extraordinary = "RESOLUTION_EXTRAORDINARY"
)

// orderPaper is what the annual general meeting decides of its own motion.
var orderPaper = []proposal{
	{
		title: "To become a community co-operative and adopt the rules",
		text: "That LocalGov Digital becomes a community co-operative, open to everyone with an interest in thinking, doing and sharing to " +
			"improve local public services, whether they work for a council, for central government, in the private sector or for themselves; " +
			"and that this meeting adopts the rules laid before it.",
		resolution: extraordinary,
	},
	{
		title:      "To ask each person who joins for £1",
		text:       "That each individual who joins is asked for a donation of £1.",
		resolution: ordinary,
	},
	{
		title:      "LocalGovCamp is the annual general meeting",
		text:       "That LocalGovCamp is the annual general meeting of the co-operative, and that its last session each year is set aside for the meeting's business.",
		resolution: ordinary,
	},
	{
		title: "The regional peer groups become local membership meetings",
		text: "That the regional peer groups become the local membership meetings of the co-operative. Each goes on choosing what its people need to talk about, " +
			"and each may table motions for the annual general meeting.",
		resolution: ordinary,
	},
	{
		title: "To bid for funding",
		text: "That the co-operative may bid for funding in its own name. Goodwill and a little sponsorship have carried the network so far; they will not carry " +
			"it much further.",
		resolution: ordinary,
	},
	{
		title:      "Election of a board of five",
		text:       "That a board of five members is elected by single transferable vote.",
		resolution: ordinary, kind: "MOTION_KIND_ELECTION", seats: 5,
	},
}

// fromMidlands and fromSouthWest are what the two regional meetings decided to table.
var (
	fromMidlands = proposal{
		title: "Shared material for each round of regional meetings",
		text: "That the people who run the regional meetings make the material for each round together, and that whoever runs a meeting may take it, vary it and " +
			"leave out what their people do not need.",
		resolution: ordinary,
	}
	fromSouthWest = proposal{
		title: "Anyone may start a group where there is none",
		text: "That anyone may start a group where there is none, given a venue, refreshments and a good understanding of the Local Government Digital Service " +
			"Standard. Where the network can, it sends a speaker and helps to organise.",
		resolution: ordinary,
	}
)
