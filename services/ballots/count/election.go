package count

import "fmt"

// Limits of what is counted. They leave every product of the counts within 64 bits.
const (
	// MaxCandidates is the largest number of candidates, and of seats.
	MaxCandidates = 50_000
	// MaxPapers is the largest number of ballot papers.
	MaxPapers = 1<<32 - 1
)

// Candidate is somebody, or something, that ballots choose. Candidates are numbered from 1 in the order
// in which they stand.
type Candidate struct {
	// Name as it is to be printed.
	Name string
	// Withdrawn candidates are passed over on every ballot.
	Withdrawn bool
}

// Note is something that a reader assumed or left out.
type Note struct {
	// Line in the file, from 1, or 0 for the file as a whole.
	Line int
	// Text in plain words.
	Text string
}

// String returns the text with its line.
func (n Note) String() string {
	if n.Line == 0 {
		return n.Text
	}
	return fmt.Sprintf("line %d: %s", n.Line, n.Text)
}

// Election is what is counted: candidates, seats and ballots, identical ballots kept once. The ballots
// are set by [ReadBLT], [ReadCSV] or a [Builder] and do not change; the other fields may be.
type Election struct {
	// Title of the election, may be empty.
	Title string
	// Seats to fill, 1 or more.
	Seats int
	// Candidates in order of their numbers.
	Candidates []Candidate
	// Scale is the highest grade or score where ballots score candidates; 0 where they rank them. A
	// ballot then holds a candidate scored s at rank Scale+1-s, and a score of 0 is left out.
	Scale int
	// TieOrder lists candidate numbers in an order drawn beforehand, which then stands for every lot
	// (the [tie …] line of some BLT files). Empty: none was drawn.
	TieOrder []int
	// Notes are what the reader assumed.
	Notes []Note

	ballots ballots
}

// Papers returns the number of ballot papers, blank ones among them.
func (e *Election) Papers() int64 { return e.ballots.total }

// Distinct returns the number of different ballots.
func (e *Election) Distinct() int { return e.ballots.distinct }

// Name returns the name of candidate number c.
func (e *Election) Name(c int) string {
	if c < 1 || c > len(e.Candidates) {
		return fmt.Sprintf("candidate %d", c)
	}
	if e.Candidates[c-1].Name == "" {
		return fmt.Sprintf("Candidate %d", c)
	}
	return e.Candidates[c-1].Name
}

// Each calls f with every distinct ballot and the number of papers that say so, in the order in which
// they were first read. ranks[0] are the candidate numbers at the first rank, an empty rank was skipped.
// The slices are reused between calls.
func (e *Election) Each(f func(papers int64, ranks [][]int) bool) {
	var ranks [][]int
	e.ballots.each(func(at uint32, papers uint32) bool {
		ranks = e.ballots.ranks(at, ranks[:0])
		return f(int64(papers), ranks)
	})
}

// check returns why e cannot be counted by any method.
func (e *Election) check(method string) error {
	switch {
	case e.Seats < 1 || e.Seats > MaxCandidates:
		return refuse(method, "the number of seats is %d; it must be from 1 to %d", e.Seats, MaxCandidates)
	case len(e.Candidates) == 0:
		return refuse(method, "there are no candidates")
	case len(e.Candidates) != e.ballots.candidates:
		return refuse(method, "the ballots are for %d candidates, %d are named", e.ballots.candidates, len(e.Candidates))
	}
	if len(e.TieOrder) > 0 {
		seen := make([]bool, len(e.Candidates)+1)
		for _, c := range e.TieOrder {
			if c < 1 || c > len(e.Candidates) || seen[c] {
				return refuse(method, "the order for ties must name each candidate once; %d does not fit", c)
			}
			seen[c] = true
		}
		if len(e.TieOrder) != len(e.Candidates) {
			return refuse(method, "the order for ties names %d of %d candidates", len(e.TieOrder), len(e.Candidates))
		}
	}
	return nil
}

// checkRanked is check for methods that need rankings.
func (e *Election) checkRanked(method string) error {
	if e.Scale > 0 {
		return refuse(method, "the ballots give scores; this method needs rankings")
	}
	return e.check(method)
}

// Builder makes an election out of ballots that a program holds.
type Builder struct{ e *Election }

// NewBuilder returns a builder of an election for seats among candidates.
func NewBuilder(seats int, candidates ...Candidate) *Builder {
	e := &Election{Seats: seats, Candidates: candidates}
	e.ballots.candidates = len(candidates)
	return &Builder{e}
}

// Add adds a number of equal papers. ranks[0] are the candidate numbers at the first rank; an empty rank
// is a skipped one. The error says which number does not fit, and nothing is added then.
func (b *Builder) Add(papers int64, ranks ...[]int) error {
	if err := b.begin(papers); err != nil {
		return err
	}
	for _, rank := range ranks {
		for i, c := range rank {
			if err := b.put(c, i > 0); err != nil {
				return err
			}
		}
		if len(rank) == 0 {
			b.e.ballots.skip()
		}
	}
	b.end(papers)
	return nil
}

// Rank adds papers that rank candidates strictly, first preference first. Errors as Add.
func (b *Builder) Rank(papers int64, order ...int) error {
	if err := b.begin(papers); err != nil {
		return err
	}
	for _, c := range order {
		if err := b.put(c, false); err != nil {
			return err
		}
	}
	b.end(papers)
	return nil
}

func (b *Builder) begin(papers int64) error {
	s := &b.e.ballots
	switch {
	case papers < 0 || papers > MaxPapers-s.total:
		return fmt.Errorf("%d papers cannot be added to %d", papers, s.total)
	case s.candidates > MaxCandidates:
		return fmt.Errorf("%d candidates are more than %d", s.candidates, MaxCandidates)
	}
	s.begin()
	return nil
}

func (b *Builder) put(c int, equal bool) error {
	s := &b.e.ballots
	if c < 1 || c > s.candidates {
		return fmt.Errorf("there is no candidate %d", c)
	}
	if !s.put(c, equal) {
		return fmt.Errorf("candidate %d stands twice on one ballot", c)
	}
	return nil
}

func (b *Builder) end(papers int64) {
	if papers > 0 {
		b.e.ballots.end(uint32(papers))
	}
}

// Election returns what was built. The builder must not be used afterwards.
func (b *Builder) Election() *Election {
	b.e.ballots.close()
	return b.e
}
