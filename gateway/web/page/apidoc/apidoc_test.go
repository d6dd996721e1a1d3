package apidoc

import (
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/gateway/rest"
)

// TestEverythingIsThere holds that each route and each shape that the document names is on the page.
func TestEverythingIsThere(t *testing.T) {
	raw, err := rest.Document()
	if err != nil {
		t.Fatal(err)
	}
	v, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]bool{}
	for _, s := range v.Schemas {
		shapes[s.Name] = true
	}
	operations, ids := 0, map[string]bool{}
	for _, g := range v.Groups {
		for _, o := range g.Operations {
			operations++
			if ids[o.ID] {
				t.Errorf("%s is there twice", o.ID)
			}
			ids[o.ID] = true
			if o.About == "" {
				t.Errorf("%s %s says nothing", o.Verb, o.Path)
			}
			for _, ref := range []string{o.Body, o.Reply} {
				if ref != "" && !shapes[ref] {
					t.Errorf("%s %s names %s, which is not on the page", o.Verb, o.Path, ref)
				}
			}
			if strings.HasPrefix(o.Path, "/dev/") {
				t.Errorf("%s is for samples only", o.Path)
			}
		}
	}
	if operations < 45 {
		t.Errorf("only %d operations", operations)
	}
	if !shapes["Problem"] {
		t.Error("the problem is not described")
	}
}
