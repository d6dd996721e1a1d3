package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// figures holds what each round said, by benchmark and unit.
type figures struct {
	order  []key
	values map[key][]float64
}

type key struct{ pkg, name, unit string }

func newFigures() *figures { return &figures{values: map[key][]float64{}} }

// read takes the output of `go test -bench`: lines "pkg: P" and "BenchmarkName-2  times  figure unit  figure unit…".
func (f *figures) read(text string) {
	pkg := ""
	for _, line := range strings.Split(text, "\n") {
		if p, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = p
			continue
		}
		words := strings.Fields(line)
		if len(words) < 4 || len(words)%2 != 0 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(words[1]); err != nil {
			continue
		}
		for i := 2; i < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				continue
			}
			k := key{pkg, words[0], words[i+1]}
			if f.values[k] == nil {
				f.order = append(f.order, k)
			}
			f.values[k] = append(f.values[k], v)
		}
	}
}

// print writes a line for each benchmark and unit, in the order in which they first came.
func (f *figures) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	pkg := ""
	for _, k := range f.order {
		if k.pkg != pkg {
			pkg = k.pkg
			fmt.Fprintf(w, "%s\n", pkg)
		}
		v := slices.Sorted(slices.Values(f.values[k]))
		m := median(v)
		spread := "-"
		if m != 0 {
			spread = fmt.Sprintf("±%.0f%%", 100*(v[len(v)-1]-v[0])/2/m)
		}
		fmt.Fprintf(w, "  %s\t%s %s\t(%s to %s, %s)\n", k.name, figure(m), k.unit, figure(v[0]), figure(v[len(v)-1]), spread)
	}
	_ = w.Flush()
}

// median of sorted values; between the two in the middle where their number is even.
func median(v []float64) float64 {
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// figure writes a number with four digits that count, whole numbers whole.
func figure(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
