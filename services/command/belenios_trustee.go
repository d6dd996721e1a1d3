package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bel "github.com/localgovdigital/folkmoot/services/ballots/belenios"
)

var beleniosTrusteeCommands = []Command{
	{Name: "key", Short: "make the key of a trustee without whom nothing is decrypted", Run: trusteeKey},
	{Name: "join", Short: "ceremony, step 1: make a certificate", Run: trusteeJoin},
	{Name: "commit", Short: "ceremony, step 2: commit to a secret polynomial", Run: trusteeCommit},
	{Name: "share", Short: "ceremony, step 3: show the coefficients and share the secret", Run: trusteeShare},
	{Name: "finish", Short: "ceremony, step 4: verify what all shared and make the key", Run: trusteeFinish},
	{Name: "assemble", Short: "put together what the ceremony published", Run: trusteeAssemble},
	{Name: "shuffle", Short: "mix ranked ballots, after verifying the whole archive", Run: trusteeShuffle},
	{Name: "decrypt", Short: "give one's part of the decryption, after verifying the whole archive", Run: trusteeDecrypt},
}

const beleniosTrusteeHelp = `folkmoot belenios trustee STEP --dir FOLDER [flags]

What a teller who holds a share of an election's key does. The folder is the teller's own: what is secret in it never
leaves it, and what is for the others has "public" in its name and is to be sent to them all.

A threshold of trustees, any 2 of 3 for example, needs the ceremony. Each step is taken by every trustee, and the next
one only when everybody's public file of this step is there:
  1  join      makes public-1-certificate.json
  2  commit    reads all certificates, makes public-2-commitment.json
  3  share     reads all commitments too, makes public-3-shares.json
  4  finish    reads all shares too, makes public-4-key.json, and the secret private_key.json
Then anybody runs "assemble" with all the public files. In steps 2 and 3 a fingerprint is printed: all trustees must see
the same one. Compare by telephone, not by the way the files went.

`

func beleniosTrustee(ctx context.Context, s Streams, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(s.Out, beleniosTrusteeHelp)
		for _, c := range beleniosTrusteeCommands {
			fmt.Fprintf(s.Out, "  %-12s %s\n", c.Name, c.Short)
		}
		return errHelp
	}
	return pick(ctx, s, "belenios trustee", beleniosTrusteeCommands, args)
}

// The files in a trustee's folder.
const (
	fileCeremony    = "ceremony.json"
	fileSeed        = "private-seed"
	filePolynomial  = "private-polynomial.json"
	filePrivateKey  = "private_key.json"
	fileCertificate = "public-1-certificate.json"
	fileCommitment  = "public-2-commitment.json"
	fileShares      = "public-3-shares.json"
	fileKey         = "public-4-key.json"
)

// desk is a trustee's folder.
type desk struct {
	dir      string
	Group    string `json:"group"`
	Size     int    `json:"size"`
	Needed   int    `json:"threshold"`
	Index    int    `json:"index"`
	ceremony bel.Ceremony
	seed     bel.Seed
}

func (d *desk) file(name string) string { return filepath.Join(d.dir, name) }

// openDesk reads a trustee's folder.
func openDesk(dir string) (*desk, error) {
	d := &desk{dir: dir}
	if err := readJSON(d.file(fileCeremony), d); err != nil {
		return nil, err
	}
	g, err := bel.GroupByName(d.Group)
	if err != nil {
		return nil, err
	}
	d.ceremony = bel.Ceremony{Group: g, Size: d.Size, Threshold: d.Needed, Index: d.Index}
	if d.Index == 0 {
		return d, nil // a single trustee
	}
	seed, err := readTrimmed(d.file(fileSeed))
	d.seed = bel.Seed(seed)
	return d, err
}

// newDesk makes a trustee's folder.
func newDesk(d *desk) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return writePrivate(d.file(fileCeremony), append(b, '\n'))
}

