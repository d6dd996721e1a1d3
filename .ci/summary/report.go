package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// report gathers what ran, failed and was left out.
type report struct {
	out      io.Writer
	passed   int
	tests    int // those of passed and failures that are tests, not checks
	failures []string
	left     []omission
	notes    []string
}

// omission is a reason and how many tests or checks were left out for it.
type omission struct {
	reason string
	count  int
	first  string
}

func newReport(out io.Writer) *report { return &report{out: out} }

func (r *report) fail(name string) { r.failures = append(r.failures, name) }

func (r *report) leave(name, reason string) {
	for i := range r.left {
		if r.left[i].reason == reason {
			r.left[i].count++
			return
		}
	}
	r.left = append(r.left, omission{reason: reason, count: 1, first: name})
}

// readChecks takes the checks that ran before the tests. The error names a line that it cannot read.
func (r *report) readChecks(in io.Reader) error {
	s := bufio.NewScanner(in)
	for s.Scan() {
		f := strings.SplitN(s.Text(), "\t", 3)
		switch {
		case f[0] == "ran" && len(f) == 2:
			r.passed++
		case f[0] == "failed" && len(f) == 2:
			r.fail(f[1])
		case f[0] == "left" && len(f) == 3:
			r.leave(f[1], f[2])
		case f[0] == "note" && len(f) == 2:
			r.notes = append(r.notes, f[1])
		default:
			return fmt.Errorf("the checks hold a line that is none: %q", s.Text())
		}
	}
	return s.Err()
}

// place is where a test's log line says it stands.
var place = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// skipped leaves a test out for the reason that it gave.
func (r *report) skipped(pkg string, t *result) {
	var reason []string
	for _, line := range strings.Split(strings.Join(t.output, ""), "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "=== ") || strings.HasPrefix(trimmed, "--- SKIP") {
			continue
		}
		reason = append(reason, strings.TrimSpace(place.ReplaceAllString(line, "")))
	}
	if len(reason) == 0 {
		reason = []string{"skipped without saying why: " + pkg + " " + t.name}
	}
	r.leave(pkg+" "+t.name, strings.Join(reason, " "))
}

// commandFailed is told that the command itself ended badly; where no failure explains it, that is one.
func (r *report) commandFailed(err error) {
	if len(r.failures) == 0 {
		r.fail("go test ended with " + err.Error() + " and no test says why")
	}
}

// close prints the end of the report and says whether all is well. With full, nothing may be left out.
func (r *report) close(full bool) bool {
	if r.tests == 0 {
		r.fail("no test ran")
	}
	if len(r.failures) > 0 {
		fmt.Fprintln(r.out, "\nFailed:")
		for _, f := range r.failures {
			fmt.Fprintln(r.out, "  "+f)
		}
	}
	omitted := 0
	if len(r.left) > 0 {
		fmt.Fprintln(r.out, "\nLeft out:")
		for _, o := range r.left {
			omitted += o.count
			if o.count == 1 {
				fmt.Fprintf(r.out, "  %s: %s\n", o.first, o.reason)
			} else {
				fmt.Fprintf(r.out, "  %d, the first %s: %s\n", o.count, o.first, o.reason)
			}
		}
		if full {
			fmt.Fprintln(r.out, "With FOLKMOOT_TEST=full nothing may be left out: this is a failure.")
		} else {
			fmt.Fprintln(r.out, "To leave nothing out: .ci/run as root on Debian 12 installs what is missing and runs all of it.")
		}
	}
	fmt.Fprintln(r.out)
	if os.Getenv("FOLKMOOT_COCKROACH_URL") == "" {
		fmt.Fprintln(r.out, "CockroachDB: not run (FOLKMOOT_COCKROACH_URL is not set)")
	}
	for _, n := range r.notes {
		fmt.Fprintln(r.out, n)
	}
	ran := r.passed + len(r.failures)
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, len(r.failures), omitted)
	fmt.Fprintf(r.out, "ran %d, left out %d\n", ran, omitted)
	return len(r.failures) == 0 && (!full || omitted == 0)
}
