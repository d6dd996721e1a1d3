// Package page makes the opaque tokens by which lists are paged (AIP-158): the key after which the next page
// begins, bound to the filter it was made for.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	defaultSize = 50
	largest     = 1000
	maxToken    = 512
)

// Size returns how many rows a request asks for: 50 if it does not say, at most 1,000. A negative size is an Invalid fault.
func Size(asked int32) (int, error) {
	switch {
	case asked < 0:
		return 0, fault.Field("PAGE_SIZE", "page_size", "Ask for a page of 1 to 1000.")
	case asked == 0:
		return defaultSize, nil
	}
	return min(int(asked), largest), nil
}

// Token makes the token of the page after key, which is text of at most 370 bytes. An empty key makes an empty token:
// there is no next page.
func Token(key string, filter ...string) string {
	if key == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(mark(filter) + key))
}

// Key returns the key in a token, empty for an empty token. A token that we did not make, or made for another filter,
// is an Invalid fault.
func Key(token string, filter ...string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(token) <= maxToken {
		// Anybody can make a token, so the key is no more than text that a database can compare.
		if key, ok := strings.CutPrefix(string(raw), mark(filter)); ok && key != "" && utf8.ValidString(key) && !strings.Contains(key, "\x00") {
			return key, nil
		}
	}
	return "", fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours, or belongs to another list. Begin with the first page.")
}

// mark is eight characters that differ with the filter.
func mark(filter []string) string {
	sum := sha256.Sum256([]byte(strings.Join(filter, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}