// each reads one file per trustee.
func each[T any](files string, want int, read func([]byte) (T, error)) ([]T, error) {
	var out []T
	for _, name := range strings.Split(files, ",") {
		raw, err := readTrimmed(name)
		if err != nil {
			return nil, err
		}
		v, err := read(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, v)
	}
	if want > 0 && len(out) != want {
		return nil, fmt.Errorf("%d files are given, one of each of the %d trustees is wanted, in the order of their numbers", len(out), want)
	}
	return out, nil
}

func (d *desk) signed(files string) ([]bel.SignedMessage, error) {
	return each(files, d.Size, func(b []byte) (bel.SignedMessage, error) { return bel.ParseSigned(d.ceremony.Group, b) })
}

// agree prints a fingerprint for the trustees to compare.
func agree(s Streams, what string, g bel.Group, ms []bel.SignedMessage) {
	var all []byte
	for _, m := range ms {
		all = append(append(all, m.Encode(g)...), '\n')
	}
	fmt.Fprintf(s.Out, "The fingerprint of all %s is %s: compare it with the other trustees.\n", what, bel.Fingerprint(all))
}

func trusteeKey(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee key", "--dir FOLDER", "Makes a key without whose owner nothing can be decrypted. If it is lost, so is the election: the public file goes to\nwhoever assembles the trustees, the private one stays and is backed up.")
	dir := fs.String("dir", "", "the trustee's own `folder`")
	group := fs.String("group", "Ed25519", "the `group`")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	g, err := bel.GroupByName(*group)
	if err != nil {
		return err
	}
	if *dir == "" {
		return &UsageError{"--dir is wanted"}
	}
	private, public, err := bel.NewTrusteeKey(rand.Reader, g)
	if err != nil {
		return err
	}
	d := &desk{dir: *dir, Group: *group, Size: 1, Needed: 1}
	if err := newDesk(d); err != nil {
		return err
	}
	if err := writePrivate(d.file(filePrivateKey), private.Encode(g)); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "The public key is in %s.\n", d.file(fileKey))
	return writePrivate(d.file(fileKey), public.Encode(g))
}

func trusteeJoin(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee join", "--dir FOLDER --index I --of N --threshold T", "Step 1 of the ceremony: makes the trustee's secret seed and the certificate for the others.")
	dir := fs.String("dir", "", "the trustee's own `folder`")
	group := fs.String("group", "Ed25519", "the `group`")
	index := fs.Int("index", 0, "this trustee's own `number`, from 1")
	size := fs.Int("of", 0, "how many `trustees` there are")
	needed := fs.Int("threshold", 0, "how many of them are `needed` to decrypt")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	g, err := bel.GroupByName(*group)
	if err != nil {
		return err
	}
	if *dir == "" {
		return &UsageError{"--dir is wanted"}
	}
	d := &desk{dir: *dir, Group: *group, Size: *size, Needed: *needed, Index: *index}
	seed, cert, err := bel.Ceremony{Group: g, Size: *size, Threshold: *needed, Index: *index}.Join(rand.Reader)
	if err != nil {
		return err
	}
	if err := newDesk(d); err != nil {
		return err
	}
	if err := writePrivate(d.file(fileSeed), []byte(string(seed)+"\n")); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "The certificate is in %s: send it to the other trustees.\n", d.file(fileCertificate))
	return writePrivate(d.file(fileCertificate), cert.Encode(g))
}

func trusteeCommit(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee commit", "--dir FOLDER --certificates A,B,C", "Step 2 of the ceremony: draws the secret polynomial and commits to it, before anybody has shown theirs.")
	dir := fs.String("dir", "", "the trustee's own `folder`")
	certificates := fs.String("certificates", "", "all trustees' certificate `files`, in order, with commas between")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	d, err := openDesk(*dir)
	if err != nil {
		return err
	}
	certs, err := d.signed(*certificates)
	if err != nil {
		return err
	}
	p, m, err := d.ceremony.Commit(rand.Reader, d.seed, certs)
	if err != nil {
		return err
	}
	g := d.ceremony.Group
	if err := writePrivate(d.file(filePolynomial), p.Encode(g)); err != nil {
		return err
	}
	agree(s, "certificates", g, certs)
	return writePrivate(d.file(fileCommitment), m.Encode(g))
}

