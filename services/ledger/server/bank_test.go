package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// november is a month of a small society: two gifts by reference, one by name, one that nobody knows, and a fee.
const november = `Date,Description,Amount,Balance
02/11/2026,ADA EXAMPLE M00013,1.00,1.00
03/11/2026,B CARTER M00021,5.00,6.00
04/11/2026,MR C DAVIES,1.00,7.00
05/11/2026,CASH MACHINE 4711,20.00,27.00
06/11/2026,BANK CHARGES,-3.50,23.50
`

func TestAStatementIsCheckedThenImportedOnce(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		i := h.check(november)
		if i.GetState() != ledgerv1.ImportState_IMPORT_STATE_READY || i.GetLines() != 5 || i.GetNewLines() != 5 || i.GetRefusedLines() != 0 ||
			i.GetInPence() != 2700 || i.GetOutPence() != -350 || i.GetClosingPence() != 2350 || i.GetVerdict() != "balanced" || len(i.GetPreview()) != 5 {
			t.Fatalf("the check: %v", i)
		}
		if got := h.lines(0); len(got) != 0 {
			t.Fatalf("%d lines are kept before anybody said so", len(got))
		}
		_, err := h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId()})
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		_, err = h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: "77"})
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
		request := &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: i.GetEtag()}
		for range 2 { // the same request again gives the same answer and imports nothing
			done := having[*ledgerv1.Import](h)(h.bank.ImportStatement(h.treasurer(), request))
			if done.GetState() != ledgerv1.ImportState_IMPORT_STATE_IMPORTED || done.GetNewLines() != 5 {
				t.Errorf("the import: %v", done)
			}
		}
		again := h.imported(november + "07/11/2026,DEE EVANS M00045,1.00,24.50\n")
		if again.GetNewLines() != 1 || again.GetKnownLines() != 5 || len(h.lines(0)) != 6 {
			t.Errorf("the same file with one line more: %d new, %d known, %d lines", again.GetNewLines(), again.GetKnownLines(), len(h.lines(0)))
		}
		if third := h.check(november); third.GetNewLines() != 0 {
			t.Errorf("the same file again has %d new lines", third.GetNewLines())
		}
		if entries := having[*ledgerv1.ListEntriesResponse](h)(h.ledger.ListEntries(h.treasurer(), &ledgerv1.ListEntriesRequest{})); len(entries.GetEntries()) != 0 {
			t.Error("importing lines booked something: only matching may")
		}
	})
}

func TestCertainLinesAreBookedAndTheRestAProposal(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported(november)
		request := &ledgerv1.MatchCertainRequest{RequestId: h.id()}
		for range 2 {
			if got := having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), request)); got.GetMatchedLines() != 2 || got.GetMore() {
				t.Fatalf("certain: %v", got)
			}
		}
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 600, ledger.Donations: -600}, h.balances("")); diff != "" {
			t.Errorf("the books:\n%s", diff)
		}
		var why []string
		for _, l := range h.lines(openLine) {
			first := "none"
			if p := l.GetProposals(); len(p) > 0 {
				first = p[0].GetWhy() + " " + p[0].GetNames()[0]
			}
			why = append(why, l.GetDescription()+": "+first)
		}
		want := []string{"MR C DAVIES: initial Cai Davies", "CASH MACHINE 4711: none", "BANK CHARGES: none"}
		if diff := cmp.Diff(want, why); diff != "" {
			t.Errorf("what is open:\n%s", diff)
		}
		entry := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.treasurer(), &ledgerv1.GetEntryRequest{Entry: h.lines(matchedLine)[0].GetEntries()[0]}))
		if entry.GetMember() != payer(1) || entry.GetOccurDate() != "2026-11-02" || entry.GetBankDate() != "2026-11-02" || !entry.GetMembershipDonation() ||
			entry.GetEnterTime().AsTime() != h.now || entry.GetReference() == "" {
			t.Errorf("the entry of the first line: %v", entry)
		}
		// A person confirms the name; two members' standing was told, then the third's.
		cai := h.lines(openLine)[0]
		having[*ledgerv1.BankLine](h)(h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{RequestId: h.id(), Line: cai.GetId(), Etag: cai.GetEtag(), Shares: cai.GetProposals()[0].GetShares()}))
		for range 200 {
			if h.told() == 3 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if h.told() != 3 {
			t.Errorf("membership was told %d times of 3", h.told())
		}
		h.sound()
	})
}

func (h *bookHouse) told() int {
	h.members.mu.Lock()
	defer h.members.mu.Unlock()
	return len(h.members.told)
}

