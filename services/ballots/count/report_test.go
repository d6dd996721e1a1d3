package count_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// reports counts the hand-worked elections that have something of everything by every method.
func reports(t *testing.T) (all []*count.Report) {
	for _, name := range []string{"values", "withdrawn", "lot", "meekpath", "schulze", "equal", "novotes"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".blt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range count.Methods() {
			e := read(t, string(text))
			e.Title = "The <\"Ward\"> & others"
			for i := range e.Candidates {
				e.Candidates[i].Name = fmt.Sprintf("Nominee-%d <b>&'\" Wŷn", i+1)
			}
			if m.Name() == "av" {
				e.Seats = 1
			}
			r, err := m.Count(e, count.Options{Seed: "folkmoot"})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	return all
}

// texts returns the character data of every element of that name, in order, and fails on anything that is
// not well formed.
func texts(t *testing.T, doc []byte, names ...string) (out []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.Strict = true
	var open []int
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			open = append(open, -1)
			for _, n := range names {
				if x.Name.Local == n {
					open[len(open)-1] = len(out)
					out = append(out, "")
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1] >= 0 {
				out[open[len(open)-1]] += string(x)
			}
		}
	}
}

// Text, HTML tables, drawing and JSON say the same of every candidate at every stage.
func TestReportForms(t *testing.T) {
	for _, r := range reports(t) {
		name := r.Method.Name()
		var plain, page, drawing, data bytes.Buffer
		for _, err := range []error{r.WriteText(&plain), r.WriteHTML(&page, 2), r.WriteSVG(&drawing), r.WriteJSON(&data)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		cells := texts(t, page.Bytes(), "td", "th", "caption")
		drawn := texts(t, drawing.Bytes(), "text", "title")
		var j struct {
			Method  string
			Seats   int
			Elected []int
			Stages  []struct {
				Number     int
				Candidates []struct {
					Candidate     int
					Votes, Status string
				}
			}
		}
		if err := json.Unmarshal(data.Bytes(), &j); err != nil {
			t.Fatal(err)
		}
		if j.Method != name || j.Seats != r.Seats || !equal(j.Elected, r.Elected) || len(j.Stages) != len(r.Stages) {
			t.Errorf("%s: the JSON says %+v", name, j)
		}
		sections := strings.Split(plain.String(), "\nStage ")[1:]
		if len(sections) != len(r.Stages) {
			t.Fatalf("%s: %d stages in the text, %d in the report", name, len(sections), len(r.Stages))
		}
		at := 0
		for i, s := range r.Stages {
			at = find(cells, at, fmt.Sprintf("Stage %d: ", s.Number))
			for k, l := range s.Lines {
				who, votes := r.Election.Name(l.Candidate), l.Votes.String()
				if l.Status == count.Withdrawn {
					votes = ""
				}
				line := lineWith(sections[i], who)
				if !strings.Contains(line, votes) || !strings.Contains(line, l.Status) {
					t.Errorf("%s, stage %d, %s: the text says %q, not %s %s", name, s.Number, who, line, votes, l.Status)
				}
				for at < len(cells) && cells[at] != who {
					at++
				}
				if at == len(cells) {
					t.Fatalf("%s, stage %d: %s is not in the table", name, s.Number, who)
				}
				row := strings.Join(cells[at:min(at+6, len(cells))], "|")
				if !strings.Contains(row, votes) || !strings.Contains(row, l.Status) {
					t.Errorf("%s, stage %d, %s: the table says %q, not %s %s", name, s.Number, who, row, votes, l.Status)
				}
				if jl := j.Stages[i].Candidates[k]; jl.Candidate != l.Candidate || jl.Votes != l.Votes.String() || jl.Status != l.Status {
					t.Errorf("%s, stage %d, %s: the JSON says %+v", name, s.Number, who, jl)
				}
				if votes == "" {
					continue
				}
				title := ""
				for _, d := range drawn {
					if strings.HasPrefix(d, fmt.Sprintf("Stage %d: Candidate %s,", s.Number, who)) {
						title = d
					}
				}
				if !strings.Contains(title, "Votes "+votes) || !strings.Contains(title, "Status "+l.Status) {
					t.Errorf("%s, stage %d, %s: the drawing says %q, not %s %s", name, s.Number, who, title, votes, l.Status)
				}
			}
		}
		if len(r.Stages[0].Matrices) > 0 {
			for _, m := range r.Stages[0].Matrices {
				for a, row := range m.Rows {
					for b, n := range row {
						want := fmt.Sprintf("%s over %s: %d", r.Election.Name(a+1), r.Election.Name(b+1), n)
						if a != b && find(drawn, 0, want) < 0 {
							t.Errorf("%s: the drawing does not say %q", name, want)
						}
					}
				}
			}
		}
		for _, doc := range []string{page.String(), drawing.String()} {
			if strings.Contains(doc, "<b>") || strings.Contains(doc, "<\"") {
				t.Errorf("%s: a name was taken for markup:\n%s", name, doc)
			}
		}
	}
}

// Every vote that a stage moves is drawn.
func TestFlow(t *testing.T) {
	moved := 0
	for _, r := range reports(t) {
		var drawing bytes.Buffer
		if err := r.WriteSVG(&drawing); err != nil {
			t.Fatal(err)
		}
		drawn := texts(t, drawing.Bytes(), "title")
		for _, s := range r.Stages {
			for _, l := range s.Lines {
				if l.Change.Sign() <= 0 {
					continue
				}
				moved++
				who := r.Election.Name(l.Candidate)
				if find(drawn, 0, fmt.Sprintf("to %s: %s", who, l.Change)) < 0 && find(drawn, 0, fmt.Sprintf("%s receives %s", who, l.Change)) < 0 {
					t.Errorf("%s, stage %d: %s to %s is not drawn", r.Method.Name(), s.Number, l.Change, who)
				}
			}
		}
	}
	if moved < 20 {
		t.Errorf("only %d transfers were looked at", moved)
	}
}

// find returns the first place from at on whose text contains want, -1 if there is none.
func find(texts []string, at int, want string) int {
	for i := max(at, 0); i < len(texts); i++ {
		if strings.Contains(texts[i], want) {
			return i
		}
	}
	return -1
}

func lineWith(section, who string) string {
	for _, l := range strings.Split(section, "\n") {
		if strings.Contains(l, who) && strings.HasPrefix(l, "  ") {
			return l
		}
	}
	return ""
}

// Table cells have headers: each row one with scope row, each column one with scope col, and every table a
// caption.
func TestAccessibleTable(t *testing.T) {
	for _, r := range reports(t) {
		var page bytes.Buffer
		if err := r.WriteHTML(&page, 3); err != nil {
			t.Fatal(err)
		}
		s := page.String()
		tables := strings.Count(s, "<table")
		if tables == 0 || strings.Count(s, "<caption>") != tables || strings.Count(s, "<thead>") != tables {
			t.Errorf("%s: %d tables, %d captions", r.Method.Name(), tables, strings.Count(s, "<caption>"))
		}
		if rows := strings.Count(s, "<tr><td>") + strings.Count(s, "<tr><th scope=\"row\">"); strings.Count(s, "scope=\"row\"") < rows-tables {
			t.Errorf("%s: rows without a header", r.Method.Name())
		}
		if !strings.Contains(s, "<h3>") || !strings.Contains(s, "<h4>Stage 1</h4>") || strings.Contains(s, " id=") || strings.Contains(s, "style") {
			t.Errorf("%s: the fragment does not fit a page:\n%s", r.Method.Name(), s)
		}
	}
}

// A report names every tie and how it was broken, and what was assumed.
func TestReportTellsTies(t *testing.T) {
	for _, c := range []struct{ file, seed, says string }{
		{"lot", "folkmoot", "by lot 1 drawn from the published seed"},
		{"lot", "", "because no seed for a lot was given"},
		{"tieorder", "", "by the order for ties that the ballot file states"},
		{"exactquota", "", "by the votes at stage 1, the most recent at which they differed"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", c.file+".blt"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := count.ScottishSTV{}.Count(read(t, string(text)), count.Options{Seed: c.seed})
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		if err := r.WriteText(&plain); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plain.String(), c.says) {
			t.Errorf("%s: no %q in\n%s", c.file, c.says, plain.String())
		}
		if c.seed != "" && !strings.Contains(plain.String(), c.seed) {
			t.Errorf("%s: the seed is not told", c.file)
		}
	}
}
