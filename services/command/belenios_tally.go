package command

import (
	"bytes"
	"context"
	"fmt"
	"os"

	bel "github.com/localgovdigital/folkmoot/services/ballots/belenios"
)

const beleniosTallyHelp = `Takes an archive from the end of the voting to the result. Each call verifies the archive, does one thing, and verifies
what it did:

  --close             end the voting and add up the ballots under encryption; no ballot can be cast afterwards
  --shuffle FILE      add a trustee's shuffle (ranked questions only)
  --end-shuffles      no more shuffles: the trustees may decrypt
  --decryption FILE   add a trustee's part of the decryption
  --result            compute the result from the parts and end the archive`

func beleniosTally(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios tally", "FILE.bel --close | --shuffle FILE | --end-shuffles | --decryption FILE | --result", beleniosTallyHelp)
	closing := fs.Bool("close", false, "end the voting")
	shuffle := fs.String("shuffle", "", "a trustee's shuffle `file`")
	end := fs.Bool("end-shuffles", false, "end the shuffling")
	decryption := fs.String("decryption", "", "a trustee's decryption `file`")
	result := fs.Bool("result", false, "compute the result")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	var step func(*bel.Report, *bel.Appender) ([]byte, error)
	steps := 0
	choose := func(chosen bool, f func(*bel.Report, *bel.Appender) ([]byte, error)) {
		if chosen {
			step = f
			steps++
		}
	}
	choose(*closing, func(r *bel.Report, a *bel.Appender) ([]byte, error) {
		t, err := r.ComputeTally()
		if err != nil {
			return nil, err
		}
		var b []byte
		if r.Stage != bel.EventEndBallots {
			b = a.EndBallots()
		}
		return append(b, a.Tally(t)...), nil
	})
	choose(*shuffle != "", func(r *bel.Report, a *bel.Appender) ([]byte, error) {
		owner, raw, err := readOwned(*shuffle)
		if err != nil {
			return nil, err
		}
		return a.Shuffle(owner, raw), r.AcceptShuffle(owner, raw)
	})
	choose(*end, func(r *bel.Report, a *bel.Appender) ([]byte, error) {
		if r.Stage != bel.EventShuffle {
			return nil, fmt.Errorf("there is no shuffle yet")
		}
		return a.EndShuffles(), nil
	})
	choose(*decryption != "", func(r *bel.Report, a *bel.Appender) ([]byte, error) {
		owner, raw, err := readOwned(*decryption)
		if err != nil {
			return nil, err
		}
		return a.Decryption(owner, raw), r.AcceptDecryption(owner, raw)
	})
	choose(*result, func(r *bel.Report, a *bel.Appender) ([]byte, error) {
		if r.Result != nil {
			return nil, fmt.Errorf("there is a result already")
		}
		res, err := r.ComputeResult()
		if err != nil {
			return nil, err
		}
		return a.Result(res), nil
	})
	if steps != 1 {
		return &UsageError{"exactly one step is wanted"}
	}
	rep, err := grow(ctx, s, words[0], bel.Options{}, step)
	if err != nil {
		return err
	}
	printReport(s.Out, rep)
	return nil
}

// readOwned reads a trustee's contribution: two lines.
func readOwned(name string) (int, []byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, nil, err
	}
	raw, payload, ok := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	if !ok {
		return 0, nil, fmt.Errorf("%s is not a trustee's contribution: two lines are wanted", name)
	}
	owner, err := bel.ParseOwnedPayload(bytes.TrimSpace(payload), raw)
	return owner, raw, err
}
