package count_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

const benchPapers = 1_000_000

// BenchmarkRead reads a million papers, one a line, out of memory: parsing and collapsing equal ballots.
func BenchmarkRead(b *testing.B) {
	for _, worst := range []bool{false, true} {
		var file bytes.Buffer
		writeGenerated(&file, 1, benchPapers, 10, 3, worst)
		b.Run(kind(worst), func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			b.ReportAllocs()
			start := processor()
			for range b.N {
				if _, err := count.ReadBLT(bytes.NewReader(file.Bytes()), count.ReadOptions{SizeHint: int64(file.Len())}); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b, start)
		})
	}
}

// BenchmarkCount counts a million papers that have been read, by every method.
func BenchmarkCount(b *testing.B) {
	for _, worst := range []bool{false, true} {
		e := generated(1, benchPapers, 10, 3, worst)
		for _, m := range count.Methods() {
			e.Seats = 3
			if m.Name() == "av" {
				e.Seats = 1
			}
			b.Run(m.Name()+"/"+kind(worst), func(b *testing.B) {
				b.ReportAllocs()
				start := processor()
				for range b.N {
					if _, err := m.Count(e, count.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				perSecond(b, start)
			})
		}
	}
}

// BenchmarkWhole collapses a million papers that a program holds and counts them exactly, turn by turn, and
// shows how much longer both take than collapsing alone.
func BenchmarkWhole(b *testing.B) {
	for _, worst := range []bool{false, true} {
		var lengths, flat []byte
		generate(1, benchPapers, 10, worst, func(order []int) {
			lengths = append(lengths, byte(len(order)))
			for _, c := range order {
				flat = append(flat, byte(c))
			}
		})
		b.Run(kind(worst), func(b *testing.B) {
			var collapsing, counting time.Duration
			var order []int
			for range b.N {
				start := processor()
				e := count.NewBuilder(3, make([]count.Candidate, 10)...)
				rest := flat
				for _, n := range lengths {
					order = order[:0]
					for _, c := range rest[:n] {
						order = append(order, int(c))
					}
					rest = rest[n:]
					if err := e.Rank(1, order...); err != nil {
						b.Fatal(err)
					}
				}
				election := e.Election()
				collapsed := processor()
				if _, err := (count.WIG{}).Count(election, count.Options{}); err != nil {
					b.Fatal(err)
				}
				collapsing += collapsed - start
				counting += processor() - collapsed
			}
			b.ReportMetric(float64(collapsing.Nanoseconds())/float64(b.N), "collapse-cpu-ns")
			b.ReportMetric(float64(counting.Nanoseconds())/float64(b.N), "count-cpu-ns")
			b.ReportMetric(float64(collapsing+counting)/float64(collapsing), "times-collapse")
		})
	}
}

// BenchmarkDistinct shows how a count grows with the number of distinct ballots.
func BenchmarkDistinct(b *testing.B) {
	for _, papers := range []int{62_500, 125_000, 250_000, 500_000, 1_000_000} {
		e := generated(1, papers, 10, 3, true)
		for _, m := range []count.Method{count.ScottishSTV{}, count.Meek{}, count.WIG{}} {
			b.Run(fmt.Sprintf("%s/%d", m.Name(), e.Distinct()), func(b *testing.B) {
				start := processor()
				for range b.N {
					if _, err := m.Count(e, count.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processor()-start).Nanoseconds())/float64(b.N)/float64(e.Distinct()), "cpu-ns/distinct")
			})
		}
	}
}

// BenchmarkWards reads and counts the real wards, and writes the report as a command does.
func BenchmarkWards(b *testing.B) {
	dir := sharedData(b, "stv")
	names, err := filepath.Glob(filepath.Join(dir, "*.blt"))
	if err != nil || len(names) != 50 {
		b.Fatalf("%d wards, %v", len(names), err)
	}
	var files [][]byte
	papers := int64(0)
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, text)
		papers += readFile(b, n).Papers()
	}
	for _, m := range []count.Method{count.ScottishSTV{}, count.Meek{}} {
		for _, write := range []bool{false, true} {
			name := m.Name() + "/count"
			if write {
				name = m.Name() + "/report"
			}
			b.Run(name, func(b *testing.B) {
				start := processor()
				for range b.N {
					for _, f := range files {
						e, err := count.ReadBLT(bytes.NewReader(f), count.ReadOptions{SizeHint: int64(len(f))})
						if err != nil {
							b.Fatal(err)
						}
						r, err := m.Count(e, count.Options{})
						if err != nil {
							b.Fatal(err)
						}
						if write {
							if err := r.WriteJSON(io.Discard); err != nil {
								b.Fatal(err)
							}
						}
					}
				}
				b.ReportMetric(float64(papers)*float64(b.N)/(processor()-start).Seconds(), "papers/cpu-s")
			})
		}
	}
}

func kind(worst bool) string {
	if worst {
		return "worst"
	}
	return "realistic"
}

func perSecond(b *testing.B, start time.Duration) {
	b.ReportMetric(benchPapers*float64(b.N)/b.Elapsed().Seconds(), "papers/s")
	cpu(b, start)
}
