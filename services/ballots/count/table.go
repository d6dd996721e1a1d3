package count

import (
	"bufio"
	"fmt"
	"html"
	"io"
)

// WriteHTML writes the report as a fragment of HTML, a section whose headings begin at the given level (2
// for <h2>). Every stage is a table of its own with a caption and header cells for rows and columns, so
// that a screen reader says what each figure is and a long count stays narrow. A table stands in a region of
// class count-scroll that the keyboard reaches, for whoever must scroll it sideways; the page's style says
// overflow-x: auto. The fragment holds no style, no script and no id.
func (r *Report) WriteHTML(w io.Writer, level int) error {
	b := bufio.NewWriter(w)
	level = min(max(level, 1), 5)
	esc := html.EscapeString
	title := r.Election.Title
	if title == "" {
		title = r.Method.About().Title
	}
	fmt.Fprintf(b, "<section class=\"count\" lang=\"en\">\n<h%d>%s</h%d>\n", level, esc(title), level)
	fmt.Fprintf(b, "<p class=\"count-result\">%s</p>\n", esc(r.result()))
	paragraphs(b, "count-summary", r.summary())
	paragraphs(b, "count-notes", r.remarks())
	for i := range r.Stages {
		s := &r.Stages[i]
		fmt.Fprintf(b, "<h%d>Stage %d</h%d>\n", level+1, s.Number, level+1)
		head, rows := r.cells(s)
		caption := esc(fmt.Sprintf("Stage %d: %s", s.Number, s.heading(r.Election)))
		region(b, "count-stage", caption)
		fmt.Fprint(b, "<thead><tr>")
		for _, h := range head {
			fmt.Fprintf(b, "<th scope=\"col\">%s</th>", esc(h))
		}
		fmt.Fprint(b, "</tr></thead>\n<tbody>\n")
		for _, row := range rows {
			fmt.Fprint(b, "<tr>")
			for j, cell := range row {
				if j == 1 {
					fmt.Fprintf(b, "<th scope=\"row\">%s</th>", esc(cell))
				} else {
					fmt.Fprintf(b, "<td>%s</td>", esc(cell))
				}
			}
			fmt.Fprint(b, "</tr>\n")
		}
		fmt.Fprint(b, "</tbody>\n</table>\n</div>\n")
		for _, m := range s.Matrices {
			r.matrixHTML(b, m)
		}
		paragraphs(b, "count-because", append(s.parcelWords(), s.Because...))
	}
	fmt.Fprint(b, "</section>\n")
	return b.Flush()
}

func paragraphs(b *bufio.Writer, class string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "<ul class=\"%s\">\n", class)
	for _, l := range lines {
		fmt.Fprintf(b, "<li>%s</li>\n", html.EscapeString(l))
	}
	fmt.Fprint(b, "</ul>\n")
}

func (r *Report) matrixHTML(b *bufio.Writer, m Matrix) {
	region(b, "count-pairs", html.EscapeString(m.Title))
	fmt.Fprint(b, "<thead><tr><td></td>")
	for j := range m.Rows {
		fmt.Fprintf(b, "<th scope=\"col\">%s</th>", html.EscapeString(r.Election.Name(j+1)))
	}
	fmt.Fprint(b, "</tr></thead>\n<tbody>\n")
	for i, row := range m.Rows {
		fmt.Fprintf(b, "<tr><th scope=\"row\">%s</th>", html.EscapeString(r.Election.Name(i+1)))
		for j, n := range row {
			if i == j {
				fmt.Fprint(b, "<td></td>")
			} else {
				fmt.Fprintf(b, "<td>%d</td>", n)
			}
		}
		fmt.Fprint(b, "</tr>\n")
	}
	fmt.Fprint(b, "</tbody>\n</table>\n</div>\n")
}

// region opens a table in its region; caption is HTML.
func region(b *bufio.Writer, class, caption string) {
	fmt.Fprintf(b, "<div class=\"count-scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n<table class=\"%s\">\n<caption>%s</caption>\n", caption, class, caption)
}
