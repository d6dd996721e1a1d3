package belenios

import (
	"strconv"
	"strings"
)

// maxWeight bounds one weight, and 2^53 their sum, so that sums fit and the tally's logarithm can be found.
const (
	maxWeight      = 100_000_000_000
	maxTotalWeight = 1 << 53
)

// Roll is the list of public credentials: who may vote, without names (specification, Credentials).
type Roll struct {
	raw     string
	index   map[string]int32
	weights []int64 // nil if every weight is 1
	total   int64
}

// ParseRoll reads the list. Every entry must be an element of the subgroup, and stand there once.
func ParseRoll(g Group, raw []byte) (*Roll, error) {
	r := &Roll{raw: string(raw), index: map[string]int32{}}
	c := &cursor{s: r.raw}
	var block []Element
	start := 0
	flush := func() {
		if i := g.members(block); i >= 0 {
			c.set(at(fail(ReasonMembership, ruleGroups, "%s is not in the subgroup of prime order", block[i]), "credential %d", start+i+1))
		}
		start += len(block)
		block = block[:0]
	}
	c.list(func(i int) {
		name, weight, weighted := strings.Cut(c.text(), ",")
		if c.err != nil {
			return
		}
		e, err := g.decode(name)
		if err != nil {
			c.set(at(err, "credential %d", i+1))
			return
		}
		w := int64(1)
		if weighted {
			if w, err = strconv.ParseInt(weight, 10, 64); err != nil || !canonicalDecimal(weight, 12) || w > maxWeight {
				c.set(at(fail(ReasonCredentials, ruleCredentials, "%.20q is not a weight", weight), "credential %d", i+1))
				return
			}
		}
		if _, ok := r.index[name]; ok {
			c.set(at(fail(ReasonCredentials, ruleCredentials, "%.80s is listed twice", name), "credential %d", i+1))
			return
		}
		r.index[name] = int32(i)
		if w != 1 && r.weights == nil {
			r.weights = make([]int64, i, 2*i+1)
			for j := range r.weights {
				r.weights[j] = 1
			}
		}
		if r.weights != nil {
			r.weights = append(r.weights, w)
		}
		if r.total += w; r.total > maxTotalWeight {
			c.set(fail(ReasonCredentials, ruleCredentials, "the weights add up to more than can be counted"))
		}
		if block = append(block, e); len(block) == 5000 {
			flush()
		}
	})
	if c.err == nil {
		flush()
	}
	if err := c.end(); err != nil {
		return nil, at(err, "public credentials")
	}
	return r, nil
}

// NewRoll writes a list of credentials with weight 1, in the order given. Shuffle or sort it first, so that the
// order does not follow the register.
func NewRoll(g Group, credentials []Element) (*Roll, error) {
	g.print(credentials)
	return ParseRoll(g, appendElements(nil, credentials))
}

// Raw returns the exact bytes.
func (r *Roll) Raw() []byte { return []byte(r.raw) }

// Len is the number of voters, Total the sum of their weights.
func (r *Roll) Len() int { return len(r.index) }

// Total is the sum of all weights.
func (r *Roll) Total() int64 { return r.total }

// Weight returns the weight of a credential in its printed form, and whether it is listed.
func (r *Roll) Weight(credential string) (int64, bool) {
	i, ok := r.index[credential]
	if !ok {
		return 0, false
	}
	return r.weight(i), true
}

func (r *Roll) weight(i int32) int64 {
	if r.weights == nil {
		return 1
	}
	return r.weights[i]
}
