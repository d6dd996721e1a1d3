package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

var countCommand = Command{
	Name:  "count",
	Short: "count a ballot file by any method, with every stage shown",
	Run:   runCount,
}

// many collects a flag that may be given several times.
type many []string

func (m *many) String() string     { return strings.Join(*m, "; ") }
func (m *many) Set(s string) error { *m = append(*m, s); return nil }

func countAbout() string {
	var b strings.Builder
	b.WriteString("Counts a ballot file and prints the count stage by stage. FILE is in BLT format, or CSV if its\n" +
		"name ends with .csv; - reads BLT from standard input. Nothing else is needed: no database, no network.\n\nMethods:\n")
	for _, m := range count.Methods() {
		a := m.About()
		fmt.Fprintf(&b, "\n  %s  (%s)\n      %s\n      %s\n      Source: %s\n", m.Name(), a.Title, a.Lines[0], a.Lines[1], a.Source)
	}
	return b.String()
}

type countFlags struct {
	method, seed string
	seats        int
	json         bool
	constraints  many
}

func countFlagSet(s Streams, c *countFlags) *flag.FlagSet {
	fs := flags(s, "count", "--method M [flags] FILE", countAbout())
	fs.StringVar(&c.method, "method", "", "how to count: a `name` from the list above")
	fs.IntVar(&c.seats, "seats", 0, "how many to elect; 0 takes the `number` in the file")
	fs.BoolVar(&c.json, "json", false, "print the report as JSON")
	fs.StringVar(&c.seed, "seed", "", "published `text` from which lots are drawn; without it the order of candidates stands in")
	fs.Var(&c.constraints, "constrain", "hold a constraint, `NAME<=N:1,4` or NAME>=N:1,4 (may be given again)")
	return fs
}

func runCount(ctx context.Context, s Streams, args []string) error {
	var c countFlags
	words, err := parse(countFlagSet(s, &c), args, 1, 1)
	if err != nil {
		return err
	}
	m := count.MethodNamed(c.method)
	if m == nil {
		return &UsageError{fmt.Sprintf("there is no method %q; --method takes %s", c.method, methodNames())}
	}
	if c.seats < 0 {
		return &UsageError{fmt.Sprintf("--seats %d: it must be 1 or more", c.seats)}
	}
	o := count.Options{Seed: c.seed}
	for _, text := range c.constraints {
		k, err := count.ParseConstraint(text)
		if err != nil {
			return &UsageError{err.Error()}
		}
		o.Constraints = append(o.Constraints, k)
	}
	e, err := readBallots(ctx, s, words[0])
	if err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	if c.seats > 0 {
		e.Seats = c.seats
	}
	r, err := m.Count(e, o)
	if err != nil {
		return err
	}
	return r.WriteJSON(s.Out)
}

func methodNames() string {
	var names []string
	for _, m := range count.Methods() {
		names = append(names, m.Name())
	}
	return strings.Join(names, ", ")
}

// readBallots reads the named file, showing on a terminal how far it is.
func readBallots(ctx context.Context, s Streams, name string) (*count.Election, error) {
	if name == "-" {
		return count.ReadBLT(&stoppable{ctx, s.In}, count.ReadOptions{})
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var o count.ReadOptions
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		o.SizeHint = info.Size()
	}
	return count.ReadBLT(&stoppable{ctx, f}, o)
}

// stoppable is a reader that ends when its context does.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
