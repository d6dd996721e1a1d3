package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// hand hands in a file of evidence in two pieces and returns its id.
func (d *desk) hand(t *testing.T, content string) string {
	t.Helper()
	ctx := t.Context()
	encode := func(f ledger.File) ([]byte, error) { return []byte(f.ID), nil }
	f := ledger.File{ID: fileID(d.request("").ID), Purpose: ledger.ForEvidence, Name: "Invoice of Ada.txt", Size: int64(len(content)), StartedBy: "treasurer"}
	done[[]byte](t)(d.StartFile(ctx, d.request("start"), f, encode))
	half := len(content) / 2
	done[[]byte](t)(d.AppendFile(ctx, d.request("first"), f.ID, "treasurer", 0, []byte(content[:half]), encode))
	done[[]byte](t)(d.AppendFile(ctx, d.request("second"), f.ID, "treasurer", int64(half), []byte(content[half:]), encode))
	done[[]byte](t)(d.FinishFile(ctx, d.request("finish"), f.ID, "treasurer", func(ledger.File) (io.Writer, func() (string, error)) {
		s := &ledger.Sniffer{}
		return s, s.MediaType
	}, encode))
	return f.ID
}

func fileID(request string) string {
	var n int
	fmt.Sscanf(request, "request-%d", &n)
	return fmt.Sprintf("00000000-0000-7000-8001-%012d", n)
}

func (d *desk) attach(ctx context.Context, entry string, ev store.Evidence) (store.Evidence, error) {
	ev.Entry, ev.LinkedBy = entry, "treasurer"
	reply, err := d.AddEvidence(ctx, d.request("attach"), ev, func(e store.Evidence) ([]byte, error) { return json.Marshal(e) })
	if err != nil {
		return ev, err
	}
	return ev, json.Unmarshal(reply, &ev)
}

