package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
	"github.com/localgovdigital/folkmoot/services/command"
)

// ward is one surplus and one exclusion; the arithmetic stands in ballots/count/testdata/surplus.blt.
const ward = "4 2\n6 1 2 0\n3 1 3 0\n2 1 0\n3 2 0\n4 3 2 0\n2 4 3 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"D\"\n\"Ward\"\n"

func runCount(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = command.Main(context.Background(), command.Streams{In: strings.NewReader(in), Out: &o, Err: &e}, append([]string{"count"}, args...))
	return status, o.String(), e.String()
}

func ballotFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCountJSON(t *testing.T) {
	path := ballotFile(t, "ward.blt", ward)
	status, out, errs := runCount(t, "", "--method", "scottish-stv", "--json", path)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, %s", status, errs)
	}
	var got struct {
		Method  string  `json:"method"`
		Seats   int     `json:"seats"`
		Quota   float64 `json:"quota"`
		Elected []int   `json:"elected"`
		Stages  []struct {
			Number     int
			Kind       string
			Candidates []struct {
				Candidate     int
				Votes, Status string
			}
			NonTransferable string `json:"non_transferable"`
			Lost            string `json:"loss_by_fraction"`
		} `json:"stages"`
	}
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "scottish-stv" || got.Seats != 2 || got.Quota != 7 || len(got.Elected) != 2 || got.Elected[0] != 1 || got.Elected[1] != 3 || len(got.Stages) != 3 {
		t.Errorf("%+v", got)
	}
	s := got.Stages[1]
	if s.Number != 2 || s.Kind != "surplus" || s.Candidates[1].Candidate != 2 || s.Candidates[1].Votes != "5.18178" || s.NonTransferable != "0.72726" || s.Lost != "0.00007" {
		t.Errorf("stage 2: %+v", s)
	}
}

func TestCountFiles(t *testing.T) {
	dir := t.TempDir()
	svg, html, blt := filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.html"), filepath.Join(dir, "a.blt")
	status, out, errs := runCount(t, ward, "--method", "meek", "--svg", svg, "--html", html, "--blt", blt, "-")
	if status != 0 || !strings.Contains(out, "Elected, in order:") {
		t.Fatalf("status %d, %s%s", status, out, errs)
	}
	for path, want := range map[string]string{svg: "<svg ", html: "<meta charset=\"utf-8\">", blt: ward} {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s holds no %q, %v", path, want, err)
		}
	}
}

// Every method counts from the command line, and --seats stands over the file.
func TestCountMethods(t *testing.T) {
	path := ballotFile(t, "ward.blt", ward)
	for _, m := range count.Methods() {
		status, out, errs := runCount(t, "", "--seats", "1", "--method", m.Name(), "--json", path)
		var got struct {
			Method  string
			Seats   int
			Elected []int
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 || got.Method != m.Name() || got.Seats != 1 || len(got.Elected) != 1 {
			t.Errorf("%s: status %d, %+v, %v, %s", m.Name(), status, got, err, errs)
		}
	}
}

func TestCountCSV(t *testing.T) {
	path := ballotFile(t, "votes.csv", "Ann,Bob\n5,0\n3,5\n,4\n")
	status, out, _ := runCount(t, "", "--method", "score", "--scale", "5", path)
	if status != 0 || !strings.Contains(out, "Elected, in order: Bob (2).") {
		t.Errorf("status %d\n%s", status, out)
	}
	path = ballotFile(t, "votes.csv", "Ann,Bob\n1,2\n1,\n2,1\n")
	if status, out, _ := runCount(t, "", "--method", "av", path); status != 0 || !strings.Contains(out, "Elected, in order: Ann (1).") {
		t.Errorf("status %d\n%s", status, out)
	}
}

func TestCountOptions(t *testing.T) {
	path := ballotFile(t, "tie.blt", "3 1\n2 1 0\n1 2 1 0\n1 3 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"Tie\"\n")
	if status, out, _ := runCount(t, "", "--method", "scottish-stv", "--seed", "folkmoot", path); status != 0 || !strings.Contains(out, "C, by lot 1") {
		t.Errorf("status %d, no lot in\n%s", status, out)
	}
	path = ballotFile(t, "ward.blt", ward)
	if status, out, _ := runCount(t, "", "--method", "plurality", "--choose", "2", path); status != 0 || !strings.Contains(out, "Elected, in order: B (2), A (1).") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := runCount(t, "", "--method", "plurality", "--constrain", "staff<=1:1,3", path); status != 0 || !strings.Contains(out, "Elected, in order: A (1), B (2).") {
		t.Errorf("status %d\n%s", status, out)
	}
}

func TestCountRefuses(t *testing.T) {
	path := ballotFile(t, "ward.blt", ward)
	bad := ballotFile(t, "bad.blt", "2 1\n3 1 2\n0\n")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"no method", []string{path}, 2, "--method is missing"},
		{"an unknown method", []string{"--method", "borda", path}, 2, `no method "borda"`},
		{"no file", []string{"--method", "meek"}, 2, "too few"},
		{"two files", []string{"--method", "meek", path, path}, 2, "unexpected"},
		{"a file that is not there", []string{"--method", "meek", path + "x"}, 1, "no such file"},
		{"a folder", []string{"--method", "meek", t.TempDir()}, 1, "directory"},
		{"nonsense in the file", []string{"--method", "meek", bad}, 1, "bad.blt: line 2: the ballot does not end with 0"},
		{"seats below 1", []string{"--method", "meek", "--seats", "-1", path}, 2, "--seats"},
		{"choose with another method", []string{"--method", "meek", "--choose", "2", path}, 2, "plurality only"},
		{"several seats by the alternative vote", []string{"--method", "av", path}, 1, "one seat"},
		{"a constraint that is none", []string{"--method", "meek", "--constrain", "staff", path}, 2, "a constraint reads"},
		{"a constraint that cannot be met", []string{"--method", "meek", "--constrain", "staff>=2:1", path}, 1, "constraints"},
		{"a constraint on nobody", []string{"--method", "meek", "--constrain", "staff<=1:9", path}, 1, "does not stand"},
		{"a place where nothing can be written", []string{"--method", "meek", "--svg", filepath.Join(path, "x"), path}, 1, "not a directory"},
	} {
		status, out, errs := runCount(t, "", c.args...)
		if status != c.status || !strings.Contains(errs, c.says) || out != "" {
			t.Errorf("%s: status %d, %q, printed %q; want %d and %q", c.name, status, errs, out, c.status, c.says)
		}
	}
}

// --help explains each method in two lines and names its source.
func TestCountHelp(t *testing.T) {
	status, out, _ := runCount(t, "", "--help")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	for _, m := range count.Methods() {
		a := m.About()
		for _, want := range []string{m.Name(), a.Title, a.Lines[0], a.Lines[1], "Source: " + a.Source} {
			if want == "" || !strings.Contains(out, want) {
				t.Errorf("%s: no %q", m.Name(), want)
			}
		}
	}
}

// A count that is stopped while it reads ends with status 1.
func TestCountStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var o, e bytes.Buffer
	status := command.Main(ctx, command.Streams{In: strings.NewReader(ward), Out: &o, Err: &e}, []string{"count", "--method", "meek", "-"})
	if status != 1 || !strings.Contains(e.String(), "stopped") {
		t.Errorf("status %d, %q", status, e.String())
	}
}
