package command

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"html"
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
	method, seed         string
	seats, choose, scale int
	json                 bool
	svg, html, blt       string
	constraints          many
}

func countFlagSet(s Streams, c *countFlags) *flag.FlagSet {
	fs := flags(s, "count", "--method M [flags] FILE", countAbout())
	fs.StringVar(&c.method, "method", "", "how to count: a `name` from the list above")
	fs.IntVar(&c.seats, "seats", 0, "`how many` to elect; 0 takes the number in the file")
	fs.BoolVar(&c.json, "json", false, "print the report as JSON instead of text")
	fs.StringVar(&c.svg, "svg", "", "draw the flow of votes into this `file`")
	fs.StringVar(&c.html, "html", "", "write the report as HTML tables into this `file`")
	fs.StringVar(&c.blt, "blt", "", "write the ballots as a standard BLT file into this `file`")
	fs.StringVar(&c.seed, "seed", "", "published `text` from which lots are drawn; without it the order of candidates stands in")
	fs.IntVar(&c.choose, "choose", 1, "`how many` votes a paper has (plurality only)")
	fs.IntVar(&c.scale, "scale", 0, "the `highest` score in a CSV file; 0 takes the highest that is found")
	fs.Var(&c.constraints, "constrain", "hold a constraint, `NAME<=N:1,4` or NAME>=N:1,4 (may be given again)")
	return fs
}

// options returns the method asked for and what the society decided about it.
func (c *countFlags) options() (count.Method, count.Options, error) {
	m := count.MethodNamed(c.method)
	o := count.Options{Seed: c.seed}
	switch {
	case c.method == "":
		return nil, o, &UsageError{"--method is missing; it takes " + methodNames()}
	case m == nil:
		return nil, o, &UsageError{fmt.Sprintf("there is no method %q; --method takes %s", c.method, methodNames())}
	case c.seats < 0:
		return nil, o, &UsageError{fmt.Sprintf("--seats %d: it must be 1 or more", c.seats)}
	case c.choose < 1:
		return nil, o, &UsageError{fmt.Sprintf("--choose %d: it must be 1 or more", c.choose)}
	}
	if _, ok := m.(count.Plurality); ok {
		m = count.Plurality{Choose: c.choose}
	} else if c.choose != 1 {
		return nil, o, &UsageError{"--choose is for plurality only"}
	}
	for _, text := range c.constraints {
		k, err := count.ParseConstraint(text)
		if err != nil {
			return nil, o, &UsageError{err.Error()}
		}
		o.Constraints = append(o.Constraints, k)
	}
	return m, o, nil
}

func methodNames() string {
	var names []string
	for _, m := range count.Methods() {
		names = append(names, m.Name())
	}
	return strings.Join(names, ", ")
}

func runCount(ctx context.Context, s Streams, args []string) error {
	var c countFlags
	words, err := parse(countFlagSet(s, &c), args, 1, 1)
	if err != nil {
		return err
	}
	m, o, err := c.options()
	if err != nil {
		return err
	}
	e, err := readBallots(ctx, s, words[0], &c)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			return err // it names the file
		}
		return fmt.Errorf("%s: %w", words[0], err)
	}
	if c.seats > 0 {
		e.Seats = c.seats
	}
	r, err := m.Count(e, o)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{c.svg, r.WriteSVG},
		{c.html, func(w io.Writer) error { return writePage(w, r) }},
		{c.blt, func(w io.Writer) error { return count.WriteBLT(w, e) }},
	} {
		if f.name == "" {
			continue
		}
		if err := writeFile(f.name, f.write); err != nil {
			return err
		}
	}
	if c.json {
		return r.WriteJSON(s.Out)
	}
	return r.WriteText(s.Out)
}

// writePage puts the report into a page that opens and prints by itself.
func writePage(w io.Writer, r *count.Report) error {
	title := r.Election.Title
	if title == "" {
		title = r.Method.About().Title
	}
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n"+
		"<style>body{font-family:sans-serif;margin:1rem;max-width:60rem}table{border-collapse:collapse;margin:1rem 0}"+
		"caption{text-align:left;font-weight:bold}th,td{border-bottom:1px solid #b1b4b6;padding:.25rem .4rem;text-align:left}.count-scroll{overflow-x:auto}"+
		"td:nth-child(n+3){font-variant-numeric:tabular-nums}</style>\n</head>\n<body>\n", html.EscapeString(title))
	if err := r.WriteHTML(w, 1); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "</body>\n</html>\n")
	return err
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	return errors.Join(write(b), b.Flush(), f.Close())
}

// readBallots reads the named file, showing on a terminal how far it is.
func readBallots(ctx context.Context, s Streams, name string, c *countFlags) (*count.Election, error) {
	if name == "-" {
		return count.ReadBLT(&stoppable{ctx, s.In}, count.ReadOptions{Progress: reading(s.Err, 0)})
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer closeRead(f)
	var size int64
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	told := reading(s.Err, size)
	if !strings.HasSuffix(strings.ToLower(name), ".csv") {
		return count.ReadBLT(&stoppable{ctx, f}, count.ReadOptions{SizeHint: size, Progress: told})
	}
	scores := c.method == count.Score{}.Name() || c.method == count.MajorityJudgement{}.Name()
	return count.ReadCSV(&stoppable{ctx, f}, count.CSVOptions{Seats: c.seats, Scores: scores, Scale: c.scale, Progress: told})
}

// reading returns what shows on a terminal how many of size bytes have been read, nil if w is none.
func reading(w io.Writer, size int64) func(int64) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(read int64) {
		if size > 0 {
			fmt.Fprintf(w, "\rreading: %d of %d MB ", read>>20, size>>20)
			if read+1<<22 >= size {
				fmt.Fprint(w, "\r\x1b[K")
			}
			return
		}
		fmt.Fprintf(w, "\rreading: %d MB ", read>>20)
	}
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
