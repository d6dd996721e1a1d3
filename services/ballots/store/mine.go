package store

import (
	"context"
	"fmt"
	"math"

	"github.com/localgovdigital/folkmoot/services/ballots"
)

// Taken is a ballot that a member took part in.
type Taken struct {
	// Ballot is as it stands; the turnout of an open one is left out.
	Ballot ballots.Ballot
	// Number is its place among all ballots.
	Number int64
	// Vote is what the member holds of it. Its choice is left out: no list shows how anybody voted.
	Vote ballots.Vote
}

// MyVotes returns at most limit ballots with a number below before (0 for no bound) in which a member has voted, newest first.
func (s *Store) MyVotes(ctx context.Context, member string, before int64, limit int) ([]Taken, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT b.ballot_no, b.id, b.motion, b.meeting, b.region, b.question, b.rule, b.privacy, b.roll, b.electors, b.fingerprint, b.opened,
		       c.closed, c.votes_for, c.votes_against, c.abstentions, p.published, v.receipt, v.cast_at
		FROM elector e JOIN cast_vote v ON v.ballot_no = e.ballot_no AND v.elector_no = e.elector_no AND v.revision = 0
		JOIN ballot b ON b.ballot_no = e.ballot_no
		LEFT JOIN closing c ON c.ballot_no = b.ballot_no LEFT JOIN publication p ON p.ballot_no = b.ballot_no
		WHERE e.member = $1 AND e.ballot_no < $2 ORDER BY e.ballot_no DESC LIMIT $3`, member, before, limit)
	if err != nil {
		return nil, fmt.Errorf("store: a member's votes: %w", err)
	}
	defer rows.Close()
	var all []Taken
	for rows.Next() {
		var t Taken
		var receipt string
		if t.Ballot, t.Number, err = scanBallot(with{rows, []any{&receipt, &t.Vote.Cast}}); err != nil {
			return nil, fmt.Errorf("store: a member's votes: %w", err)
		}
		copy(t.Vote.Receipt[:], receipt)
		all = append(all, t)
	}
	return all, rows.Err()
}

// with scans more columns behind those that are asked for.
type with struct {
	row  interface{ Scan(...any) error }
	more []any
}

func (w with) Scan(into ...any) error { return w.row.Scan(append(into, w.more...)...) }
