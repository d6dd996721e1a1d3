package once

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// Batch carries many requests out once, in one transaction.
type Batch struct {
	tx   *sql.Tx
	kept map[key]found
	args []any
}

type key struct{ principal, method, id string }

type found struct{ hash, reply []byte }

// NewBatch looks up which of the requests were carried out before. Its error is the database's.
func NewBatch(ctx context.Context, tx *sql.Tx, requests []Request) (*Batch, error) {
	b := &Batch{tx: tx, kept: map[key]found{}}
	for len(requests) > 0 {
		n := min(len(requests), 64)
		if err := b.find(ctx, requests[:n]); err != nil {
			return nil, err
		}
		requests = requests[n:]
	}
	return b, nil
}

// find looks the requests up by their primary key, a row a request.
func (b *Batch) find(ctx context.Context, requests []Request) error {
	args := make([]any, 0, 3*len(requests))
	for _, r := range requests {
		args = append(args, r.Principal, r.Method, r.ID)
	}
	text, args := database.PaddedRows(`SELECT principal, method, id, hash, reply FROM request WHERE (principal, method, id) IN (`, `)`, 3, args)
	rows, err := b.tx.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("once: look up: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k key
		var f found
		if err := rows.Scan(&k.principal, &k.method, &k.id, &f.hash, &f.reply); err != nil {
			return fmt.Errorf("once: look up: %w", err)
		}
		b.kept[k] = f
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("once: look up: %w", err)
	}
	return nil
}

// Find returns the reply kept for a request, also one that this batch has carried out; and the Invalid fault of [Do] if its id was
// used for another content.
func (b *Batch) Find(r Request) (reply []byte, done bool, err error) {
	f, ok := b.kept[key{r.Principal, r.Method, r.ID}]
	switch {
	case !ok:
		return nil, false, nil
	case !bytes.Equal(f.hash, r.Hash):
		return nil, false, reused()
	}
	return f.reply, true, nil
}

// Keep keeps the reply of a request that was carried out.
func (b *Batch) Keep(r Request, reply []byte) {
	if reply == nil {
		reply = []byte{}
	}
	b.kept[key{r.Principal, r.Method, r.ID}] = found{r.Hash, reply}
	b.args = append(b.args, r.Principal, r.Method, r.ID, r.Hash, reply, r.At.UnixMicro())
}

// Write writes what is kept.
func (b *Batch) Write(ctx context.Context) error {
	if err := database.InsertRows(ctx, b.tx, `INSERT INTO request (principal, method, id, hash, reply, done)`, 6, b.args); err != nil {
		// The same request twice at once, elsewhere: look again, and find the other's reply.
		return database.StaleKey(fmt.Errorf("once: keep: %w", err))
	}
	b.args = nil
	return nil
}
