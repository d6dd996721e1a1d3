package command

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/localgovdigital/folkmoot/services"
	ballots "github.com/localgovdigital/folkmoot/services/ballots/store"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	ledger "github.com/localgovdigital/folkmoot/services/ledger/store"
	membership "github.com/localgovdigital/folkmoot/services/membership/store"
)

const doctorAbout = `Looks a data folder over: who can read it, whether the keys belong together, whether each database is whole, whether the
books balance and are numbered without a gap, and whether membership has heard what the ledger told it; with --deep also whether
books, register and ballots are what their public logs commit to. It changes nothing
and may run beside the house. Exit status 0 only if nothing is wrong.`

// finding is one thing looked at. wrong says what is wrong with it and what to do; empty if nothing is.
type finding struct {
	what, wrong string
}

func doctor(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "doctor", "--data DIR [--deep]", doctorAbout)
	data := fs.String("data", "", "data `FOLDER`")
	deep := fs.Bool("deep", false, "also read every page of every database, and compare every record with the public logs")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *data == "" {
		return &UsageError{"give the folder with --data"}
	}
	if _, err := os.Stat(*data); err != nil {
		return fmt.Errorf("the data folder cannot be read: %w", err)
	}
	var all []finding
	all = append(all, lookAtFolder(*data)...)
	all = append(all, lookAtKeys(filepath.Join(*data, services.KeysFolder))...)
	all = append(all, lookAtDatabases(ctx, *data, *deep)...)
	bad := 0
	for _, f := range all {
		if f.wrong == "" {
			fmt.Fprintf(s.Out, "ok     %s\n", f.what)
			continue
		}
		bad++
		fmt.Fprintf(s.Out, "WRONG  %s: %s\n", f.what, f.wrong)
	}
	if marked, err := clock.Marked(*data); err == nil && marked {
		fmt.Fprintln(s.Out, "note   this folder is a sample: its people and records are fictional")
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things are wrong", bad, len(all))
	}
	return nil
}

func lookAtFolder(data string) []finding {
	f := finding{what: "only its owner can read the folder"}
	info, err := os.Stat(data)
	switch {
	case err != nil:
		f.wrong = err.Error()
	case !info.IsDir():
		f.wrong = "it is not a folder"
	case info.Mode().Perm()&0o077 != 0:
		f.wrong = fmt.Sprintf("its mode is %04o; chmod 700 it", info.Mode().Perm())
	}
	return []finding{f}
}

func lookAtKeys(dir string) []finding {
	public, err := keyring.Public(dir)
	if err != nil {
		return []finding{{"the keys", err.Error()}}
	}
	var all []finding
	for _, name := range append([]string{keyring.Members}, auth.Rooms...) {
		f := finding{what: "the key of " + name}
		key, err := keyring.Private(dir, name)
		info, statErr := os.Stat(filepath.Join(dir, name+".key"))
		switch {
		case err != nil:
			f.wrong = err.Error()
		case !bytes.Equal(key.Public().(ed25519.PublicKey), public[name]):
			f.wrong = "it is not the one that the other rooms know (rooms.json): put the right file back"
		case statErr == nil && info.Mode().Perm()&0o077 != 0:
			f.wrong = fmt.Sprintf("others can read it (mode %04o); chmod 600 it, and make new keys if somebody may have", info.Mode().Perm())
		}
		all = append(all, f)
	}
	for _, log := range slices.Sorted(maps.Values(keyring.Logs)) {
		f := finding{what: "the key and the name of the " + log + "'s public log"}
		_, _, err := keyring.Log(dir, log)
		info, statErr := os.Stat(filepath.Join(dir, log+"-log.key"))
		switch {
		case err != nil:
			f.wrong = err.Error()
		case statErr == nil && info.Mode().Perm()&0o077 != 0:
			f.wrong = fmt.Sprintf("others can read the key (mode %04o); chmod 600 it", info.Mode().Perm())
		}
		all = append(all, f)
	}
	return all
}

func lookAtDatabases(ctx context.Context, data string, deep bool) []finding {
	var all []finding
	dbs := map[string]*database.DB{}
	for _, name := range auth.Rooms {
		f := finding{what: "the database of " + name}
		path := services.DatabaseFile(data, name)
		if _, err := os.Stat(path); err != nil {
			// A society that is founded and not started yet has only membership's.
			f.wrong = "its file is not there; if the house was never started, start it"
			all = append(all, f)
			continue
		}
		db, err := database.Open(ctx, path)
		if err == nil {
			defer db.Close()
			dbs[name] = db
			err = db.Check(ctx, deep)
		}
		if err != nil {
			f.wrong = err.Error()
		}
		all = append(all, f)
	}
	if db := dbs[auth.Ledger]; db != nil {
		f := finding{what: "the books balance and are numbered without a gap"}
		if err := ledger.New(db).Check(ctx); err != nil {
			f.wrong = err.Error()
		}
		all = append(all, f)
		if deep {
			f := finding{what: "every entry of the books is what the ledger's public log commits to"}
			if err := ledger.New(db).CheckLog(ctx); err != nil {
				f.wrong = err.Error()
			}
			all = append(all, f)
		}
	}
	if db := dbs[auth.Membership]; db != nil && deep {
		f := finding{what: "every record of the register is what its public log commits to"}
		if err := membership.New(db, rand.Reader).CheckLog(ctx); err != nil {
			f.wrong = err.Error()
		}
		all = append(all, f)
		f = finding{what: "every roll holds what its fingerprint says, and what is kept of standing is what the histories give"}
		if err := errors.Join(membership.New(db, rand.Reader).CheckRolls(ctx), membership.New(db, rand.Reader).CheckElectors(ctx)); err != nil {
			f.wrong = err.Error()
		}
		all = append(all, f)
	}
	if db := dbs[auth.Ballots]; db != nil && deep {
		f := finding{what: "every ballot and every vote is what the ballots' public log commits to, the marked register agrees, and a recount gives the result"}
		if err := ballots.New(db, ballots.Config{}).CheckLog(ctx); err != nil {
			f.wrong = err.Error()
		}
		all = append(all, f)
	}
	if dbs[auth.Ledger] != nil && dbs[auth.Membership] != nil {
		all = append(all, lookAtDelivery(ctx, dbs[auth.Ledger], dbs[auth.Membership]))
	}
	return all
}

// lookAtDelivery compares what the ledger told with what membership heard.
func lookAtDelivery(ctx context.Context, from, to *database.DB) finding {
	f := finding{what: "membership has heard what the ledger told it"}
	_, head, err := outbox.Head(ctx, from, ledger.Topic)
	applied, err2 := outbox.Applied(ctx, to, auth.Ledger)
	switch {
	case errors.Join(err, err2) != nil:
		f.wrong = errors.Join(err, err2).Error()
	case applied > head:
		f.wrong = fmt.Sprintf("it heard %d events of %d: the ledger was put back to an older state than membership", applied, head)
	case applied < head:
		f.wrong = fmt.Sprintf("it heard %d events of %d; start the house and it will catch up", applied, head)
	}
	return f
}
