package membership

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Limits on what a person writes, in characters.
const (
	MaxName   = 100
	MaxReason = 500
	// maxEmail is the longest address that mail can carry (RFC 5321 section 4.5.3.1), in bytes.
	maxEmail      = 254
	maxEmailLocal = 64
)

// Languages are those of the mail and the pages.
var Languages = []string{"en", "cy"}

// Person is what somebody says of themselves when they join.
type Person struct {
	// Name is as they write it.
	Name string
	// Email is where mail goes.
	Email string
	// Region is a region's id, or empty for no group near them.
	Region string
	// Language is "en" or "cy".
	Language string
}

// NewPerson checks what a joining person wrote. Whether the region exists is for the store to say. It returns an
// Invalid fault that names each wrong field.
func NewPerson(name, email, region, language string, soleMembership bool) (Person, error) {
	p := Person{Name: strings.Join(strings.Fields(name), " "), Region: region}
	bad := checkText(nil, "name", "your name", p.Name, MaxName)
	var err error
	if p.Email, err = Email(email); err != nil {
		bad = append(bad, fault.Of(err).Violations...)
	}
	if p.Language, err = Language(language); err != nil {
		bad = append(bad, fault.Of(err).Violations...)
	}
	if !soleMembership {
		bad = append(bad, fault.Violation{Field: "sole_membership", Message: "Confirm that this is your only membership."})
	}
	if len(bad) > 0 {
		return Person{}, fault.New(fault.Invalid, "JOIN_INVALID", bad[0].Message, bad...)
	}
	return p, nil
}

// Email checks an address and returns it without the spaces around it, or an EMAIL_INVALID fault. It does not
// try to say which addresses exist: the mail does that. It refuses what a mail header could be broken with.
func Email(s string) (string, error) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	good := at > 0 && at <= maxEmailLocal && len(s) <= maxEmail && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>()[]\,;:"`, r)
		}) && !strings.Contains(s[:at], "@")
	if good {
		labels := strings.Split(s[at+1:], ".")
		good = len(labels) > 1 && !slices.Contains(labels, "")
	}
	if !good {
		return "", fault.Field("EMAIL_INVALID", "email", "Enter an e-mail address in the correct format, like name@example.org.")
	}
	return s, nil
}

// Language returns "en" for an empty language, or a LANGUAGE_INVALID fault for one that we do not have.
func Language(s string) (string, error) {
	if s == "" {
		return Languages[0], nil
	}
	if !slices.Contains(Languages, s) {
		return "", fault.Field("LANGUAGE_INVALID", "language", "Choose en or cy.")
	}
	return s, nil
}

// Fold is the form in which names and addresses are compared and searched: lower case, single spaces.
func Fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// checkText demands one line of ordinary characters.
func checkText(bad []fault.Violation, field, what, s string, most int) []fault.Violation {
	switch n := utf8.RuneCountInString(s); {
	case strings.TrimSpace(s) == "":
		return append(bad, fault.Violation{Field: field, Message: "Enter " + what + "."})
	case n > most:
		return append(bad, fault.Violation{Field: field, Message: fmt.Sprintf("Use at most %d characters for %s.", most, what)})
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }):
		return append(bad, fault.Violation{Field: field, Message: "Use one line of ordinary characters for " + what + "."})
	}
	return bad
}

// SocietyName checks the name of a society, one line of 1 to 100 characters, or returns an Invalid fault.
func SocietyName(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if bad := checkText(nil, "society", "the name of the society", s, MaxName); len(bad) > 0 {
		return "", fault.New(fault.Invalid, "SOCIETY_INVALID", bad[0].Message, bad...)
	}
	return s, nil
}

// oneLine takes the line ends and double spaces out of what a person wrote in a larger field.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
