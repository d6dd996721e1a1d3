package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMedianAndSpread(t *testing.T) {
	f := newFigures()
	for _, round := range []string{
		"goos: linux\npkg: p\nBenchmarkCast-2   \t 100\t  10 ns/op\t 500 votes/s\nBenchmarkRead-2 7 3 ns/op\nPASS\n",
		"pkg: p\nBenchmarkCast-2 \t 100\t 30 ns/op\t 700 votes/s\nBenchmarkRead-2 7 5 ns/op\nok p 1s\n",
		"pkg: p\nBenchmarkCast-2 \t 100\t 20 ns/op\t 600 votes/s\nBenchmarkRead-2 7 4 ns/op\nnot a line of ours 1 2\n",
	} {
		f.read(round)
	}
	var out bytes.Buffer
	f.print(&out)
	for _, want := range []string{
		"BenchmarkCast-2  20 ns/op     (10 to 30, ±50%)",
		"BenchmarkCast-2  600 votes/s  (500 to 700, ±17%)",
		"BenchmarkRead-2  4 ns/op      (3 to 5, ±25%)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	if got := median([]float64{1, 2, 4, 5}); got != 3 {
		t.Errorf("the median of four is %v, want 3", got)
	}
}

func TestRoundsThatFailOrHoldNothingAreErrors(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module example.test/b\n\ngo 1.26.0\n",
		"b_test.go":  "package b\nimport \"testing\"\nfunc BenchmarkB(b *testing.B) { for b.Loop() {} }\nfunc BenchmarkFails(b *testing.B) { b.Fatal(1) }\n",
		"README.txt": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	bench := func(pattern string) (string, error) {
		var out bytes.Buffer
		err := run(&out, io.Discard, 2, []string{"go", "test", "-run", "^$", "-bench", pattern, "-benchtime", "10x", "."})
		return out.String(), err
	}
	if out, err := bench("^BenchmarkB$"); err != nil || !strings.Contains(out, "BenchmarkB") || !strings.Contains(out, "of 2 interleaved rounds") {
		t.Errorf("a good set: %v\n%s", err, out)
	}
	if out, err := bench("Nothing"); err == nil {
		t.Errorf("no benchmark is no error:\n%s", out)
	}
	if out, err := bench("BenchmarkFails"); err == nil {
		t.Errorf("a failing benchmark is no error:\n%s", out)
	}
}
