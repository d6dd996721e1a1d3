package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportMembers: the command on a folder whose house is running; nothing is saved of a file with mistakes, and the same file
// again adds nobody.
func TestImportMembers(t *testing.T) {
	clock, dir := newClockFile(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	box := newMailbox(t)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	file := filepath.Join(t.TempDir(), "members.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, int) {
		t.Helper()
		var out, errs strings.Builder
		code := Main(t.Context(), Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, append([]string{"import", "members", file, "--data", dir}, args...))
		return out.String() + errs.String(), code
	}
	write("name,email\nAsha,asha@example.org\nBen,ben\n")
	if said, code := run(); code == 0 || !strings.Contains(said, "line 3, column 5 (email)") || !strings.Contains(said, "nobody was taken in") {
		t.Errorf("%d: %s", code, said)
	}
	var b strings.Builder
	b.WriteString("name,email\n")
	for i := range 700 {
		fmt.Fprintf(&b, "Member %d,m%d@example.org\n", i, i)
	}
	write(b.String())
	if said, code := run("--dry-run"); code != 0 || !strings.Contains(said, "700 would be taken in") {
		t.Errorf("%d: %s", code, said)
	}
	secretary := s.token(s.secretary)
	found := func() string {
		return s.must("GET", "/v1/members?search=m699@", secretary, nil).raw
	}
	if strings.Contains(found(), "Member 699") {
		t.Error("a dry run took members in")
	}
	if said, code := run(); code != 0 || !strings.Contains(said, "700 of 700 taken in") {
		t.Errorf("%d: %s", code, said)
	}
	if !strings.Contains(found(), "Member 699") {
		t.Error("the running house does not know the members")
	}
	if said, code := run(); code != 0 || !strings.Contains(said, "0 of 700 taken in; 700 were known") {
		t.Errorf("%d: %s", code, said)
	}
}
