package belenios

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bigElection is an election with many ballots of one voter each, not yet tallied.
func bigElection(b testing.TB, g Group, n int) *made {
	m := makeElection(b, "bench", plan{group: g, questions: yesNoAbstain, voters: n})
	for i := range n {
		m.cast(must[[]byte](b)(m.e.Vote(m.r, m.creds[i], Choices{choose(3, i%3)})))
	}
	return m
}

func BenchmarkCheck(b *testing.B) {
	for _, g := range []Group{Ed25519(), Belenios2048()} {
		m := bigElection(b, g, 1)
		raw := m.vote(0, Choices{choose(3, 1)})
		b.Run(g.Name(), func(b *testing.B) {
			for b.Loop() {
				ballot := must[*Ballot](b)(m.e.ParseBallot(raw))
				if err := m.e.Check(ballot); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// ballotsPerSecond reports how many iterations a second of user time was enough for, which other programs on the machine
// disturb less than the clock.
func ballotsPerSecond(b *testing.B) func() {
	user := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano())
	}
	start := user()
	return func() { b.ReportMetric(float64(b.N)/(user()-start).Seconds(), "ballots/s-user") }
}

func BenchmarkVote(b *testing.B) {
	for _, g := range []Group{Ed25519(), Belenios2048()} {
		m := bigElection(b, g, 1)
		b.Run(g.Name(), func(b *testing.B) {
			defer ballotsPerSecond(b)()
			for b.Loop() {
				must[[]byte](b)(m.e.Vote(m.r, m.creds[0], Choices{choose(3, 1)}))
			}
		})
	}
}

// TestMain lets a benchmark verify an archive in a process of its own, whose processor time can be read.
func TestMain(m *testing.M) {
	if file := os.Getenv("FOLKMOOT_BENCH_VERIFY"); file != "" {
		workers, err := strconv.Atoi(os.Getenv("FOLKMOOT_BENCH_WORKERS"))
		if err != nil {
			panic(err)
		}
		f, err := os.Open(file)
		if err != nil {
			panic(err)
		}
		info, err := f.Stat()
		if err != nil {
			panic(err)
		}
		if _, err := Verify(context.Background(), f, info.Size(), Options{Workers: workers}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		// The kernel's own count of the peak: what the parent is told includes the parent's size before exec.
		if b, err := os.ReadFile("/proc/self/status"); err == nil {
			if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
				fmt.Println(strings.Fields(rest)[0])
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// cost is what a process cost.
type cost struct {
	user, wall time.Duration
	peak       int64 // kilobytes, of ours only
}

func measure(b *testing.B, cmd *exec.Cmd) cost {
	b.Helper()
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %s", err, bad.String())
	}
	c := cost{user: cmd.ProcessState.UserTime(), wall: time.Since(start)}
	c.peak, _ = strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	return c
}

// ours is this package verifying a file, with so many workers on as many processors.
func ours(b *testing.B, file string, workers int) cost {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	n := strconv.Itoa(workers)
	cmd.Env = append(os.Environ(), "FOLKMOOT_BENCH_VERIFY="+file, "FOLKMOOT_BENCH_WORKERS="+n, "GOMAXPROCS="+n)
	return measure(b, cmd)
}

func theirs(b *testing.B, r referee, dir string) cost {
	b.Helper()
	cmd := exec.Command(r.argv[0], append(r.argv[1:len(r.argv):len(r.argv)], "election", "verify")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LWT_ASYNC_METHOD=none")
	return measure(b, cmd)
}

// median returns the middle, and half of the distance between the extremes in percent of it.
func median(cs []cost, of func(cost) time.Duration) (time.Duration, float64) {
	ds := make([]time.Duration, len(cs))
	for i, c := range cs {
		ds[i] = of(c)
	}
	slices.Sort(ds)
	m := ds[len(ds)/2]
	return m, 50 * float64(ds[len(ds)-1]-ds[0]) / float64(m)
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

// BenchmarkAgainstTool verifies the same archives by this package on one and two processors and by belenios-tool, in
// turn, and prints the medians of user time. Run it with -benchtime 5x: each iteration is one round. Sizes are
// 1,000, and 10,000 too with FOLKMOOT_TEST=full.
func BenchmarkAgainstTool(b *testing.B) {
	type contest struct {
		group Group
		size  int
		tool  referee
	}
	contests := []contest{{Ed25519(), 1000, referee3(b)}, {Belenios2048(), 50, referee3(b)}, {RFC3526(), 10, referee3(b)}}
	if full() {
		contests = append(contests, contest{Ed25519(), 10000, referee3(b)})
	}
	for _, c := range contests {
		b.Run(fmt.Sprintf("%s/%d", c.group.Name(), c.size), func(b *testing.B) {
			dir := b.TempDir()
			m := bigElection(b, c.group, c.size)
			m.close(0)
			m.decrypt(1)
			file := filepath.Join(dir, m.e.UUID+".bel")
			if err := os.WriteFile(file, m.archive, 0o600); err != nil {
				b.Fatal(err)
			}
			var one, two, tool []cost
			for b.Loop() {
				one = append(one, ours(b, file, 1))
				two = append(two, ours(b, file, 2))
				tool = append(tool, theirs(b, c.tool, dir))
			}
			user := func(c cost) time.Duration { return c.user }
			wall := func(c cost) time.Duration { return c.wall }
			u, spread := median(one, user)
			v, spreadTool := median(tool, user)
			w1, _ := median(one, wall)
			w2, _ := median(two, wall)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(u.Microseconds())/float64(c.size), "µs-user/ballot")
			b.ReportMetric(float64(v.Microseconds())/float64(c.size), "µs-user/ballot-tool")
			b.ReportMetric(float64(v)/float64(u), "times-faster")
			b.ReportMetric(float64(w1)/float64(w2), "speedup-2-cores")
			b.ReportMetric(float64(one[0].peak)/1024, "MB-peak")
			b.Logf("%d rounds: ours %v ±%.0f %%, tool %v ±%.0f %%, load %s", len(one), u, spread, v, spreadTool, load())
		})
	}
}
