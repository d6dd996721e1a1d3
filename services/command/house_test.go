package command

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

// The environment by which a test's child process is folkmoot itself, with a clock that the test moves and a point at
// which it dies.
const (
	childEnv = "TEST_CHILD"
	clockEnv = "TEST_CHILD_CLOCK"
	killEnv  = "TEST_CHILD_KILL"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if file := os.Getenv(clockEnv); file != "" {
		societyNow = func() time.Time {
			raw, err := os.ReadFile(file)
			if err != nil {
				panic(err)
			}
			offset, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
			if err != nil {
				panic(err)
			}
			return time.Now().Add(time.Duration(offset))
		}
	}
	if point := os.Getenv(killEnv); point != "" {
		killpoint.Arm(point)
	}
	ctx, stop := signalContext()
	code := Main(ctx, Standard(), os.Args[1:])
	stop()
	os.Exit(code)
}

// child is a folkmoot process.
type child struct {
	t    testing.TB
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

// startChild starts folkmoot with these arguments.
func startChild(t testing.TB, env []string, args ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(exe, args...), done: make(chan struct{})}
	c.cmd.Env = append(append(os.Environ(), childEnv+"=1"), env...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stdout, c.cmd.Stderr = w, w
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadString('\n')
			c.mu.Lock()
			c.out.WriteString(line)
			c.mu.Unlock()
			if err != nil {
				break
			}
		}
		_ = c.cmd.Wait()
		close(c.done)
	}()
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("folkmoot %s said:\n%s", strings.Join(args, " "), c.said())
		}
	})
	return c
}

func (c *child) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
}

// address waits for the line that ends with an address after a prefix.
func (c *child) address(prefix string) string {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for line := range strings.Lines(c.said()) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(rest)
			}
		}
		select {
		case <-c.done:
			c.t.Fatalf("folkmoot ended before it said %q:\n%s", prefix, c.said())
		default:
		}
	}
	c.t.Fatalf("folkmoot did not say %q within a minute:\n%s", prefix, c.said())
	return ""
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// stop sends SIGTERM and demands a clean end.
func (c *child) stop() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-c.done:
	case <-time.After(time.Minute):
		c.t.Fatalf("SIGTERM did not stop folkmoot:\n%s", c.said())
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		c.t.Fatalf("SIGTERM ended folkmoot with status %d:\n%s", code, c.said())
	}
}

// clockFile is the clock that a test's children share.
type clockFile struct {
	path   string
	offset time.Duration
}

func newClockFile(t testing.TB) *clockFile {
	c := &clockFile{path: filepath.Join(t.TempDir(), "clock")}
	c.add(t, 0)
	return c
}

func (c *clockFile) add(t testing.TB, d time.Duration) {
	t.Helper()
	c.offset += d
	if err := os.WriteFile(c.path+".new", []byte(strconv.FormatInt(int64(c.offset), 10)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(c.path+".new", c.path); err != nil {
		t.Fatal(err)
	}
}

func (c *clockFile) now() time.Time { return time.Now().Add(c.offset) }

func (c *clockFile) env() string { return clockEnv + "=" + c.path }

// api is a client of the REST API.
type api struct {
	t    testing.TB
	base string
	box  *mail.Mailbox
}

// answer is what came back.
type answer struct {
	status int
	body   map[string]any
	raw    string
}

func (a answer) text(path ...string) string {
	var v any = a.body
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

// do makes one call. A key of "-" sends no Idempotency-Key.
func (a *api) do(method, path, token, key, etag string, in any) answer {
	a.t.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			a.t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
		if key == "" {
			key = rand.Text()
		}
		if key != "-" {
			r.Header.Set("Idempotency-Key", key)
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if etag != "" {
		r.Header.Set("If-Match", `"`+etag+`"`)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	out := answer{status: resp.StatusCode, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.body)
	return out
}

// must makes a call that has to succeed.
func (a *api) must(method, path, token string, in any) answer {
	a.t.Helper()
	got := a.do(method, path, token, "", "", in)
	if got.status != http.StatusOK {
		a.t.Fatalf("%s %s: %d %s", method, path, got.status, got.raw)
	}
	return got
}

// act posts an act that says which state it saw.
func (a *api) act(path, verb, token string, in any) answer {
	a.t.Helper()
	seen := a.must(http.MethodGet, path, token, nil)
	if in == nil {
		in = map[string]any{}
	}
	got := a.do(http.MethodPost, path+":"+verb, token, "", seen.text("etag"), in)
	if got.status != http.StatusOK {
		a.t.Fatalf("POST %s:%s: %d %s", path, verb, got.status, got.raw)
	}
	return got
}

// refused makes a call that has to be refused with a reason.
func (a *api) refused(got answer, status int, reason string) answer {
	a.t.Helper()
	if got.status != status || got.text("reason") != reason {
		a.t.Fatalf("answer %d %s, want %d %s", got.status, got.raw, status, reason)
	}
	return got
}

// code waits for the newest code mailed to an address after `seen` letters.
func (a *api) code(email string, seen int) string {
	a.t.Helper()
	for range 400 {
		if letters := a.box.Letters(email); len(letters) > seen && letters[len(letters)-1].Code != "" {
			return letters[len(letters)-1].Code
		}
		time.Sleep(25 * time.Millisecond)
	}
	a.t.Fatalf("no code came to %s", email)
	return ""
}

// someone is a person with a session.
type someone struct {
	email, id, session string
}

// join joins and confirms by the mailed code.
func (a *api) join(name, email, region string) someone {
	a.t.Helper()
	seen := len(a.box.Letters(email))
	asked := a.must("POST", "/v1/members:join", "", map[string]any{"name": name, "email": email, "region": region, "soleMembership": true, "language": "en"})
	done := a.must("POST", "/v1/sessions:confirm", "", map[string]any{"attempt": asked.text("attempt"), "code": a.code(email, seen)})
	return someone{email: email, id: done.text("member"), session: done.text("sessionSecret")}
}

// again signs somebody in anew: what cannot be undone asks for a sign-in of the last ten minutes.
func (a *api) again(p someone) someone {
	a.t.Helper()
	seen := len(a.box.Letters(p.email))
	asked := a.must("POST", "/v1/sessions:request", "", map[string]any{"email": p.email})
	done := a.must("POST", "/v1/sessions:confirm", "", map[string]any{"attempt": asked.text("attempt"), "code": a.code(p.email, seen)})
	p.session = done.text("sessionSecret")
	return p
}

// token trades the session for an access token.
func (a *api) token(p someone) string {
	a.t.Helper()
	return a.must("POST", "/v1/sessions:exchange", "", map[string]any{"sessionSecret": p.session}).text("accessToken")
}

// eventually tries until ok says yes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}

// foundSociety founds a society in a folder and returns the founders' links by office.
func foundSociety(t testing.TB, dir string, clock *clockFile) map[string]string {
	t.Helper()
	c := startChild(t, []string{clock.env()}, "found", "--data", dir, "--name", "Test Society")
	<-c.done
	links := map[string]string{}
	for line := range strings.Lines(c.said()) {
		f := strings.Fields(line)
		if len(f) == 2 && strings.Contains(f[1], "invitation=") {
			_, links[f[0]], _ = strings.Cut(f[1], "invitation=")
		}
	}
	if len(links) != 3 {
		t.Fatalf("found did not print three links:\n%s", c.said())
	}
	return links
}

// freeAddress finds a port on a loopback address that no other test listens on, so that nobody takes it before the child does.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", net.IPv4(127, byte(1+mathrand.IntN(250)), byte(mathrand.IntN(256)), byte(1+mathrand.IntN(250))).String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func signalContext() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
