package ledger

import (
	"io"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// ReportKind names a report.
type ReportKind string

// The reports.
const (
	TrialReport    ReportKind = "trial-balance"
	IncomeReport   ReportKind = "income-and-expenditure"
	SheetReport    ReportKind = "balance-sheet"
	ReceiptsReport ReportKind = "receipts-and-payments"
	RegionsReport  ReportKind = "donations-by-region"
	GapsReport     ReportKind = "gaps"
	DoublesReport  ReportKind = "duplicates"
	FundsReport    ReportKind = "restricted-funds"
	ChangesReport  ReportKind = "changes-after-close"
)

// ReportKinds are all reports, in the order in which people are shown them.
var ReportKinds = []ReportKind{
	IncomeReport, SheetReport, ReceiptsReport, TrialReport, FundsReport, RegionsReport, ChangesReport, GapsReport, DoublesReport,
}

// CheckReport returns an Invalid fault that lists the reports unless kind is one of them.
func CheckReport(kind ReportKind) error {
	var names []string
	for _, k := range ReportKinds {
		if k == kind {
			return nil
		}
		names = append(names, string(k))
	}
	return fault.Field("REPORT_UNKNOWN", "report", "Choose one of the reports "+strings.Join(names, ", ")+".")
}

// Report is a table in sections: what a page, a CSV file and a chart are made of.
type Report struct {
	// Kind says which.
	Kind ReportKind
	// From and To are the first and last date that count, YYYY-MM-DD; From is empty in a report at a date.
	From, To string
	// Columns describe the cells of every line.
	Columns []Column
	// Sections are in the order of reading.
	Sections []Section
}

// Unit is what a column counts in.
type Unit string

// The units.
const (
	InPence  Unit = "pence"
	InNumber Unit = "number"
	InText   Unit = "text"
)

// Column is a column of a report.
type Column struct {
	// Key names it: "debit".
	Key string
	// Unit is what its cells hold.
	Unit Unit
}

// Section is a part of a report, with its total.
type Section struct {
	// Key names it: "income".
	Key string
	// Lines are its lines; none is a section that has nothing to show.
	Lines []ReportLine
	// Total has a cell a column, or is nil where nothing is added up.
	Total []Cell
}

// ReportLine is a line of a report.
type ReportLine struct {
	// Key is what the line is about: an account, a region, a week, the number of an entry.
	Key string
	// Name is the name for people, where the ledger knows one.
	Name string
	// Entry is the id of the entry that the line is about, or empty.
	Entry string
	// Cells are a cell a column.
	Cells []Cell
}

// Cell is a figure or a text.
type Cell struct {
	// Number is pence or a count.
	Number int64
	// Text is for columns of texts.
	Text string
	// Empty is a cell that has nothing; Withheld one that is not shown for the protection of people.
	Empty, Withheld bool
}

func figure(n int64) Cell   { return Cell{Number: n} }
func written(s string) Cell { return Cell{Text: s} }

var nothing = Cell{Empty: true}

// WriteReport writes a report as CSV (RFC 4180): amounts in pounds with two decimal places, "withheld" where a figure is not
// shown, and nothing that a spreadsheet would run as a formula.
func WriteReport(w io.Writer, r Report) error {
	head := []string{"section", "line", "name"}
	for _, c := range r.Columns {
		head = append(head, c.Key)
	}
	if err := line(w, head...); err != nil {
		return err
	}
	for _, s := range r.Sections {
		for _, l := range s.Lines {
			if err := line(w, append([]string{s.Key, Neutral(l.Key), Neutral(l.Name)}, cells(r.Columns, l.Cells)...)...); err != nil {
				return err
			}
		}
		if s.Total != nil {
			if err := line(w, append([]string{s.Key, "total", ""}, cells(r.Columns, s.Total)...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func cells(columns []Column, list []Cell) []string {
	var out []string
	for i, c := range list {
		switch {
		case c.Empty:
			out = append(out, "")
		case c.Withheld:
			out = append(out, "withheld")
		case columns[i].Unit == InText:
			out = append(out, Neutral(c.Text))
		case columns[i].Unit == InPence:
			out = append(out, Decimal(c.Number))
		default:
			out = append(out, strconv.FormatInt(c.Number, 10))
		}
	}
	return out
}
