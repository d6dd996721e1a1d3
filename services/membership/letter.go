package membership

import (
	"strings"
	"time"
	"unicode"
)

// MailState is what became of a letter.
type MailState string

// The states. What waits and was refused once by the mail server shows as MailFailed until it is sent or given up.
const (
	// MailQueued: it waits to be sent.
	MailQueued MailState = "queued"
	// MailSent: the mail server took it.
	MailSent MailState = "sent"
	// MailFailed: the mail server did not take it yet, and it is tried again.
	MailFailed MailState = "failed"
	// MailGivenUp: it is not tried any more.
	MailGivenUp MailState = "given_up"
	// MailPost: the member has no address, so that somebody has to print it.
	MailPost MailState = "post"
)

// MailStates lists them.
var MailStates = []MailState{MailQueued, MailSent, MailFailed, MailGivenUp, MailPost}

// MailTries is how often a letter is tried: with [MailPause] for about a day and a half, as mail servers do among themselves
// (RFC 5321 section 4.5.4.1 asks for no more than four or five days).
const MailTries = 14

// MailPause is how long a letter waits after it was tried for the nth time, n from 1: seconds at first, since somebody waits for it
// who signs in, four hours in the end.
func MailPause(tries int) time.Duration {
	const longest = 4 * time.Hour
	if tries >= 13 {
		return longest
	}
	return min(2*time.Second<<max(0, tries-1), longest)
}

// maxServerWords bounds what is kept of a mail server's words, in characters.
const maxServerWords = 300

// ServerWords are a mail server's words as they are kept for the secretary: one line of printable characters.
func ServerWords(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(s); len(r) > maxServerWords {
		s = string(r[:maxServerWords])
	}
	return s
}

// noAddress ends what stands for the address of a member who has none. The domain belongs to nobody for good (RFC 2606 section 2).
const noAddress = "@no-address.invalid"

// NoAddress stands for the address of a member who has none, in the column that holds addresses: no mail is ever sent there.
func NoAddress(member string) string { return member + noAddress }

// Reachable returns the address if it is one, and nothing for what stands for none.
func Reachable(email string) string {
	if strings.HasSuffix(email, noAddress) || !strings.Contains(email, "@") {
		return ""
	}
	return email
}
