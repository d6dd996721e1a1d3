package verify_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/pack"
	"github.com/localgovdigital/folkmoot/services/verify"
)

const today = "2026-11-24"

// society is books with their log.
type society struct {
	db      *database.DB
	log     *translog.Log
	entries []ledger.Entry
	// evidence is in order of entry.
	evidence []ledger.EvidenceItem
	added    []ledger.Account
}

// key is the society's, the same whatever books it keeps.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func newSociety(t *testing.T) *society {
	t.Helper()
	s := &society{db: databasetest.SQLite(t, translog.Migrations)}
	var err error
	if s.log, err = translog.New(s.db, "example.org/ledger", key); err != nil {
		t.Fatal(err)
	}
	return s
}

// book puts entries in the books, each with its leaf, in one transaction.
func (s *society) book(t *testing.T, entries ...ledger.Entry) {
	t.Helper()
	from := len(s.entries)
	err := s.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		s.entries = s.entries[:from]
		for _, e := range entries {
			n := len(s.entries) + 1
			e.ID, e.Number, e.Entered = fmt.Sprintf("00000000-0000-7000-8000-%012d", n), int64(n), 1_790_000_000_000_000+int64(n)*1_000_001
			salt := sha256.Sum256([]byte(e.ID))
			private := e.PrivateHash(salt[:])
			index, err := translog.Append(ctx, tx, bytes.NewReader(salt[:]), e.LeafContent(private))
			if err != nil {
				return err
			}
			e.Log = &ledger.Logged{Index: index, Salt: salt[:], Private: private}
			s.entries = append(s.entries, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// attach adds evidence to an entry, or the reason why there is none, with its leaf.
func (s *society) attach(t *testing.T, number int64, content, waived string) {
	t.Helper()
	i := ledger.EvidenceItem{
		Entry: s.entries[number-1].ID, Number: number, N: 1, Linked: 1_790_001_000_000_000 + int64(len(s.evidence)),
		Name: "SECRET-name", Waived: waived, LinkedBy: "SECRET-member",
	}
	at := len(s.evidence)
	for k, other := range s.evidence {
		if other.Number == number {
			i.N++
		}
		if other.Number > number {
			at = min(at, k)
		}
	}
	if content != "" {
		sum := sha256.Sum256([]byte(content))
		i.MediaType, i.Size, i.SHA256 = "application/pdf", int64(len(content)), sum[:]
	}
	salt := sha256.Sum256(fmt.Append(nil, number, i.N, "evidence"))
	err := s.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		private := i.PrivateHash(salt[:])
		index, err := translog.Append(ctx, tx, bytes.NewReader(salt[:]), i.LeafContent(private))
		i.Log = &ledger.Logged{Index: index, Salt: salt[:], Private: private}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.evidence = slices.Insert(s.evidence, at, i)
}

// pack writes the pack of a period and returns its file.
func (s *society) pack(t *testing.T, from, to string) string {
	t.Helper()
	read := func(path string) ([]byte, error) {
		f, err := s.log.File(t.Context(), path)
		return f.Data, err
	}
	signed, err := read("checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := read("vkey")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := translog.OpenCheckpoint(signed, strings.TrimSpace(string(vkey)))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pack.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	err = pack.Write(f, pack.Source{
		Manifest: pack.Manifest{From: from, To: to, Close: to, Closed: 1_790_000_010_000_000, Leaves: tree.N, Added: s.added},
		Journal: func(yield func(ledger.Entry) error) error {
			for _, e := range s.entries {
				if err := yield(e); err != nil {
					return err
				}
			}
			return nil
		},
		Evidence: func(yield func(ledger.EvidenceItem) error) error {
			for _, i := range s.evidence {
				if err := yield(i); err != nil {
					return err
				}
			}
			return nil
		},
		LogFiles: translog.Files(tree.N), LogFile: read, Signed: signed, Key: vkey,
	})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (s *society) vkey() string { return s.log.VerifierKey() }

// random are entries drawn for a number: gifts, spending, reversals and reversed reversals.
func random(n, most int) []ledger.Entry {
	return rapid.Custom(func(t *rapid.T) []ledger.Entry {
		var all []ledger.Entry
		reversed := map[int]bool{}
		for i := range rapid.IntRange(1, most).Draw(t, "entries") {
			date := fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(1, 10).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
			pence := rapid.Int64Range(1, 1_000_000).Draw(t, "pence")
			var e ledger.Entry
			var err error
			switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case kind == 0 && i > 0:
				of := rapid.IntRange(0, i-1).Draw(t, "reversed")
				if reversed[of] {
					continue
				}
				reversed[of] = true
				old := all[of]
				old.ID, old.Number = fmt.Sprintf("00000000-0000-7000-8000-%012d", of+1), int64(of+1)
				e, err = ledger.NewReversal(old, "wrong", today)
			case kind == 1:
				e, err = ledger.NewDonation("SECRET-member", pence, ledger.ByBank, date, "SECRET-reference", today, false)
			default:
				text := rapid.OneOf(rapid.StringMatching(`[=+@;|"'\\(){}\[\]!*#^~<>,:% a-z0-9-]{1,30}`), rapid.Just("Hall, £5; \"A\"")).Draw(t, "text")
				account := rapid.SampledFrom(ledger.Chart).Draw(t, "account").ID
				e, err = ledger.NewGeneral(date, text, "", []ledger.Posting{{Account: account, Amount: ledger.Pounds(pence)}, {Account: ledger.Bank, Amount: ledger.Pounds(-pence)}}, today)
			}
			if err != nil {
				t.Skip("refused")
			}
			all = append(all, e)
			if len(all) <= i {
				break // A skipped round would make the numbers of what is reversed wrong.
			}
		}
		return all
	}).Example(n)
}

// open reads a pack into memory.
func open(t *testing.T, file string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(raw)
	}
	return out
}

// seal writes a pack anew, its sums made right as a clever forger would.
func seal(t *testing.T, files map[string]string, sums bool) string {
	t.Helper()
	if sums {
		var b strings.Builder
		for _, name := range slices.Sorted(keysOf(files)) {
			if name != pack.SumsFile {
				sum := sha256.Sum256([]byte(files[name]))
				b.WriteString(hex.EncodeToString(sum[:]) + "  " + name + "\n")
			}
		}
		files[pack.SumsFile] = b.String()
	}
	file := filepath.Join(t.TempDir(), "forged.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range slices.Sorted(keysOf(files)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func keysOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// said is everything that is wrong, a line each, and whether all holds.
func said(t *testing.T, file, vkey string, kept *verify.Kept) (string, bool) {
	t.Helper()
	r, err := verify.Pack(t.Context(), file, vkey, kept)
	if err != nil {
		return err.Error(), false
	}
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Wrong != "" {
			b.WriteString(f.What + ": " + f.Wrong + "\n")
		}
	}
	return b.String(), r.Wrong() == 0
}

func swapLines(text string, i, j int) string {
	lines := strings.SplitAfter(text, "\n")
	lines[i], lines[j] = lines[j], lines[i]
	return strings.Join(lines, "")
}

// TestTamperedPacksAreFound is the table of tamperings. The sums of the files are made right each time but the first.
func TestTamperedPacksAreFound(t *testing.T) {
	s := newSociety(t)
	s.book(t, twelve(t)...)
	file := s.pack(t, "2026-01-01", "2026-10-31")
	if why, ok := said(t, file, s.vkey(), nil); !ok {
		t.Fatalf("a sound pack: %s", why)
	}
	kept, err := verify.ParseKept([]byte("key " + s.vkey() + "\n" + open(t, file)[pack.SignedFile]))
	if err != nil {
		t.Fatal(err)
	}
	if why, ok := said(t, file, s.vkey(), kept); !ok {
		t.Fatalf("a sound pack with what was kept: %s", why)
	}
	replace := func(name, old, new string) func(map[string]string) {
		return func(f map[string]string) {
			if strings.Count(f[name], old) == 0 {
				t.Fatalf("%s does not hold %q", name, old)
			}
			f[name] = strings.Replace(f[name], old, new, 1)
		}
	}
	for name, c := range map[string]struct {
		spoil func(f map[string]string)
		says  string
	}{
		"an amount in the journal": {replace("journal.json", `"pence":704`, `"pence":705`), "entry 4"},
		"an amount on both sides": {func(f map[string]string) {
			replace("journal.json", `"pence":704`, `"pence":705`)(f)
			replace("journal.json", `"pence":-704`, `"pence":-705`)(f)
		}, "entry 4 ("},
		"a date":                        {replace("journal.json", `"occurred":"2026-03-05"`, `"occurred":"2026-03-06"`), "entry 5 ("},
		"a description":                 {replace("journal.json", "Number 6", "Number 66"), "entry 6 ("},
		"the instant of entering":       {replace("journal.json", `"entered":"2026-09-21T14:13:27.000007Z"`, `"entered":"2026-09-21T14:13:27.000008Z"`), "entry 7 ("},
		"who gave":                      {replace("journal.json", `"private":"`, `"private":"00`), "entry 1 "},
		"a row taken out":               {func(f map[string]string) { f["journal.json"] = without(f["journal.json"], 5) }, "entry 5 was taken out"},
		"the last row taken out":        {func(f map[string]string) { f["journal.json"] = withoutLast(f["journal.json"]) }, "leaf 11 of the public log belongs to nothing that is published: entry 12 or evidence"},
		"two rows swapped":              {func(f map[string]string) { f["journal.json"] = swapLines(f["journal.json"], 3, 4) }, "entry 4 stands where entry 3 should"},
		"a journal that is cut short":   {func(f map[string]string) { f["journal.json"] = f["journal.json"][:len(f["journal.json"])/2] }, "after"},
		"an amount in hledger":          {replace("journal.hledger", "7.04 GBP", "7.05 GBP"), "journal.hledger: entry 4 ("},
		"an entry taken out in hledger": {func(f map[string]string) { f["journal.hledger"] = cutBlock(f["journal.hledger"], "(9)") }, "journal.hledger: entry 9 ("},
		"an entry put in in hledger": {func(f map[string]string) {
			f["journal.hledger"] += "\n2026-01-01 x\n    assets:bank  1.00 GBP\n    assets:cash  -1.00 GBP\n"
		}, "journal.hledger: it goes on after entry 12"},
		"an amount in beancount":         {replace("journal.beancount", "7.04 GBP", "7.05 GBP"), "journal.beancount: entry 4 ("},
		"two rows swapped in the csv":    {func(f map[string]string) { f["journal.csv"] = swapLines(f["journal.csv"], 5, 6) }, "journal.csv: entry 3 ("},
		"a report":                       {replace("reports/trial-balance.csv", ".", ".9"), "reports/trial-balance.csv: line 2"},
		"a report cut short":             {func(f map[string]string) { f["reports/balance-sheet.csv"] = "" }, "reports/balance-sheet.csv: line 1"},
		"the surplus":                    {replace("reports/income-and-expenditure.csv", "surplus,total,,", "surplus,total,,1"), "reports/income-and-expenditure.csv: line"},
		"the period":                     {replace("manifest.json", `"to": "2026-10-31"`, `"to": "2026-03-06"`), "reports/trial-balance.csv: line"},
		"the log's size in the manifest": {replace("manifest.json", `"leaves": 12`, `"leaves": 11`), "12"},
		"a leaf":                         {func(f map[string]string) { spoilByte(f, "log/ledger/tile/entries/000.p/12", 2+2*34) }, "entry 3 ("},
		"a tile":                         {func(f map[string]string) { spoilByte(f, "log/ledger/tile/0/000.p/12", 33) }, "leaf 1"},
		"the log cut off":                {func(f map[string]string) { delete(f, "log/ledger/tile/entries/000.p/12") }, "leaves 0 to 11 are not there"},
		"the checkpoint":                 {replace("log/ledger/checkpoint", "\n12\n", "\n11\n"), "signature"},
		"the signature":                  {func(f map[string]string) { spoilByte(f, "signature/checkpoint.sig", 9) }, "signature/checkpoint.sig is not"},
		"the text that openssl checks":   {replace("signature/checkpoint.txt", "12", "13"), "signature/checkpoint.txt is not"},
		"another key":                    {replace("log/ledger/vkey", "example.org", "example.net"), "example.net"},
		"something that does not belong": {func(f map[string]string) { f["reports/bonus.csv"] = "x" }, "reports/bonus.csv is no part of a pack"},
		"a report that is missing":       {func(f map[string]string) { delete(f, "reports/gaps.csv") }, "reports/gaps.csv: it is missing"},
		"a manifest of another kind":     {replace("manifest.json", "auditors-pack/v1", "auditors-pack/v9"), "not an auditor's pack"},
	} {
		f := open(t, file)
		c.spoil(f)
		if why, ok := said(t, seal(t, f, true), s.vkey(), nil); ok || !strings.Contains(why, c.says) {
			t.Errorf("%s: holds: %v; want it to say %q:\n%s", name, ok, c.says, why)
		}
	}
	f := open(t, file)
	replace("journal.csv", "7.04", "7.05")(f)
	if why, ok := said(t, seal(t, f, false), s.vkey(), nil); ok || !strings.Contains(why, "journal.csv is not what was packed") || !strings.Contains(why, "journal.csv: entry 4 (") {
		t.Errorf("the sums as they were: %s", why)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "short.zip")
	if err := os.WriteFile(short, whole[:len(whole)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	if why, ok := said(t, short, s.vkey(), nil); ok || !strings.Contains(why, "cut short") {
		t.Errorf("a zip that is cut short: %s", why)
	}
	t.Run("books and log cut off together", func(t *testing.T) {
		less := newSociety(t)
		less.book(t, twelve(t)[:10]...)
		shorter := less.pack(t, "2026-01-01", "2026-10-31")
		if why, ok := said(t, shorter, s.vkey(), nil); !ok {
			t.Fatalf("by itself it is whole: %s", why)
		}
		if why, ok := said(t, shorter, s.vkey(), kept); ok || !strings.Contains(why, "cut off") || !strings.Contains(why, "entry 11 ") {
			t.Errorf("with what was kept: %s", why)
		}
	})
	t.Run("a fork", func(t *testing.T) {
		other := newSociety(t)
		books := twelve(t)
		books[4].Postings[0].Amount, books[4].Postings[1].Amount = ledger.Pounds(1), ledger.Pounds(-1)
		other.book(t, books...)
		fork := other.pack(t, "2026-01-01", "2026-10-31")
		if why, ok := said(t, fork, s.vkey(), nil); !ok {
			t.Fatalf("by itself it is whole: %s", why)
		}
		if why, ok := said(t, fork, s.vkey(), kept); ok || !strings.Contains(why, "fork") {
			t.Errorf("with what was kept: %s", why)
		}
	})
	if why, ok := said(t, file, "example.org/other+00000000+AAAA", nil); ok || !strings.Contains(why, "another key") {
		t.Errorf("with the key of another log: %s", why)
	}
}

// twelve entries, the amount of each its own.
func twelve(t *testing.T) []ledger.Entry {
	t.Helper()
	var all []ledger.Entry
	for i := range 12 {
		pence := int64(i+1)*100 + 304
		e, err := ledger.NewGeneral(fmt.Sprintf("2026-03-%02d", i+1), fmt.Sprint("Number ", i+1), "",
			[]ledger.Posting{{Account: "expenses:hall", Amount: ledger.Pounds(pence)}, {Account: ledger.Bank, Amount: ledger.Pounds(-pence)}}, today)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func without(journal string, n int) string {
	lines := strings.SplitAfter(journal, "\n")
	return strings.Join(slices.Delete(lines, n, n+1), "")
}

func withoutLast(journal string) string {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(journal), &list); err != nil {
		return ""
	}
	out := "["
	for i, raw := range list[:len(list)-1] {
		if i > 0 {
			out += ","
		}
		out += "\n" + string(raw)
	}
	return out + "\n]\n"
}

// cutBlock takes out the paragraph that holds a text.
func cutBlock(text, holds string) string {
	blocks := strings.Split(text, "\n\n")
	return strings.Join(slices.DeleteFunc(blocks, func(b string) bool { return strings.Contains(b, holds) }), "\n\n")
}

func spoilByte(f map[string]string, name string, at int) {
	b := []byte(f[name])
	b[at] ^= 1
	f[name] = string(b)
}
