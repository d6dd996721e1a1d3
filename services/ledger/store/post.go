package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// lease is the lease of the one writer of entries, and the first word of its points: "ledger.before-commit".
const lease = "ledger"

// Intent names what the facts are wanted about.
type Intent struct {
	// Member is the giver of a new donation.
	Member string
	// Reverse is the entry to reverse.
	Reverse string
	// Books asks for the books as at this instant in microseconds; 0 does not.
	Books int64
}

// Facts are what a decision about a new entry looks at.
type Facts struct {
	// HasGiven is true if the member's £1 stands already.
	HasGiven bool
	// Reversed is the entry to reverse, with its postings.
	Reversed ledger.Entry
	// Root is the entry at the beginning of its chain, and Depth how many reversals lie between.
	Root  ledger.Entry
	Depth int
	// Books are the chart, the funds, the closed periods and the rule in force, if they were asked for.
	Books ledger.Books
}

// Encode gives the bytes that the store keeps without reading them.
type Encode struct {
	// Reply is the answer to the request.
	Reply func(ledger.Entry) ([]byte, error)
	// Event is what membership is told.
	Event func(ledger.Settled) ([]byte, error)
}

// job is a request to make an entry.
type job struct {
	// caller is the context of the call without its end: it says by which office the caller acts.
	caller  context.Context
	request once.Request
	in      Intent
	decide  func(Facts) (ledger.Entry, error)
	encode  Encode
}

// Group lets the store write the entries of many callers with one commit, once [Store.Run] runs. Until then, and in a
// store that is not told so, every entry is a transaction of its own. c needs no DB, Name, Full or Unavailable.
func (s *Store) Group(c group.Config) {
	c.DB, c.Name = s.db, lease
	c.Full = fault.New(fault.Exhausted, "TOO_MANY_POSTINGS_AT_ONCE",
		"More entries are arriving than can be stored this second. Yours was not stored: send it again in a moment.").After(time.Second)
	c.Unavailable = fault.New(fault.Unavailable, "POSTINGS_UNAVAILABLE",
		"Entries cannot be stored just now. Send yours again in a moment: if it was stored already, you get the same answer.").After(2 * time.Second)
	s.writer = group.New(c, s.post)
}

// Grouping reports whether entries are written by the one writer.
func (s *Store) Grouping() bool { return s.writer != nil && s.writer.Running() }

// Run writes grouped entries until the context ends, and then those that wait.
func (s *Store) Run(ctx context.Context) { s.writer.Run(ctx) }

// Add carries a request out once: in one transaction it loads the facts, has decide make the entry, writes it with
// the next number, and with it its leaf of the public log, the standing event, if it makes one, and the reply. It returns the reply.
// decide may run more than once and must be pure.
//
// While [Store.Run] runs the transaction is shared with the requests of other callers: a refusal is one caller's alone. Its own faults
// are TOO_MANY_POSTINGS_AT_ONCE (nothing was stored) and POSTINGS_UNAVAILABLE; after the last, and after the context has ended, the entry
// may be stored or not, and the same request finds out.
func (s *Store) Add(ctx context.Context, r once.Request, in Intent, decide func(Facts) (ledger.Entry, error), encode Encode) ([]byte, error) {
	j := job{context.WithoutCancel(ctx), r, in, decide, encode}
	if !s.Grouping() {
		return s.alone(ctx, j)
	}
	reply, err := s.writer.Do(ctx, j)
	if err == nil {
		acts.Committed(ctx)
	}
	return reply, err
}

// alone carries a request out in a transaction of its own.
func (s *Store) alone(ctx context.Context, j job) ([]byte, error) {
	return once.Do(ctx, s.db, j.request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		b, err := s.begin(ctx, tx)
		if err != nil {
			return nil, err
		}
		reply, err := b.carry(ctx, j)
		if err != nil {
			return nil, err
		}
		if err := b.flush(ctx); err != nil {
			return nil, err
		}
		killpoint.Reach(lease + ".before-commit")
		return reply, nil
	})
}

// post carries out the requests of a batch in one transaction.
func (s *Store) post(ctx context.Context, tx *sql.Tx, jobs []job) ([]group.Answer[[]byte], error) {
	requests := make([]once.Request, len(jobs))
	members := make([]string, len(jobs))
	for i, j := range jobs {
		requests[i], members[i] = j.request, j.in.Member
	}
	kept, err := once.NewBatch(ctx, tx, requests)
	if err != nil {
		return nil, err
	}
	b, err := s.begin(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := b.know(ctx, members); err != nil {
		return nil, err
	}
	answers := make([]group.Answer[[]byte], len(jobs))
	for i, j := range jobs {
		a := &answers[i]
		var done bool
		if a.Value, done, a.Err = kept.Find(j.request); done || a.Err != nil {
			continue
		}
		if a.Value, a.Err = b.carry(ctx, j); a.Err == nil {
			// As once.Do does for a transaction of its own.
			if err := acts.Record(j.caller, tx, a.Value); err != nil {
				return nil, err
			}
			kept.Keep(j.request, a.Value)
		} else if broken := (*brokenError)(nil); errors.As(a.Err, &broken) {
			return nil, broken.err
		}
	}
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	return answers, kept.Write(ctx)
}

// brokenError is an error of the database: it is the batch that failed, and not one request that was refused.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// carry decides a request, adds what is to be written of it, and returns its reply. After an error nothing of it was added.
func (b *batch) carry(ctx context.Context, j job) ([]byte, error) {
	facts, err := b.facts(ctx, j.in)
	if err != nil {
		if fault.Of(err) == nil {
			err = &brokenError{err}
		}
		return nil, err
	}
	e, err := j.decide(facts)
	if err != nil {
		return nil, err
	}
	mark := b.mark()
	settled, ok, err := b.add(&e, facts)
	if err != nil {
		b.back(mark)
		return nil, err
	}
	reply, err := j.encode.Reply(e)
	if err == nil && ok {
		var event []byte
		if event, err = j.encode.Event(settled); err == nil {
			b.tell(event)
		}
	}
	if err != nil {
		b.back(mark)
		return nil, err
	}
	return reply, nil
}