func TestALineIsSplitOverSeveral(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported("Date,Description,Amount\n02/11/2026,TOWN COUNCIL,7.00\n")
		l := h.lines(openLine)[0]
		match := func(etag string, shares ...*ledgerv1.LineShare) (*ledgerv1.BankLine, error) {
			return h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{RequestId: h.id(), Line: l.GetId(), Etag: etag, Shares: shares})
		}
		member := func(n int, pence int64) *ledgerv1.LineShare {
			return &ledgerv1.LineShare{Member: payer(n), AmountPence: pence}
		}
		account := func(id string, pence int64) *ledgerv1.LineShare {
			return &ledgerv1.LineShare{Account: id, AmountPence: pence}
		}
		for name, c := range map[string]struct {
			code   codes.Code
			reason string
			shares []*ledgerv1.LineShare
		}{
			"nothing":            {codes.InvalidArgument, "SPLIT_INVALID", nil},
			"too little":         {codes.InvalidArgument, "SPLIT_INVALID", []*ledgerv1.LineShare{member(1, 100), member(2, 100)}},
			"too much":           {codes.InvalidArgument, "SPLIT_INVALID", []*ledgerv1.LineShare{member(1, 800)}},
			"both ways":          {codes.InvalidArgument, "SPLIT_INVALID", []*ledgerv1.LineShare{member(1, 800), account("income:grants", -100)}},
			"one twice":          {codes.InvalidArgument, "SPLIT_INVALID", []*ledgerv1.LineShare{member(1, 100), member(1, 600)}},
			"nobody":             {codes.InvalidArgument, "MEMBER_NOT_FOUND", []*ledgerv1.LineShare{member(99, 700)}},
			"no account of ours": {codes.InvalidArgument, "ENTRY_INVALID", []*ledgerv1.LineShare{account("income:nothing", 700)}},
			"no fund of ours":    {codes.InvalidArgument, "ENTRY_INVALID", []*ledgerv1.LineShare{{Account: "income:grants", AmountPence: 700, Fund: "none"}}},
		} {
			_, err := match(l.GetEtag(), c.shares...)
			if f := wantRefusal(t, err, c.code, c.reason); f == nil || len(f.Violations) == 0 {
				t.Errorf("%s: no field is named", name)
			}
		}
		if _, err := h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{RequestId: h.id(), Line: "none", Etag: "1", Shares: []*ledgerv1.LineShare{member(1, 700)}}); true {
			wantRefusal(t, err, codes.NotFound, "LINE_NOT_FOUND")
		}
		_, err := match("", member(1, 700))
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		if got := h.balances(""); len(got) != 0 {
			t.Errorf("refusals booked %v", got)
		}
		done := having[*ledgerv1.BankLine](h)(match(l.GetEtag(), member(1, 100), member(2, 250), account("income:sponsorship", 350)))
		if len(done.GetEntries()) != 3 || done.GetState() != matchedLine {
			t.Errorf("the line: %v", done)
		}
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 700, ledger.Donations: -350, "income:sponsorship": -350}, h.balances("")); diff != "" {
			t.Errorf("the books:\n%s", diff)
		}
		_, err = match(done.GetEtag(), member(1, 700))
		wantRefusal(t, err, codes.FailedPrecondition, "LINE_NOT_OPEN")
		h.sound()
	})
}

// TestReversingOpensTheLine walks a wrong match, its reversal, the right match, and the reversal of the reversal.
func TestReversingOpensTheLine(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported("Date,Description,Amount\n02/11/2026,SOMEBODY,1.00\n")
		match := func(n int) *ledgerv1.BankLine {
			l := h.lines(openLine)[0]
			return having[*ledgerv1.BankLine](h)(h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{
				RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Shares: []*ledgerv1.LineShare{{Member: payer(n), AmountPence: 100}},
			}))
		}
		reverse := func(entry string) string {
			return having[*ledgerv1.Entry](h)(h.ledger.ReverseEntry(h.treasurer(), &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: entry, Reason: "Somebody else's"})).GetId()
		}
		wrong := match(1).GetEntries()[0]
		back := reverse(wrong)
		if n := len(h.lines(openLine)); n != 1 {
			t.Fatalf("%d lines are open after the reversal, want 1", n)
		}
		right := match(2)
		if right.GetState() != matchedLine || len(right.GetEntries()) != 2 {
			t.Errorf("matched again: %v", right)
		}
		// Restoring the wrong one makes the line shown twice: it is open again, so that somebody looks.
		reverse(back)
		if n := len(h.lines(openLine)); n != 1 {
			t.Errorf("%d lines are open while two entries stand for one line", n)
		}
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 200, ledger.Donations: -200}, h.balances("")); diff != "" {
			t.Errorf("the books:\n%s", diff)
		}
		h.sound()
	})
}

