package count_test

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// TestHandWorked counts the elections in testdata. Each holds its arithmetic in comments, and in comments
// that begin with #! how to count it and what must come out.
func TestHandWorked(t *testing.T) {
	files, err := filepath.Glob("testdata/*.blt")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d hand-worked elections, %v", len(files), err)
	}
	counted := map[string]int{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".blt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var r *count.Report
			var refusal error
			wants := 0
			for i, line := range strings.Split(string(text), "\n") {
				f := strings.Fields(line)
				if len(f) < 2 || f[0] != "#!" {
					continue
				}
				if f[1] == "count" {
					r, refusal = countAs(t, text, f[2], f[3:])
					counted[f[2]]++
					continue
				}
				wants++
				if refusal != nil {
					if f[1] != "refused" || !strings.Contains(refusal.Error(), strings.Join(f[2:], " ")) {
						t.Errorf("line %d: %v", i+1, refusal)
					}
					continue
				}
				if got := shown(r, f[1:]); got != strings.Join(f[1:], " ") {
					t.Errorf("line %d: %s:\n got %s\nwant %s", i+1, r.Method.Name(), got, strings.Join(f[1:], " "))
				}
			}
			if wants == 0 {
				t.Error("nothing is asked of this election")
			}
		})
	}
	for _, m := range count.Methods() {
		if counted[m.Name()] < 3 {
			t.Errorf("%s counts only %d hand-worked elections", m.Name(), counted[m.Name()])
		}
	}
}

func countAs(t *testing.T, text []byte, method string, words []string) (*count.Report, error) {
	t.Helper()
	e, err := count.ReadBLT(bytes.NewReader(text), count.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := count.MethodNamed(method)
	var o count.Options
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "seats":
			if e.Seats, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		case "choose":
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			m = count.Plurality{Choose: n}
		case "seed":
			o.Seed = value
		case "constrain":
			c, err := count.ParseConstraint(value)
			if err != nil {
				t.Fatal(err)
			}
			o.Constraints = append(o.Constraints, c)
		default:
			t.Fatalf("what is %q?", w)
		}
	}
	if m == nil {
		t.Fatalf("there is no method %q", method)
	}
	r, err := m.Count(e, o)
	if err == nil {
		conserved(t, r)
	}
	return r, err
}

// shown says of a report what the words of an expectation ask for, in the same form.
func shown(r *count.Report, f []string) string {
	numbers := func(cs []int) string { return strings.Trim(fmt.Sprint(cs), "[]") }
	switch f[0] {
	case "elected":
		return "elected " + numbers(r.Elected)
	case "quota":
		return "quota " + r.Quota.String()
	case "papers":
		return fmt.Sprintf("papers %d %d", r.Valid, r.Invalid)
	case "stages":
		return fmt.Sprintf("stages %d", len(r.Stages))
	case "matrix":
		n, _ := strconv.Atoi(f[1])
		s := "matrix " + f[1]
		for _, row := range r.Stages[0].Matrices[n-1].Rows {
			for _, v := range row {
				s += fmt.Sprint(" ", v)
			}
		}
		return s
	}
	n, _ := strconv.Atoi(f[1])
	if n < 1 || n > len(r.Stages) {
		return fmt.Sprintf("there are %d stages", len(r.Stages))
	}
	s := r.Stages[n-1]
	if f[0] == "tie" {
		// Several steps of one tie are shown as what stayed to the last and the last step.
		if len(s.Ties) == 0 {
			return "no tie"
		}
		t := s.Ties[len(s.Ties)-1]
		return fmt.Sprintf("tie %d %s among %s chosen %s by %s %d", n, t.For, numbers(t.Among), numbers(t.Chosen), t.By, t.Stage+t.Draw)
	}
	out := fmt.Sprintf("stage %d votes", n)
	for i, l := range s.Lines {
		// Whole numbers and fractions are compared exactly where the expectation writes them so.
		if 3+i < len(f) && !strings.Contains(f[3+i], ".") {
			out += " " + l.Votes.Rat().RatString()
		} else {
			out += " " + l.Votes.String()
		}
	}
	k := 3 + len(s.Lines)
	if !s.NonTransferable.Absent() {
		if k+1 < len(f) && strings.Contains(f[k+1], "/") {
			out += " gone " + s.NonTransferable.Rat().RatString()
		} else {
			out += " gone " + s.NonTransferable.String()
		}
	}
	if !s.Lost.Absent() && strings.Contains(strings.Join(f, " "), " lost ") {
		out += " lost " + s.Lost.String()
	}
	return out
}

// conserved fails where votes appear or vanish: at every stage the candidates' votes, the non-transferable
// and what was lost by fraction make up the valid papers exactly.
func conserved(t interface{ Errorf(string, ...any) }, r *count.Report) {
	for _, s := range r.Stages {
		if s.NonTransferable.Absent() {
			continue
		}
		sum := s.NonTransferable.Rat()
		if !s.Lost.Absent() {
			if s.Lost.Sign() < 0 {
				t.Errorf("%s, stage %d: %s lost by fraction", r.Method.Name(), s.Number, s.Lost)
			}
			sum.Add(sum, s.Lost.Rat())
		}
		for _, l := range s.Lines {
			if l.Votes.Sign() < 0 {
				t.Errorf("%s, stage %d: candidate %d has %s votes", r.Method.Name(), s.Number, l.Candidate, l.Votes)
			}
			sum.Add(sum, l.Votes.Rat())
		}
		if sum.Cmp(new(big.Rat).SetInt64(r.Valid)) != 0 {
			t.Errorf("%s, stage %d: %s votes of %d papers", r.Method.Name(), s.Number, sum.RatString(), r.Valid)
		}
	}
}
