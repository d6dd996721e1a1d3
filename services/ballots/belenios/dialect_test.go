package belenios

import (
	"bytes"
	"slices"
	"testing"
)

// TestOldDialect verifies an election that belenios-tool 2.0 made on BELENIOS-2048: one trustee who must decrypt and
// any two of three, in the older form of the ceremony; three questions, and texts with everything that JSON escapes.
func TestOldDialect(t *testing.T) {
	archive := read(t, "testdata/threshold-by-2.0.bel")
	rep := must[*Report](t)(verifyBytes(archive, Options{}))
	if got := string(rep.Result.Encode()); got != `{"result":[[1,1],[1,2,1],[2,1]]}` {
		t.Errorf("result %s", got)
	}
	if !rep.Trustees.OldDialect || !slices.Equal(rep.Decryptions, []int{2, 3, 4, 1}) {
		t.Errorf("old dialect %v, decryptions %v", rep.Trustees.OldDialect, rep.Decryptions)
	}
	if want := "Tab\t, newline\n, \"quotes\", \\ and \x7f \x01 / é <b>&"; rep.Election.Description != want {
		t.Errorf("%q", rep.Election.Description)
	}
	// The newer form without its signatures is neither form.
	p, _ := threshold(t, seeded("dialect"), Ed25519(), 3, 2)
	p.Signatures = nil
	if _, err := NewTrustees(Ed25519(), []TrusteeItem{{Pedersen: p}}); reason(err) != ReasonFormat {
		t.Errorf("signatures taken out: %v", err)
	}
	// Without the indispensable trustee there is no result.
	l := unpack(t, archive)
	l.events = slices.DeleteFunc(l.events, func(p part) bool {
		return p.kind == EventDecryption && bytes.HasPrefix(p.data[1], []byte(`{"owner":1,`))
	})
	if _, err := verifyBytes(l.pack(), Options{}); reason(err) != ReasonMissing {
		t.Errorf("without trustee 1: %v", err)
	}
}
