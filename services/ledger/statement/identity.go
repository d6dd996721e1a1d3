package statement

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// remembered is how many lines are remembered for telling equal ones apart, over all dates but that of the line at hand.
const remembered = 1 << 18

// identities gives lines their ids. Lines of one date are compared with each other; dates met longest ago are forgotten
// when too many lines are remembered, and a line of a forgotten date is refused: its occurrence could not be counted.
// One is for a whole file: a day of one account may be split over two statements.
type identities struct {
	days  map[string]map[uint64]uint32
	order []string
	gone  map[string]bool
	lines int
}

func newIdentities() *identities {
	return &identities{days: map[string]map[uint64]uint32{}, gone: map[string]bool{}}
}

// accountKey is what an account is called however it is spaced.
func accountKey(s *Statement) string {
	return strings.ToUpper(strings.Join(strings.Fields(s.Bank), "") + "/" + strings.Join(strings.Fields(s.Account), ""))
}

// give sets the line's ID and Repeats. It returns false if the line's date was forgotten.
func (d *identities) give(account string, l *Line) bool {
	if d.gone[l.Booked] {
		return false
	}
	b := make([]byte, 0, 512)
	b = append(b, "folkmoot bank line 1\x00"...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.Minor))
	for _, s := range [...]string{
		account, l.Booked, l.Currency, l.BankID, l.Description, l.Counterparty, l.CounterpartyAccount, l.Reference, l.EndToEnd,
	} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	key := binary.BigEndian.Uint64(sum[:8])
	seen, ok := d.days[l.Booked]
	if !ok {
		seen = map[uint64]uint32{}
		d.days[l.Booked] = seen
		d.order = append(d.order, l.Booked)
	}
	before := seen[key]
	if before == 0 {
		d.lines++
	}
	seen[key] = before + 1
	d.forget(l.Booked)
	switch {
	case l.BankID != "":
		l.Repeats = before > 0
	case before > 0:
		sum = sha256.Sum256(binary.BigEndian.AppendUint32(b, before))
	}
	l.ID = hex.EncodeToString(sum[:16])
	return true
}

func (d *identities) forget(now string) {
	for d.lines > remembered && len(d.order) > 1 {
		oldest := d.order[0]
		d.order = d.order[1:]
		if oldest == now {
			d.order = append(d.order, oldest)
			continue
		}
		d.lines -= len(d.days[oldest])
		delete(d.days, oldest)
		d.gone[oldest] = true
	}
}

// ownID returns a bank's identification, or empty if the bank only filled the field.
func ownID(s string) string {
	s = tidy(s)
	if strings.Trim(s, "0- ") == "" {
		return ""
	}
	switch strings.ToUpper(s) {
	case "NONE", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "N/A", "NULL":
		return ""
	}
	return s
}
