package translog_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

func newCosigner(t testing.TB, name string) (*translog.Cosigner, *translog.WitnessKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := translog.NewCosigner(name, key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := translog.ParseWitnessKey(c.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	return c, k
}

// TestSpecificationsCosignature reads the example of C2SP tlog-cosignature's key hash by its definition: the first four bytes of
// SHA-256 over name, newline, 0x04 and key. The example's key is not published, so only the form is compared here; that the
// signature holds is what the next test shows with keys of our own.
func TestSpecificationsCosignatureForm(t *testing.T) {
	const example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
		"— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" +
		"— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
	if got := translog.Cosigners([]byte(example)); len(got) != 1 || got[0] != "witness.example.com/w1" {
		t.Errorf("cosigners of the example: %q", got)
	}
}

func TestCosignatures(t *testing.T) {
	c, key := newCosigner(t, "witness.example.org/w1")
	_, other := newCosigner(t, "witness.example.org/w1")
	_, stranger := newCosigner(t, "witness.example.org/w2")
	const text = "example.org/test\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	at := time.Unix(1_790_000_000, 0)
	line := c.Cosign(text, at)
	signed := []byte(text + "\n" + line)
	got, kept, err := translog.Cosigned(signed, key)
	if err != nil || !got.Equal(at) || kept != line {
		t.Fatalf("got %v %q %v", got, kept, err)
	}
	for name, c := range map[string]struct {
		signed []byte
		key    *translog.WitnessKey
	}{
		"another size":             {[]byte(strings.Replace(string(signed), "\n3\n", "\n4\n", 1)), key},
		"another key of that name": {signed, other},
		"another witness":          {signed, stranger},
		"no signature":             {[]byte(text + "\n"), key},
		"a signature cut short":    {[]byte(text + "\n" + line[:len(line)-9] + "\n"), key},
		"the time is part of it":   {[]byte(text + "\n" + later(t, line)), key},
	} {
		if _, _, err := translog.Cosigned(c.signed, c.key); !errors.Is(err, translog.ErrNotCosigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// x/mod reads the same note by the same verifier, beside a log's own signature.
	if _, err := note.Open(signed, note.VerifierList(key)); err != nil {
		t.Error(err)
	}
}

func TestWitnessKeysAreRefused(t *testing.T) {
	c, _ := newCosigner(t, "w")
	good := c.VerifierKey()
	logKey := newLog(t, nil).VerifierKey()
	for name, bad := range map[string]string{
		"empty": "", "a log's key": logKey, "another name": "v" + good[1:], "cut": good[:len(good)-3], "no hash": "w+" + good[len("w+12345678+"):],
	} {
		if _, err := translog.ParseWitnessKey(bad); err == nil {
			t.Errorf("%s: %q is taken", name, bad)
		}
	}
	for _, bad := range []string{"http://h", "ftp://h=" + good, "h=" + good, "http://h=" + good[1:], "http://h=" + logKey} {
		if _, err := translog.ParseWitness(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	w, err := translog.ParseWitness("https://w.example.org/a=b/=" + good)
	if err != nil || w.URL != "https://w.example.org/a=b" || w.Key.String() != good {
		t.Errorf("%+v %v", w, err)
	}
}

// later is a line of a cosignature whose time says another second; its signature is as it was.
func later(t *testing.T, line string) string {
	t.Helper()
	at := strings.LastIndexByte(line, ' ') + 1
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line[at:], "\n"))
	if err != nil || len(raw) != 4+8+64 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	raw[11] ^= 1
	return line[:at] + base64.StdEncoding.EncodeToString(raw) + "\n"
}
