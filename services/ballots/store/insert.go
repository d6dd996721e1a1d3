package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

const (
	saltBytes = 16
	// randomPerVote is the randomness of a vote: its receipt's code and its salt.
	randomPerVote = ballots.CodeBytes + saltBytes
	// columnsPerVote are those whose values differ from row to row.
	columnsPerVote = 6
	// sharedArgs are the arguments that all rows share.
	sharedArgs = 3
	// firstLeaf is the place among them of the first vote's index in the public log.
	firstLeaf = 2
)

// insertion is one batch's votes as one statement.
type insertion struct {
	rows []row
	args []any
	// leaves are the votes' commitments in the public log, one after the other.
	leaves []byte
	text   [batchLimit + 1]string
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
	in.rows, in.args, in.leaves = in.rows[:0], append(in.args[:0], castAt, epoch, int64(0)), in.leaves[:0]
}

func (in *insertion) add(b *box, number uint32, v ballots.Vote, salt []byte) {
	in.rows = append(in.rows, row{b, number, v})
	in.args = append(in.args, b.roll.ballotNo, int64(number), string(v.Choice), string(v.Receipt[:]), v.Request[:], salt)
	in.leaves = append(in.leaves, translog.Commit(salt, ballots.VoteLeaf(b.roll.ballot, int64(number), 0, v.Choice))...)
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
	b.WriteString(`INSERT INTO cast_vote (ballot_no, elector_no, revision, choice, receipt, request, salt, cast_at, leaf, epoch) VALUES `)
	for i := range n {
		at := sharedArgs + i*columnsPerVote
		epoch := `$2)`
		if i == 0 {
			epoch = `(SELECT l.epoch FROM lease l WHERE l.name = '` + leaseName + `' AND l.epoch = $2))`
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `($%d,$%d,0,$%d,$%d,$%d,$%d,$1,CAST($3 AS BIGINT)+%d,`, at+1, at+2, at+3, at+4, at+5, at+6, i)
		b.WriteString(epoch)
	}
	b.WriteString(` ON CONFLICT DO NOTHING RETURNING elector_no`)
	in.text[n] = b.String()
	return in.text[n]
}

// errMemory says that another one has stored a vote that memory does not know: the primary key refused ours.
var errMemory = errors.New("store: what is held in memory is not what the table holds")

// storeVotes stores a batch and its leaves in one transaction under the lease. It stores all of it or, with errMemory where an
// elector had a vote already, nothing: no leaf may stand for a vote that is not there.
func (s *Store) storeVotes(ctx context.Context, in *insertion, epoch, until int64, renewing bool) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.at("begin"); err != nil {
			return err
		}
		if renewing {
			if err := renew(ctx, tx, epoch, until); err != nil {
				return err
			}
		}
		first, err := translog.Next(ctx, tx)
		if err != nil {
			return err
		}
		in.args[firstLeaf] = first
		text := in.statement()
		rows, err := tx.QueryContext(ctx, text, in.args...)
		if err != nil {
			return fmt.Errorf("store: insert votes: %w", err)
		}
		defer rows.Close()
		stored := 0
		for rows.Next() {
			stored++
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("store: insert votes: %w", err)
		}
		rows.Close()
		if stored != len(in.rows) {
			return fmt.Errorf("%w: %d of %d votes would be stored", errMemory, stored, len(in.rows))
		}
		if err := translog.AppendBlock(ctx, tx, first, in.leaves); err != nil {
			return err
		}
		killpoint.Reach("ballots.before-commit")
		return s.at("before-commit")
	})
}
