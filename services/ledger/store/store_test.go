package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

const today = "2026-11-21"

var at = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// desk is a treasurer's: each request gets an id of its own.
type desk struct {
	*store.Store
	db *database.DB

	mu   sync.Mutex
	next int
}

// parts are the migrations that the store needs.
var parts = []database.Migrations{acts.Migrations, once.Migrations, outbox.Migrations, translog.Migrations, group.Migrations, store.Migrations}

// each runs a test with every engine, once with each entry in a transaction of its own, and once with the entries of all callers written by
// one writer.
func each(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	t.Run("alone", func(t *testing.T) {
		databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) { test(t, &desk{Store: store.New(db), db: db}) }, parts...)
	})
	t.Run("grouped", func(t *testing.T) {
		databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) { test(t, grouped(t, db, group.Config{})) }, parts...)
	})
}

// grouped returns a desk whose entries are written by a running writer.
func grouped(t testing.TB, db *database.DB, c group.Config) *desk {
	d := &desk{Store: store.New(db), db: db}
	c.Log = slog.New(slog.DiscardHandler)
	d.Group(c)
	running(t, d.Store)
	return d
}

// running runs the store's writer until the test ends, or the function that it returns is called.
func running(t testing.TB, s *store.Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	for !s.Grouping() {
		time.Sleep(100 * time.Microsecond)
	}
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

func (d *desk) request(content string) once.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next++
	hash := sha256.Sum256([]byte(content))
	return once.Request{Principal: "member:treasurer", Method: "Post", ID: fmt.Sprintf("request-%d", d.next), Hash: hash[:], At: at}
}

func entryID(n int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", n) }

var encode = store.Encode{
	Reply: func(e ledger.Entry) ([]byte, error) { return json.Marshal(e) },
	Event: func(s ledger.Settled) ([]byte, error) { return json.Marshal(s) },
}

// add carries a request out; the entry's id is made of the request's number.
func (d *desk) add(ctx context.Context, in store.Intent, decide func(store.Facts) (ledger.Entry, error)) (ledger.Entry, error) {
	r := d.request("content")
	var n int
	fmt.Sscanf(r.ID, "request-%d", &n)
	reply, err := d.Add(ctx, r, in, func(f store.Facts) (ledger.Entry, error) {
		e, err := decide(f)
		e.ID, e.Entered, e.EnteredBy = entryID(n), at.UnixMicro()+int64(n), "treasurer"
		return e, err
	}, encode)
	if err != nil {
		return ledger.Entry{}, err
	}
	var e ledger.Entry
	return e, json.Unmarshal(reply, &e)
}

func (d *desk) donate(ctx context.Context, member string, pence int64) (ledger.Entry, error) {
	return d.add(ctx, store.Intent{Member: member}, func(f store.Facts) (ledger.Entry, error) {
		return ledger.NewDonation(member, pence, ledger.ByBank, "2026-11-20", "ref", today, f.HasGiven)
	})
}

func (d *desk) reverse(ctx context.Context, id string) (ledger.Entry, error) {
	return d.add(ctx, store.Intent{Reverse: id}, func(f store.Facts) (ledger.Entry, error) { return ledger.NewReversal(f.Reversed, "wrong", today) })
}

func (d *desk) spend(ctx context.Context, date string, pence int64) (ledger.Entry, error) {
	return d.add(ctx, store.Intent{}, func(store.Facts) (ledger.Entry, error) {
		return ledger.NewGeneral(date, "Hall", "", []ledger.Posting{{Account: "expenses:hall", Amount: ledger.Pounds(pence)}, {Account: ledger.Bank, Amount: ledger.Pounds(-pence)}}, today)
	})
}

func must(t *testing.T) func(ledger.Entry, error) ledger.Entry {
	return func(e ledger.Entry, err error) ledger.Entry {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

// told returns what stands in the outbox.
func (d *desk) told(t testing.TB) []ledger.Settled {
	t.Helper()
	rows, err := d.db.Reader().Query(`SELECT payload FROM outbox WHERE topic = $1 ORDER BY position`, store.Topic)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []ledger.Settled
	for rows.Next() {
		var raw []byte
		var s ledger.Settled
		if err := errors.Join(rows.Scan(&raw), json.Unmarshal(raw, &s)); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSchema(t *testing.T) { databasetest.Schema(t, "schema.sql", store.Migrations) }

func TestAnEntryIsReadAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		donation := must(t)(d.donate(t.Context(), "ada", 100))
		if donation.Number != 1 || !donation.Standing || donation.Repeated {
			t.Errorf("the reply: %+v", donation)
		}
		second := must(t)(d.donate(t.Context(), "ada", 500))
		if second.Number != 2 || second.Standing || !second.Repeated {
			t.Errorf("a second donation: %+v", second)
		}
		reversal := must(t)(d.reverse(t.Context(), second.ID))
		spent := must(t)(d.spend(t.Context(), today, 5000))
		second.ReversedBy = reversal.ID
		for _, want := range []ledger.Entry{donation, second, reversal, spent} {
			got, err := d.Entry(t.Context(), want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entry %d, as replied (-) and as read (+):\n%s", want.Number, diff)
			}
		}
		if _, err := d.Entry(t.Context(), entryID(99)); !fault.Is(err, "ENTRY_NOT_FOUND") || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("an entry that is not there: %v", err)
		}
	})
}

func TestARequestSentTwiceBooksOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.request("£1 of ada")
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				reply, err := d.Add(t.Context(), r, store.Intent{Member: "ada"}, func(f store.Facts) (ledger.Entry, error) {
					e, err := ledger.NewDonation("ada", 100, ledger.ByCash, today, "", today, f.HasGiven)
					e.ID = entryID(i + 1)
					return e, err
				}, encode)
				var e ledger.Entry
				if err := errors.Join(err, json.Unmarshal(reply, &e)); err != nil || e.Number != 1 || e.Repeated {
					t.Errorf("%+v, %v", e, err)
				}
			})
		}
		wg.Wait()
		entries, err := d.Entries(t.Context(), "", 0, 10)
		if err != nil || len(entries) != 1 || len(d.told(t)) != 1 {
			t.Errorf("%d entries, %d events, %v; want one of each", len(entries), len(d.told(t)), err)
		}
		other := r
		other.Hash = []byte("another content")
		if _, err := d.Add(t.Context(), other, store.Intent{}, func(store.Facts) (ledger.Entry, error) { return ledger.Entry{}, nil }, encode); !fault.Is(err, "REQUEST_ID_REUSED") {
			t.Errorf("the same id with another content: %v", err)
		}
	})
}

func TestNumbersHaveNoGapsUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		const desks, entries = 5, 12
		var wg sync.WaitGroup
		for w := range desks {
			wg.Go(func() {
				for range entries {
					if _, err := d.donate(t.Context(), fmt.Sprint("member", w), 100); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		next := int64(1)
		if err := d.Each(t.Context(), func(e ledger.Entry) error {
			if e.Number != next {
				t.Errorf("number %d follows %d", e.Number, next-1)
			}
			next++
			return ledger.Balanced(e.Postings)
		}); err != nil {
			t.Error(err)
		}
		if next != desks*entries+1 {
			t.Errorf("%d entries, want %d", next-1, desks*entries)
		}
		if err := d.Check(t.Context()); err != nil {
			t.Error(err)
		}
		standing := 0
		for w := range desks {
			list, err := d.Entries(t.Context(), fmt.Sprint("member", w), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.Standing {
					standing++
				}
				if e.Standing == e.Repeated {
					t.Errorf("entry %d: standing %v, repeated %v", e.Number, e.Standing, e.Repeated)
				}
			}
		}
		if standing != desks {
			t.Errorf("%d standing donations, want one for each of %d members", standing, desks)
		}
	})
}

func TestAnEntryIsReversedOnceWhoeverIsFirst(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		donation := must(t)(d.donate(t.Context(), "ada", 100))
		var wg sync.WaitGroup
		var mu sync.Mutex
		done, refused := 0, 0
		for range 6 {
			wg.Go(func() {
				_, err := d.reverse(t.Context(), donation.ID)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case fault.Is(err, "ALREADY_REVERSED"):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done != 1 || refused != 5 {
			t.Errorf("%d reversed, %d refused; want 1 and 5", done, refused)
		}
		if _, err := d.reverse(t.Context(), entryID(99)); !fault.Is(err, "ENTRY_NOT_FOUND") {
			t.Errorf("an entry that is not there: %v", err)
		}
	})
}

func TestStandingFollowsTheChain(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		has := func() (given bool) {
			t.Helper()
			no := errors.New("only asking")
			if _, err := d.add(t.Context(), store.Intent{Member: "ada"}, func(f store.Facts) (ledger.Entry, error) { given = f.HasGiven; return ledger.Entry{}, no }); !errors.Is(err, no) {
				t.Fatal(err)
			}
			return given
		}
		must(t)(d.donate(t.Context(), "ada", 99))
		if has() {
			t.Error("99p stands for the £1")
		}
		last := must(t)(d.donate(t.Context(), "ada", 100))
		want := []ledger.Settled{{Member: "ada", Entry: last.ID, Pence: 100, At: last.Entered}}
		for depth := 1; depth <= 4; depth++ {
			if has() != (depth%2 == 1) {
				t.Errorf("after %d reversals: stands %v", depth-1, has())
			}
			before := last
			last = must(t)(d.reverse(t.Context(), last.ID))
			s := ledger.Settled{Member: "ada", Entry: last.ID, Pence: 100, At: last.Entered}
			if depth%2 == 1 {
				s.Reverses = before.ID
			}
			want = append(want, s)
		}
		if diff := cmp.Diff(want, d.told(t)); diff != "" {
			t.Errorf("what membership is told:\n%s", diff)
		}
		entry, err := d.Entry(t.Context(), last.ID)
		if err != nil || !entry.Standing {
			t.Errorf("the last of the chain stands %v, %v", entry.Standing, err)
		}
	})
}

func TestARefusalWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		lost := errors.New("the encoder failed")
		broken := encode
		broken.Reply = func(ledger.Entry) ([]byte, error) { return nil, lost }
		decide := func(postings ...ledger.Posting) func(store.Facts) (ledger.Entry, error) {
			return func(store.Facts) (ledger.Entry, error) {
				return ledger.Entry{ID: entryID(1), Kind: ledger.Donation, Member: "ada", Method: ledger.ByBank, Occurred: today, Description: "x", Postings: postings}, nil
			}
		}
		bank, donations := ledger.Posting{Account: ledger.Bank, Amount: ledger.Pounds(100)}, ledger.Posting{Account: ledger.Donations, Amount: ledger.Pounds(-100)}
		if _, err := d.Add(t.Context(), d.request("x"), store.Intent{}, decide(bank, donations), broken); !errors.Is(err, lost) {
			t.Errorf("got %v, want %v", err, lost)
		}
		// A decision that forgot to balance is stopped at the door.
		if _, err := d.Add(t.Context(), d.request("x"), store.Intent{}, decide(bank), encode); !fault.Is(err, "NOT_BALANCED") {
			t.Errorf("one posting: %v", err)
		}
		for _, table := range []string{"entry", "posting", "outbox", "request", "entry_leaf", "log_leaf"} {
			var n int
			if err := d.db.Reader().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows in %s, %v", n, table, err)
			}
		}
	})
}

func TestEntriesPageFromTheNewest(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for i := range 7 {
			must(t)(d.donate(t.Context(), []string{"ada", "ben"}[i%2], 100))
		}
		for _, c := range []struct {
			member string
			before int64
			limit  int
			want   []int64
		}{
			{"", 0, 3, []int64{7, 6, 5}},
			{"", 5, 3, []int64{4, 3, 2}},
			{"", 2, 3, []int64{1}},
			{"", 1, 3, nil},
			{"", math.MaxInt64, 2, []int64{7, 6}},
			{"ada", 0, 3, []int64{7, 5, 3}},
			{"ben", 6, 3, []int64{4, 2}},
			{"nobody", 0, 3, nil},
		} {
			list, err := d.Entries(t.Context(), c.member, c.before, c.limit)
			if err != nil {
				t.Errorf("%+v: %v", c, err)
				continue
			}
			var got []int64
			for _, e := range list {
				got = append(got, e.Number)
				if len(e.Postings) != 2 || ledger.Balanced(e.Postings) != nil {
					t.Errorf("entry %d has the postings %v", e.Number, e.Postings)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%+v:\n%s", c, diff)
			}
		}
	})
}

func TestSumsAreAsAtADate(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		must(t)(d.spend(t.Context(), "2026-10-01", 100))
		must(t)(d.spend(t.Context(), "2026-10-02", 20))
		must(t)(d.spend(t.Context(), "2026-10-03", ledger.MaxPence))
		for date, want := range map[string]map[string]int64{
			"2026-09-30": {},
			"2026-10-01": {"expenses:hall": 100, ledger.Bank: -100},
			"2026-10-02": {"expenses:hall": 120, ledger.Bank: -120},
			today:        {"expenses:hall": 120 + ledger.MaxPence, ledger.Bank: -120 - ledger.MaxPence},
		} {
			got, err := d.Sums(t.Context(), date)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("at %s:\n%s", date, diff)
			}
		}
	})
}

func TestEachStopsAtTheFirstError(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 3 {
			must(t)(d.spend(t.Context(), today, 1))
		}
		stop := errors.New("enough")
		var seen []int64
		err := d.Each(t.Context(), func(e ledger.Entry) error {
			if seen = append(seen, e.Number); len(seen) == 2 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) || cmp.Diff([]int64{1, 2}, seen) != "" {
			t.Errorf("saw %v, %v", seen, err)
		}
	})
}

// TestCheckFindsWhatIsWrong spoils the tables behind the store's back.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, spoil := range map[string]string{
		"an amount":         `UPDATE posting SET pence = pence + 1 WHERE entry_number = 2 AND line = 0`,
		"a lost posting":    `DELETE FROM posting WHERE entry_number = 2 AND line = 1`,
		"no postings":       `DELETE FROM posting WHERE entry_number = 2`,
		"the last postings": `DELETE FROM posting WHERE entry_number = 3`,
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *desk) {
				for range 3 {
					must(t)(d.spend(t.Context(), today, 100))
				}
				if err := d.Check(t.Context()); err != nil {
					t.Fatalf("good books: %v", err)
				}
				if err := d.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, spoil)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if err := d.Check(t.Context()); err == nil {
					t.Error("spoilt books passed")
				}
			})
		})
	}
}
