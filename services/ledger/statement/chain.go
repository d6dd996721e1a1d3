package statement

// chain follows the running balance of a CSV file, which may stand in either order: oldest line first or newest first.
// Which it is shows only in the end, so both are followed.
type chain struct {
	known            int
	firstBal, bal    int64 // the first and the last balance that are known
	firstSum, sum    int64 // the sum of the lines up to and with each
	firstMinor, last int64 // the amount of each of those lines
	days             [2]string
	up, down         broken
}

type broken struct{ times, line int }

func (b *broken) at(line int) {
	if b.times == 0 {
		b.line = line
	}
	b.times++
}

// add takes a line; sum is that of the lines up to and with it.
func (c *chain) add(l *Line, sum int64) {
	if l.Running == nil {
		return
	}
	b := *l.Running
	if c.known == 0 {
		c.firstBal, c.firstSum, c.firstMinor, c.days[0] = b, sum, l.Minor, l.Booked
	} else {
		if b-c.bal != sum-c.sum {
			c.up.at(l.FileLine)
		}
		if c.bal-b != (sum-l.Minor)-(c.sum-c.last) {
			c.down.at(l.FileLine)
		}
	}
	c.known++
	c.bal, c.sum, c.last, c.days[1] = b, sum, l.Minor, l.Booked
}

// settle gives the statement the balances that follow.
func (c *chain) settle(s *Statement) {
	if c.known == 0 {
		return
	}
	opening, closing := &Balance{Currency: s.Currency, Date: s.From}, &Balance{Currency: s.Currency, Date: s.To}
	if c.up.times < c.down.times || c.up.times == c.down.times && c.days[0] <= c.days[1] {
		opening.Minor, closing.Minor, s.BrokenAt = c.firstBal-c.firstSum, c.bal+s.Sum-c.sum, c.up.line
	} else {
		opening.Minor, closing.Minor, s.BrokenAt = c.bal-(s.Sum-(c.sum-c.last)), c.firstBal+c.firstSum-c.firstMinor, c.down.line
	}
	s.Opening, s.Closing = opening, closing
}
