package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/verify"
)

const verifyAbout = `Checks what a house has published, from outside: it needs an address and no account, or a file and no network.

With the address of a house it fetches the public logs of the register, the ledger and the ballots whole, recomputes their roots and
compares them with the signed checkpoints, computes the leaf of every entry of the books and of its evidence, adds the books up, and
decides every declared result again from its figures, and compares the record of every ballot with the ballots' log. --save keeps the checkpoints (and, to name what differs, the
hashes of the leaves) in a file; --checkpoint compares with such a file, or with a checkpoint as /log/ledger/checkpoint serves it:
what was signed then must still be there unchanged. --witness-vkey is the key of a witness that you rely on, from the witness itself and not
from the house: both logs must be signed by it, and the report says up to where and when.

With a file of proofs (from /v1/me/proofs, /v1/ledger/entries/ENTRY/proof, /v1/ballots/BALLOT/record or …/votes/mine/proof) it shows that the facts in it stand in the log;
--vkey is the log's key, or a file that holds it.

A file of openings (from /v1/ballots/BALLOT/openings, for members, once the result is published) it recounts: the file's leaves must give the
signed root, every vote must open its leaf, none may be left out, and the last vote of each elector must give the result. --vkey is /log/ballots/vkey.

With an auditor's pack (a zip, from /v1/ledger/pack) it checks the sums of its files, the log and its signature, every entry against the
log, and every journal and report against the entries, and says which entry is wrong. --vkey and --checkpoint are as above.
Ballot archives are for folkmoot belenios verify.

It says in words what it checked and what it could not. Exit status 0 only if everything holds.`

func verifyCommand(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "verify", "[flags] URL-or-FILE", verifyAbout)
	earlier := fs.String("checkpoint", "", "compare with this `FILE`, kept from an earlier visit or served then as a checkpoint")
	save := fs.String("save", "", "keep this visit in this `FILE`; written only if everything holds")
	witnesses := repeated(fs, "witness-vkey", "verifier `KEY` of a witness that you rely on, or a file that holds it: it must have signed both logs")
	vkey := fs.String("vkey", "", "the log's verifier `KEY`, or a file that holds it (for a file of proofs)")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	var report *verify.Report
	var keep *verify.Kept
	if strings.Contains(words[0], "://") {
		report, keep, err = verifyHouse(ctx, words[0], *earlier, *witnesses)
	} else {
		isPack := verify.IsPack(words[0])
		if *save != "" || len(*witnesses) > 0 || *earlier != "" && !isPack {
			return &UsageError{"--save and --witness-vkey go with the address of a house, and --checkpoint with that or an auditor's pack"}
		}
		if isPack {
			report, err = verifyPack(ctx, words[0], *vkey, *earlier)
		} else {
			report, err = verifyFile(words[0], *vkey)
		}
	}
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		if f.Wrong == "" {
			fmt.Fprintf(s.Out, "ok     %s\n", f.What)
		} else {
			fmt.Fprintf(s.Out, "WRONG  %s: %s\n", f.What, f.Wrong)
		}
	}
	if len(report.Unchecked) > 0 {
		fmt.Fprintln(s.Out, "\nNot checked:")
	}
	for _, u := range report.Unchecked {
		fmt.Fprintf(s.Out, "  - %s\n", u)
	}
	if n := report.Wrong(); n > 0 {
		return fmt.Errorf("it does not hold: %d things are wrong", n)
	}
	if *save == "" || keep == nil {
		return nil
	}
	if err := os.WriteFile(*save, keep.Text(), 0o644); err != nil {
		return fmt.Errorf("what to keep cannot be written: %w", err)
	}
	fmt.Fprintf(s.Out, "\nKept in %s.\n", *save)
	return nil
}

func verifyHouse(ctx context.Context, address, earlier string, witnesses []string) (*verify.Report, *verify.Kept, error) {
	kept, err := readKept(earlier)
	if err != nil {
		return nil, nil, err
	}
	house, err := verify.NewHouse(address)
	if err != nil {
		return nil, nil, &UsageError{err.Error()}
	}
	for _, v := range witnesses {
		text, err := keyOrFile(v)
		if err != nil {
			return nil, nil, err
		}
		key, err := translog.ParseWitnessKey(text)
		if err != nil {
			return nil, nil, &UsageError{"--witness-vkey: " + err.Error()}
		}
		house.Witnesses = append(house.Witnesses, key)
	}
	return house.Check(ctx, kept)
}

// readKept reads what was kept; nothing where no file is named.
func readKept(file string) (*verify.Kept, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the earlier checkpoint cannot be read: %w", err)
	}
	kept, err := verify.ParseKept(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return kept, nil
}

func verifyPack(ctx context.Context, path, vkey, earlier string) (*verify.Report, error) {
	kept, err := readKept(earlier)
	if err != nil {
		return nil, err
	}
	if vkey != "" {
		if vkey, err = keyOrFile(vkey); err != nil {
			return nil, err
		}
	}
	return verify.Pack(ctx, path, vkey, kept)
}

func verifyFile(path, vkey string) (*verify.Report, error) {
	if strings.HasSuffix(path, ".bel") {
		return nil, errors.New("a ballot archive is for folkmoot belenios verify")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("it is neither a URL (https://…) nor a file that can be read: %w", err)
	}
	if vkey != "" {
		if vkey, err = keyOrFile(vkey); err != nil {
			return nil, err
		}
	}
	return verify.Proof(raw, vkey)
}
