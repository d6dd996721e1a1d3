// Package text is what the pages say, in English and Welsh: whole sentences by id, with placeholders; dates,
// times and money in UK form.
//
// The Welsh was written for this program and no Welsh reader has checked it yet; every Welsh page says so
// (message "layout.unchecked"). What members write themselves is not translated.
package text

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed words/*.toml
var words embed.FS

// English and Welsh are the languages of the pages.
const (
	English = "en"
	Welsh   = "cy"
)

// Languages are all languages, the default first.
var Languages = []string{English, Welsh}

// Is reports whether the pages speak lang.
func Is(lang string) bool { return lang == English || lang == Welsh }

// Bundle holds every message.
type Bundle struct {
	printers map[string]*Printer
	matcher  language.Matcher
}

// Load reads the embedded messages.
func Load() (*Bundle, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	files, err := fs.Glob(words, "words/*.toml")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("text: no messages are embedded: %w", err)
	}
	known := map[string]map[string]bool{English: {}, Welsh: {}}
	for _, name := range files {
		f, err := b.LoadMessageFileFS(words, name)
		if err != nil {
			return nil, fmt.Errorf("text: %s: %w", name, err)
		}
		for _, m := range f.Messages {
			if known[f.Tag.String()][m.ID] {
				return nil, fmt.Errorf("text: %s: %s is there twice", name, m.ID)
			}
			known[f.Tag.String()][m.ID] = true
		}
	}
	out := &Bundle{printers: map[string]*Printer{}, matcher: language.NewMatcher([]language.Tag{language.English, language.MustParse(Welsh)})}
	for _, lang := range Languages {
		out.printers[lang] = &Printer{Lang: lang, localizer: i18n.NewLocalizer(b, lang), known: known[lang]}
	}
	return out, nil
}

// Printer returns the printer of a language; of English for a language that we do not speak.
func (b *Bundle) Printer(lang string) *Printer {
	if p, ok := b.printers[lang]; ok {
		return p
	}
	return b.printers[English]
}

// Match returns the language of ours that fits an Accept-Language header best.
func (b *Bundle) Match(header string) string {
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return English
	}
	// The tag that Match returns has extensions ("cy-u-rg-gbzzzz"); its index is ours.
	_, i, confidence := b.matcher.Match(wanted...)
	if confidence == language.No {
		return English
	}
	return Languages[i]
}

// Printer speaks one language.
type Printer struct {
	// Lang is "en" or "cy".
	Lang      string
	localizer *i18n.Localizer
	known     map[string]bool
}

// Has reports whether there is a message.
func (p *Printer) Has(id string) bool { return p.known[id] }

// T returns the message id with its placeholders filled from pairs of name and value. A value named Count
// chooses the plural form. A message that is not there is returned as its id in double brackets: a test looks for
// those on every page.
func (p *Printer) T(id string, pairs ...any) string {
	config := &i18n.LocalizeConfig{MessageID: id}
	if len(pairs) > 0 {
		data := make(map[string]any, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			name := fmt.Sprint(pairs[i])
			data[name] = pairs[i+1]
			if name == "Count" {
				config.PluralCount = plain(pairs[i+1])
			}
		}
		config.TemplateData = data
	}
	s, err := p.localizer.Localize(config)
	if err != nil || !p.known[id] {
		return "⟦" + id + "⟧"
	}
	return s
}

// plain turns the integers of the contract into what go-i18n counts.
func plain(v any) any {
	switch n := v.(type) {
	case int64:
		return int(n)
	case int32:
		return int(n)
	}
	return v
}

// Link returns the message id with its words in square brackets made into a link to href. Everything
// else is escaped, the placeholders too.
func (p *Printer) Link(id, href string, pairs ...any) template.HTML {
	s := template.HTMLEscapeString(p.T(id, pairs...))
	before, rest, ok := strings.Cut(s, "[")
	label, after, closed := strings.Cut(rest, "]")
	if !ok || !closed {
		return template.HTML(s) //nolint:gosec // escaped above
	}
	//nolint:gosec // every part is escaped
	return template.HTML(before + `<a class="govuk-link" href="` + template.HTMLEscapeString(href) + `">` + label + `</a>` + after)
}

// IDs returns every message's id, in no order.
func (p *Printer) IDs() []string {
	var out []string
	for id := range p.known {
		out = append(out, id)
	}
	return out
}
