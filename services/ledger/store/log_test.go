package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// change alters the tables behind the store's back, a statement a line.
func (d *desk) change(t *testing.T, statements string) {
	t.Helper()
	if err := d.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for s := range strings.Lines(statements) {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// books are the tables that a tamperer may reach, each after those that it refers to.
var books = []string{"entry", "posting", "entry_leaf", "file", "file_piece", "evidence", "evidence_leaf", "log_leaf"}

// tampered runs a test for each way of altering sound books, which it puts back after each.
func (d *desk) tampered(t *testing.T, cases map[string]struct{ spoil, says string }) {
	t.Helper()
	if err := d.CheckLog(t.Context()); err != nil {
		t.Fatalf("good books: %v", err)
	}
	var keep, back string
	for _, table := range books {
		keep += "CREATE TABLE copy_" + table + " AS SELECT * FROM " + table + "\n"
		back = "DELETE FROM " + table + "\n" + back
	}
	for _, table := range books {
		order := ""
		if table == "entry" {
			order = " ORDER BY number" // A reversal comes after what it reverses.
		}
		back += "INSERT INTO " + table + " SELECT * FROM copy_" + table + order + "\n"
	}
	d.change(t, keep)
	for name, c := range cases {
		d.change(t, c.spoil)
		if err := d.CheckLog(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want it to name %q", name, err, c.says)
		}
		d.change(t, back)
		if err := d.CheckLog(t.Context()); err != nil {
			t.Fatalf("%s, put back: %v", name, err)
		}
	}
}

func TestEveryEntryHasItsLeaf(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		must(t)(d.donate(t.Context(), "ada", 100))
		must(t)(d.reverse(t.Context(), entryID(1)))
		must(t)(d.spend(t.Context(), today, 5000))
		n := int64(0)
		leaves := map[int64][]byte{}
		if err := translog.Each(t.Context(), d.db, func(l translog.Leaf) error { leaves[l.Index] = l.Data; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := d.Each(t.Context(), func(e ledger.Entry) error {
			if e.Log == nil || e.Log.Index != n {
				t.Errorf("entry %d: %+v", e.Number, e.Log)
				return nil
			}
			if string(translog.Commit(e.Log.Salt, e.LeafContent(e.Log.Private))) != string(leaves[n]) {
				t.Errorf("entry %d does not open its leaf", e.Number)
			}
			n++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != 3 || len(leaves) != 3 {
			t.Errorf("%d entries, %d leaves", n, len(leaves))
		}
		if err := d.CheckLog(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestEntriesFromBeforeTheLog get their leaves when the room opens, in order and once.
func TestEntriesFromBeforeTheLog(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 300 {
			must(t)(d.spend(t.Context(), today, 1))
		}
		d.change(t, "DELETE FROM entry_leaf\nDELETE FROM log_leaf\nDELETE FROM log_tile")
		if d.CheckLog(t.Context()) == nil {
			t.Error("books without a log pass")
		}
		for range 2 {
			if err := d.LogMissing(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.CheckLog(t.Context()); err != nil {
				t.Error(err)
			}
		}
		// One in the middle without a leaf was not written before the log.
		d.change(t, "DELETE FROM entry_leaf WHERE entry_number = 2")
		if err := d.LogMissing(t.Context()); err == nil || !strings.Contains(err.Error(), "entry 2 ") {
			t.Errorf("a hole in the log: %v", err)
		}
	})
}

func TestCheckLogNamesWhatDiffers(t *testing.T) {
	cases := map[string]struct{ spoil, says string }{
		"an amount":           {"UPDATE posting SET pence = pence * 2 WHERE entry_number = 2", "entry 2 "},
		"a description":       {"UPDATE entry SET description = 'x' WHERE number = 2", "entry 2 "},
		"who gave":            {"UPDATE entry SET member = 'eve' WHERE number = 2", "entry 2:"},
		"a lost entry":        {"DELETE FROM posting WHERE entry_number = 2\nDELETE FROM entry_leaf WHERE entry_number = 2\nDELETE FROM entry WHERE number = 2", "leaf 1 "},
		"two leaves swapped":  {"UPDATE entry_leaf SET leaf = 9 WHERE entry_number = 1\nUPDATE entry_leaf SET leaf = 0 WHERE entry_number = 2\nUPDATE entry_leaf SET leaf = 1 WHERE entry_number = 1", "entry 2 "},
		"a leaf":              {"UPDATE log_leaf SET content = salt WHERE idx = 1", "leaf 1 "},
		"a lost leaf":         {"DELETE FROM log_leaf WHERE idx = 1", "leaf 1 "},
		"the last leaf":       {"DELETE FROM log_leaf WHERE idx = 2", "3 entries and pieces of evidence have a leaf and the public log has 2"},
		"no place in the log": {"DELETE FROM entry_leaf WHERE entry_number = 3", "entry 3 "},
	}
	each(t, func(t *testing.T, d *desk) {
		for range 3 {
			must(t)(d.spend(t.Context(), today, 100))
		}
		d.tampered(t, cases)
	})
}
