package ledger_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

func TestEvidenceLeaf(t *testing.T) {
	i := ledger.EvidenceItem{
		Entry: "e1", Number: 12, N: 2, Linked: 1_795_600_000_000_001, MediaType: "application/pdf", Size: 4711, SHA256: []byte{0xab, 1},
		Name: "Ada's invoice.pdf", LinkedBy: "m1",
	}
	const want = "folkmoot/ledger-evidence/v1\nnumber 12\nentry e1\nevidence 2\nlinked 1795600000000001\nprivate 0102\nfile application/pdf 4711 ab01\n"
	if got := string(i.LeafContent([]byte{1, 2})); got != want {
		t.Errorf("%q", got)
	}
	if got := string(i.PrivateContent()); got != "folkmoot/ledger-evidence-private/v1\nlinked_by m1\nwaived \nname Ada's invoice.pdf\n" {
		t.Errorf("%q", got)
	}
	none := ledger.EvidenceItem{Entry: "e1", Number: 12, N: 1, Waived: "A collection"}
	if got := string(none.LeafContent(nil)); !strings.HasSuffix(got, "\nprivate \nfile none\n") {
		t.Errorf("%q", got)
	}
	if public := i.CSV() + string(i.LeafContent(nil)) + none.CSV(); strings.Contains(public, "Ada") || strings.Contains(public, "m1") || strings.Contains(public, "collection") {
		t.Errorf("what is public names people: %q", public)
	}
}

// TestEvidenceIsReadAsWritten writes and reads the published list, and refuses a line with anything changed in its form.
func TestEvidenceIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOfN(rapid.Byte(), 32, 32)
		i := ledger.EvidenceItem{
			Entry: "00000000-0000-7000-8000-000000000001", Number: rapid.Int64Range(1, 1e6).Draw(t, "number"), N: rapid.Int64Range(1, 9).Draw(t, "n"),
			Linked: rapid.Int64Range(0, 4e15).Draw(t, "linked"),
			Log:    &ledger.Logged{Index: rapid.Int64Range(0, 1e6).Draw(t, "leaf"), Salt: octets.Draw(t, "salt"), Private: octets.Draw(t, "private")},
		}
		if rapid.Bool().Draw(t, "file") {
			i.MediaType, i.Size, i.SHA256 = "image/png", rapid.Int64Range(1, 1e7).Draw(t, "size"), octets.Draw(t, "sha256")
		}
		line := strings.TrimSuffix(i.CSV(), "\r\n")
		got, err := ledger.ParseEvidence(line)
		if err != nil {
			t.Fatal(err)
		}
		if i.SHA256 == nil {
			i.SHA256 = got.SHA256 // Empty is empty.
		}
		if d := cmp.Diff(i, got); d != "" {
			t.Error(d)
		}
		for _, bad := range []string{"", line + ",", " " + line, "0" + line, strings.Replace(line, "Z,", ",", 1), strings.ToUpper(line)} {
			if _, err := ledger.ParseEvidence(bad); err == nil {
				t.Errorf("%q is accepted", bad)
			}
		}
	})
}
