package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	membership "github.com/localgovdigital/folkmoot/services/membership/server"
)

const foundAbout = `Founds a society in a new data folder: makes its keys and prints three one-time links, for its first secretary,
treasurer and chair. Each opens their own link and says who they are; when the third has done so the founding
act is recorded and rule book version 1 is adopted. Links are printed once and are not stored: only their hashes are.`

func found(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "found", "--data DIR --name NAME [flags]", foundAbout)
	data := fs.String("data", "", "data `FOLDER`; made if it is not there")
	name := fs.String("name", "", "the society's `NAME`")
	public := fs.String("public-url", "http://localhost:8080", "`URL` under which the house will be reached")
	db := fs.String("database", "", "membership's database `URL`, postgresql://…; by default a SQLite file in the folder")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if strings.TrimSpace(*name) == "" {
		return &UsageError{"give the society's name with --name"}
	}
	marked, err := clock.Marked(*data)
	if err != nil {
		return err
	}
	if marked {
		return fmt.Errorf("%s holds the sample: give another folder", *data)
	}
	if err := prepare(*data, *public); err != nil {
		return err
	}
	address := *db
	if address == "" {
		address = services.DatabaseFile(*data, auth.Membership)
	}
	links, err := foundDatabase(ctx, address, societyNow(), *name)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s is ready to be founded. Give each founder their own link; each works once.\n\n", *name)
	for _, office := range founders {
		fmt.Fprintf(s.Out, "  %-10s %s/founding?invitation=%s\n", office, strings.TrimSuffix(*public, "/"), links[office])
	}
	fmt.Fprintf(s.Out, "\nThen start the house: folkmoot up --data %s\n", *data)
	return nil
}

// foundIn founds a society in a folder's own database.
func foundIn(ctx context.Context, data string, now time.Time, name string) (map[string]string, error) {
	return foundDatabase(ctx, services.DatabaseFile(data, auth.Membership), now, name)
}

func foundDatabase(ctx context.Context, address string, now time.Time, name string) (map[string]string, error) {
	db, err := database.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return membership.Found(ctx, db, name, now, rand.Reader)
}
