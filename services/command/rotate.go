package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
)

const rotateAbout = `Replaces the key that signs members' access tokens. Nobody is signed out: the old public key is published for another hour, in which
the tokens that it signed expire, and sessions and mailed codes do not depend on it. Run it on the folder of the process that hosts membership,
then start that process again within three quarters of an hour. The other rooms learn of the new key by themselves.`

func rotate(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "rotate", "--data DIR", rotateAbout)
	data := fs.String("data", "", "data `FOLDER`")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *data == "" {
		return &UsageError{"give the folder with --data"}
	}
	now := societyNow()
	marked, err := clock.Marked(*data)
	if err != nil {
		return fmt.Errorf("the data folder cannot be read: %w", err)
	}
	if marked {
		c, err := clock.OpenSample(*data)
		if err != nil {
			return err
		}
		now = c.Now()
	}
	if err := keyring.Rotate(filepath.Join(*data, services.KeysFolder), now, rand.Reader); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "The key is replaced. Start membership again before %s.\n", now.Add(keyring.OldKeyLife-15*time.Minute).Format("15:04 MST"))
	return nil
}
