package services_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/localgovdigital/folkmoot/"

// source is one Go file outside of tests.
type source struct {
	file, pkg, dir string
	imports        []string
	documented     bool
}

// sources reads every Go file of the repository but tests and what is generated.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "node_modules", "third_party", "testdata", ".git", "data", "bin":
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || strings.Contains(d.Name(), ".pb.") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(p, ".."+string(filepath.Separator)))
		s := source{file: rel, pkg: f.Name.Name, dir: path.Dir(rel), documented: hasDoc(f)}
		for _, i := range f.Imports {
			v, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, v)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found only %d source files: the test looks in the wrong place", len(all))
	}
	return all
}

func hasDoc(f *ast.File) bool { return f.Doc != nil && strings.TrimSpace(f.Doc.Text()) != "" }

var rooms = []string{"membership", "ledger", "motions", "ballots"}

// room returns the room that a folder belongs to and the part of it, or empty strings.
func room(dir string) (name, part string) {
	rest, ok := strings.CutPrefix(dir, "services/")
	if !ok {
		return "", ""
	}
	name, part, _ = strings.Cut(rest, "/")
	if !slices.Contains(rooms, name) {
		return "", ""
	}
	return name, part
}

// inputOutput are the standard packages that a decision may not import.
var inputOutput = []string{"os", "net", "net/http", "database/sql", "context", "log", "log/slog", "io/fs", "os/exec", "math/rand", "math/rand/v2", "syscall"}

// allowed says whether a file in dir may import what, by the rules of the layout.
func allowed(dir, what string) (bool, string) {
	name, part := room(dir)
	own, ours := strings.CutPrefix(what, module)
	if name != "" && ours {
		other, _ := room(own)
		if other != "" && other != name {
			return false, "a room never imports another room"
		}
	}
	switch {
	case name == "ballots" && (part == "count" || part == "belenios"):
		if ours || (strings.Contains(strings.SplitN(what, "/", 2)[0], ".") && !strings.HasPrefix(what, "filippo.io/edwards25519") && what != "filippo.io/bigmod") {
			return false, "count and belenios stand alone"
		}
	case name != "" && (part == "" || part == "amend" || part == "elect"):
		if slices.Contains(inputOutput, what) {
			return false, "a decision does no input or output"
		}
		if ours && own != "services/internal/fault" && !strings.HasPrefix(own, "services/"+name+"/") {
			return false, "a decision imports only fault and its own pure packages"
		}
		if !ours && strings.Contains(strings.SplitN(what, "/", 2)[0], ".") {
			return false, "a decision imports only the standard library"
		}
		if ours && (own == "services/"+name+"/store" || own == "services/"+name+"/server") {
			return false, "a decision imports neither its store nor its server"
		}
	case name != "" && part == "store":
		if strings.HasPrefix(own, "proto") && ours || strings.HasPrefix(what, "google.golang.org/") {
			return false, "a store knows no proto"
		}
	case name != "" && part == "server":
		if what == "database/sql" {
			return false, "a server knows no SQL"
		}
	}
	if strings.HasPrefix(dir, "gateway") && ours && strings.HasPrefix(own, "services") {
		return false, "the gateway imports, of our code, only proto"
	}
	if strings.HasPrefix(dir, "proto") && ours {
		return false, "proto imports nothing of ours"
	}
	if dir == "services/internal/fault" && ours {
		return false, "fault imports nothing of ours"
	}
	if strings.HasPrefix(dir, "services/internal") && ours {
		if other, _ := room(own); other != "" {
			return false, "what the rooms share imports no room"
		}
	}
	if dir != "services/internal/database" && (strings.HasPrefix(what, "modernc.org/sqlite") || strings.HasPrefix(what, "github.com/jackc/pgx")) &&
		!strings.HasPrefix(dir, "services/internal/database/") {
		return false, "drivers stand only in services/internal/database"
	}
	return true, ""
}

func TestImportRules(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if ok, why := allowed(s.dir, i); !ok {
				t.Errorf("%s imports %s: %s", s.file, i, why)
			}
		}
	}
}

// TestImportRulesBite shows that each rule refuses something.
func TestImportRulesBite(t *testing.T) {
	for _, c := range [][2]string{
		{"services/ledger/server", module + "services/membership"},
		{"services/ledger", "database/sql"},
		{"services/ledger", module + "services/internal/rpc"},
		{"services/ledger", "google.golang.org/grpc"},
		{"services/ledger/store", module + "proto/folkmoot/ledger/v1"},
		{"services/ledger/server", "database/sql"},
		{"services/ballots/count", module + "services/internal/fault"},
		{"services/ballots/belenios", "golang.org/x/crypto/sha3"},
		{"gateway/rest", module + "services/internal/fault"},
		{"proto", module + "gateway/rest"},
		{"services/internal/fault", module + "services/internal/rpc"},
		{"services/internal/rpc", module + "services/ledger"},
		{"services/ledger/store", "modernc.org/sqlite"},
	} {
		if ok, _ := allowed(c[0], c[1]); ok {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
}

func TestPackagesAreDocumentedAndNamed(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.dir] = documented[s.dir] || s.documented
		switch s.pkg {
		case "common", "util", "utils", "helper", "helpers", "models", "types":
			t.Errorf("%s: a package called %s says nothing", s.file, s.pkg)
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}
