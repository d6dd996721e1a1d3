package ballots

// OpeningsFormat names the form of [OpeningsFile].
const OpeningsFormat = "folkmoot/ballot-openings/v1"

// OpeningsFile opens every vote of a published open ballot, and holds the whole public log up to a signed checkpoint, so that it can be
// recounted without the house. It is written as JSON; bytes are base64.
type OpeningsFile struct {
	Format string `json:"format"`
	// Key verifies the checkpoint. Whoever checks compares it with the one that they know.
	Key string `json:"vkey"`
	// Checkpoint is a signed note (C2SP tlog-checkpoint).
	Checkpoint string `json:"checkpoint"`
	// Leaves are all leaves that the checkpoint signs, 32 bytes each, one after the other.
	Leaves []byte `json:"leaves"`
	// Ballot is the ballot's id.
	Ballot string `json:"ballot"`
	// Events open the leaves of the ballot's events, in their order.
	Events []OpenedEvent `json:"events"`
	// Votes open the leaves of the votes, in order of elector and revision; the last revision of an elector counts.
	Votes []OpenedVote `json:"votes"`
}

// OpenedEvent opens the leaf of an event.
type OpenedEvent struct {
	Leaf int64 `json:"leaf"`
	// Content is as [Ballot.OpenedLeaf] and its kind write it.
	Content string `json:"content"`
	Salt    []byte `json:"salt"`
}

// OpenedVote opens the leaf of a vote, which commits to [VoteLeaf].
type OpenedVote struct {
	Elector  int64  `json:"elector"`
	Revision int64  `json:"revision"`
	Choice   Choice `json:"choice"`
	Salt     []byte `json:"salt"`
	Leaf     int64  `json:"leaf"`
}
