package command

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

// five is a house in five processes.
type five struct {
	t         *testing.T
	dir       string
	box       *mail.Mailbox
	clocks    map[string]*clockFile
	addresses map[string]string
	children  map[string]*child
}

// startFive starts the five processes; clocks may give a room a clock of its own.
func startFive(t *testing.T, dir string, box *mail.Mailbox, clock *clockFile, clocks map[string]*clockFile) *five {
	t.Helper()
	f := &five{t: t, dir: dir, box: box, clocks: map[string]*clockFile{"gateway": clock}, addresses: map[string]string{}, children: map[string]*child{}}
	for _, name := range auth.Rooms {
		// The rooms need each other's addresses before any of them runs.
		f.addresses[name], f.clocks[name] = freeAddress(t), clock
		if own := clocks[name]; own != nil {
			f.clocks[name] = own
		}
	}
	for _, name := range append([]string{"gateway"}, auth.Rooms...) {
		f.start(name)
	}
	return f
}

func (f *five) start(name string) {
	args := []string{"serve", name}
	if name == "gateway" {
		args = append(args, "--listen", "localhost:0")
	} else {
		args = append(args, "--listen", f.addresses[name], "--data", f.dir, "--database", "sqlite:"+services.DatabaseFile(f.dir, name))
	}
	if name == auth.Membership {
		args = append(args, "--smtp", f.box.Address(), "--public-url", "http://localhost:8080")
	}
	for _, other := range auth.Rooms {
		if other != name {
			args = append(args, "--"+other, f.addresses[other])
		}
	}
	f.children[name] = startChild(f.t, []string{f.clocks[name].env()}, args...)
}

// TestSessionsAcrossFourProcesses: with the clocks of two rooms a minute off, either way, members' tokens and rooms' calls are accepted; a rotation
// of the key signs nobody out; and a session ended elsewhere is refused by all four rooms within a minute, without exception.
func TestSessionsAcrossFourProcesses(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	ahead, behind := newClockFile(t), newClockFile(t)
	ahead.add(t, time.Minute)
	behind.add(t, -time.Minute)
	f := startFive(t, dir, box, clock, map[string]*clockFile{auth.Ledger: ahead, auth.Ballots: behind})
	s := newStory(t, f.children["gateway"].address("Folkmoot is on "), box, clock)
	s.found(links)
	s.member = s.join("Asha Member", "asha@example.org", "")
	s.give(s.member)
	// By membership's clock the £1 settles in a minute.
	for _, c := range []*clockFile{clock, ahead, behind} {
		c.add(t, time.Minute)
	}
	eventually(t, "the ledger, whose clock is a minute ahead, tells membership of the £1", func() bool {
		return s.must("GET", "/v1/me", s.token(s.member), nil).text("standing") == "STANDING_CURRENT"
	})

	// Each call needs a token that verifies: with one that does not, even a public page refuses.
	calls := map[string]string{auth.Membership: "/v1/me", auth.Ledger: "/v1/ledger/entries", auth.Motions: "/v1/meetings", auth.Ballots: "/v1/ballots"}
	accepted := func(token string) (n int) {
		for _, path := range calls {
			if s.do("GET", path, token, "", "", nil).status == http.StatusOK {
				n++
			}
		}
		return n
	}
	if n := accepted("not.a.token"); n != 0 {
		t.Fatalf("%d of the four rooms accept a token that is none: the test asks the wrong thing", n)
	}
	phone, desk := s.again(s.member), s.again(s.member)
	before := s.token(phone)
	if n := accepted(before); n != 4 {
		t.Fatalf("%d of the four rooms accept a good token, with clocks a minute off", n)
	}

	// The key is rotated and membership alone started again.
	if out, errs, code := runHere("rotate", "--data", dir); code != 0 {
		t.Fatal(out, errs)
	}
	f.children[auth.Membership].stop()
	f.start(auth.Membership)
	f.children[auth.Membership].address("The membership room is on ")
	var after string
	eventually(t, "membership answers again", func() bool {
		got := s.do("POST", "/v1/sessions:exchange", "", "", "", map[string]any{"sessionSecret": phone.session})
		after = got.text("accessToken")
		return got.status == http.StatusOK
	})
	if before == after || len(s.must("GET", "/.well-known/jwks.json", "", nil).body["keys"].([]any)) != 2 {
		t.Fatal("the key was not rotated")
	}
	eventually(t, "the token of the old key and that of the new are accepted by all four rooms", func() bool { return accepted(before) == 4 && accepted(after) == 4 })

	// The member signs the phone out from the desk.
	sessions := s.must("GET", "/v1/me/sessions", s.token(desk), nil)
	if all, _ := sessions.body["sessions"].([]any); len(all) != 3 {
		t.Fatalf("%s", sessions.raw)
	}
	if got := s.must("POST", "/v1/me/sessions:endOthers", s.token(desk), map[string]any{}); got.body["ended"] != float64(2) {
		t.Fatalf("%s", got.raw)
	}
	ended := time.Now()
	for accepted(before)+accepted(after) > 0 {
		if time.Since(ended) > time.Minute {
			t.Fatal("a room accepts a token of an ended session after a minute")
		}
		time.Sleep(200 * time.Millisecond)
	}
	for range 25 {
		if n := accepted(before) + accepted(after); n != 0 {
			t.Fatalf("%d calls are accepted after all rooms had refused", n)
		}
	}
	s.refused(s.do("POST", "/v1/sessions:exchange", "", "", "", map[string]any{"sessionSecret": phone.session}), http.StatusUnauthorized, "SESSION_ENDED")
	if n := accepted(s.token(desk)); n != 4 {
		t.Errorf("%d of the four rooms accept the session that was kept", n)
	}
	for _, c := range f.children {
		c.stop()
	}
}
