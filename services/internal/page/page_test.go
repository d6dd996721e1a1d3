package page_test

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
)

func TestSize(t *testing.T) {
	for asked, want := range map[int32]int{0: 50, 1: 1, 50: 50, 1000: 1000, 1001: 1000, math.MaxInt32: 1000} {
		if got, err := page.Size(asked); err != nil || got != want {
			t.Errorf("%d asked: %d, %v; want %d", asked, got, err, want)
		}
	}
	for _, asked := range []int32{-1, math.MinInt32} {
		if got, err := page.Size(asked); !fault.Is(err, "PAGE_SIZE") || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("%d asked: %d, %v; want PAGE_SIZE", asked, got, err)
		}
	}
}

func TestTokens(t *testing.T) {
	if got := page.Token("", "filter"); got != "" {
		t.Errorf("no next page makes the token %q", got)
	}
	if got, err := page.Key("", "filter"); got != "" || err != nil {
		t.Errorf("no token is the key %q, %v", got, err)
	}
	for _, key := range []string{"1", "2026-11-21/é", strings.Repeat("k", 370)} {
		if got, err := page.Key(page.Token(key, "a", "b"), "a", "b"); got != key || err != nil {
			t.Errorf("%q became %q, %v", key, got, err)
		}
	}
	good := page.Token("7", "a")
	forged := func(key string) string {
		raw, err := base64.RawURLEncoding.DecodeString(good)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(strings.TrimSuffix(string(raw), "7") + key))
	}
	if got, err := page.Key(forged("8"), "a"); got != "8" || err != nil {
		t.Fatalf("the way in which the tokens below are forged: %q, %v", got, err)
	}
	for name, token := range map[string]string{
		"of another list":  page.Token("7", "b"),
		"of no list":       page.Token("7"),
		"of two filters":   page.Token("7", "a", ""),
		"cut":              good[:5],
		"with more":        good + "=",
		"not base64":       "?",
		"of spaces":        "   ",
		"without a key":    forged(""),
		"not UTF-8":        forged("\xff"),
		"with a zero byte": forged("7\x00"),
		"too long":         forged(strings.Repeat("7", 600)),
	} {
		got, err := page.Key(token, "a")
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid || f.Reason != "PAGE_TOKEN" || len(f.Violations) != 1 || f.Violations[0].Field != "page_token" || got != "" {
			t.Errorf("a token %s: %q, %v; want PAGE_TOKEN", name, got, err)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add(page.Token("7", "a"), "a")
	f.Add("", "")
	f.Add("AAAAAAAAAAAA", "x\x00y")
	f.Fuzz(func(t *testing.T, token, filter string) {
		key, err := page.Key(token, filter)
		if err != nil {
			if !fault.Is(err, "PAGE_TOKEN") || key != "" {
				t.Errorf("%q: %q, %v", token, key, err)
			}
			return
		}
		if token == "" {
			return
		}
		if key == "" || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			t.Errorf("%q gives the key %q", token, key)
		}
		if again, err := page.Key(page.Token(key, filter), filter); again != key || err != nil {
			t.Errorf("the key %q comes back as %q, %v", key, again, err)
		}
	})
}
