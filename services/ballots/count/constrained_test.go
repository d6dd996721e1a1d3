package count_test

import (
	"errors"
	"math/bits"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// Every method holds constraints, fills as many seats as any choice within them fills, and refuses only
// what no choice satisfies, which trying all of them shows.
func TestConstraintsHold(t *testing.T) {
	held, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := elections(true).Draw(t, "election")
		var cs []count.Constraint
		for range rapid.IntRange(1, 3).Draw(t, "constraints") {
			c := count.Constraint{Name: "group"}
			for k := 1; k <= d.n; k++ {
				if rapid.Bool().Draw(t, "member") {
					c.Candidates = append(c.Candidates, k)
				}
			}
			if rapid.Bool().Draw(t, "most") {
				c.Max = rapid.IntRange(1, 3).Draw(t, "max")
			} else {
				c.Min = rapid.IntRange(1, 2).Draw(t, "min")
			}
			cs = append(cs, c)
		}
		within := func(set uint) bool {
			for _, c := range cs {
				n := 0
				for _, k := range c.Candidates {
					n += int(set >> (k - 1) & 1)
				}
				if n < c.Min || c.Max > 0 && n > c.Max {
					return false
				}
			}
			return true
		}
		for _, m := range count.Methods() {
			e := d.election(t)
			if m.Name() == "av" {
				e.Seats = 1
			}
			most := -1
			for set := uint(0); set < 1<<d.n; set++ {
				if n := bits.OnesCount(set); n <= e.Seats && within(set) {
					most = max(most, n)
				}
			}
			r, err := m.Count(e, count.Options{Constraints: cs})
			if most < 0 {
				var no *count.RefusedError
				if !errors.As(err, &no) {
					t.Fatalf("%s: no choice satisfies %v, but %v", m.Name(), cs, err)
				}
				refused++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			set := uint(0)
			for _, c := range r.Elected {
				set |= 1 << (c - 1)
			}
			if !within(set) || len(r.Elected) != most || bits.OnesCount(set) != most {
				t.Fatalf("%s elects %v within %v; %d can be elected", m.Name(), r.Elected, cs, most)
			}
			conserved(t, r)
			if len(r.Constraints) != len(cs) || !strings.Contains(strings.Join(r.Notes, " "), "Limits:") {
				t.Fatalf("%s does not tell its constraints: %v, %v", m.Name(), r.Constraints, r.Notes)
			}
			held++
		}
	})
	enough(t, "constraints held", held, 200)
	enough(t, "constraints refused", refused, 20)
}

func TestParseConstraint(t *testing.T) {
	c, err := count.ParseConstraint("from the North>=2: 1, 4,7")
	if err != nil || c.Name != "from the North" || c.Min != 2 || c.Max != 0 || !equal(c.Candidates, []int{1, 4, 7}) {
		t.Errorf("%+v, %v", c, err)
	}
	if got := c.String(); got != "at least 2 of from the North (candidates 1, 4, 7)" {
		t.Error(got)
	}
	for _, bad := range []string{"", "staff", "staff<=1", "staff<=x:1", "staff<=0:1", "staff<=1:", "staff<=1:a", "<=1:2", "staff=1:2"} {
		if c, err := count.ParseConstraint(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, c)
		}
	}
}
