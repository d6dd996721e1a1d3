package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bel "github.com/localgovdigital/folkmoot/services/ballots/belenios"
)

const beleniosCredentialsHelp = `Makes the voters' credentials. This is the registrar's work, on the registrar's own machine and not on the server:
whoever has the private credentials can vote for everybody who does not.

The folder gets three files:
  uuid                the election's identifier; credentials are good for this election only
  public_creds.json   the roll, to be published with the election; its order says nothing about the voters
  private_creds.txt   one secret code per line, numbered; give each voter one, then destroy the file`

func beleniosCredentials(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios credentials", "--count N --out FOLDER", beleniosCredentialsHelp)
	count := fs.Int("count", 0, "how many `voters` there are")
	out := fs.String("out", "", "the `folder` to write to")
	group := fs.String("group", "Ed25519", "the `group`: Ed25519, BELENIOS-2048 or RFC-3526-2048")
	uuid := fs.String("uuid", "", "the election's `identifier`; a new one is drawn if this is left out")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *count < 1 || *count > 10_000_000 || *out == "" {
		return &UsageError{"--count and --out are wanted"}
	}
	g, err := bel.GroupByName(*group)
	if err != nil {
		return err
	}
	if *uuid == "" {
		if *uuid, err = bel.NewUUID(rand.Reader); err != nil {
			return err
		}
	}
	if err := bel.CheckUUID(*uuid); err != nil {
		return err
	}
	var private strings.Builder
	public := make([]bel.Element, *count)
	for i := range public {
		c, err := bel.NewCredential(rand.Reader)
		if err != nil {
			return err
		}
		if public[i], err = c.Public(g, *uuid); err != nil {
			return err
		}
		fmt.Fprintf(&private, "%d %s\n", i+1, string(c))
	}
	slices.SortFunc(public, func(a, b bel.Element) int { return strings.Compare(a.String(), b.String()) })
	roll, err := bel.NewRoll(g, public)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{"uuid": []byte(*uuid + "\n"), "public_creds.json": roll.Raw(), "private_creds.txt": []byte(private.String())} {
		if err := writePrivate(filepath.Join(*out, name), b); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.Out, "%d credentials for election %s. The roll's fingerprint is %s.\n", *count, *uuid, bel.Fingerprint(roll.Raw()))
	return nil
}

const beleniosSetupHelp = `Begins an archive: puts the questions, the trustees' keys and the roll together. From here on the archive only grows.

The template is JSON: {"name":…, "description":…, "questions":[…]}, where a question is
  {"question":…, "answers":[…], "min":1, "max":1}              choose from min to max; "blank":true allows a blank vote
  {"type":"NonHomomorphic","value":{"question":…,"answers":[…]}}   rank; every ballot is published without its voter`

func beleniosSetup(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios setup", "--template FILE --trustees FILE --credentials FILE --uuid ID --out FOLDER", beleniosSetupHelp)
	template := fs.String("template", "", "the `file` with the questions")
	trustees := fs.String("trustees", "", "the `file` that \"trustee assemble\" wrote")
	credentials := fs.String("credentials", "", "the registrar's public_creds.json `file`")
	uuid := fs.String("uuid", "", "the `identifier` for which the credentials were made")
	group := fs.String("group", "Ed25519", "the `group` of the keys")
	out := fs.String("out", ".", "the `folder` in which the archive is made")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *template == "" || *trustees == "" || *credentials == "" || *uuid == "" {
		return &UsageError{"--template, --trustees, --credentials and --uuid are wanted"}
	}
	var raw [3][]byte
	for i, name := range []string{*template, *trustees, *credentials} {
		var err error
		if raw[i], err = readTrimmed(name); err != nil {
			return err
		}
	}
	p, err := bel.ParseTemplate(raw[0])
	if err != nil {
		return err
	}
	if p.Group, err = bel.GroupByName(*group); err != nil {
		return err
	}
	t, err := bel.ParseTrustees(p.Group, raw[1])
	if err != nil {
		return err
	}
	roll, err := bel.ParseRoll(p.Group, raw[2])
	if err != nil {
		return err
	}
	p.UUID, p.PublicKey = *uuid, t.PublicKey()
	e, err := bel.NewElection(p)
	if err != nil {
		return err
	}
	b, _, err := bel.NewArchive(time.Now().Unix(), e, t, roll)
	if err != nil {
		return err
	}
	name := filepath.Join(*out, *uuid+".bel")
	if err := writePrivate(name, b); err != nil {
		return err
	}
	rep, err := verifyArchive(ctx, s, name, bel.Options{})
	if err != nil {
		return err
	}
	printReport(s.Out, rep)
	return nil
}

// readTrimmed reads a file without the line end that editors put last.
func readTrimmed(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	return bytes.TrimRight(b, "\r\n"), err
}
