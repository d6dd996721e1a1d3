package pack

import (
	_ "embed"
	"html"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

type page struct{ name, text string }

//go:embed README.txt
var readme string

//go:embed check.py
var checker string

// pages are what a person reads first, and the little program that checks the log.
func pages(m Manifest) []page {
	text := strings.NewReplacer("{from}", m.From, "{to}", m.To, "{close}", m.Close, "{society}", or(m.Society, "the society"), "{after}", after(m.To)).Replace(readme)
	return []page{{"README.txt", text}, {"README.html", asPage(text)}, {"check.py", checker}}
}

// after is the day after a date: the ends that hledger takes are not included.
func after(date string) string {
	d, err := time.Parse(ledger.DateLayout, date)
	if err != nil {
		return date
	}
	return d.AddDate(0, 0, 1).Format(ledger.DateLayout)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// asPage writes the text as a page: a line of equals signs makes the line above it the heading, one of hyphens a smaller one, and
// lines that begin with four spaces are what to type.
func asPage(text string) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<title>How to check these books</title>\n<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}" +
		"pre{background:#f3f2f1;padding:.75rem;overflow-x:auto}</style>\n</head>\n<body>\n")
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(block, "\n")
		switch last := lines[len(lines)-1]; {
		case len(lines) == 2 && strings.Trim(last, "=") == "":
			b.WriteString("<h1>" + html.EscapeString(lines[0]) + "</h1>\n")
		case len(lines) == 2 && strings.Trim(last, "-") == "":
			b.WriteString("<h2>" + html.EscapeString(lines[0]) + "</h2>\n")
		case strings.HasPrefix(block, "    "):
			var code []string
			for _, l := range lines {
				code = append(code, strings.TrimPrefix(l, "    "))
			}
			b.WriteString("<pre><code>" + html.EscapeString(strings.Join(code, "\n")) + "</code></pre>\n")
		default:
			b.WriteString("<p>" + html.EscapeString(strings.Join(lines, " ")) + "</p>\n")
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
