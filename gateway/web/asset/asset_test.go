package asset

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		".keep": {}, "app-0123456789.css": {Data: []byte("body{}")}, "app-abcdef0123.js": {Data: []byte("1")}, "icon-00.svg": {Data: []byte("<svg/>")},
	}
}

func TestNotBuiltSaysWhatToDo(t *testing.T) {
	if _, err := open(fstest.MapFS{".keep": {}}); !errors.Is(err, ErrNotBuilt) {
		t.Fatalf("an empty dist: %v", err)
	}
	part := built()
	delete(part, "app-abcdef0123.js")
	if _, err := open(part); !errors.Is(err, ErrNotBuilt) {
		t.Fatalf("a dist without the script: %v", err)
	}
}

func TestNamesAndKeeping(t *testing.T) {
	s, err := open(built())
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.URL("app.css")
	if err != nil || url != "/assets/app-0123456789.css" {
		t.Fatalf("%q, %v", url, err)
	}
	if _, err := s.URL("print.css"); err == nil {
		t.Error("a file that is not there has a URL")
	}
	for path, want := range map[string]int{url: 200, "/assets/app.css": 404, "/assets/.keep": 404, "/assets/": 404, "/assets/../asset.go": 404} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if keep := w.Header().Get("Cache-Control"); want == 200 && keep != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, keep)
		}
	}
}