func TestALineIsLinkedToWhatIsInTheBooks(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		gave, again := h.give("2026-11-01", 1, 100), h.give("2026-11-01", 2, 200)
		h.imported("Date,Description,Amount\n02/11/2026,ADA EXAMPLE,1.00\n03/11/2026,AND ANOTHER,1.00\n")
		lines := h.lines(openLine)
		if diff := cmp.Diff([]string{gave.GetId()}, lines[0].GetCandidates()); diff != "" {
			t.Errorf("candidates:\n%s", diff)
		}
		link := func(l *ledgerv1.BankLine, entries ...string) (*ledgerv1.BankLine, error) {
			return h.bank.LinkLine(h.treasurer(), &ledgerv1.LinkLineRequest{RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Entries: entries})
		}
		_, err := link(lines[0], again.GetId())
		wantRefusal(t, err, codes.InvalidArgument, "LINK_INVALID")
		_, err = link(lines[0], bookID(t))
		wantRefusal(t, err, codes.NotFound, "ENTRY_NOT_FOUND")
		done := having[*ledgerv1.BankLine](h)(link(lines[0], gave.GetId()))
		if done.GetState() != matchedLine {
			t.Errorf("linked: %v", done)
		}
		_, err = link(lines[1], gave.GetId())
		wantRefusal(t, err, codes.FailedPrecondition, "ENTRY_LINKED")
		if got := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.t.Context(), &ledgerv1.GetEntryRequest{Entry: gave.GetId()})); got.GetBankDate() != "2026-11-02" || got.GetOccurDate() != "2026-11-01" {
			t.Errorf("three dates: %v", got)
		}
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 300, ledger.Donations: -300}, h.balances("")); diff != "" {
			t.Errorf("linking booked something:\n%s", diff)
		}
		set := func(reason string) (*ledgerv1.BankLine, error) {
			l := h.lines(0)[1]
			return h.bank.SetLineAside(h.treasurer(), &ledgerv1.SetLineAsideRequest{RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Reason: reason})
		}
		_, err = set("")
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		if l := having[*ledgerv1.BankLine](h)(set("Not ours: the bank took it back")); l.GetState() != asideLine || l.GetAsideReason() == "" {
			t.Errorf("set aside: %v", l)
		}
		_, err = h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{RequestId: h.id(), Line: lines[1].GetId(), Etag: h.lines(0)[1].GetEtag(), Shares: []*ledgerv1.LineShare{{Member: payer(1), AmountPence: 100}}})
		wantRefusal(t, err, codes.FailedPrecondition, "LINE_NOT_OPEN")
		if l := having[*ledgerv1.BankLine](h)(set("")); l.GetState() != openLine {
			t.Errorf("taken back: %v", l)
		}
	})
}

