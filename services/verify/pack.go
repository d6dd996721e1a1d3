package verify

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/pack"
)

// mostBytes bounds what is believed of one file in a pack.
const mostBytes = 8 << 30

// packed is an auditor's pack that is open.
type packed struct {
	files map[string]*zip.File
	names []string
}

// RoundTrip answers as the house would, out of the pack: the log's files at their addresses and the journal as the export.
func (p *packed) RoundTrip(r *http.Request) (*http.Response, error) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if r.URL.Path == "/v1/ledger/export" {
		name = pack.JournalFile
	} else if r.URL.Path == evidencePath {
		name = pack.EvidenceFile
	}
	body, err := p.open(name)
	code := http.StatusOK
	if err != nil {
		code, body = http.StatusNotFound, io.NopCloser(strings.NewReader(""))
	}
	return &http.Response{StatusCode: code, Status: http.StatusText(code), Body: body, Header: http.Header{}, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

func (p *packed) open(name string) (io.ReadCloser, error) {
	f, ok := p.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, errNotThere)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, mostBytes), r}, nil
}

// IsPack reports whether a file is an auditor's pack: a zip with a manifest.
func IsPack(path string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer func() { _ = z.Close() }()
	return slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == pack.ManifestFile })
}

// Pack checks an auditor's pack without the house: the sums of its files, the log and its signature, every entry of the journal against
// its leaf, and every other file against what the journal gives, so that it can say which entry is wrong. vkey is the log's key from
// somewhere that the checker trusts; where it is empty the pack's own is taken, and the report says so. kept is what was kept from
// an earlier visit, or nil. It returns an error for what is not a pack or cannot be read at all.
func Pack(ctx context.Context, path, vkey string, kept *Kept) (*Report, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("it is not a zip, or it is cut short: %w", err)
	}
	defer func() { _ = z.Close() }()
	r, p := &Report{}, &packed{files: map[string]*zip.File{}}
	for _, f := range z.File {
		if p.files[f.Name] != nil {
			r.wrong("the pack", "there are two files %s in it", f.Name)
		}
		p.files[f.Name] = f
		p.names = append(p.names, f.Name)
	}
	m, err := p.manifest()
	if err != nil {
		return nil, err
	}
	if err := p.checkSums(r); err != nil {
		return nil, err
	}
	house := &House{base: "http://pack", http: &http.Client{Transport: p}}
	log, err := house.readLog(ctx, "ledger")
	if err != nil {
		return nil, fmt.Errorf("the public log in the pack: %w", err)
	}
	if vkey = strings.TrimSpace(vkey); vkey == "" {
		r.unchecked("Whether the log's key is the society's: it was taken from the pack itself. Give the log's own (/log/ledger/vkey) with --vkey.")
	} else if vkey != log.Key {
		r.wrong("the public log of the ledger", "it is signed with another key than the one given: %s", keyName(log.Key))
	}
	if log.Tree.N != m.Leaves {
		r.wrong("the pack", "its manifest says that the log has %d leaves and the checkpoint signs %d", m.Leaves, log.Tree.N)
	}
	journal, err := house.readJournal(ctx)
	if err != nil {
		// What is cut off or garbled: nothing can be compared with it.
		log.check(r, kept)
		r.wrong(pack.JournalFile, "%v", err)
		return r, nil
	}
	evidence, err := house.readEvidence(ctx)
	if err != nil {
		return nil, err
	}
	if p.files[pack.EvidenceFile] == nil {
		r.wrong(pack.EvidenceFile, "it is missing")
	}
	log.owners = ownersOf(journal, evidence)
	log.check(r, kept)
	compareLeaves(r, journal, evidence, log)
	if err := p.compareFiles(r, m, journal, log); err != nil {
		return nil, err
	}
	if kept == nil {
		r.unchecked("Whether others were shown the same books: compare signature/checkpoint.txt with theirs, or give one that was kept with --checkpoint.")
	}
	return r, nil
}

func (p *packed) manifest() (m pack.Manifest, err error) {
	raw, err := p.read(pack.ManifestFile)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil || m.Format != pack.Format {
		return m, fmt.Errorf("it is not an auditor's pack (format %s)", pack.Format)
	}
	return m, nil
}

func (p *packed) read(name string) ([]byte, error) {
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return raw, nil
}