// TestEvidenceHasItsLeaf adds evidence between entries and long after them.
func TestEvidenceHasItsLeaf(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		first := must(t)(d.spend(t.Context(), today, 100))
		file := d.hand(t, "an invoice of £1.00")
		done[store.Evidence](t)(d.attach(t.Context(), first.ID, store.Evidence{File: &ledger.File{ID: file}}))
		second := must(t)(d.spend(t.Context(), today, 200))
		done[store.Evidence](t)(d.attach(t.Context(), second.ID, store.Evidence{Waived: "Lost by Ada"}))
		done[store.Evidence](t)(d.attach(t.Context(), first.ID, store.Evidence{File: &ledger.File{ID: d.hand(t, "its second page")}}))
		if _, err := d.attach(t.Context(), entryID(999), store.Evidence{Waived: "x"}); fault.Of(err) == nil {
			t.Errorf("evidence of no entry: %v", err)
		}

		leaves := map[int64][]byte{}
		if err := translog.Each(t.Context(), d.db, func(l translog.Leaf) error { leaves[l.Index] = l.Data; return nil }); err != nil {
			t.Fatal(err)
		}
		var places []string
		if err := d.EachEvidence(t.Context(), func(i ledger.EvidenceItem) error {
			places = append(places, fmt.Sprintf("%d.%d at %d", i.Number, i.N, i.Log.Index))
			if string(translog.Commit(i.Log.Salt, i.LeafContent(i.Log.Private))) != string(leaves[i.Log.Index]) {
				t.Errorf("evidence %d of entry %d does not open its leaf", i.N, i.Number)
			}
			if strings.Contains(i.CSV(), "Ada") {
				t.Errorf("what is public names people: %s", i.CSV())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(places, ", "); got != "1.1 at 1, 1.2 at 4, 2.1 at 3" || len(leaves) != 5 {
			t.Errorf("%s of %d", got, len(leaves))
		}
		if err := d.CheckLog(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCheckLogNamesEvidenceThatDiffers(t *testing.T) {
	const pieces = "UPDATE file_piece SET data = (SELECT o.data FROM file_piece o WHERE o.file <> file_piece.file AND o.begins = 0) WHERE begins = 0"
	cases := map[string]struct{ spoil, says string }{
		"the file":              {pieces, "the file of evidence 1 of entry 1 is not the one"},
		"the end of the file":   {"DELETE FROM file_piece WHERE begins > 0", "the file of evidence 1 of entry 1 is not the one"},
		"the hash":              {"UPDATE file SET sha256 = (SELECT private FROM evidence_leaf WHERE entry_number = 2)", "evidence 1 of entry 1 is not what leaf 2"},
		"the type":              {"UPDATE file SET media_type = 'image/png'", "evidence 1 of entry 1 is not what leaf 2"},
		"the name":              {"UPDATE file SET name = 'x'", "evidence 1 of entry 1: who linked it, the name"},
		"the reason":            {"UPDATE evidence SET waived = 'x' WHERE entry_number = 2", "evidence 1 of entry 2: who linked it"},
		"who linked it":         {"UPDATE evidence SET linked_by = 'x' WHERE entry_number = 2", "evidence 1 of entry 2: who linked it"},
		"when":                  {"UPDATE evidence SET linked = 1 WHERE entry_number = 2", "evidence 1 of entry 2 is not what leaf 3"},
		"of another entry":      {"UPDATE evidence SET n = 2 WHERE entry_number = 2", "evidence 2 of entry 2 is not in the public log"},
		"taken out":             {"DELETE FROM evidence WHERE entry_number = 2", "leaf 3 of the public log belongs to no entry and no evidence"},
		"taken out, and a leaf": {"DELETE FROM evidence WHERE entry_number = 2\nDELETE FROM evidence_leaf WHERE entry_number = 2\nDELETE FROM log_leaf WHERE idx = 3", "leaf 3 of the public log is missing"},
		"its place":             {"DELETE FROM evidence_leaf WHERE entry_number = 2", "evidence 1 of entry 2 is not in the public log"},
	}
	each(t, func(t *testing.T, d *desk) {
		for n := range 2 {
			must(t)(d.spend(t.Context(), today, int64(100+n)))
		}
		done[store.Evidence](t)(d.attach(t.Context(), entryID(1), store.Evidence{File: &ledger.File{ID: d.hand(t, "an invoice of £1.00")}}))
		done[store.Evidence](t)(d.attach(t.Context(), entryID(2), store.Evidence{Waived: "Lost by Ada"}))
		d.hand(t, "another file, of nothing")
		must(t)(d.donate(t.Context(), "ada", 100))
		d.tampered(t, cases)
	})
}

// TestEvidenceFromBeforeItsLeaves gets its leaves when the room opens, once; later nothing is logged that somebody wrote past the log.
func TestEvidenceFromBeforeItsLeaves(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 2 {
			must(t)(d.spend(t.Context(), today, 100))
		}
		done[store.Evidence](t)(d.attach(t.Context(), entryID(2), store.Evidence{Waived: "Lost"}))
		done[store.Evidence](t)(d.attach(t.Context(), entryID(1), store.Evidence{Waived: "Lost too"}))
		d.change(t, "DELETE FROM evidence_leaf\nDELETE FROM log_leaf WHERE idx > 1")
		if d.CheckLog(t.Context()) == nil {
			t.Error("evidence without leaves passes")
		}
		for range 2 {
			if err := d.LogMissing(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.CheckLog(t.Context()); err != nil {
				t.Error(err)
			}
		}
		d.change(t, "INSERT INTO evidence (entry_number, n, waived, linked, linked_by) VALUES (1, 2, 'forged', 1, 'x')")
		if err := d.LogMissing(t.Context()); err == nil || !strings.Contains(err.Error(), "evidence 2 of entry 1 ") {
			t.Errorf("evidence past the log: %v", err)
		}
	})
}

// done fails the test on an error.
func done[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
