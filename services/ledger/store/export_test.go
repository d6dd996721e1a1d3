package store

import (
	"context"

	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// Unlogged makes the store write entries without leaves of the public log, for the benchmark that measures what the log costs.
func (s *Store) Unlogged() { s.unlogged = true }

// Enqueue is Add by the writer, whether it runs yet or not.
func (s *Store) Enqueue(ctx context.Context, r once.Request, in Intent, decide func(Facts) (ledger.Entry, error), encode Encode) ([]byte, error) {
	return s.writer.Do(ctx, job{context.WithoutCancel(ctx), r, in, decide, encode})
}

// Waiting is how many requests wait for the writer.
func (s *Store) Waiting() int { return s.writer.Waiting() }
