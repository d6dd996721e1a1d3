package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
)

// Mine is a member's side of a ballot.
type Mine struct {
	// OnRoll is whether they are an elector.
	OnRoll bool
	// Roll is the id of the ballot's roll.
	Roll string
	// Vote is the zero value if they have not voted.
	Vote ballots.Vote
}

// MyVote returns a member's side of a ballot, or a NotFound fault.
func (s *Store) MyVote(ctx context.Context, id, member string) (Mine, error) {
	var m Mine
	var number, cast sql.NullInt64
	var choice, receipt sql.NullString
	var request []byte
	err := s.db.Reader().QueryRowContext(ctx, `
		SELECT b.roll, e.elector_no, v.choice, v.receipt, v.request, v.cast_at
		FROM ballot b
		LEFT JOIN elector e ON e.ballot_no = b.ballot_no AND e.member = $2
		LEFT JOIN cast_vote v ON v.ballot_no = e.ballot_no AND v.elector_no = e.elector_no AND v.revision = 0
		WHERE b.id = $1`, id, member).Scan(&m.Roll, &number, &choice, &receipt, &request, &cast)
	if errors.Is(err, sql.ErrNoRows) {
		return m, ballots.NotFound()
	}
	if err != nil {
		return m, fmt.Errorf("store: read a member's vote: %w", err)
	}
	m.OnRoll = number.Valid
	if choice.Valid {
		m.Vote = ballots.Vote{Choice: ballots.Choice(choice.String), Cast: cast.Int64}
		copy(m.Vote.Receipt[:], receipt.String)
		copy(m.Vote.Request[:], request)
	}
	return m, nil
}

// directoriesKept bounds how many closed ballots' receipts stay in memory.
const directoriesKept = 8

// directory finds the votes of closed ballots by receipt. The table has no index for that, since it would cost every vote a page;
// a closed ballot does not change, so its receipts are read once.
type directory struct {
	mu     sync.Mutex
	closed map[int64]map[ballots.Code]int64
}

// FindReceipt returns when the vote with this receipt was stored; found is false if the ballot holds no such vote.
func (s *Store) FindReceipt(ctx context.Context, id string, code ballots.Code) (at time.Time, found bool, err error) {
	if b := s.box(id); b != nil {
		at, found = s.heldReceipt(b, code)
		return at, found, nil
	}
	b, number, err := find(ctx, s.db.Reader(), id)
	if err != nil {
		return time.Time{}, false, err
	}
	if b.Closing == nil {
		if at, found, err = s.scanReceipt(ctx, number, code); err != nil {
			return time.Time{}, false, err
		}
		// As for the turnout: a memory that was filled meanwhile answers from now on.
		if b := s.box(id); b != nil {
			at, found = s.heldReceipt(b, code)
		}
		return at, found, nil
	}
	receipts, err := s.closedReceipts(ctx, number)
	cast, found := receipts[code]
	return time.UnixMicro(cast), found, err
}

func (s *Store) heldReceipt(b *box, code ballots.Code) (time.Time, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	number, found := b.receipts[code]
	if !found {
		return time.Time{}, false
	}
	return b.votes[number].Time(), true
}

// scanReceipt looks through the votes of an open ballot that this process does not hold: nobody has voted here for a while.
func (s *Store) scanReceipt(ctx context.Context, ballotNo int64, code ballots.Code) (time.Time, bool, error) {
	var cast int64
	err := s.db.Reader().QueryRowContext(ctx, `SELECT cast_at FROM cast_vote WHERE ballot_no = $1 AND receipt = $2`, ballotNo, string(code[:])).Scan(&cast)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("store: find a receipt: %w", err)
	}
	return time.UnixMicro(cast), true, nil
}

func (s *Store) closedReceipts(ctx context.Context, ballotNo int64) (map[ballots.Code]int64, error) {
	// Held while reading: a second one who asks for the same ballot waits instead of reading it too.
	s.receipts.mu.Lock()
	defer s.receipts.mu.Unlock()
	if known, ok := s.receipts.closed[ballotNo]; ok {
		return known, nil
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT receipt, cast_at FROM cast_vote WHERE ballot_no = $1 AND revision = 0`, ballotNo)
	if err != nil {
		return nil, fmt.Errorf("store: read receipts: %w", err)
	}
	defer rows.Close()
	all := map[ballots.Code]int64{}
	for rows.Next() {
		var receipt string
		var cast int64
		if err := rows.Scan(&receipt, &cast); err != nil {
			return nil, fmt.Errorf("store: read receipts: %w", err)
		}
		var code ballots.Code
		copy(code[:], receipt)
		all[code] = cast
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: read receipts: %w", err)
	}
	for other := range s.receipts.closed {
		if len(s.receipts.closed) < directoriesKept {
			break
		}
		delete(s.receipts.closed, other)
	}
	s.receipts.closed[ballotNo] = all
	return all, nil
}