func TestABrokenFileIsRefusedLineByLine(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		i := h.check("Date,Description,Amount\n02/11/2026,ADA EXAMPLE M00013,1.00\n31/02/2026,NO SUCH DAY,1.00\n03/11/2026,NO AMOUNT,one pound\n04/11/2026,B CARTER,2.00\n")
		var at []int64
		for _, p := range i.GetProblems() {
			if p.GetRefused() && p.GetMessage() != "" && p.GetReason() != "" {
				at = append(at, p.GetFileLine())
			}
		}
		if diff := cmp.Diff([]int64{3, 4}, at); diff != "" || i.GetRefusedLines() != 2 || i.GetLines() != 2 {
			t.Fatalf("refused lines:\n%s\n%v", diff, i)
		}
		_, err := h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: i.GetEtag()})
		wantRefusal(t, err, codes.FailedPrecondition, "LINES_REFUSED")
		if len(h.lines(0)) != 0 {
			t.Error("a refused import kept lines")
		}
		done := having[*ledgerv1.Import](h)(h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: i.GetEtag(), LeaveOutRefused: true}))
		if done.GetNewLines() != 2 || len(h.lines(0)) != 2 {
			t.Errorf("left out: %v", done)
		}
		_, err = h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: done.GetEtag()})
		wantRefusal(t, err, codes.FailedPrecondition, "IMPORT_NOT_READY")
		cut := h.check("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n<Stmt><Acct>")
		if cut.GetState() != ledgerv1.ImportState_IMPORT_STATE_FAILED || len(cut.GetProblems()) == 0 || cut.GetProblems()[0].GetFileLine() != 2 {
			t.Errorf("a file that is cut off: %v", cut)
		}
		_, err = h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: cut.GetId(), Etag: cut.GetEtag()})
		wantRefusal(t, err, codes.FailedPrecondition, "IMPORT_NOT_READY")
		gone := having[*ledgerv1.Import](h)(h.bank.DiscardStatement(h.treasurer(), &ledgerv1.DiscardStatementRequest{RequestId: h.id(), Import: cut.GetId(), Etag: cut.GetEtag()}))
		if gone.GetState() != ledgerv1.ImportState_IMPORT_STATE_DISCARDED {
			t.Errorf("discarded: %v", gone)
		}
		_, err = h.bank.GetImport(h.treasurer(), &ledgerv1.GetImportRequest{Import: "none"})
		wantRefusal(t, err, codes.NotFound, "IMPORT_NOT_FOUND")
		file := h.upload(h.treasurer(), "x", ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT, []byte(november))
		_, err = h.bank.CheckStatement(h.treasurer(), &ledgerv1.CheckStatementRequest{RequestId: h.id(), File: file, Account: ledger.Donations})
		wantRefusal(t, err, codes.InvalidArgument, "ACCOUNT_INVALID")
		_, err = h.bank.CheckStatement(h.treasurer(), &ledgerv1.CheckStatementRequest{RequestId: h.id(), File: file, Account: ledger.Bank, ColumnMap: "none"})
		wantRefusal(t, err, codes.InvalidArgument, "COLUMN_MAP_NOT_FOUND")
		evidence := h.upload(h.treasurer(), "x", ledgerv1.FilePurpose_FILE_PURPOSE_EVIDENCE, []byte("a receipt"))
		_, err = h.bank.CheckStatement(h.treasurer(), &ledgerv1.CheckStatementRequest{RequestId: h.id(), File: evidence, Account: ledger.Bank})
		wantRefusal(t, err, codes.InvalidArgument, "FILE_INVALID")
	})
}

func TestAColumnMapIsSavedAndUsed(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		mine := &ledgerv1.ColumnMap{Name: "credit-union", Title: "Our credit union", Date: "When", MoneyIn: "Plus", MoneyOut: "Minus", Description: []string{"Text"}}
		save := func(m *ledgerv1.ColumnMap, etag string) (*ledgerv1.ColumnMap, error) {
			return h.bank.SaveColumnMap(h.treasurer(), &ledgerv1.SaveColumnMapRequest{RequestId: h.id(), Map: m, Etag: etag})
		}
		for _, bad := range []*ledgerv1.ColumnMap{{Name: "Bad Name", Title: "x", Date: "When", Amount: "A"}, {Name: "lloyds", Title: "x", Date: "When", Amount: "A"}, {Name: "none", Title: "x", Date: "When"}} {
			_, err := save(bad, "")
			wantRefusal(t, err, codes.InvalidArgument, "COLUMNS_INVALID")
		}
		first := having[*ledgerv1.ColumnMap](h)(save(mine, ""))
		_, err := save(mine, "")
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		_, err = save(mine, "9")
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
		if second := having[*ledgerv1.ColumnMap](h)(save(mine, first.GetEtag())); second.GetEtag() == first.GetEtag() {
			t.Error("a saved map keeps its etag")
		}
		maps := having[*ledgerv1.ListColumnMapsResponse](h)(h.bank.ListColumnMaps(h.treasurer(), &ledgerv1.ListColumnMapsRequest{})).GetMaps()
		if last := maps[len(maps)-1]; len(maps) < 10 || last.GetName() != "credit-union" || last.GetPreset() || !maps[0].GetPreset() {
			t.Errorf("%d maps, the last %v", len(maps), last)
		}
		file := h.upload(h.treasurer(), "cu.csv", ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT, []byte("When,Text,Plus,Minus\n02/11/2026,ADA M00013,1.00,\n03/11/2026,FEE,,2.00\n"))
		i := having[*ledgerv1.Import](h)(h.bank.CheckStatement(h.treasurer(), &ledgerv1.CheckStatementRequest{RequestId: h.id(), File: file, Account: ledger.Bank, ColumnMap: "credit-union"}))
		if i.GetLines() != 2 || i.GetInPence() != 100 || i.GetOutPence() != -200 {
			t.Errorf("read by the map: %v", i)
		}
	})
}