// checkSums compares every file with its sum.
func (p *packed) checkSums(r *Report) error {
	const what = "the sums of the files"
	raw, err := p.read(pack.SumsFile)
	if err != nil {
		return err
	}
	before := len(r.Findings)
	sums := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			r.wrong(what, "%s has a line that is not a sum and a name", pack.SumsFile)
			continue
		}
		sums[name] = sum
	}
	for _, name := range p.names {
		if name == pack.SumsFile {
			continue
		}
		want, ok := sums[name]
		if delete(sums, name); !ok {
			r.wrong(what, "%s has no sum: it was put in later", name)
			continue
		}
		f, err := p.open(name)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		_ = f.Close()
		if err != nil {
			r.wrong(what, "%s cannot be read to its end: %v", name, err)
		} else if hex.EncodeToString(h.Sum(nil)) != want {
			r.wrong(what, "%s is not what was packed", name)
		}
	}
	for name := range sums {
		r.wrong(what, "%s is missing", name)
	}
	if len(r.Findings) == before {
		r.holds("%s: %d files are as they were packed", what, len(p.names)-1)
	}
	return nil
}

// compareFiles makes every file anew from the journal and compares.
func (p *packed) compareFiles(r *Report, m pack.Manifest, journal []exported, log *Log) error {
	entries := make([]ledger.Entry, len(journal))
	for i, x := range journal {
		entries[i] = x.entry()
		salt, err := hex.DecodeString(x.Salt)
		private, err2 := hex.DecodeString(x.Private)
		if x.Leaf == nil || errors.Join(err, err2) != nil {
			return nil // Said already, and nothing can be made of it.
		}
		entries[i].Log = &ledger.Logged{Index: *x.Leaf, Salt: salt, Private: private}
	}
	for _, e := range entries {
		m.Leaves = max(m.Leaves, e.Log.Index+1) // Whatever the manifest says, all that is there is compared.
	}
	files, err := pack.Files(m, func(yield func(ledger.Entry) error) error {
		for _, e := range entries {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	made := map[string]bool{pack.ManifestFile: true, pack.SumsFile: true, pack.SignedFile: true, pack.KeyFile: true, pack.EvidenceFile: true}
	before := len(r.Findings)
	for _, f := range files {
		made[f.Name] = true
		if err := p.compareFile(r, f, entries); err != nil {
			return err
		}
	}
	signed, err := pack.SignatureFiles(log.Signed, []byte(log.Key))
	if err != nil {
		r.wrong("the signature", "%v", err)
	}
	for name, want := range signed {
		made[name] = true
		if got, err := p.read(name); err != nil || !bytes.Equal(got, want) {
			r.wrong("the signature", "%s is not what the checkpoint holds", name)
		}
	}
	for name, want := range pack.Pages(m) {
		made[name] = true
		if got, err := p.read(name); err != nil || string(got) != want {
			r.unchecked("%s is not the one that this version of folkmoot writes: read it with care before you do what it says.", name)
		}
	}
	for _, name := range translog.Files(log.Tree.N) {
		made[pack.LogFolder+name] = true
	}
	for _, name := range p.names {
		if !made[name] {
			r.wrong("the pack", "%s is no part of a pack", name)
		}
	}
	if len(r.Findings) == before {
		r.holds("the files: journals and reports from %s to %s are what the entries give", m.From, m.To)
	}
	return nil
}

// compareFile compares a file with what the entries give, piece by piece, and says where it differs first.
func (p *packed) compareFile(r *Report, f pack.File, entries []ledger.Entry) error {
	got, err := p.open(f.Name)
	if errors.Is(err, errNotThere) {
		r.wrong(f.Name, "it is missing")
		return nil
	}
	if err != nil {
		return err
	}
	defer got.Close()
	in := bufio.NewReader(got)
	var want bytes.Buffer
	same := func() bool {
		defer want.Reset()
		have := make([]byte, want.Len())
		n, _ := io.ReadFull(in, have)
		return n == want.Len() && bytes.Equal(have, want.Bytes())
	}
	if f.Entry == nil {
		return compareLines(r, f, in)
	}
	if err := f.Begin(&want); err != nil {
		return err
	}
	if !same() {
		r.wrong(f.Name, "what stands before the first entry is another than the journal gives")
		return nil
	}
	for _, e := range entries {
		if err := f.Entry(&want, e); err != nil {
			return err
		}
		if !same() {
			r.wrong(f.Name, "entry %d (%s, %s) is not there as %s has it", e.Number, e.Occurred, e.Description, pack.JournalFile)
			return nil
		}
	}
	if err := f.End(&want); err != nil {
		return err
	}
	if !same() {
		r.wrong(f.Name, "it does not end after entry %d", len(entries))
	} else if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		r.wrong(f.Name, "it goes on after entry %d", len(entries))
	}
	return nil
}

func compareLines(r *Report, f pack.File, in *bufio.Reader) error {
	var want bytes.Buffer
	if err := f.Write(&want); err != nil {
		return err
	}
	for n := 1; ; n++ {
		line, err := want.ReadString('\n')
		have, _ := in.ReadString('\n')
		if line != have {
			r.wrong(f.Name, "line %d is %q, and the entries give %q", n, strings.TrimSpace(have), strings.TrimSpace(line))
			return nil
		}
		if err != nil {
			return nil
		}
	}
}