func trusteeShare(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee share", "--dir FOLDER --certificates A,B,C --commitments A,B,C", "Step 3 of the ceremony: shows the coefficients that were committed to, and each other trustee's share, encrypted.")
	dir := fs.String("dir", "", "the trustee's own `folder`")
	certificates := fs.String("certificates", "", "all trustees' certificate `files`, in order, with commas between")
	commitments := fs.String("commitments", "", "all trustees' commitment `files`")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	d, err := openDesk(*dir)
	if err != nil {
		return err
	}
	certs, err := d.signed(*certificates)
	if err != nil {
		return err
	}
	committed, err := d.signed(*commitments)
	if err != nil {
		return err
	}
	g := d.ceremony.Group
	raw, err := readTrimmed(d.file(filePolynomial))
	if err != nil {
		return err
	}
	p, err := bel.ParsePolynomial(g, raw)
	if err != nil {
		return err
	}
	shares, err := d.ceremony.Share(rand.Reader, d.seed, p, certs, committed)
	if err != nil {
		return err
	}
	agree(s, "commitments", g, committed)
	return writePrivate(d.file(fileShares), shares.Encode(g))
}

func trusteeFinish(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee finish", "--dir FOLDER --certificates A,B,C --commitments A,B,C --shares A,B,C",
		"Step 4 of the ceremony: verifies that everybody showed what they had committed to and shared what follows from it, and\nmakes this trustee's key. The private key stays in the folder and is backed up.")
	dir := fs.String("dir", "", "the trustee's own `folder`")
	certificates := fs.String("certificates", "", "all trustees' certificate `files`, in order, with commas between")
	commitments := fs.String("commitments", "", "all trustees' commitment `files`")
	sharesFlag := fs.String("shares", "", "all trustees' shares `files`")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	d, err := openDesk(*dir)
	if err != nil {
		return err
	}
	g := d.ceremony.Group
	certs, err := d.signed(*certificates)
	if err != nil {
		return err
	}
	committed, err := d.signed(*commitments)
	if err != nil {
		return err
	}
	shares, err := each(*sharesFlag, d.Size, func(b []byte) (bel.Shares, error) { return bel.ParseShares(g, b) })
	if err != nil {
		return err
	}
	private, public, err := d.ceremony.Finish(rand.Reader, d.seed, certs, committed, shares)
	if err != nil {
		return err
	}
	if err := writePrivate(d.file(filePrivateKey), private.Encode(g)); err != nil {
		return err
	}
	// The polynomial has done its work; whoever found it could compute every share from it and two others.
	if err := os.Remove(d.file(filePolynomial)); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "The public key is in %s.\n", d.file(fileKey))
	return writePrivate(d.file(fileKey), public.Encode(g))
}

func trusteeAssemble(_ context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios trustee assemble", "--out FILE [--single KEYS] [--threshold T --certificates … --shares … --keys …]",
		"Puts together the trustees of an election from what they published, and verifies it: single trustees, a threshold\nceremony, or both.")
	out := fs.String("out", "trustees.json", "the `file` to write")
	group := fs.String("group", "Ed25519", "the `group`")
	single := fs.String("single", "", "key `files` of trustees without whom nothing is decrypted, with commas between")
	needed := fs.Int("threshold", 0, "how many trustees of the ceremony are `needed`")
	certificates := fs.String("certificates", "", "the ceremony's certificate `files`, in order, with commas between")
	sharesFlag := fs.String("shares", "", "its shares `files`")
	keys := fs.String("keys", "", "its key `files`")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	g, err := bel.GroupByName(*group)
	if err != nil {
		return err
	}
	var items []bel.TrusteeItem
	if *single != "" {
		ks, err := each(*single, 0, func(b []byte) (bel.TrusteeKey, error) { return bel.ParseTrusteeKey(g, b) })
		if err != nil {
			return err
		}
		for i := range ks {
			items = append(items, bel.TrusteeItem{Single: &ks[i]})
		}
	}
	if *needed > 0 {
		certs, err := each(*certificates, 0, func(b []byte) (bel.SignedMessage, error) { return bel.ParseSigned(g, b) })
		if err != nil {
			return err
		}
		shares, err := each(*sharesFlag, len(certs), func(b []byte) (bel.Shares, error) { return bel.ParseShares(g, b) })
		if err != nil {
			return err
		}
		ks, err := each(*keys, len(certs), func(b []byte) (bel.TrusteeKey, error) { return bel.ParseTrusteeKey(g, b) })
		if err != nil {
			return err
		}
		p, err := bel.Assemble(g, *needed, certs, shares, ks)
		if err != nil {
			return err
		}
		items = append(items, bel.TrusteeItem{Pedersen: p})
	}
	if len(items) == 0 {
		return &UsageError{"--single or --threshold is wanted"}
	}
	t, err := bel.NewTrustees(g, items)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "Trustees: %s. Fingerprint: %s\n", describeTrustees(t), bel.Fingerprint(t.Raw()))
	return writePrivate(*out, t.Raw())
}

