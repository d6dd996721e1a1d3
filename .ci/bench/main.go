// Bench runs benchmarks several times over, the whole set in each round, and prints the median and the spread of
// every figure, so that a machine that grows slower for a while touches all of them alike.
//
//	bench [-rounds 5] -- go test -run '^$' -bench . ./...
//
// It exits 1 if a round fails or no benchmark ran.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often the set is run")
	flag.Parse()
	if *rounds < 1 || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: bench [-rounds N] -- COMMAND")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Stderr, *rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs the rounds and prints the table to out, progress to log.
func run(out, log io.Writer, rounds int, command []string) error {
	before := load()
	all := newFigures()
	for i := range rounds {
		fmt.Fprintf(log, "round %d of %d, load %s\n", i+1, rounds, load())
		cmd := exec.Command(command[0], command[1:]...)
		var text bytes.Buffer
		cmd.Stdout, cmd.Stderr = &text, log
		if err := cmd.Run(); err != nil {
			_, _ = log.Write(text.Bytes())
			return fmt.Errorf("round %d: %w", i+1, err)
		}
		all.read(text.String())
	}
	if len(all.order) == 0 {
		return fmt.Errorf("no benchmark ran")
	}
	fmt.Fprintf(out, "median (least to most, spread) of %d interleaved rounds; %d cores, load %s before, %s after\n",
		rounds, runtime.NumCPU(), before, load())
	all.print(out)
	return nil
}

// load returns the machine's load averages, or a question mark where the system does not tell.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(b)); err == nil && len(f) >= 3 {
		return strings.Join(f[:3], " ")
	}
	return "?"
}
