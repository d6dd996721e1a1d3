package store

import (
	"context"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// TestOfficesMoveToTheirNewTable: what stood in the old table stands in the new one after the migration, once, though it was cut
// short and run again.
func TestOfficesMoveToTheirNewTable(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		before, err := s.Grants(ctx)
		if err != nil || len(before) != 3 {
			t.Fatalf("%v, %v", before, err)
		}
		// As an older Folkmoot left it; then as the migration left it when it was cut short after one row.
		for _, query := range []string{
			`INSERT INTO office SELECT * FROM appointment WHERE TRUE`,
			`DELETE FROM appointment WHERE role <> 'chair'`,
			`DELETE FROM migration WHERE name = 'membership/0011_registrar.sql'`,
		} {
			if err := s.db.InTx(ctx, exec(query)); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := s.Grants(ctx); err != nil || len(left) != 1 {
			t.Fatalf("%v, %v", left, err)
		}
		if err := s.db.Migrate(ctx, once.Migrations, outbox.Migrations, translog.Migrations, Migrations); err != nil {
			t.Fatal(err)
		}
		after, err := s.Grants(ctx)
		if err != nil || len(after) != 3 {
			t.Fatalf("%v, %v", after, err)
		}
		for i := range after {
			if after[i] != before[i] {
				t.Errorf("%+v became %+v", before[i], after[i])
			}
		}
		logged(t, s)
		// The new table takes a registrar.
		g := membership.Grant{Member: founders[2], Role: membership.Registrar, Reason: "Asked.", GrantedBy: founders[0], Granted: start}
		if _, err := s.Grant(ctx, sent("grant", "registrar", start), g, func(g NamedGrant) ([]byte, error) { return []byte(g.Role), nil }); err != nil {
			t.Fatal(err)
		}
	})
}