// privateKey reads the trustee's private key from the folder.
func (d *desk) privateKey() (bel.PrivateKey, error) {
	raw, err := readTrimmed(d.file(filePrivateKey))
	if err != nil {
		return bel.PrivateKey{}, err
	}
	return bel.ParsePrivateKey(d.ceremony.Group, raw)
}

// writeOwned writes a trustee's contribution as belenios-tool does: the contribution and whose it is, on two lines.
func writeOwned(name string, owner int, raw []byte) error {
	return writePrivate(name, fmt.Appendf(nil, "%s\n%s\n", raw, bel.OwnedPayload(owner, raw)))
}

// contribution verifies the whole archive, from its first byte, and only then uses the trustee's key.
func contribution(ctx context.Context, s Streams, args []string, name, about string, make func(*bel.Report, bel.PrivateKey) (int, []byte, error)) error {
	fs := flags(s, "belenios trustee "+name, "--dir FOLDER --out FILE ARCHIVE.bel", about)
	dir := fs.String("dir", "", "the trustee's own `folder`")
	out := fs.String("out", "", "the `file` to write, for whoever keeps the archive")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *dir == "" || *out == "" {
		return &UsageError{"--dir and --out are wanted"}
	}
	d, err := openDesk(*dir)
	if err != nil {
		return err
	}
	rep, err := verifyArchive(ctx, s, words[0], bel.Options{})
	if err != nil {
		return fmt.Errorf("nothing is done with the key: %w", err)
	}
	if rep.Election.Group != d.ceremony.Group {
		return fmt.Errorf("the key is of group %s, the election of %s", d.Group, rep.Election.Group.Name())
	}
	k, err := d.privateKey()
	if err != nil {
		return err
	}
	owner, raw, err := make(rep, k)
	if err != nil {
		return err
	}
	printReport(s.Out, rep)
	fmt.Fprintf(s.Out, "\nTrustee %d's part is in %s.\n", owner, *out)
	return writeOwned(*out, owner, raw)
}

func trusteeShuffle(ctx context.Context, s Streams, args []string) error {
	return contribution(ctx, s, args, "shuffle", "Mixes the ranked ballots so that nobody can tell whose is whose, after verifying the whole archive, and proves it.",
		func(r *bel.Report, k bel.PrivateKey) (int, []byte, error) {
			g := r.Election.Group
			owner := r.Trustees.Owner(g, k.Public(g))
			if owner == 0 {
				return 0, nil, fmt.Errorf("the key in the folder is not that of a trustee of this election")
			}
			sh, err := r.Shuffle(rand.Reader)
			if err != nil {
				return 0, nil, err
			}
			return owner, sh.Encode(g), nil
		})
}

func trusteeDecrypt(ctx context.Context, s Streams, args []string) error {
	return contribution(ctx, s, args, "decrypt", "Gives this trustee's part of the decryption of the tally, after verifying the whole archive: every ballot, the sum of\nthem, every shuffle. An archive that does not hold is not decrypted.",
		func(r *bel.Report, k bel.PrivateKey) (int, []byte, error) {
			owner, d, err := r.Decrypt(rand.Reader, k)
			if err != nil {
				return 0, nil, err
			}
			return owner, d.Encode(r.Election.Group), nil
		})
}
