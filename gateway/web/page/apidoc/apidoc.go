// Package apidoc is the API's reference as plain pages, made from the same OpenAPI document that programs read.
package apidoc

import (
	"cmp"
	"embed"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
)

//go:embed *.html
var files embed.FS

// Register adds the page to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	raw, err := rest.Document()
	if err != nil {
		return err
	}
	v, err := read(raw)
	if err != nil {
		return err
	}
	j.Get("/api/docs", func(q *layout.Request) error {
		return q.Show(http.StatusOK, "apidoc.html", layout.Page{Title: q.T("apidoc.title"), View: v, Wide: true})
	})
	return nil
}

type view struct {
	Groups  []group
	Schemas []shape
}

type group struct {
	Name       string
	Operations []operation
}

type operation struct {
	ID, Verb, Path, About string
	Parameters            []parameter
	Body, Reply           string
}

type parameter struct{ Name, In, About string }

type shape struct {
	Name, About string
	Fields      []field
	Values      []string
}

type field struct{ Name, Type, About string }

// schema is as much of a JSON schema as the document uses.
type schema struct {
	Ref         string            `json:"$ref"`
	Type        string            `json:"type"`
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Enum        []string          `json:"enum"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
}

// words says what a value is: "string, int64", "list of Motion".
func (s schema) words() string {
	switch {
	case s.Ref != "":
		return short(s.Ref)
	case s.Items != nil:
		return "list of " + s.Items.words()
	case s.Format != "":
		return s.Type + ", " + s.Format
	}
	return s.Type
}

func short(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

type content map[string]struct {
	Schema schema `json:"schema"`
}

func (c content) ref() string {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if r := c[name].Schema.Ref; r != "" {
			return short(r)
		}
	}
	return ""
}

func read(raw []byte) (view, error) {
	var d struct {
		Paths map[string]map[string]struct {
			Tags        []string `json:"tags"`
			ID          string   `json:"operationId"`
			Summary     string   `json:"summary"`
			Description string   `json:"description"`
			Parameters  []struct {
				Name        string `json:"name"`
				In          string `json:"in"`
				Description string `json:"description"`
			} `json:"parameters"`
			Body struct {
				Content content `json:"content"`
			} `json:"requestBody"`
			Responses map[string]struct {
				Content content `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return view{}, err
	}
	groups := map[string][]operation{}
	for path, verbs := range d.Paths {
		for verb, o := range verbs {
			op := operation{
				ID: o.ID, Verb: strings.ToUpper(verb), Path: path, About: strings.TrimSpace(o.Summary + " " + o.Description),
				Body: o.Body.Content.ref(), Reply: o.Responses["200"].Content.ref(),
			}
			for _, p := range o.Parameters {
				op.Parameters = append(op.Parameters, parameter{p.Name, p.In, p.Description})
			}
			name := "API"
			if len(o.Tags) > 0 {
				name = strings.TrimSuffix(o.Tags[0], "Service")
			}
			groups[name] = append(groups[name], op)
		}
	}
	var v view
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		slices.SortFunc(groups[name], func(a, b operation) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Verb, b.Verb)) })
		v.Groups = append(v.Groups, group{name, groups[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		s := d.Components.Schemas[name]
		out := shape{Name: name, About: s.Description, Values: s.Enum}
		for _, f := range slices.Sorted(maps.Keys(s.Properties)) {
			out.Fields = append(out.Fields, field{f, s.Properties[f].words(), s.Properties[f].Description})
		}
		v.Schemas = append(v.Schemas, out)
	}
	return v, nil
}
