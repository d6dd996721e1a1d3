package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership/intake"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// TakenIn is what became of a file of members.
type TakenIn struct {
	// Rows counts the file's rows, Known those whose address the register knew, Added the members who were taken in.
	Rows, Known, Added int64
	// Mistakes counts what is wrong with it, and First are the first of them; then nobody was taken in.
	Mistakes int64
	First    []intake.Mistake
}

// TakeIn takes the members of a CSV file in, as an import over the API does, for whoever has the data folder: the file is
// read whole first, and with a mistake in it, or where dry is true, nothing is saved. progress hears what is being done ("check" or
// "take") and how many rows of it are. zone is the society's.
func TakeIn(ctx context.Context, db *database.DB, file io.Reader, name string, dry bool, now time.Time, zone *time.Location, progress func(what string, rows int64)) (TakenIn, error) {
	if err := db.Migrate(ctx, migrations()...); err != nil {
		return TakenIn{}, err
	}
	st := store.New(db, rand.Reader)
	if _, err := st.Founding(ctx); err != nil {
		return TakenIn{}, err
	}
	if err := errors.Join(st.LogMissing(ctx), st.KeepElectors(ctx)); err != nil {
		return TakenIn{}, err
	}
	request, err := id.Random(rand.Reader)
	if err != nil {
		return TakenIn{}, err
	}
	sum := sha256.Sum256([]byte(name))
	reply, err := st.BeginIntake(ctx, once.Request{Principal: store.ByOperator, Method: "import", ID: request, Hash: sum[:], At: now}, name, store.ByOperator,
		func(n store.Intake) ([]byte, error) { return []byte(n.ID), nil })
	if err != nil {
		return TakenIn{}, err
	}
	intakeID := string(reply)
	if err := sendParts(ctx, st, intakeID, file); err != nil {
		return TakenIn{}, err
	}
	if _, err := st.TurnIntake(ctx, intakeID, store.IntakeReceiving, store.IntakeChecking); err != nil {
		return TakenIn{}, err
	}
	// A house that runs on the folder may have taken it up already: then it does the work.
	check := func() error {
		return st.CheckIntake(ctx, intakeID, midnight(now, zone), func(rows int64) { progress("check", rows) })
	}
	n, err := carryOut(ctx, st, intakeID, store.IntakeChecking, check)
	if err != nil || n.State == store.IntakeRefused || dry {
		return takenIn(n), err
	}
	if _, err := st.TurnIntake(ctx, intakeID, store.IntakeClean, store.IntakeApplying); err != nil {
		return takenIn(n), err
	}
	n, err = carryOut(ctx, st, intakeID, store.IntakeApplying, func() error {
		return st.ApplyIntake(ctx, intakeID, now, func(rows int64) { progress("take", rows) })
	})
	return takenIn(n), err
}

func takenIn(n store.Intake) TakenIn {
	return TakenIn{Rows: n.Rows, Known: n.Known, Added: n.Added, Mistakes: n.Mistakes, First: n.First}
}

func sendParts(ctx context.Context, st *store.Store, intakeID string, file io.Reader) error {
	part := make([]byte, store.MaxPart)
	for at := int64(0); ; {
		n, err := io.ReadFull(file, part)
		if n > 0 {
			if _, err := st.AddPart(ctx, intakeID, at, part[:n]); err != nil {
				return err
			}
			at += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// carryOut does the work of a state, or waits while a house that runs on the folder does it.
func carryOut(ctx context.Context, st *store.Store, intakeID, state string, work func() error) (store.Intake, error) {
	err := work()
	for {
		if err != nil && !store.TakenOver(err) {
			return store.Intake{}, err
		}
		n, err := st.Intake(ctx, intakeID)
		if err != nil || n.State != state {
			return n, err
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
