// Package asset holds the styles and browser code of the pages, as `npm run build` in this folder wrote them
// to dist/.
//
// The built files are embedded and not committed: a clean clone compiles without them, and Open then says
// what to do. Their names hold a hash of their content, so a browser may keep them for ever.
package asset

import (
	"embed"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Prefix is where the pages find the files.
const Prefix = "/assets/"

// ErrNotBuilt says that dist/ was empty when this program was compiled.
var ErrNotBuilt = errors.New("the styles and browser code of the pages are not built: run make assets, then build again")

// needed are the files without which a page is not a page, by stem and ending.
var needed = []string{"app.css", "app.js", "icon.svg"}

// Set is the built files by the names that templates use.
type Set struct {
	files fs.FS
	// hashed maps "app.css" to "app-19bfb6abd1.css".
	hashed map[string]string
}

// Open returns the embedded files, or ErrNotBuilt.
func Open() (*Set, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return open(files)
}

func open(files fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	s := &Set{files: files, hashed: map[string]string{}}
	for _, e := range entries {
		ending := path.Ext(e.Name())
		stem, _, ok := strings.Cut(strings.TrimSuffix(e.Name(), ending), "-")
		if ok && !e.IsDir() {
			s.hashed[stem+ending] = e.Name()
		}
	}
	for _, name := range needed {
		if s.hashed[name] == "" {
			return nil, ErrNotBuilt
		}
	}
	return s, nil
}

// URL returns the address of a file by the name that templates use, or an error, so that a template that names
// a file which is not there fails when it is rendered and not in a visitor's browser.
func (s *Set) URL(name string) (string, error) {
	h, ok := s.hashed[name]
	if !ok {
		return "", errors.New("asset: there is no " + name)
	}
	return Prefix + h, nil
}

// ServeHTTP serves the files under Prefix, to be kept for ever.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	content, err := fs.ReadFile(s.files, name)
	if err != nil || strings.HasPrefix(name, ".") {
		http.NotFound(w, r)
		return
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if strings.HasSuffix(name, ".js") {
		kind = "text/javascript; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content)
}
