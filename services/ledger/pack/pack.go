// Package pack makes the auditor's pack: one zip that proves itself. It holds the whole journal in the formats of four
// programs, the reports of a period, the public log as the house serves it with its signed checkpoint, the sums of all files,
// and pages that say in plain words how to check each of them with programs that we did not write. Nothing in it names a person.
//
// The pack is written as a stream: what is in memory is one entry, one tile of the log or the sums of the accounts at a time.
// The same journal, period and checkpoint always give the same bytes. Whoever checks a pack makes its files anew from the
// journal, with [Files], and compares.
package pack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

// Format names the form of a pack.
const Format = "folkmoot/auditors-pack/v1"

// The names of files in a pack.
const (
	ManifestFile = "manifest.json"
	SumsFile     = "SHA256SUMS"
	JournalFile  = "journal.json"
	KeyFile      = "log/ledger/vkey"
	SignedFile   = "log/ledger/checkpoint"
	LogFolder    = "log/ledger/"
	EvidenceFile = "evidence.csv"
)

// Manifest says what a pack is about.
type Manifest struct {
	// Format is [Format].
	Format string `json:"format"`
	// Society is its name.
	Society string `json:"society,omitempty"`
	// From and To are the first and last date of the reports; Close the day of the close, and Closed the instant of its end in
	// microseconds since 1970: what was entered later about the period is a change.
	From   string `json:"from"`
	To     string `json:"to"`
	Close  string `json:"close"`
	Closed int64  `json:"closed_microseconds"`
	// Leaves is the size of the log that the checkpoint signs: the journal has the entries among them, the list of evidence the rest.
	Leaves int64 `json:"leaves"`
	// Added are the accounts beside the chart that every society has.
	Added []ledger.Account `json:"added_accounts,omitempty"`
}

// Journal calls yield for every entry of the pack in order of number, with its place in the log. It may be called many times.
type Journal func(yield func(ledger.Entry) error) error

// Source is what a pack is made of.
type Source struct {
	Manifest
	// Journal reads the entries. Those beyond the checkpoint are left out here.
	Journal Journal
	// LogFiles are the paths of the log's files beside the checkpoint and the key, and LogFile reads one.
	LogFiles []string
	LogFile  func(path string) ([]byte, error)
	// Evidence calls yield for the evidence of each entry, in order.
	Evidence func(yield func(ledger.EvidenceItem) error) error
	// Signed is the checkpoint, Key the text of the key that verifies it.
	Signed, Key []byte
}

// errEnough ends a journal early.
var errEnough = errors.New("pack: the last entry that the checkpoint signs was read")

// within reads the entries among the leaves that the checkpoint signs.
func (m Manifest) within(journal Journal, yield func(ledger.Entry) error) error {
	err := journal(func(e ledger.Entry) error {
		if e.Log == nil {
			return fmt.Errorf("pack: entry %d is not in the public log", e.Number)
		}
		if e.Log.Index >= m.Leaves {
			return errEnough
		}
		return yield(e)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// File is a file that is made of the journal.
type File struct {
	// Name is its path in the pack.
	Name string
	// Write writes it.
	Write func(w io.Writer) error
	// Entry writes what stands in it for one entry, where it has a part for each; else it is nil. Begin and End are what stands
	// before the first and after the last.
	Begin, End func(w io.Writer) error
	Entry      func(w io.Writer, e ledger.Entry) error
}

// Files are the files of a pack that are made of its journal, in their order in the pack. The files of one call are for one use.
func Files(m Manifest, journal Journal) ([]File, error) {
	var out []File
	for _, f := range []struct{ format, name string }{
		{"json", JournalFile}, {"hledger", "journal.hledger"}, {"beancount", "journal.beancount"}, {"csv", "journal.csv"},
	} {
		x, err := ledger.NewExporter(f.format, m.Added...)
		if err != nil {
			return nil, err
		}
		out = append(out, File{Name: f.name, Begin: x.Begin, Entry: x.Entry, End: x.End, Write: func(w io.Writer) error {
			if err := x.Begin(w); err != nil {
				return err
			}
			if err := m.within(journal, func(e ledger.Entry) error { return x.Entry(w, e) }); err != nil {
				return err
			}
			return x.End(w)
		}})
	}
	var reports []ledger.Report
	made := func() error {
		if reports != nil {
			return nil
		}
		sums := ledger.NewAdder(m.From, m.To)
		changes := ledger.Changes{From: m.From, To: m.To, Closed: m.Closed}
		var gaps ledger.Gaps
		funds := ledger.FundAdder{}
		err := m.within(journal, func(e ledger.Entry) error {
			sums.Add(e)
			changes.Add(e)
			gaps.Add(e)
			if e.Occurred <= m.To {
				funds.Add(e)
			}
			return nil
		})
		if err != nil {
			return err
		}
		sums.Name(m.Added)
		p := sums.Period
		reports = []ledger.Report{
			ledger.TrialBalanceReport(p), ledger.IncomeAndExpenditure(p), ledger.BalanceSheet(p), ledger.ReceiptsAndPayments(p),
			changes.Report(), gaps.Report(m.To), ledger.RestrictedFunds(slices.Collect(maps.Values(funds)), m.To),
		}
		return nil
	}
	for i, kind := range []ledger.ReportKind{
		ledger.TrialReport, ledger.IncomeReport, ledger.SheetReport, ledger.ReceiptsReport, ledger.ChangesReport, ledger.GapsReport, ledger.FundsReport,
	} {
		out = append(out, File{Name: "reports/" + string(kind) + ".csv", Write: func(w io.Writer) error {
			if err := made(); err != nil {
				return err
			}
			return ledger.WriteReport(w, reports[i])
		}})
	}
	return out, nil
}

// writer writes files into a zip and keeps their sums.
type writer struct {
	zip  *zip.Writer
	at   time.Time
	sums bytes.Buffer
}

func (w *writer) file(name string, write func(io.Writer) error) error {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.at})
	if err != nil {
		return fmt.Errorf("pack: %s: %w", name, err)
	}
	h := &counted{Hash: sha256.New(), to: f}
	if err := write(h); err != nil {
		return fmt.Errorf("pack: %s: %w", name, err)
	}
	fmt.Fprintf(&w.sums, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), name)
	return nil
}

