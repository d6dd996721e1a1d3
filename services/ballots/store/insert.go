package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

const (
	saltBytes = 16
	// randomPerVote is the randomness of a vote: its receipt's code and its salt.
	randomPerVote = ballots.CodeBytes + saltBytes
	// columnsPerVote are those whose values differ from row to row.
	columnsPerVote = 6
	// sharedArgs are the arguments that all rows share.
	sharedArgs = 2
)

// insertion is one batch's votes as one statement.
type insertion struct {
	rows []row
	args []any
	text [batchLimit + 1]string
}

// sizes are how many rows a statement may have. A batch between two of them repeats its last row, which changes nothing (its elector
// has a vote by then): so there are few statements, and each engine keeps them all prepared.
var sizes = []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, batchLimit}

// row is a vote to be stored.
type row struct {
	box    *box
	number uint32
	vote   ballots.Vote
}

func (in *insertion) reset(castAt, epoch int64) {
	clear(in.rows)
	clear(in.args)
	in.rows, in.args = in.rows[:0], append(in.args[:0], castAt, epoch)
}

func (in *insertion) add(b *box, number uint32, v ballots.Vote, salt []byte) {
	in.rows = append(in.rows, row{b, number, v})
	in.args = append(in.args, b.roll.ballotNo, int64(number), string(v.Choice), string(v.Receipt[:]), v.Request[:], salt)
}

// statement is the INSERT for n votes. The first row's epoch is looked up in the lease: if the lease has another one by now,
// the column that may not be NULL is, and the statement fails. A vote whose elector has one already is left out, and is
// missing from what RETURNING gives.
func (in *insertion) statement() string {
	i, _ := slices.BinarySearch(sizes, len(in.rows))
	n := sizes[i]
	last := in.args[len(in.args)-columnsPerVote:]
	for len(in.args) < sharedArgs+n*columnsPerVote {
		in.args = append(in.args, last...)
	}
	if in.text[n] != "" {
		return in.text[n]
	}
	var b strings.Builder
	b.WriteString(`INSERT INTO vote (ballot_no, elector_no, revision, choice, receipt, request, salt, cast_at, epoch) VALUES `)
	for i := range n {
		at := sharedArgs + i*columnsPerVote
		epoch := `$2)`
		if i == 0 {
			epoch = `(SELECT l.epoch FROM lease l WHERE l.name = '` + leaseName + `' AND l.epoch = $2))`
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `($%d,$%d,0,$%d,$%d,$%d,$%d,$1,`, at+1, at+2, at+3, at+4, at+5, at+6)
		b.WriteString(epoch)
	}
	b.WriteString(` ON CONFLICT DO NOTHING RETURNING elector_no`)
	in.text[n] = b.String()
	return in.text[n]
}

// storeVotes stores a batch in one transaction under the lease and returns how many of its votes were inserted.
func (s *Store) storeVotes(ctx context.Context, in *insertion, epoch, until int64, renewing bool) (int, error) {
	stored := 0
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stored = 0
		if err := s.at("begin"); err != nil {
			return err
		}
		if renewing {
			if err := renew(ctx, tx, epoch, until); err != nil {
				return err
			}
		}
		text := in.statement()
		rows, err := tx.QueryContext(ctx, text, in.args...)
		if err != nil {
			return fmt.Errorf("store: insert votes: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			stored++
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("store: insert votes: %w", err)
		}
		rows.Close()
		killpoint.Reach("ballots.before-commit")
		return s.at("before-commit")
	})
	return stored, err
}
