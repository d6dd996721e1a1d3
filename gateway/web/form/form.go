// Package form is the parts that pages are made of: fields that keep what a person typed and show what is
// wrong with it, the error summary, buttons, tags and panels, as templates that write the same HTML as GOV.UK
// Frontend's (a test compares them with its fixtures).
package form

import (
	"embed"
	"net/url"
	"strconv"
	"strings"
)

// Templates are the components: layout parses them into every page.
//
//go:embed component/*.html
var Templates embed.FS

// Words is where sentences come from.
type Words interface {
	T(id string, pairs ...any) string
}

// Wrong is one thing wrong with what was sent.
type Wrong struct {
	// Field is the name in the request, as the contract spells it; empty for the whole.
	Field string
	// Text says what to do.
	Text string
}

// Form makes fields from what was typed and what was wrong with it.
type Form struct {
	words  Words
	typed  url.Values
	wrong  []Wrong
	placed map[string]string
}

// New returns a form. Typed holds what the person sent, or what to begin with.
func New(words Words, typed url.Values, wrong []Wrong) *Form {
	return &Form{words: words, typed: typed, wrong: wrong, placed: map[string]string{}}
}

// Field is an input, a textarea, a select, radios or checkboxes.
type Field struct {
	// ID and Name are the element's; the name is the field of the request.
	ID, Name string
	// Label is the label or legend; Hint stands below it; Error says what is wrong.
	Label, Hint, Error string
	// LabelClasses and Classes are further classes of the label and the control.
	LabelClasses, Classes string
	// Heading makes the label the page's heading.
	Heading bool
	// Type is an input's type; text if empty.
	Type string
	// Value is what is in it.
	Value string
	// Autocomplete and Inputmode are the attributes of those names.
	Autocomplete, Inputmode string
	// NoSpelling turns the spelling checker off.
	NoSpelling bool
	// Prefix and Suffix stand before and after an input: "£".
	Prefix, Suffix string
	// Rows is a textarea's height in lines; 5 if 0.
	Rows int
	// Items are the choices.
	Items []Item
}

// Item is a choice.
type Item struct {
	// ID is the element's.
	ID string
	// Value is what is sent, Text what is read, Hint what stands below.
	Value, Text, Hint string
	// Checked is whether it is chosen.
	Checked bool
	// Divider stands between choices ("or") instead of one.
	Divider string
}

// Kind returns the input's type.
func (f *Field) Kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// Lines returns the textarea's height.
func (f *Field) Lines() int {
	if f.Rows == 0 {
		return 5
	}
	return f.Rows
}

// Describes names the elements that describe the control.
func (f *Field) Describes() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// Field returns the field of that name with its label's message, what was typed and what is wrong.
func (f *Form) Field(name, label string, pairs ...any) *Field {
	field := &Field{ID: name, Name: name, Label: f.words.T(label, pairs...), Value: f.typed.Get(name)}
	f.placed[name] = field.ID
	for _, w := range f.wrong {
		if w.Field == name && field.Error == "" {
			field.Error = w.Text
		}
	}
	return field
}

// Hinted returns the field with a hint's message.
func (f *Form) Hinted(name, label, hint string, pairs ...any) *Field {
	field := f.Field(name, label, pairs...)
	field.Hint = f.words.T(hint, pairs...)
	return field
}

// Choose gives the field its choices; the one that was sent is chosen.
func (f *Form) Choose(field *Field, items ...Item) *Field {
	for i := range items {
		items[i].ID = field.ID
		if i > 0 {
			items[i].ID += "-" + strconv.Itoa(i+1)
		}
		items[i].Checked = f.typed.Has(field.Name) && items[i].Value == field.Value
	}
	field.Items = items
	return field
}

// Summary is the list of what is wrong, each leading to its field if the page has it. Call it after the fields
// were made.
func (f *Form) Summary() []Line {
	var lines []Line
	for _, w := range f.wrong {
		line := Line{Text: w.Text}
		if id, ok := f.placed[w.Field]; ok {
			line.Href = "#" + id
		}
		lines = append(lines, line)
	}
	return lines
}

// Line is a line of the error summary.
type Line struct {
	Text, Href string
}

// Button is a button, or a link that looks like one.
type Button struct {
	Text, Href, Classes string
	// Start makes it the big one with an arrow.
	Start bool
	// Once ignores a second press within a second.
	Once bool
}

// Tag is a state in a word.
type Tag struct {
	Text, Classes string
}

// Panel is the green box of a confirmation page.
type Panel struct {
	Title, Text string
}

// Banner is a notice at the top of a page.
type Banner struct {
	Title, Text string
	Success     bool
}

// Row is a row of a summary list. The value is a string or template.HTML.
type Row struct {
	Key   string
	Value any
}

// Details is text that opens.
type Details struct {
	Summary, Text string
}
