// Package store keeps ballots in SQL and stores votes by one writer.
//
// A vote goes through a bounded queue to the writer ([Store.Run]), which takes what waits, decides each cast on what it holds in
// memory, writes all that are to be stored in one statement, and answers each caller when the commit is durable. Closing a
// ballot is an entry of the same queue: what is queued before it counts, what comes after is refused.
//
// The writer works under a lease whose epoch is a condition of every statement that stores. After any commit that failed, or whose
// outcome is not known, it raises the epoch and reads its memory again from the table: whatever it had sent before can then
// no longer commit unseen. The primary key has the last word.
package store

import (
	"crypto/rand"
	"embed"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the room's tables.
var Migrations = database.Migrations{Part: "ballots", Files: files}

// Config is what a store needs beside its database.
type Config struct {
	// Now is the society's clock, for what is recorded.
	Now func() time.Time
	// Clock is the machine's, for leases and patience.
	Clock func() time.Time
	// Random makes receipts and salts.
	Random io.Reader
	// Log takes what an operator must know.
	Log *slog.Logger
	// Queue is how many casts may wait; 0 for 8,192. One more is refused with a time to try again.
	Queue int
	// Lease is how long another replica waits after this one's last sign of life; 0 for three seconds.
	Lease time.Duration
	// Patience is how long a cast waits while votes cannot be stored; 0 for five seconds.
	Patience time.Duration
}

// Store is the room's database.
type Store struct {
	db     *database.DB
	config Config
	holder string
	queue  chan *entry
	// stopped is closed when Run has ended.
	stopped chan struct{}

	// until is when the lease lapses, in microseconds of the machine's clock; what memory says is current before it.
	until atomic.Int64

	// reading holds one token: a roll is read by one caller at a time.
	reading chan struct{}

	mu    sync.RWMutex
	rolls map[string]*roll
	boxes map[string]*box

	receipts directory

	// fail is nil but in tests: it is asked at named points of a transaction and after its commit.
	fail func(point string) error
	// readRoll is nil but in tests: it is told when a roll is read from the table.
	readRoll func()
}

// New returns a store on a database whose migrations have run. Casts and closings wait until [Store.Run] runs.
func New(db *database.DB, c Config) *Store {
	if c.Queue == 0 {
		c.Queue = 8192
	}
	if c.Lease == 0 {
		c.Lease = 3 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	return &Store{
		db: db, config: c, holder: rand.Text(), queue: make(chan *entry, c.Queue), stopped: make(chan struct{}),
		reading: make(chan struct{}, 1), rolls: map[string]*roll{}, boxes: map[string]*box{},
		receipts: directory{closed: map[int64]map[ballots.Code]int64{}},
	}
}

// leads reports whether this process has lately stored under its lease, so that its memory is what the table holds.
func (s *Store) leads() bool { return s.config.Clock().UnixMicro() < s.until.Load() }

// at is a place where a test may make something fail.
func (s *Store) at(point string) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(point)
}
