package belenios

// Appender writes the next events of an archive. It keeps only the end of the chain, and returns the bytes to append:
// where they go, and that they are there before the next are made, is the caller's business. It does not verify what
// it is given.
type Appender struct {
	timestamp int64
	end       Prefix
	empty     bool
}

// NewArchive begins an archive: timestamp is when the election was begun, in seconds since 1970. It returns the
// first bytes, up to the Setup event, and what appends to them. The three parts have been checked when they were
// made; here they are compared with each other ([ReasonElectionKey], [ReasonCredentials]).
func NewArchive(timestamp int64, e *Election, t *Trustees, roll *Roll) ([]byte, *Appender, error) {
	if timestamp < 0 || timestamp >= 1<<33 {
		return nil, nil, fail(ReasonArchive, rulePublicData, "%d is not a time in seconds that an archive can hold", timestamp)
	}
	if !e.Group.equal(t.PublicKey(), e.PublicKey) {
		return nil, nil, fail(ReasonElectionKey, ruleElections, "the election's public key is not the product of the trustees' keys")
	}
	if e.Ranked() && roll.weights != nil {
		return nil, nil, fail(ReasonCredentials, ruleTally, "weights other than 1 and a ranked question exclude each other")
	}
	a := &Appender{timestamp: timestamp, empty: true}
	b := appendRecord(nil, "BELENIOS", archiveStart(timestamp), timestamp)
	a.end.Bytes = int64(len(b))
	s := setup{election: hashOf(e.Raw()), trustees: hashOf(t.Raw()), credentials: hashOf(roll.Raw())}
	return append(b, a.write(EventSetup, e.Raw(), t.Raw(), roll.Raw(), s.encode())...), a, nil
}

// Appender returns what continues a verified archive.
func (r *Report) Appender() *Appender { return &Appender{timestamp: r.Timestamp, end: r.Prefix} }

// End is where the archive ends now.
func (a *Appender) End() Prefix { return a.end }

// write makes data records and an event whose payload is the last of them.
func (a *Appender) write(kind EventType, data ...[]byte) []byte {
	var b []byte
	ev := event{kind: kind}
	if !a.empty {
		ev.parent, ev.height = a.end.Head, a.end.Height+1
	}
	for _, d := range data {
		ev.payload = hashOf(d)
		b = appendRecord(b, ev.payload+".data.json", d, a.timestamp)
	}
	body := ev.encode()
	head := hashOf(body)
	b = appendRecord(b, head+".event.json", body, a.timestamp)
	a.end = Prefix{Bytes: a.end.Bytes + int64(len(b)), Height: ev.height, Head: head}
	a.empty = false
	return b
}

// Ballot appends a ballot, raw as it was cast.
func (a *Appender) Ballot(raw []byte) []byte { return a.write(EventBallot, raw) }

// EndBallots ends the voting.
func (a *Appender) EndBallots() []byte { return a.write(EventEndBallots) }

// Tally appends the encrypted tally.
func (a *Appender) Tally(t *Tally) []byte {
	body := t.Encode()
	return a.write(EventTally, body, t.sized(hashOf(body)))
}

// Shuffle appends the shuffle of a trustee, raw as [Shuffle.Encode] writes it.
func (a *Appender) Shuffle(owner int, raw []byte) []byte {
	return a.write(EventShuffle, raw, owned{owner, hashOf(raw)}.encode())
}

// EndShuffles ends the shuffling.
func (a *Appender) EndShuffles() []byte { return a.write(EventEndShuffle) }

// Decryption appends the partial decryption of a trustee, raw as [Decryption.Encode] writes it.
func (a *Appender) Decryption(owner int, raw []byte) []byte {
	return a.write(EventDecryption, raw, owned{owner, hashOf(raw)}.encode())
}

// Result ends the archive.
func (a *Appender) Result(r *Result) []byte { return a.write(EventResult, r.Encode()) }