func TestRulesTakeLinesThatComeAgain(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported(november)
		save := func(r *ledgerv1.MatchRule, etag string) (*ledgerv1.MatchRule, error) {
			return h.bank.SaveMatchRule(h.treasurer(), &ledgerv1.SaveMatchRuleRequest{RequestId: h.id(), Rule: r, Etag: etag})
		}
		for _, bad := range []*ledgerv1.MatchRule{{Account: "expenses:fees"}, {Contains: "x"}, {Contains: "x", Account: "expenses:none"}, {Contains: "x", Account: "expenses:fees", Fund: "none"}, {Contains: "x", Member: payer(1), Account: "expenses:fees"}} {
			_, err := save(bad, "")
			wantRefusal(t, err, codes.InvalidArgument, "RULE_INVALID")
		}
		_, err := save(&ledgerv1.MatchRule{Contains: "x", Member: payer(99)}, "")
		wantRefusal(t, err, codes.InvalidArgument, "MEMBER_NOT_FOUND")
		_, err = save(&ledgerv1.MatchRule{Id: bookID(t), Contains: "x", Account: "expenses:fees"}, "1")
		wantRefusal(t, err, codes.NotFound, "RULE_NOT_FOUND")
		rule := having[*ledgerv1.MatchRule](h)(save(&ledgerv1.MatchRule{Contains: "bank charges", Account: "expenses:fees"}, ""))
		proposed := func() *ledgerv1.MatchProposal {
			for _, l := range h.lines(openLine) {
				if l.GetDescription() == "BANK CHARGES" {
					return l.GetProposals()[0]
				}
			}
			return nil
		}
		if p := proposed(); p.GetWhy() != "rule" || p.GetCertain() || p.GetShares()[0].GetAccount() != "expenses:fees" {
			t.Errorf("a rule that does not act: %v", p)
		}
		rule.Acts = true
		_, err = save(rule, "")
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		rule = having[*ledgerv1.MatchRule](h)(save(rule, rule.GetEtag()))
		if p := proposed(); !p.GetCertain() {
			t.Errorf("a rule that acts: %v", p)
		}
		if got := having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: h.id()})); got.GetMatchedLines() != 3 {
			t.Errorf("booked: %v", got)
		}
		if got := h.balances("")["expenses:fees"]; got != 350 {
			t.Errorf("fees are %d", got)
		}
		_, err = h.bank.DeleteMatchRule(h.treasurer(), &ledgerv1.DeleteMatchRuleRequest{RequestId: h.id(), Rule: rule.GetId(), Etag: "9"})
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
		having[*ledgerv1.DeleteMatchRuleResponse](h)(h.bank.DeleteMatchRule(h.treasurer(), &ledgerv1.DeleteMatchRuleRequest{RequestId: h.id(), Rule: rule.GetId(), Etag: rule.GetEtag()}))
		if left := having[*ledgerv1.ListMatchRulesResponse](h)(h.bank.ListMatchRules(h.treasurer(), &ledgerv1.ListMatchRulesRequest{})).GetRules(); len(left) != 0 {
			t.Errorf("rules left: %v", left)
		}
		h.sound()
	})
}

// TestLinesPage asks for lines a few at a time: every line comes once, in order.
func TestLinesPage(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		var b strings.Builder
		b.WriteString("Date,Description,Amount\n")
		for i := range 23 {
			fmt.Fprintf(&b, "%02d/11/2026,PAYER %d,1.00\n", 1+i/3, i)
		}
		h.imported(b.String())
		seen, token, last := map[string]bool{}, "", ""
		for {
			p := having[*ledgerv1.ListBankLinesResponse](h)(h.bank.ListBankLines(h.treasurer(), &ledgerv1.ListBankLinesRequest{PageSize: 5, PageToken: token, State: openLine}))
			if p.GetOpenLines() != 23 {
				t.Errorf("%d open lines", p.GetOpenLines())
			}
			for _, l := range p.GetLines() {
				if seen[l.GetId()] || l.GetBankDate() < last {
					t.Errorf("line %s of %s comes twice or late", l.GetId(), l.GetBankDate())
				}
				seen[l.GetId()], last = true, l.GetBankDate()
			}
			if token = p.GetNextPageToken(); token == "" {
				break
			}
		}
		if len(seen) != 23 {
			t.Errorf("%d lines", len(seen))
		}
		_, err := h.bank.ListBankLines(h.treasurer(), &ledgerv1.ListBankLinesRequest{PageToken: "nonsense"})
		wantRefusal(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	})
}
