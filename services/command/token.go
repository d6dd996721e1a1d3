package command

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	membership "github.com/localgovdigital/folkmoot/services/membership/server"
)

const tokenAbout = `Prints an access token of a member, for 15 minutes, for use with curl or grpcurl. In a sample it does what the member may
do. In a real society it is marked as the operator's: it reads what the member may read, but cannot cast, second,
give roles or act for an officer, and its making is recorded in the register.`

func token(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "token", "--data DIR --email ADDRESS", tokenAbout)
	data := fs.String("data", "", "data `FOLDER`")
	email := fs.String("email", "", "the member's `ADDRESS`")
	address := fs.String("database", "", "membership's database `URL`, postgresql://…; by default a SQLite file in the folder")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *data == "" || *email == "" {
		return &UsageError{"give the folder with --data and the member's address with --email"}
	}
	key, err := keyring.Private(filepath.Join(*data, services.KeysFolder), keyring.Members)
	if err != nil {
		return err
	}
	now := societyNow()
	marked, err := clock.Marked(*data)
	if err != nil {
		return err
	}
	if marked {
		c, err := clock.OpenSample(*data)
		if err != nil {
			return err
		}
		now = c.Now()
	}
	if *address == "" {
		*address = services.DatabaseFile(*data, auth.Membership)
	}
	db, err := database.Open(ctx, *address)
	if err != nil {
		return err
	}
	defer db.Close()
	raw, _, err := membership.OperatorToken(ctx, db, auth.NewSigner(key), *email, now, marked)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, raw)
	return nil
}
