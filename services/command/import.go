package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	membership "github.com/localgovdigital/folkmoot/services/membership/server"
)

var importCommand = Command{Name: "import", Short: "take members in from a CSV file", Run: importMembers}

const importAbout = `Takes members in from a CSV file (UTF-8). Its first line names the columns: name and email, and if wanted region,
language (en or cy) and admitted (the day on which they became members, 2026-03-31). The whole file is read before anything is saved: with
a mistake in it nothing is, and each is printed with its line and column. A member is told by the e-mail address: whose address the
register knows is left as they are, so that the same file again adds nobody, and a run that was cut short is finished by the same
command. Each member taken in is an application and an admission in the register and its public log.

WHAT is "members". FILE may be - for standard input. The house may be running.`

func importMembers(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "import", "members FILE --data DIR [--dry-run]", importAbout)
	data := fs.String("data", "", "data `FOLDER`")
	address := fs.String("database", "", "membership's database `URL`, postgresql://…; by default a SQLite file in the folder")
	dry := fs.Bool("dry-run", false, "only say what would be done, and what is wrong")
	words, err := parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	if words[0] != "members" || *data == "" {
		return &UsageError{"write: folkmoot import members FILE --data DIR"}
	}
	now, err := folderNow(*data)
	if err != nil {
		return err
	}
	if *address == "" {
		*address = services.DatabaseFile(*data, auth.Membership)
		if _, err := os.Stat(*address); err != nil {
			return fmt.Errorf("there is no society in this folder: %w", err)
		}
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return err
	}
	file, name := s.In, "standard input"
	if words[1] != "-" {
		f, err := os.Open(words[1])
		if err != nil {
			return fmt.Errorf("the file cannot be read: %w", err)
		}
		defer f.Close()
		file, name = f, filepath.Base(words[1])
	}
	db, err := database.Open(ctx, *address)
	if err != nil {
		return err
	}
	defer db.Close()
	shown := int64(0)
	done, err := membership.TakeIn(ctx, db, file, name, *dry, now, zone, func(what string, rows int64) {
		if rows/progressEvery != shown/progressEvery || rows < shown {
			fmt.Fprintf(s.Err, "%s: %d rows\n", map[string]string{"check": "checked", "take": "taken in"}[what], rows)
		}
		shown = rows
	})
	if err != nil {
		return err
	}
	return sayTakenIn(s, done, *dry)
}

// progressEvery is after how many rows a line of progress is written.
const progressEvery = 10_000

func sayTakenIn(s Streams, done membership.TakenIn, dry bool) error {
	for _, m := range done.First {
		field := ""
		if m.Field != "" {
			field = " (" + m.Field + ")"
		}
		fmt.Fprintf(s.Out, "line %d, column %d%s: %s\n", m.Line, m.Column, field, m.Message)
	}
	switch {
	case done.Mistakes > 0:
		return fmt.Errorf("nobody was taken in: %d mistakes in %d rows", done.Mistakes, done.Rows)
	case dry:
		fmt.Fprintf(s.Out, "No mistake in %d rows: %d would be taken in, %d are known by their address.\n", done.Rows, done.Rows-done.Known, done.Known)
	default:
		fmt.Fprintf(s.Out, "%d of %d taken in; %d were known by their address.\n", done.Added, done.Rows, done.Rows-done.Added)
	}
	return nil
}

// folderNow is what the clock of a data folder shows.
func folderNow(data string) (time.Time, error) {
	marked, err := clock.Marked(data)
	if err != nil || !marked {
		return societyNow(), err
	}
	c, err := clock.OpenSample(data)
	if err != nil {
		return time.Time{}, err
	}
	return c.Now(), nil
}