// counted hashes what goes through.
type counted struct {
	hash.Hash
	to io.Writer
}

// Write writes on and hashes.
func (c *counted) Write(p []byte) (int, error) {
	_, _ = c.Hash.Write(p)
	return c.to.Write(p)
}

// Write writes the pack.
func Write(to io.Writer, s Source) error {
	s.Format = Format
	at, err := time.Parse(ledger.DateLayout, s.To)
	if err != nil {
		return fmt.Errorf("pack: the last date: %w", err)
	}
	if at.Year() < 1980 { // A zip knows no earlier year.
		return fmt.Errorf("pack: the last date %s is too early", s.To)
	}
	w := &writer{zip: zip.NewWriter(to), at: at}
	for _, p := range pages(s.Manifest) {
		if err := w.file(p.name, func(f io.Writer) error { _, err := io.WriteString(f, p.text); return err }); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(s.Manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("pack: manifest: %w", err)
	}
	bytesOf := func(raw []byte) func(io.Writer) error {
		return func(f io.Writer) error { _, err := f.Write(raw); return err }
	}
	if err := w.file(ManifestFile, bytesOf(append(raw, '\n'))); err != nil {
		return err
	}
	files, err := Files(s.Manifest, s.Journal)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := w.file(f.Name, f.Write); err != nil {
			return err
		}
	}
	if err := w.file(EvidenceFile, func(f io.Writer) error { return evidence(f, s) }); err != nil {
		return err
	}
	signed, err := signatureFiles(s.Signed, s.Key)
	if err != nil {
		return err
	}
	for _, f := range append([]small{{SignedFile, s.Signed}, {KeyFile, s.Key}}, signed...) {
		if err := w.file(f.name, bytesOf(f.data)); err != nil {
			return err
		}
	}
	for _, path := range s.LogFiles {
		data, err := s.LogFile(path)
		if err != nil {
			return fmt.Errorf("pack: %s: %w", path, err)
		}
		if err := w.file(LogFolder+path, bytesOf(data)); err != nil {
			return err
		}
	}
	sums := w.sums.Bytes()
	if err := w.file(SumsFile, bytesOf(bytes.Clone(sums))); err != nil {
		return err
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// evidence writes the list of evidence that the checkpoint signs: which entry has what, by its fingerprint, and which leaf commits to it.
func evidence(w io.Writer, s Source) error {
	if _, err := io.WriteString(w, ledger.EvidenceHead); err != nil || s.Evidence == nil {
		return err
	}
	return s.Evidence(func(i ledger.EvidenceItem) error {
		if i.Log == nil {
			return fmt.Errorf("evidence %d of entry %d is not in the public log", i.N, i.Number)
		}
		if i.Log.Index >= s.Leaves {
			return nil
		}
		_, err := io.WriteString(w, i.CSV())
		return err
	})
}

// Pages are the pages of a pack that say how to check it, by name.
func Pages(m Manifest) map[string]string {
	out := map[string]string{}
	for _, p := range pages(m) {
		out[p.name] = p.text
	}
	return out
}
