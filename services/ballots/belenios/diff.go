package belenios

import (
	"context"
	"errors"
	"io"
)

// Difference is what a later copy of an archive has more than an earlier one.
type Difference struct {
	// Events is how many events were added, Ballots how many of them are ballots.
	Events, Ballots int64
	// Old and New are the ends of the two copies.
	Old, New Prefix
}

// Diff compares a later copy of an archive with an earlier one: the later must begin with all of the earlier one.
// It computes every hash of both and follows the chain of events, but verifies no proofs; [Verify] does. This is what
// shows that a ballot was dropped, replaced or moved and everything after it computed anew, which no look at one copy
// can (specification, During the voting phase, step 2).
func Diff(ctx context.Context, old io.ReaderAt, oldSize int64, now io.ReaderAt, nowSize int64) (*Difference, error) {
	a, err := openArchive(old, oldSize)
	if err != nil {
		return nil, at(err, "the earlier copy")
	}
	b, err := openArchive(now, nowSize)
	if err != nil {
		return nil, at(err, "the later copy")
	}
	if a.timestamp != b.timestamp {
		return nil, fail(ReasonPrefix, ruleAudit, "the two archives were begun at different times: they are of different elections")
	}
	d := &Difference{}
	first, second := follower{}, follower{}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x, err := a.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, at(err, "the earlier copy")
		}
		y, err := b.next()
		if errors.Is(err, io.EOF) {
			return nil, fail(ReasonPrefix, ruleAudit, "the later copy ends at event %d, the earlier one goes on", first.height)
		}
		if err != nil {
			return nil, at(err, "the later copy")
		}
		if x.hash != y.hash || x.event != y.event {
			return nil, fail(ReasonPrefix, ruleAudit, "the copies part at event %d: the earlier one has %s there, the later one %s",
				first.height, fingerprintOf(x.hash), fingerprintOf(y.hash))
		}
		if _, err := first.follow(x); err != nil {
			return nil, at(err, "the earlier copy")
		}
		if _, err := second.follow(y); err != nil {
			return nil, at(err, "the later copy")
		}
	}
	d.Old = Prefix{a.pos, first.height - 1, first.head}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		y, err := b.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, at(err, "the later copy")
		}
		e, err := second.follow(y)
		if err != nil {
			return nil, at(err, "the later copy")
		}
		if e != nil {
			d.Events++
			if e.kind == EventBallot {
				d.Ballots++
			}
		}
	}
	d.New = Prefix{b.pos, second.height - 1, second.head}
	if first.height == 0 || !first.ended || !second.ended {
		return nil, fail(ReasonArchive, rulePublicData, "a copy ends without an event")
	}
	return d, nil
}

// follower follows the chain of events.
type follower struct {
	height int64
	head   string
	ended  bool // with an event
}

// follow takes one record and returns its event, if it is one.
func (f *follower) follow(r *record) (*event, error) {
	f.ended = r.event
	if !r.event {
		return nil, nil
	}
	e, err := parseEvent(r.body)
	if err != nil {
		return nil, at(err, "event %d", f.height)
	}
	if e.height != f.height || e.parent != f.head {
		return nil, at(fail(ReasonChain, rulePublicData, "the event does not follow the one before it"), "event %d", f.height)
	}
	f.height++
	f.head = r.hash
	return &e, nil
}
