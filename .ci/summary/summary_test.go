package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// house is a module whose tests end in every way that there is.
var house = map[string]string{
	"go.mod": "module example.test/house\n\ngo 1.26.0\n",
	"good/good_test.go": `package good
import ("fmt"; "testing")
func TestQuiet(t *testing.T) { fmt.Println("noise of a pass") }
func TestParent(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Skip("an engine is missing: set THE_URL") })
}
func TestAlsoSkipped(t *testing.T) { t.Skip("an engine is missing: set THE_URL") }
func TestSilent(t *testing.T) { t.SkipNow() }
`,
	"bad/bad_test.go": `package bad
import "testing"
func TestPasses(t *testing.T) {}
func TestFails(t *testing.T) {
	t.Run("below", func(t *testing.T) { t.Error("two is not three") })
	t.Run("beside", func(t *testing.T) {})
}
`,
	"broken/broken_test.go": `package broken
import "testing"
func TestNever(t *testing.T) { return 1 }
`,
	"panics/panics_test.go": `package panics
import "testing"
func TestPanics(t *testing.T) { panic("out of the blue") }
`,
	"exits/exits_test.go": `package exits
import ("os"; "testing")
func TestMain(m *testing.M) { println("cannot start"); os.Exit(3) }
func TestNever(t *testing.T) {}
`,
	"none/none.go": "package none\n",
}

// summarise runs go test on packages of the module and returns the report as it is printed.
func summarise(t *testing.T, full bool, checks string, packages ...string) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range house {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out bytes.Buffer
	r := newReport(&out)
	if err := r.readChecks(strings.NewReader(checks)); err != nil {
		t.Fatal(err)
	}
	if err := run(r, append([]string{"go", "test", "-json"}, packages...)); err != nil {
		t.Fatal(err)
	}
	well := r.close(full)
	return out.String(), well
}

func demand(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("the report lacks %q:\n%s", w, text)
		}
	}
}

func TestPassesAreQuietAndSkipsGrouped(t *testing.T) {
	t.Setenv("FOLKMOOT_COCKROACH_URL", "")
	text, well := summarise(t, false, "ran\tgofmt\nnote\tA sentence.\n", "./good", "./none")
	if !well {
		t.Errorf("skips are a failure without -full:\n%s", text)
	}
	demand(t, text, "\n3 passed, 0 failed, 3 skipped\n", "\nran 3, left out 3\n", "an engine is missing: set THE_URL",
		"  2, the first example.test/house/good Test", "skipped without saying why", "TestSilent",
		"CockroachDB: not run", "\nA sentence.\n")
	if strings.Contains(text, "noise of a pass") {
		t.Errorf("a pass is noisy:\n%s", text)
	}
}

func TestFullRefusesSkips(t *testing.T) {
	text, well := summarise(t, true, "", "./good")
	if well {
		t.Errorf("a skip passes with -full:\n%s", text)
	}
	demand(t, text, "this is a failure", "\nran 2, left out 3\n")
}

func TestFullRefusesChecksLeftOut(t *testing.T) {
	text, well := summarise(t, true, "left\tbuf lint\tnpm is not installed\n", "-run", "TestPasses", "./bad")
	if well {
		t.Errorf("a check left out passes with -full:\n%s", text)
	}
	demand(t, text, "buf lint: npm is not installed", "\n1 passed, 0 failed, 1 skipped\n")
}

func TestAFailedCheckFails(t *testing.T) {
	if text, well := summarise(t, false, "failed\tgofmt\n", "-run", "TestPasses", "./bad"); well {
		t.Errorf("a failed check passes:\n%s", text)
	}
}

func TestFailuresAreShownWhole(t *testing.T) {
	text, well := summarise(t, false, "", "./...")
	if well {
		t.Errorf("failures pass:\n%s", text)
	}
	// bad: below, not its parent. broken and exits: the packages. panics: the test.
	demand(t, text, "two is not three", "example.test/house/bad TestFails/below", "example.test/house/broken\n",
		"out of the blue", "example.test/house/panics TestPanics", "cannot start", "example.test/house/exits\n",
		"\n4 passed, 4 failed, 3 skipped\n", "\nran 8, left out 3\n")
}

func TestNoTestIsAFailure(t *testing.T) {
	text, well := summarise(t, false, "ran\tgofmt\n", "./none")
	if well {
		t.Errorf("no test at all passes:\n%s", text)
	}
	demand(t, text, "no test ran")
}

func TestAllSkippedIsAFailure(t *testing.T) {
	if text, well := summarise(t, false, "", "-run", "TestSilent", "./good"); well {
		t.Errorf("nothing but skips passes:\n%s", text)
	}
}

func TestACommandThatFailsWithoutAnEventFails(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	r.tests, r.passed = 1, 1
	r.commandFailed(errors.New("exit status 1"))
	if r.close(false) {
		t.Errorf("it passes:\n%s", out.String())
	}
}

func TestAStreamCutShortFails(t *testing.T) {
	for name, stream := range map[string]string{
		"within a test": `{"Action":"run","Package":"p","Test":"TestA"}`,
		"after a test": `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}`,
		"a test without an end": `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`,
	} {
		var out bytes.Buffer
		r := newReport(&out)
		r.tests, r.passed = 1, 1
		if err := r.readEvents(strings.NewReader(stream)); err != nil {
			t.Fatal(err)
		}
		if r.close(false) {
			t.Errorf("%s: it passes:\n%s", name, out.String())
		}
	}
}

func TestUnknownCheckLinesAreRefused(t *testing.T) {
	for _, line := range []string{"passed\tgofmt", "left\tgofmt", "ran", "\t"} {
		if err := newReport(&bytes.Buffer{}).readChecks(strings.NewReader(line + "\n")); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}
