package count_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// A ballot file is counted and the result told.
func Example() {
	const file = "3 1\n4 1 2 0\n3 2 0\n2 3 2 0\n0\n\"Ann\"\n\"Bob\"\n\"Cat\"\n\"Chair\"\n"
	e, err := count.ReadBLT(strings.NewReader(file), count.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := count.AV{}.Count(e, count.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range r.Elected {
		fmt.Println(e.Title+":", e.Name(c))
	}
	// Output: Chair: Bob
}

// A program makes an election of its own ballots: two who put candidate 2 first, one who puts 1 and 3 equal.
func ExampleBuilder() {
	b := count.NewBuilder(1, count.Candidate{Name: "Ann"}, count.Candidate{Name: "Bob"}, count.Candidate{Name: "Cat"})
	for _, err := range []error{b.Rank(2, 2, 1), b.Add(1, []int{1, 3})} {
		if err != nil {
			fmt.Println(err)
		}
	}
	if err := count.WriteBLT(os.Stdout, b.Election()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 3 1
	// 2 2 1 0
	// 1 1=3 0
	// 0
	// "Ann"
	// "Bob"
	// "Cat"
	// ""
}

// Three quarters of the votes for and against, in integers.
func ExampleMotion_Decide() {
	d, err := count.Motion{For: 749, Against: 251}.Decide(count.Majority{Num: 3, Den: 4, Base: count.BaseCast})
	fmt.Println(d.Because, err)
	// Output: 749 for of 1000 votes for and against; the rule is at least 3/4 of votes for and against, so that 750 are needed: lost. <nil>
}
