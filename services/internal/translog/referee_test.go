package translog_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/internal/translog/translogtest"
)

// TestRefereeReadsTheLog has tessera's fsck read logs around the places where tiles fill, and first a spoilt one of each, to which
// it must object.
func TestRefereeReadsTheLog(t *testing.T) {
	for _, size := range []int{1, 256, 700} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			db := databasetest.SQLite(t, translog.Migrations)
			l := newLog(t, db)
			for at := 0; at < size; {
				// Single leaves and blocks, as a room that stores votes by the batch has them.
				appendMany(t, db, at, at+1)
				at++
				if n := min(size-at, 299); n > 0 {
					at += len(appendBlock(t, db, n))
				}
			}
			spoil := false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, err := l.File(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
				if err != nil {
					http.NotFound(w, r)
					return
				}
				if spoil && strings.HasPrefix(r.URL.Path, "/tile/entries/") {
					f.Data[len(f.Data)-1] ^= 1
				}
				w.Header().Set("Content-Type", f.ContentType)
				_, _ = w.Write(f.Data)
			}))
			defer server.Close()
			spoil = true
			if holds, said := translogtest.Fsck(t, server.URL+"/", l.VerifierKey()); holds {
				t.Fatalf("the referee does not object to a spoilt log:\n%s", said)
			}
			spoil = false
			if holds, said := translogtest.Fsck(t, server.URL+"/", l.VerifierKey()); !holds || !strings.Contains(said, fmt.Sprintf("size %d ", size)) {
				t.Fatalf("the referee objects:\n%s", said)
			}
			if size <= 256 {
				return
			}
			// A row changed behind the log's back, under a tile that was full.
			if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE log_block SET data = zeroblob(length(data)) WHERE first = 1`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if holds, said := translogtest.Fsck(t, server.URL+"/", l.VerifierKey()); holds {
				t.Fatalf("the referee does not see a changed leaf:\n%s", said)
			}
		})
	}
}
