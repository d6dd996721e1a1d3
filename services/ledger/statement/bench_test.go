package statement_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// endless writes a file of so many lines while it is read, so that the file itself takes no memory.
type endless struct {
	head, tail string
	line       func(b []byte, i int) []byte
	n, i       int
	buf        []byte
	state      int
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.buf) == 0 {
		switch {
		case e.state == 0:
			e.buf, e.state = append(e.buf, e.head...), 1
		case e.state == 1 && e.i < e.n:
			e.buf = e.line(e.buf, e.i)
			e.i++
		case e.state == 1:
			e.buf, e.state = append(e.buf, e.tail...), 2
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.buf)
	e.buf = append(e.buf[:0], e.buf[n:]...)
	return n, nil
}

// day spreads a million lines over two years.
func day(i int) (int, int, int) { d := i / 1400; return 2025 + d/360, d/30%12 + 1, d%30%28 + 1 }

var large = map[string]endless{
	"csv": {head: "Date,Description,Amount,Balance\n", line: func(b []byte, i int) []byte {
		y, m, d := day(i)
		return fmt.Appendf(b, "%02d/%02d/%d,ANN EXAMPLE %d M%04d,1.00,%d.00\n", d, m, y, i%5000, i%5000, 100+i+1)
	}},
	"ofx": {head: "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>\n",
		tail: "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n", line: func(b []byte, i int) []byte {
			y, m, d := day(i)
			return fmt.Appendf(b, "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>%d%02d%02d<TRNAMT>1.00<FITID>F%d<NAME>ANN EXAMPLE %d<MEMO>M%04d</STMTTRN>\n", y, m, d, i, i%5000, i%5000)
		}},
	"camt": {head: "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>1</IBAN></Id><Ccy>GBP</Ccy></Acct>\n",
		tail: "</Stmt></BkToCstmrStmt></Document>\n", line: func(b []byte, i int) []byte {
			y, m, d := day(i)
			return fmt.Appendf(b, "<Ntry><Amt Ccy=\"GBP\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%d-%02d-%02d</Dt></BookgDt><AcctSvcrRef>B%d</AcctSvcrRef>"+
				"<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>Ann Example %d</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>M%04d</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n", y, m, d, i, i%5000, i%5000)
		}},
}

// counts is a sink that keeps nothing but the highest use of memory.
type counts struct {
	lines int
	sum   int64
	peak  uint64
}

func (c *counts) Begin(statement.Statement) error   { return nil }
func (c *counts) Problem(p statement.Problem) error { return p.Fault() }
func (c *counts) End(s statement.Statement) error   { c.sum = s.Sum; return nil }
func (c *counts) Line(statement.Line) error {
	c.lines++
	if c.lines%30_000 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.peak = max(c.peak, m.HeapAlloc)
	}
	return nil
}

// TestMemoryDoesNotGrowWithTheFile compares what is held while a file of ten times the lines is read. What is held for
// telling equal lines apart is bounded; see remembered.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	for name, e := range large {
		var peaks []uint64
		for _, n := range []int{30_000, 300_000} {
			file, c := e, &counts{}
			file.n = n
			told := 0
			s, err := statement.Read(&file, statement.Options{Progress: func(p statement.Progress) { told++ }}, c)
			if err != nil || c.lines != n || s.Lines != n || c.sum != int64(n)*100 || told < 2 {
				t.Fatalf("%s: %d lines, %+v, %v, told %d times", name, c.lines, s, err, told)
			}
			peaks = append(peaks, c.peak)
		}
		t.Logf("%s: %d KiB at 30,000 lines, %d KiB at 300,000", name, peaks[0]>>10, peaks[1]>>10)
		if peaks[1] > peaks[0]+24<<20 {
			t.Errorf("%s: %d KiB at 30,000 lines, %d KiB at 300,000", name, peaks[0]>>10, peaks[1]>>10)
		}
	}
}

// BenchmarkRead reads a million lines of each format, written while they are read; "write" is what writing takes of it.
func BenchmarkRead(b *testing.B) {
	const n = 1_000_000
	for _, name := range []string{"csv", "ofx", "camt"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				file, c := large[name], &counts{}
				file.n = n
				s, err := statement.Read(&file, statement.Options{}, c)
				if err != nil || s.Lines != n {
					b.Fatal(s, err)
				}
				b.ReportMetric(float64(c.peak)/(1<<20), "MiB-held")
				b.SetBytes(s.Bytes)
			}
		})
		b.Run(name+"/write", func(b *testing.B) {
			for b.Loop() {
				file := large[name]
				file.n = n
				if _, err := io.Copy(io.Discard, &file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
