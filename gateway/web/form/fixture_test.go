package form

import (
	"bytes"
	"encoding/json"
	"html/template"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const fixtures = "../asset/node_modules/govuk-frontend/dist/govuk/components"

// english are the words that GOV.UK's own examples use.
var english = map[string]string{
	"form.error": "Error:", "form.warning": "Warning", "form.back": "Back", "form.problem": "There is a problem",
}

// The options of GOV.UK's macros that our components have. An example that uses another option is not ours.
type (
	words struct {
		Text    string `json:"text"`
		Classes string `json:"classes"`
		Heading bool   `json:"isPageHeading"`
	}
	item struct {
		Value   string `json:"value"`
		Text    string `json:"text"`
		Hint    *words `json:"hint"`
		Checked *bool  `json:"checked"`
		Select  *bool  `json:"selected"`
		Divider string `json:"divider"`
		ID      string `json:"id"`
	}
	fieldset struct {
		Legend words `json:"legend"`
	}
	field struct {
		ID           string    `json:"id"`
		IDPrefix     string    `json:"idPrefix"`
		Name         string    `json:"name"`
		Type         string    `json:"type"`
		Value        string    `json:"value"`
		Rows         int       `json:"rows"`
		Classes      string    `json:"classes"`
		Autocomplete string    `json:"autocomplete"`
		Inputmode    string    `json:"inputmode"`
		Spellcheck   *bool     `json:"spellcheck"`
		Label        words     `json:"label"`
		Fieldset     *fieldset `json:"fieldset"`
		Hint         words     `json:"hint"`
		Error        words     `json:"errorMessage"`
		Prefix       words     `json:"prefix"`
		Suffix       words     `json:"suffix"`
		Items        []item    `json:"items"`
	}
)

func (f field) ours(legend bool) *Field {
	out := &Field{
		ID: f.ID, Name: f.Name, Type: f.Type, Value: f.Value, Rows: f.Rows, Classes: f.Classes, Autocomplete: f.Autocomplete, Inputmode: f.Inputmode,
		NoSpelling: f.Spellcheck != nil && !*f.Spellcheck, Label: f.Label.Text, LabelClasses: f.Label.Classes, Heading: f.Label.Heading,
		Hint: f.Hint.Text, Error: f.Error.Text, Prefix: f.Prefix.Text, Suffix: f.Suffix.Text,
	}
	if f.IDPrefix != "" {
		out.ID = f.IDPrefix
	}
	if out.ID == "" {
		out.ID = f.Name
	}
	if legend {
		if f.Fieldset == nil {
			return nil
		}
		out.Label, out.LabelClasses, out.Heading = f.Fieldset.Legend.Text, f.Fieldset.Legend.Classes, f.Fieldset.Legend.Heading
	}
	if out.Label == "" || f.Spellcheck != nil && *f.Spellcheck || f.Hint.Classes != "" || f.Error.Classes != "" || f.Prefix.Classes != "" || f.Suffix.Classes != "" {
		return nil
	}
	form := &Form{typed: map[string][]string{f.Name: {f.Value}}}
	var items []Item
	for _, i := range f.Items {
		if i.ID != "" {
			return nil
		}
		n := Item{Value: i.Value, Text: i.Text, Divider: i.Divider}
		if i.Hint != nil {
			n.Hint = i.Hint.Text
		}
		items = append(items, n)
	}
	form.Choose(out, items...)
	for n, i := range f.Items {
		out.Items[n].Checked = f.Value != "" && i.Value == f.Value
		for _, says := range []*bool{i.Checked, i.Select} {
			if says != nil {
				out.Items[n].Checked = *says
			}
		}
		if i.Text == "" && i.Divider == "" {
			return nil
		}
	}
	return out
}

// components are ours: how an example's options become our value; nil for an example outside of what we have.
var components = []struct {
	name, template string
	least          int
	make           func(strict func(any) bool) any
}{
	{"input", "input", 15, func(strict func(any) bool) any {
		var f field
		if !strict(&f) || f.Fieldset != nil {
			return nil
		}
		return orNil(f.ours(false))
	}},
	{"textarea", "textarea", 6, func(strict func(any) bool) any {
		var f field
		if !strict(&f) || f.Spellcheck != nil || f.Autocomplete != "" {
			return nil
		}
		return orNil(f.ours(false))
	}},
	{"select", "select", 3, func(strict func(any) bool) any {
		var f field
		if !strict(&f) {
			return nil
		}
		for _, i := range f.Items {
			if i.Value == "" {
				return nil
			}
		}
		return orNil(f.ours(false))
	}},
	{"radios", "radios", 10, func(strict func(any) bool) any {
		var f field
		if !strict(&f) {
			return nil
		}
		return orNil(f.ours(true))
	}},
	{"checkboxes", "checkboxes", 6, func(strict func(any) bool) any {
		var f field
		if !strict(&f) {
			return nil
		}
		return orNil(f.ours(true))
	}},
	{"button", "button", 6, func(strict func(any) bool) any {
		var b struct {
			Text    string `json:"text"`
			Href    string `json:"href"`
			Classes string `json:"classes"`
			Element string `json:"element"`
			Start   bool   `json:"isStartButton"`
			Once    *bool  `json:"preventDoubleClick"`
		}
		if !strict(&b) || b.Text == "" || b.Once != nil && !*b.Once {
			return nil
		}
		return Button{Text: b.Text, Href: b.Href, Classes: b.Classes, Start: b.Start, Once: b.Once != nil}
	}},
	{"tag", "tag", 8, func(strict func(any) bool) any {
		var t struct {
			Text    string `json:"text"`
			Classes string `json:"classes"`
		}
		if !strict(&t) {
			return nil
		}
		return Tag(t)
	}},
	{"panel", "panel", 1, func(strict func(any) bool) any {
		var p struct {
			Title string `json:"titleText"`
			Text  string `json:"text"`
		}
		if !strict(&p) {
			return nil
		}
		return Panel(p)
	}},
	{"warning-text", "warning", 1, func(strict func(any) bool) any {
		var w struct {
			Text string `json:"text"`
			Icon string `json:"iconFallbackText"`
		}
		if !strict(&w) || w.Text == "" || w.Icon != "" && w.Icon != "Warning" {
			return nil
		}
		return w.Text
	}},
	{"inset-text", "inset", 1, func(strict func(any) bool) any {
		var w struct {
			Text string `json:"text"`
		}
		if !strict(&w) {
			return nil
		}
		return w.Text
	}},
	{"back-link", "back", 1, func(strict func(any) bool) any {
		var w struct {
			Href string `json:"href"`
			Text string `json:"text"`
		}
		if !strict(&w) || w.Text != "" && w.Text != "Back" {
			return nil
		}
		if w.Href == "" {
			w.Href = "#"
		}
		return w.Href
	}},
	{"notification-banner", "banner", 2, func(strict func(any) bool) any {
		var b struct {
			Text  string `json:"text"`
			Title string `json:"titleText"`
			Type  string `json:"type"`
		}
		if !strict(&b) || b.Text == "" {
			return nil
		}
		out := Banner{Title: b.Title, Text: b.Text, Success: b.Type == "success"}
		if out.Title == "" {
			out.Title = map[bool]string{true: "Success", false: "Important"}[out.Success]
		}
		return out
	}},
	{"error-summary", "error-summary", 2, func(strict func(any) bool) any {
		var s struct {
			Title string `json:"titleText"`
			List  []struct {
				Text string `json:"text"`
				Href string `json:"href"`
			} `json:"errorList"`
		}
		if !strict(&s) || s.Title != "There is a problem" || len(s.List) == 0 {
			return nil
		}
		var out []Line
		for _, l := range s.List {
			out = append(out, Line(l))
		}
		return out
	}},
	{"summary-list", "summary-list", 1, func(strict func(any) bool) any {
		var s struct {
			Rows []struct {
				Key   words `json:"key"`
				Value struct {
					Text string        `json:"text"`
					HTML template.HTML `json:"html"`
				} `json:"value"`
			} `json:"rows"`
		}
		if !strict(&s) {
			return nil
		}
		var out []Row
		for _, r := range s.Rows {
			if r.Key.Text == "" || r.Key.Classes != "" {
				return nil
			}
			row := Row{Key: r.Key.Text, Value: r.Value.Text}
			if r.Value.HTML != "" {
				row.Value = r.Value.HTML
			}
			out = append(out, row)
		}
		return out
	}},
	{"details", "details", 1, func(strict func(any) bool) any {
		var d struct {
			Summary string `json:"summaryText"`
			Text    string `json:"text"`
		}
		if !strict(&d) || d.Text == "" {
			return nil
		}
		return Details(d)
	}},
}

func orNil(f *Field) any {
	if f == nil {
		return nil
	}
	return f
}

// TestFixtures compares our components with GOV.UK Frontend's own examples, so that an upgrade which changes its
// HTML shows here.
func TestFixtures(t *testing.T) {
	if _, err := os.Stat(fixtures); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatal("govuk-frontend is not installed: npm ci in gateway/web/asset")
		}
		t.Skip("left out: govuk-frontend is not installed (npm ci in gateway/web/asset)")
	}
	templates := template.Must(template.New("").Funcs(template.FuncMap{
		"t": func(id string, _ ...any) string { return english[id] },
	}).ParseFS(Templates, "component/*.html"))
	for _, c := range components {
		t.Run(c.name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(fixtures, c.name, "fixtures.json"))
			if err != nil {
				t.Fatal(err)
			}
			var all struct {
				Fixtures []struct {
					Name    string          `json:"name"`
					Options json.RawMessage `json:"options"`
					HTML    string          `json:"html"`
				} `json:"fixtures"`
			}
			if err := json.Unmarshal(raw, &all); err != nil {
				t.Fatal(err)
			}
			ran := 0
			for _, f := range all.Fixtures {
				value := c.make(func(into any) bool {
					d := json.NewDecoder(bytes.NewReader(f.Options))
					d.DisallowUnknownFields()
					return d.Decode(into) == nil
				})
				if value == nil {
					continue
				}
				var b bytes.Buffer
				if err := templates.ExecuteTemplate(&b, c.template, value); err != nil {
					t.Errorf("%s: %v", f.Name, err)
					continue
				}
				ran++
				if got, want := canonical(t, b.String()), canonical(t, f.HTML); got != want {
					t.Errorf("%s:\n got %s\nwant %s", f.Name, got, want)
				}
			}
			t.Logf("%d of %d examples", ran, len(all.Fixtures))
			if ran < c.least {
				t.Errorf("only %d examples were compared, at least %d were expected: the test misses what it is for", ran, c.least)
			}
		})
	}
}

// canonical writes a fragment without what a browser does not see: order of attributes, white space between elements.
func canonical(t *testing.T, fragment string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(fragment), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.TextNode:
			if s := strings.Join(strings.Fields(n.Data), " "); s != "" {
				b.WriteString("{" + s + "}")
			}
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			sort.Slice(n.Attr, func(i, j int) bool { return n.Attr[i].Key < n.Attr[j].Key })
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key + "=" + strings.Join(strings.Fields(a.Val), " "))
			}
			b.WriteString(">")
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				walk(c)
			}
			b.WriteString("</" + n.Data + ">")
		default:
		}
	}
	for _, n := range nodes {
		walk(n)
	}
	return b.String()
}

func TestCanonicalSeesADifference(t *testing.T) {
	if canonical(t, `<p class="a">x</p>`) == canonical(t, `<p class="b">x</p>`) || canonical(t, `<p id="1" class="a"> x </p>`) != canonical(t, "<p class='a'\nid=1>x</p>") {
		t.Error("the comparison is blind, or sees what is not there")
	}
}
