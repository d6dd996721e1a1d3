package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// process runs folkmoot in a folder of its own and returns what it wrote and its exit status.
func process(t *testing.T, dir, stdin string, args ...string) (string, int) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("folkmoot %v did not end", args)
	}
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// does runs folkmoot and demands success.
func does(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, code := process(t, dir, stdin, args...)
	if code != 0 {
		t.Fatalf("folkmoot %s: exit status %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// repository is the folder of go.mod.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// belenios3 returns the command line of Debian 13's belenios-tool.
func belenios3(t *testing.T) []string {
	dir := os.Getenv("FOLKMOOT_BELENIOS_3")
	if dir == "" {
		dir = filepath.Join(repository(t), "build", "referee", "belenios-trixie")
	}
	tool := filepath.Join(dir, "usr", "bin", "belenios-tool")
	if _, err := os.Stat(tool); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatalf("belenios-tool of Debian 13 is not at %s: .ci/belenios-trixie unpacks it", dir)
		}
		t.Logf("NOT CHECKED by belenios-tool 3.0, which is not at %s", dir)
		return nil
	}
	return []string{filepath.Join(dir, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", filepath.Join(dir, "usr/lib/x86_64-linux-gnu"), tool}
}

// trustees are three folders and a board through which they exchange what is public, and nothing else.
type trustees struct {
	t       *testing.T
	folders [3]string
	board   string
}

// publish copies a public file of each trustee to the board and returns their names there.
func (r *trustees) publish(name string) string {
	r.t.Helper()
	if !strings.HasPrefix(name, "public-") {
		r.t.Fatalf("%s is not public", name)
	}
	var names []string
	for i, dir := range r.folders {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			r.t.Fatal(err)
		}
		to := filepath.Join(r.board, fmt.Sprintf("%d-%s", i+1, name))
		if err := os.WriteFile(to, b, 0o600); err != nil {
			r.t.Fatal(err)
		}
		names = append(names, to)
	}
	return strings.Join(names, ",")
}

// step has each trustee, a process in its own folder, take a step.
func (r *trustees) step(args func(i int) []string) (out [3]string) {
	r.t.Helper()
	for i, dir := range r.folders {
		out[i] = does(r.t, dir, "", append([]string{"belenios", "trustee"}, args(i)...)...)
	}
	return out
}

// TestBeleniosElection runs an election by the commands alone: a registrar, three trustees of whom two are needed,
// each a process in a folder of its own, voters by file and by hand, revotes, a result; and has belenios-tool verify it.
func TestBeleniosElection(t *testing.T) {
	top := t.TempDir()
	dir := func(name string) string {
		d := filepath.Join(top, name)
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
		return d
	}
	r := &trustees{t: t, folders: [3]string{dir("trustee1"), dir("trustee2"), dir("trustee3")}, board: dir("board")}

	// The ceremony.
	r.step(func(i int) []string {
		return []string{"join", "--dir", ".", "--index", fmt.Sprint(i + 1), "--of", "3", "--threshold", "2"}
	})
	certs := r.publish(fileCertificate)
	said := r.step(func(int) []string { return []string{"commit", "--dir", ".", "--certificates", certs} })
	if said[0] != said[1] || said[1] != said[2] || !strings.Contains(said[0], "fingerprint") {
		t.Errorf("the trustees see different certificates: %q", said)
	}
	commits := r.publish(fileCommitment)
	r.step(func(int) []string {
		return []string{"share", "--dir", ".", "--certificates", certs, "--commitments", commits}
	})
	shares := r.publish(fileShares)
	r.step(func(int) []string {
		return []string{"finish", "--dir", ".", "--certificates", certs, "--commitments", commits, "--shares", shares}
	})
	keys := r.publish(fileKey)

	// The registrar and the server.
	server, registrar := dir("server"), dir("registrar")
	does(t, registrar, "", "belenios", "credentials", "--count", "4", "--out", ".")
	uuid := strings.TrimSpace(readText(t, filepath.Join(registrar, "uuid")))
	does(t, server, "", "belenios", "trustee", "assemble", "--threshold", "2", "--certificates", certs, "--shares", shares, "--keys", keys)
	template := `{"name":"AGM","description":"","questions":[{"question":"Carry it?","answers":["For","Against","Abstain"],"min":1,"max":1},
		{"question":"Elect up to two","answers":["A","B","C"],"blank":true,"min":1,"max":2}]}`
	if err := os.WriteFile(filepath.Join(server, "template.json"), []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	does(t, server, "", "belenios", "setup", "--template", "template.json", "--trustees", "trustees.json",
		"--credentials", filepath.Join(registrar, "public_creds.json"), "--uuid", uuid)
	archive := filepath.Join(server, uuid+".bel")

	// Votes: by file, by hand, and a revote.
	creds := strings.Fields(readText(t, filepath.Join(registrar, "private_creds.txt"))) // number code number code …
	vote := func(name string, voter int, v [][]int) {
		t.Helper()
		d := dir(name)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"code": creds[2*voter+1] + "\n", "choices": string(b)} {
			if err := os.WriteFile(filepath.Join(d, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		does(t, d, "", "belenios", "ballot", archive, "--credential", "code", "--choices", "choices", "--out", "ballot.json")
		does(t, server, "", "belenios", "cast", archive, filepath.Join(d, "ballot.json"), "--verified", "verified.json")
	}
	vote("voter1", 0, [][]int{{0, 1, 0}, {0, 1, 1, 0}})
	vote("voter2", 1, [][]int{{1, 0, 0}, {1, 0, 0, 0}})
	d := dir("voter3")
	out := does(t, d, creds[5]+"\n3\n2 3\n", "belenios", "ballot", archive, "--out", "ballot.json")
	if !strings.Contains(out, "Tracker: ") {
		t.Errorf("no tracker: %s", out)
	}
	does(t, server, "", "belenios", "cast", archive, filepath.Join(d, "ballot.json"))
	early := filepath.Join(top, "early.bel")
	if err := os.WriteFile(early, []byte(readText(t, archive)), 0o600); err != nil {
		t.Fatal(err)
	}
	vote("voter1 again", 0, [][]int{{1, 0, 0}, {0, 0, 0, 1}})
	if out, code := process(t, server, "", "belenios", "cast", archive, filepath.Join(d, "ballot.json")); code != 1 || !strings.Contains(out, "cast before") {
		t.Errorf("the same ballot again: %d %s", code, out)
	}

	// The tally. A trustee touches nothing that does not hold.
	does(t, server, "", "belenios", "tally", archive, "--close")
	broken := filepath.Join(top, uuid+"-broken.bel")
	spoilt := strings.Replace(readText(t, archive), `"response":"1`, `"response":"2`, 1)
	if err := os.WriteFile(broken, []byte(spoilt), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := process(t, r.folders[0], "", "belenios", "trustee", "decrypt", "--dir", ".", "--out", "public-part", broken); code != 1 || !strings.Contains(out, "REFUSED") {
		t.Errorf("a spoilt archive is decrypted: %d %s", code, out)
	}
	if _, err := os.Stat(filepath.Join(r.folders[0], "public-part")); err == nil {
		t.Error("there is a part of a decryption of a spoilt archive")
	}
	for _, i := range []int{2, 0} {
		does(t, r.folders[i], "", "belenios", "trustee", "decrypt", "--dir", ".", "--out", "public-part", archive)
		if i == 2 {
			if out, code := process(t, server, "", "belenios", "tally", archive, "--result"); code != 1 || !strings.Contains(out, "needed") {
				t.Errorf("a result with no part: %d %s", code, out)
			}
		}
		does(t, server, "", "belenios", "tally", archive, "--decryption", filepath.Join(r.folders[i], "public-part"))
		if i == 2 {
			if out, code := process(t, server, "", "belenios", "tally", archive, "--result"); code != 1 || !strings.Contains(out, "1 of 2") {
				t.Errorf("a result with one part of two: %d %s", code, out)
			}
		}
	}
	does(t, server, "", "belenios", "tally", archive, "--result")
	if out := does(t, top, "", "belenios", "verify", archive); !strings.Contains(out, "  2  For") || !strings.Contains(out, "  1  Abstain") ||
		!strings.Contains(out, "  1  (blank)") || !strings.Contains(out, "  1  B") || !strings.Contains(out, "  2  C") {
		t.Errorf("the result is wrong:\n%s", out)
	}
	does(t, top, "", "belenios", "diff", early, archive)
	if _, code := process(t, top, "", "belenios", "diff", archive, early); code != 1 {
		t.Errorf("diff backwards: %d", code)
	}
	if _, code := process(t, top, "", "belenios", "verify", broken); code != 1 {
		t.Errorf("verify a spoilt archive: %d", code)
	}

	// What was made is private, and no secret is on the board.
	err := filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && p != top && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.folders {
		secret := strings.TrimSpace(readText(t, filepath.Join(r.folders[i], filePrivateKey)))
		seed := strings.TrimSpace(readText(t, filepath.Join(r.folders[i], fileSeed)))
		for _, name := range strings.Split(strings.Join([]string{certs, commits, shares, keys}, ","), ",") {
			if s := readText(t, name); strings.Contains(s, strings.Trim(secret, `"`)) || strings.Contains(s, seed) {
				t.Errorf("%s shows a secret of trustee %d", name, i+1)
			}
		}
	}

	if argv := belenios3(t); argv != nil {
		for _, c := range []struct {
			file string
			want bool
		}{{broken, false}, {archive, true}} {
			d := t.TempDir()
			if err := os.WriteFile(filepath.Join(d, uuid+".bel"), []byte(readText(t, c.file)), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(argv[0], append(argv[1:], "election", "verify")...)
			cmd.Dir, cmd.Env = d, append(os.Environ(), "LWT_ASYNC_METHOD=none")
			if out, err := cmd.CombinedOutput(); (err == nil) != c.want {
				t.Errorf("belenios-tool on %s: %v\n%s", c.file, err, out)
			}
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBeleniosHelp wants words for a teller behind every --help, and usage errors told apart from refusals.
func TestBeleniosHelp(t *testing.T) {
	run := func(args ...string) (string, int) {
		var out, bad bytes.Buffer
		code := Main(context.Background(), Streams{In: strings.NewReader(""), Out: &out, Err: &bad}, args)
		return out.String() + bad.String(), code
	}
	var all [][]string
	for _, c := range beleniosCommands {
		all = append(all, []string{"belenios", c.Name, "--help"})
	}
	for _, c := range beleniosTrusteeCommands {
		all = append(all, []string{"belenios", "trustee", c.Name, "--help"})
	}
	for _, args := range append(all, []string{"belenios", "--help"}, []string{"belenios"}, []string{"belenios", "trustee"}) {
		if out, code := run(args...); code != 0 || len(out) < 150 {
			t.Errorf("%v: exit status %d, %q", args, code, out)
		}
	}
	for _, args := range [][]string{{"belenios", "count"}, {"belenios", "trustee", "x"}, {"belenios", "verify"}, {"belenios", "diff", "a"},
		{"belenios", "tally", "a.bel"}, {"belenios", "tally", "a.bel", "--close", "--result"}, {"belenios", "credentials"}, {"belenios", "verify", "--no"},
		{"belenios", "ballot", "a.bel", "1,0,0"}} {
		if out, code := run(args...); code != 2 {
			t.Errorf("%v: exit status %d, %q", args, code, out)
		}
	}
	if out, code := run("belenios", "verify", "no-such-file.bel"); code != 1 {
		t.Errorf("a missing file: exit status %d, %q", code, out)
	}
}
