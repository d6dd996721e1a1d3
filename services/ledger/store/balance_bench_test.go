package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// fill writes n entries of two postings over three years straight into the tables, without leaves.
func fill(b *testing.B, d *desk, n int) {
	b.Helper()
	const rows = 2000
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for from := 1; from <= n; from += rows {
		err := d.db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			var entries, postings strings.Builder
			for i := from; i < min(from+rows, n+1); i++ {
				if i > from {
					entries.WriteByte(',')
					postings.WriteByte(',')
				}
				day := first.AddDate(0, 0, i*1000/n).Format(ledger.DateLayout)
				account, pence := ledger.Donations, 100+i%900
				if i%10 == 0 {
					account, pence = "expenses:hall", -(50 + i%300)
				}
				fmt.Fprintf(&entries, "('%s',%d,'general','%s',%d,'Something','t','','',NULL,'','',FALSE,'%s',0,0)", entryID(i), i, day, int64(i)*1_000_000, entryID(i))
				fmt.Fprintf(&postings, "(%d,0,'assets:bank','GBP',%d),(%d,1,'%s','GBP',%d)", i, pence, i, account, -pence)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO entry (id, number, kind, occurred, entered, description, entered_by, member, method, reverses, reason, reference, repeated, root, depth, counts) VALUES `+entries.String()); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO posting (entry_number, line, account, currency, pence) VALUES `+postings.String())
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReports measures a balance at a date, a period's sums and a walk through the journal over 10,000, 100,000 and
// 1,000,000 entries, and how long the sums by day take to be made.
func BenchmarkReports(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		if testing.Short() && n > 10_000 {
			continue
		}
		db := databasetest.SQLite(b, once.Migrations, outbox.Migrations, translog.Migrations, store.Migrations)
		d := &desk{Store: store.New(db), db: db}
		fill(b, d, n)
		began := time.Now()
		if moved, err := d.RollBalances(b.Context()); err != nil || moved < int64(n)-5000 {
			b.Fatalf("%d moved: %v", moved, err)
		}
		rolled := time.Since(began)
		b.Run(fmt.Sprintf("balance at a date/%d", n), func(b *testing.B) {
			b.ReportMetric(float64(rolled.Milliseconds()), "ms-to-roll")
			for b.Loop() {
				if sums, err := d.Sums(b.Context(), "2025-06-01"); err != nil || len(sums) != 3 {
					b.Fatal(sums, err)
				}
			}
		})
		b.Run(fmt.Sprintf("receipts and payments/%d", n), func(b *testing.B) {
			for b.Loop() {
				p, err := d.Period(b.Context(), "2025-01-01", "2025-12-31")
				if err != nil || len(p.Within) != 3 || ledger.WriteReport(io.Discard, ledger.ReceiptsAndPayments(p)) != nil {
					b.Fatal(p, err)
				}
			}
		})
		b.Run(fmt.Sprintf("walk/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x, err := ledger.NewExporter("hledger")
				if err != nil {
					b.Fatal(err)
				}
				seen := 0
				if err := d.Walk(b.Context(), 0, func(e ledger.Entry) error { seen++; return x.Entry(io.Discard, e) }); err != nil || seen != n {
					b.Fatal(seen, err)
				}
			}
		})
	}
}
