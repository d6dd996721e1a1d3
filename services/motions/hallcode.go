package motions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// CodeLasts is how long the hall's screen shows a code. The one before is still taken, for whoever is typing.
	CodeLasts = time.Minute
	// BadgeLasts is how long a badge is shown; the one before is still taken.
	BadgeLasts = 15 * time.Minute
	// codeLetters are those of a code: no 0, O, 1, I, L, and no vowels that make words.
	codeLetters = "BCDFGHJKMNPQRSTVWXYZ23456789"
	codeLength  = 6
	// forgotten is how many codes back an old one is still recognised as old.
	forgotten = 240
)

// HallCode returns the code that a hall's screen shows at an instant and when it changes. It follows from the meeting's
// secret and the minute, so a photograph of it is soon worth nothing.
func HallCode(secret []byte, at time.Time) (code string, changes time.Time) {
	n := at.Unix() / int64(CodeLasts/time.Second)
	return codeOf(secret, "hall", n), time.Unix((n+1)*int64(CodeLasts/time.Second), 0).UTC()
}

// PosterCode is the code that stays for the whole meeting. Whoever uses it waits for the desk.
func PosterCode(secret []byte) string { return codeOf(secret, "poster", 0) }

func codeOf(secret []byte, what string, n int64) string {
	sum := tag(secret, what, "", n)
	v := binary.BigEndian.Uint64(sum)
	out := make([]byte, codeLength)
	for i := range out {
		out[i] = codeLetters[v%uint64(len(codeLetters))]
		v /= uint64(len(codeLetters))
	}
	return string(out)
}

func tag(secret []byte, what, whose string, n int64) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(what + "\x1f" + whose + "\x1f"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return mac.Sum(nil)
}

// CheckInBy says what a code that was typed at an instant is worth: [Arrived] for the code that the screen shows or showed a
// minute ago, [Asked] for the poster's. An old code and a wrong one are refused, each with its reason.
func CheckInBy(secret []byte, typed string, at time.Time) (PresenceKind, error) {
	typed = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(typed)))
	n := at.Unix() / int64(CodeLasts/time.Second)
	same := func(code string) bool { return hmac.Equal([]byte(typed), []byte(code)) }
	switch {
	case same(codeOf(secret, "hall", n)), same(codeOf(secret, "hall", n-1)):
		return Arrived, nil
	case same(PosterCode(secret)):
		return Asked, nil
	}
	for back := int64(2); back <= forgotten; back++ {
		if same(codeOf(secret, "hall", n-back)) {
			return "", fault.Field("HALL_CODE_OLD", "code", "This code is an old one. Type the one that the screen shows now.")
		}
	}
	return "", fault.Field("HALL_CODE_WRONG", "code", "This is not the code of this meeting. Look at the screen, or go to the desk.")
}

// badgeTag is how many bytes of the tag a badge carries.
const badgeTag = 12

// Badge returns what the desk scans to know a member, and until when it is taken.
func Badge(secret []byte, member string, at time.Time) (badge string, expires time.Time) {
	n := at.Unix() / int64(BadgeLasts/time.Second)
	return member + "." + badgeOf(secret, member, n), time.Unix((n+2)*int64(BadgeLasts/time.Second), 0).UTC()
}

func badgeOf(secret []byte, member string, n int64) string {
	return base64.RawURLEncoding.EncodeToString(tag(secret, "badge", member, n)[:badgeTag])
}

// ReadBadge returns whose badge it is.
func ReadBadge(secret []byte, badge string, at time.Time) (member string, err error) {
	member, sum, ok := strings.Cut(badge, ".")
	n := at.Unix() / int64(BadgeLasts/time.Second)
	for _, n := range []int64{n, n - 1} {
		if ok && hmac.Equal([]byte(sum), []byte(badgeOf(secret, member, n))) {
			return member, nil
		}
	}
	return "", fault.Field("BADGE_WRONG", "badge", "This badge is not of this meeting, or too old. Ask for it to be shown anew, or look the name up.")
}
