package count_test

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// sharedData returns a folder of the data that stands beside the repository, and skips where it is
// absent unless nothing may be left out.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Dir(here)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above this file")
		}
		dir = up
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatalf("the shared data are absent: %v", err)
		}
		t.Skipf("left out: the shared data are absent (%s)", path)
	}
	return path
}

func readFile(t testing.TB, path string) *count.Election {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, err := count.ReadBLT(f, count.ReadOptions{})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return e
}

type expected struct {
	election, rule string
	seats          int
	elected        string
}

func expectations(t *testing.T, dir string) (all []expected) {
	f, err := os.Open(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		c := strings.Split(s.Text(), "\t")
		if c[0] == "election" {
			continue
		}
		seats, err := strconv.Atoi(c[2])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, expected{c[0], c[1], seats, c[4]})
	}
	if s.Err() != nil || len(all) < 100 {
		t.Fatalf("expected.tsv has %d lines, %v", len(all), s.Err())
	}
	return all
}

// TestRealWards counts 50 Scottish wards as another counter, Droop, counted them, and the eleven of them
// that are there as published in several dialects.
func TestRealWards(t *testing.T) {
	dir := sharedData(t, "stv")
	rules := map[string]count.Method{"scotland": count.ScottishSTV{}, "meek-prf": count.Meek{}}
	raw := 0
	for _, want := range expectations(t, dir) {
		m := rules[want.rule]
		for _, sub := range []string{"", "raw"} {
			path := filepath.Join(dir, sub, want.election+".blt")
			if _, err := os.Stat(path); err != nil && sub == "raw" {
				continue
			}
			if sub == "raw" {
				raw++
			}
			e := readFile(t, path)
			r, err := m.Count(e, count.Options{})
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if got := ascending(r.Elected); got != want.elected || e.Seats != want.seats {
				t.Errorf("%s %s by %s: elected %s for %d seats, want %s for %d",
					sub, want.election, m.Name(), got, e.Seats, want.elected, want.seats)
			}
		}
	}
	if raw != 22 {
		t.Errorf("counted %d published files, want 11 by each of two methods", raw)
	}
}

func ascending(cs []int) string {
	var s []string
	for n := 1; n <= 1000; n++ {
		for _, c := range cs {
			if c == n {
				s = append(s, strconv.Itoa(n))
			}
		}
	}
	return strings.Join(s, " ")
}
