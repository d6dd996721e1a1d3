package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/membership"
)

var options = Options{
	Regions: map[string]string{"london": "london", "south west": "south-west", "south-west": "south-west"},
	Today:   time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
}

func readAll(from io.Reader) (rows []Row, wrong []Mistake, err error) {
	r, wrong, err := NewReader(from, options)
	if err != nil || len(wrong) > 0 {
		return nil, wrong, err
	}
	for {
		row, m, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, wrong, nil
		}
		if err != nil {
			return rows, wrong, err
		}
		if len(m) == 0 {
			rows = append(rows, row)
		}
		wrong = append(wrong, m...)
	}
}

func TestRows(t *testing.T) {
	rows, wrong, err := readAll(strings.NewReader("\xef\xbb\xbfEmail, NAME,region,language,admitted\r\n" +
		"asha@example.org,Asha  Patel,South West,CY,2020-02-29\r\n" +
		"\"ben@example.org\",\"Ben, of \"\"London\"\"\",,,\r\n"))
	if err != nil || len(wrong) != 0 || len(rows) != 2 {
		t.Fatalf("%v, %v, %v", rows, wrong, err)
	}
	want := Row{Line: 2, EmailColumn: 1, Person: membership.Person{Name: "Asha Patel", Email: "asha@example.org", Region: "south-west", Language: "cy"},
		Admitted: time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC)}
	if rows[0] != want {
		t.Errorf("%+v; want %+v", rows[0], want)
	}
	if r := rows[1]; r.Name != `Ben, of "London"` || r.Region != "" || r.Language != "en" || !r.Admitted.IsZero() || r.Line != 3 {
		t.Errorf("%+v", r)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string // line:column field
	}{
		{"empty", "", []string{"1:1 "}},
		{"no headings", "Asha,asha@example.org\n", []string{"1:1 ", "1:6 ", "1:1 name", "1:1 email"}},
		{"an unknown column", "name,email,phone\n", []string{"1:12 "}},
		{"a column twice", "name,email,name\n", []string{"1:12 name"}},
		{"a cell too many", "name,email\nAsha,asha@example.org,x\n", []string{"2:1 "}},
		{"no address", "name,email\nAsha,\n", []string{"2:6 email"}},
		{"nothing right", "name,email,region,language,admitted\n ,x,atlantis,de,31.3.2026\n", []string{"2:5 region", "2:1 name", "2:3 email", "2:14 language", "2:17 admitted"}},
		{"tomorrow", "name,email,admitted\nAsha,asha@example.org,2026-11-25\n", []string{"2:23 admitted"}},
		{"no such day", "name,email,admitted\nAsha,asha@example.org,2026-02-30\n", []string{"2:23 admitted"}},
		{"before Rochdale", "name,email,admitted\nAsha,asha@example.org,1843-12-31\n", []string{"2:23 admitted"}},
		{"not UTF-8", "name,email\nAsh\xe1,asha@example.org\n", []string{"2:1 name"}},
		{"two lines in a cell", "name,email\n\"Asha\nPatel\",a@example.org\n\"A\x00b\",b@example.org\n", []string{"4:1 name"}},
		{"a stray quotation mark", "name,email\nAsha \"the\" Patel,a@example.org\n", []string{"2:6 "}},
		{"a quotation mark that does not close", "name,email\n\"Asha,a@example.org\nBen,b@example.org\n", []string{"3:19 "}},
		{"an endless row", "name,email\n\"" + strings.Repeat("x", 3*MaxRow), []string{"2:1 "}},
		{"endless headings", strings.Repeat("x", 3*MaxRow), []string{"1:1 "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, wrong, err := readAll(strings.NewReader(c.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range wrong {
				got = append(got, fmt.Sprintf("%d:%d %s", m.Line, m.Column, m.Field))
				if m.Message == "" {
					t.Error("a mistake says nothing")
				}
			}
			if strings.Join(got, "; ") != strings.Join(c.want, "; ") {
				t.Errorf("%v; want %v: %+v", got, c.want, wrong)
			}
		})
	}
	if _, _, err := readAll(io.MultiReader(strings.NewReader("name,email\n"), broken{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// endless is a file without an end.
type endless struct {
	row []byte
	at  int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.row[e.at]
		e.at = (e.at + 1) % len(e.row)
	}
	return len(p), nil
}

// TestMemoryIsBounded: a file of any length, and a row without an end, are read in the memory of one row.
func TestMemoryIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	r, wrong, err := NewReader(io.MultiReader(strings.NewReader("name,email\n"), io.LimitReader(&endless{row: []byte("Asha,asha@example.org\n")}, 22*200_000)), options)
	if err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for ; ; n++ {
		if _, _, err := r.Next(); err != nil {
			break
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); n != 200_000 || grown > 1<<20 {
		t.Errorf("%d rows, and %d bytes are still held", n, grown)
	}
	runtime.KeepAlive(r)
	if _, wrong, err := readAll(io.MultiReader(strings.NewReader("name,email\n\""), &endless{row: []byte("x")})); err != nil || len(wrong) != 1 {
		t.Errorf("%v, %v", wrong, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"name,email\nAsha,asha@example.org\n", "\xef\xbb\xbfemail,name,region\n\"a@b.c\",\"x\"\"y\",london\n", "name,email\n\"", "\r\n\r\n,,\n\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, wrong, err := readAll(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(file, []byte("\n")) + 1
		for _, r := range rows {
			if r.Line < 2 || r.Line > lines || !utf8.ValidString(r.Name) || r.Name == "" || strings.ContainsAny(r.Name+r.Email, "\n\r\x00") {
				t.Errorf("%+v", r)
			}
			if p, err := membership.NewPerson(r.Name, r.Email, r.Region, r.Language, true); err != nil || p != r.Person {
				t.Errorf("a row that a person could not write: %+v, %v", r, err)
			}
		}
		for _, m := range wrong {
			if m.Line < 1 || m.Line > lines+1 || m.Column < 1 || m.Message == "" || !utf8.ValidString(m.Message) {
				t.Errorf("%+v of %d lines", m, lines)
			}
		}
	})
}
