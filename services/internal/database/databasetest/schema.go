package databasetest

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// update has Schema write the file instead of comparing it: go test ./services/ROOM/store -run Schema -update-schema.
var update = flag.Bool("update-schema", false, "write the dumped schema files anew")

// Schema compares the schema that the migrations make with the file in which readers find it whole, "schema.sql" beside
// the folder of the migrations. The dump is SQLite's: every table and index as it stands after all migrations.
func Schema(t *testing.T, file string, parts ...database.Migrations) {
	t.Helper()
	got := dump(t, SQLite(t, parts...))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nMake it: go test -run %s -update-schema", err, t.Name())
	}
	if string(want) != got {
		t.Errorf("%s is not what the migrations make. Look at the change, then: go test -run %s -update-schema\n--- the migrations make\n%s",
			file, t.Name(), got)
	}
}

func dump(t *testing.T, db *database.DB) string {
	t.Helper()
	rows, err := db.Reader().QueryContext(context.Background(), `
		SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'migration'
		ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	b.WriteString("-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.\n")
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
		for line := range strings.Lines(statement + ";") {
			if line = strings.TrimRight(line, " \t\n"); line != "" {
				b.WriteString(line + "\n")
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
