package id_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/id"
)

func TestFormsAreThoseOfTheStandard(t *testing.T) {
	// RFC 9562, appendix A.6: the example of version 7, whose random bits are these.
	at := time.UnixMilli(0x017F22E279B0)
	got, err := id.New(at, bytes.NewReader([]byte{0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F}))
	if err != nil || got != "017f22e2-79b0-7cc3-98c4-dc0c0c07398f" {
		t.Errorf("version 7: %s, %v", got, err)
	}
	// Appendix A.3: the example of version 4.
	got, err = id.Random(bytes.NewReader([]byte{0x91, 0x91, 0x08, 0xF7, 0x52, 0xD1, 0x03, 0x20, 0x1B, 0xAC, 0xF8, 0x47, 0xDB, 0x41, 0x48, 0xA8}))
	if err != nil || got != "919108f7-52d1-4320-9bac-f847db4148a8" {
		t.Errorf("version 4: %s, %v", got, err)
	}
}

func TestLaterIdsSortLaterAndNoneRepeats(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var all []string
	for i := range 2000 {
		s, err := id.New(at.Add(time.Duration(i)*time.Millisecond), rand.Reader)
		if err != nil || !id.Valid(s) {
			t.Fatal(s, err)
		}
		all = append(all, s)
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("ids of later milliseconds do not sort later")
	}
}

func TestShortRandomnessIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if s, err := id.New(time.Now(), io.LimitReader(rand.Reader, 9)); err == nil {
		t.Errorf("nine bytes made %s", s)
	}
	if s, err := id.Random(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("no randomness made %s, %v", s, err)
	}
}

func TestValid(t *testing.T) {
	good, err := id.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{
		good: true, "": false, strings.ToUpper("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"): false, good[1:]: false, good + "0": false,
		strings.ReplaceAll(good, "-", "0"): false, "{" + good[1:35] + "}": false, "017f22e2-79b0-7cc3-98c4-dc0c0c07398g": false,
		"017f22e-279b0-7cc3-98c4-dc0c0c07398f": false, "017f22e2-79b0-7cc3-98c4-dc0c0c07398\x00": false,
	} {
		if got := id.Valid(s); got != want {
			t.Errorf("%q is valid: %v", s, got)
		}
	}
}
