package count

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"
)

// Measures of the drawing, in pixels.
const (
	svgName   = 210 // width of the names
	svgColumn = 190 // width of a stage
	svgBar    = 120 // width of the longest bar
	svgRow    = 50  // height of a candidate
	svgTop    = 84  // above the first candidate
)

// WriteSVG draws the flow of votes: a row for every candidate, a column for every stage, a bar as long as
// the votes with the figures of the table under it, a mark at the quota, and a curve for every transfer, as
// thick as the votes that it moved. Where several candidates give up votes at once (Meek), the curves meet
// in a point between the stages, for nobody can say whose votes went where. Colours only repeat what the
// words say. Its title and description say the result; each bar and curve has a title with its figures.
func (r *Report) WriteSVG(w io.Writer) error {
	b := bufio.NewWriter(w)
	votes, _, _, _ := r.columns()
	if !votes {
		r.drawPairs(b)
		return b.Flush()
	}
	d := &drawing{r: r, b: b}
	for _, s := range r.Stages {
		for _, l := range s.Lines {
			d.most = max(d.most, l.Votes.float())
		}
		d.most = max(d.most, s.Quota.float(), s.NonTransferable.float())
	}
	_, rows := r.cells(&r.Stages[len(r.Stages)-1])
	d.open(max(svgName+svgColumn*len(r.Stages), 600), svgTop+svgRow*len(rows)+10)
	for i := range r.Stages {
		if i > 0 {
			d.flow(&r.Stages[i-1], &r.Stages[i])
		}
	}
	for i, row := range rows {
		label := row[1]
		if row[0] != "" {
			label = row[0] + " " + label
		}
		fmt.Fprintf(b, "<text x=\"8\" y=\"%d\">%s</text>\n", svgTop+svgRow*i+14, html.EscapeString(short(label, 30)))
	}
	for i := range r.Stages {
		d.column(&r.Stages[i])
	}
	fmt.Fprint(b, "</svg>\n")
	return b.Flush()
}

type drawing struct {
	r    *Report
	b    *bufio.Writer
	most float64
}

func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func (d *drawing) open(width, height int) {
	title := d.r.Election.Title
	if title == "" {
		title = d.r.Method.About().Title
	}
	esc := html.EscapeString
	fmt.Fprintf(d.b, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		width, height, width, height)
	fmt.Fprintf(d.b, "<title>%s</title>\n<desc>%s %s</desc>\n", esc(title), esc(d.r.result()), esc(strings.Join(d.r.summary(), " ")))
	fmt.Fprintf(d.b, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width, height)
	fmt.Fprintf(d.b, "<text x=\"8\" y=\"18\" font-size=\"14\" font-weight=\"bold\">%s</text>\n", esc(short(title, 100)))
}

func (d *drawing) x(stage int) int { return svgName + svgColumn*(stage-1) }

func (d *drawing) width(a Amount) float64 {
	if d.most == 0 {
		return 0
	}
	return a.float() / d.most * svgBar
}

// column draws a stage: heading, bars, figures.
func (d *drawing) column(s *Stage) {
	x := d.x(s.Number)
	esc := html.EscapeString
	fmt.Fprintf(d.b, "<text x=\"%d\" y=\"44\" font-weight=\"bold\">Stage %d</text>\n", x, s.Number)
	for i, line := range wrap(s.heading(d.r.Election), 30, 2) {
		fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%d\" font-size=\"10\">%s</text>\n", x, 58+12*i, esc(line))
	}
	head, rows := d.r.cells(s)
	for i, row := range rows {
		y := svgTop + svgRow*i
		var say []string
		for j := range row {
			if j > 0 && row[j] != "" {
				say = append(say, head[j]+" "+row[j])
			}
		}
		var votes Amount
		status := ""
		switch {
		case i < len(s.Lines):
			votes, status = s.Lines[i].Votes, s.Lines[i].Status
		case row[1] == "Non-transferable":
			votes = s.NonTransferable
		default:
			votes = s.Lost
		}
		fill := map[string]string{Elected: "#00703c", Excluded: "#b58840", NotElected: "#6f777b"}[status]
		if fill == "" {
			fill = "#1d70b8"
		}
		fmt.Fprintf(d.b, "<g><title>Stage %d: %s</title><rect x=\"%d\" y=\"%d\" width=\"%.2f\" height=\"12\" fill=\"%s\"/>",
			s.Number, esc(strings.Join(say, ", ")), x, y+4, d.width(votes), fill)
		if i < len(s.Lines) && status != Withdrawn && !s.Quota.Absent() {
			q := float64(x) + d.width(s.Quota)
			fmt.Fprintf(d.b, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" stroke=\"#0b0c0c\" stroke-dasharray=\"2 2\"/>", q, y, q, y+19)
		}
		figures := 2 // votes and change on the first line, the rest on the second
		for figures < len(head) && (head[figures] == "Votes" || head[figures] == "Change") {
			figures++
		}
		for k, text := range []string{strings.Join(row[2:figures], " "), strings.Join(row[figures:], " ")} {
			if text = strings.TrimSpace(text); text != "" {
				fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%d\" font-size=\"10\">%s</text>", x, y+29+12*k, esc(text))
			}
		}
		fmt.Fprint(d.b, "</g>\n")
	}
}

