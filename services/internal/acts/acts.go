// Package acts keeps what officers did by their offices, for members to see.
//
// It is not left to each method. The server's guard (package rpc) knows a method's policy and puts a [Use] into the context of
// every call that an office lets through; package once records it in the transaction of what is done; and where a method
// neither uses once nor records it otherwise, the guard records it itself after the method succeeded, in a transaction of its own,
// and says so in the log. Reading that an office allows is counted by day. So a method whose policy has Roles cannot forget it.
//
// A method that members call too, and officers for others (an entry of the register, the end of an office), says with [Exercise]
// that it let the caller through for an office.
package acts

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the table.
var Migrations = database.Migrations{Part: "acts", Files: files}

// Operator is the role of a token that the operator made.
const Operator = "operator"

// Act is one use of an office, or a day's count of reading.
type Act struct {
	// ID names it.
	ID string
	// At is when, by the society's clock; of counted reading the last time that day.
	At time.Time
	// Member did it, by Role, in Region or for the whole society.
	Member, Role, Region string
	// Method is the full name of the method.
	Method string
	// SubjectKind and Subject say on what ("meeting", its id); empty where there is nothing to name.
	SubjectKind, Subject string
	// Counted is true for reading; Count is how often then, and 1 for an act.
	Counted bool
	Count   int64
}

// Use is an office about to be used in a call.
type Use struct {
	mu       sync.Mutex
	act      Act
	live     bool
	recorded bool
	describe func(reply []byte) (kind, subject string)
}

// NewUse returns a use of an office. live is whether the policy itself let the caller through for an office; a method may
// say so later ([Exercise]). describe names the subject when the reply is known (nil where it is not), and may be nil.
func NewUse(a Act, live bool, describe func(reply []byte) (kind, subject string)) *Use {
	a.Count = 1
	return &Use{act: a, live: live, describe: describe}
}

type contextKey struct{}

// NewContext returns a context that carries the use.
func NewContext(ctx context.Context, u *Use) context.Context {
	return context.WithValue(ctx, contextKey{}, u)
}

func from(ctx context.Context) *Use {
	u, _ := ctx.Value(contextKey{}).(*Use)
	return u
}

// Exercise says that the method let the caller through for an office, which its policy did not ask for. Without a use in the context
// it does nothing.
func Exercise(ctx context.Context, office auth.Role) {
	if u := from(ctx); u != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.live = true
		if u.act.Role != Operator {
			u.act.Role, u.act.Region = office.Name, office.Region
		}
	}
}

// About names the subject where neither the request nor the reply does. A later call wins.
func About(ctx context.Context, kind, subject string) {
	if u := from(ctx); u != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.describe = func([]byte) (string, string) { return kind, subject }
	}
}

// Record writes the use in ctx in the transaction of what is done, whose encoded reply is known. It does nothing without a live one.
func Record(ctx context.Context, tx *sql.Tx, reply []byte) error {
	u := from(ctx)
	if u == nil {
		return nil
	}
	a, live := u.settle(reply)
	if !live {
		return nil
	}
	// A transaction may run again, and a call may hold two: the use is recorded once.
	_, err := tx.ExecContext(ctx, `
		INSERT INTO officer_act (id, at, member, role, region, method, subject_kind, subject, counted, count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
		ON CONFLICT (id) DO NOTHING`, a.ID, a.At.UnixMicro(), a.Member, a.Role, a.Region, a.Method, a.SubjectKind, a.Subject, false)
	if err != nil {
		return fmt.Errorf("acts: record: %w", err)
	}
	return nil
}

// settle names the subject.
func (u *Use) settle(reply []byte) (Act, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.live && u.describe != nil {
		u.act.SubjectKind, u.act.Subject = u.describe(reply)
		if len(u.act.SubjectKind) > 40 || len(u.act.Subject) > 100 {
			u.act.SubjectKind, u.act.Subject = "", ""
		}
	}
	return u.act, u.live
}

// Committed says that the transaction in which the use was recorded has been committed, or that the call only repeats one that was
// recorded then.
func Committed(ctx context.Context) {
	if u := from(ctx); u != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.recorded = true
	}
}

// Open reports whether the use in ctx is live and not recorded yet.
func Open(ctx context.Context) bool {
	u := from(ctx)
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.live && !u.recorded
}

// Book records what is not recorded with what was done, and lists.
type Book struct {
	db   *database.DB
	zone *time.Location
}

// NewBook returns the book of a database whose migrations have run. Days of counted reading are the society's, in zone.
func NewBook(db *database.DB, zone *time.Location) *Book { return &Book{db: db, zone: zone} }

// Close records the use in ctx in a transaction of its own, if it is live and open.
func (b *Book) Close(ctx context.Context, reply []byte) error {
	if !Open(ctx) {
		return nil
	}
	err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return Record(ctx, tx, reply) })
	if err == nil {
		Committed(ctx)
	}
	return err
}

// Count adds one to the day's reading by the method, if the use in ctx is live. What was read is not kept.
func (b *Book) Count(ctx context.Context) error {
	if !Open(ctx) {
		return nil
	}
	a, _ := from(ctx).settle(nil)
	day := a.At.In(b.zone).Format(time.DateOnly)
	key := keyOf(day, a.Member, a.Role, a.Region, a.Method)
	err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO officer_act (id, at, member, role, region, method, subject_kind, subject, counted, count) VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, 1)
			ON CONFLICT (id) DO UPDATE SET count = officer_act.count + 1, at = excluded.at`,
			key, a.At.UnixMicro(), a.Member, a.Role, a.Region, a.Method, true)
		return err
	})
	if err != nil {
		return fmt.Errorf("acts: count: %w", err)
	}
	Committed(ctx)
	return nil
}