// end is where a transfer begins or ends.
type end struct {
	name string
	row  int
	a    Amount
}

// flow draws what moved between two stages.
func (d *drawing) flow(from, to *Stage) {
	var givers, takers []end
	add := func(name string, row int, change Amount) {
		switch change.Sign() {
		case -1:
			givers = append(givers, end{name, row, Amount{change.Rat().Neg(change.r), change.places}})
		case 1:
			takers = append(takers, end{name, row, change})
		}
	}
	for i, l := range to.Lines {
		add(d.r.Election.Name(l.Candidate), i, l.Change)
	}
	row := len(to.Lines)
	if !to.NonTransferable.Absent() {
		add("Non-transferable", row, to.NonTransferableNow)
		row++
	}
	if !to.Lost.Absent() {
		add("Loss by fraction", row, to.LostNow)
	}
	x1, x2 := float64(d.x(from.Number)+svgBar+8), float64(d.x(to.Number)-4)
	if len(givers) == 1 {
		for _, t := range takers {
			d.curve(x1, givers[0].row, x2, t.row, t.a, fmt.Sprintf("%s to %s: %s", givers[0].name, t.name, t.a))
		}
		return
	}
	middle := 0
	for _, e := range append(append([]end{}, givers...), takers...) {
		middle += e.row
	}
	if n := len(givers) + len(takers); n > 0 {
		middle /= n
	}
	xm := (x1 + x2) / 2
	for _, g := range givers {
		d.curve(x1, g.row, xm, middle, g.a, fmt.Sprintf("%s gives up %s", g.name, g.a))
	}
	for _, t := range takers {
		d.curve(xm, middle, x2, t.row, t.a, fmt.Sprintf("%s receives %s", t.name, t.a))
	}
}

func (d *drawing) curve(x1 float64, row1 int, x2 float64, row2 int, a Amount, title string) {
	y1, y2 := svgTop+svgRow*row1+10, svgTop+svgRow*row2+10
	mid := (x1 + x2) / 2
	fmt.Fprintf(d.b, "<path d=\"M%.1f %d C%.1f %d %.1f %d %.1f %d\" fill=\"none\" stroke=\"#505a5f\" stroke-opacity=\"0.4\" stroke-width=\"%.2f\"><title>%s</title></path>\n",
		x1, y1, mid, y1, mid, y2, x2, y2, max(0.75, min(24, d.width(a)/svgBar*60)), html.EscapeString(title))
}

// wrap breaks a line at spaces into at most lines of about n runes.
func wrap(s string, n, most int) (out []string) {
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > n && len(out) < most-1 {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(out, short(line, n))
}

// drawPairs draws the comparisons two by two, the winner's figure of each pair on a dark ground and in bold.
func (r *Report) drawPairs(b *bufio.Writer) {
	d := &drawing{r: r, b: b}
	const cell, label = 64, 220
	n := len(r.Election.Candidates)
	matrices := r.Stages[len(r.Stages)-1].Matrices
	block := 40 + 26*(n+1)
	d.open(label+cell*n+20, 40+block*len(matrices)+20)
	y := 44
	for _, m := range matrices {
		fmt.Fprintf(b, "<text x=\"8\" y=\"%d\" font-weight=\"bold\">%s</text>\n", y, html.EscapeString(m.Title))
		for j := 1; j <= n; j++ {
			fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d</text>\n", label+cell*j-8, y+22, j)
		}
		for i := range m.Rows {
			yy := y + 22 + 26*(i+1)
			status := r.Stages[len(r.Stages)-1].Lines[i].Status
			fmt.Fprintf(b, "<text x=\"8\" y=\"%d\">%s</text>\n", yy,
				html.EscapeString(fmt.Sprintf("%d %s: %s", i+1, short(r.Election.Name(i+1), 20), status)))
			for j, v := range m.Rows[i] {
				if i == j {
					continue
				}
				x := label + cell*j
				ink, weight := "#0b0c0c", "normal"
				fmt.Fprintf(b, "<g><title>%s over %s: %d</title>", html.EscapeString(r.Election.Name(i+1)), html.EscapeString(r.Election.Name(j+1)), v)
				if v > m.Rows[j][i] {
					ink, weight = "#ffffff", "bold"
					fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"24\" fill=\"#00703c\"/>", x+2, yy-17, cell-4)
				}
				fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\" font-weight=\"%s\">%d</text></g>\n", x+cell-8, yy, ink, weight, v)
			}
		}
		y += block
	}
	fmt.Fprint(b, "</svg>\n")
}
