package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// TestLeafContent pins the encoding: whoever wrote a verifier by the documentation must not be surprised.
func TestLeafContent(t *testing.T) {
	e := Entry{
		ID: "0198aaaa-0000-7000-8000-000000000001", Number: 12, Kind: Reversal, Occurred: "2026-11-20", Entered: 1795600000000001,
		Description: `Reversal of "entry" 3`, Reverses: "0198aaaa-0000-7000-8000-000000000000",
		Postings:  []Posting{{Account: Bank, Amount: Pounds(-100)}, {Account: Donations, Amount: Pounds(100)}},
		EnteredBy: "treasurer", Member: "ada", Method: ByBank, Reason: "Paid twice", Reference: "FM-AB12", Repeated: true,
	}
	private := "folkmoot/ledger-private/v1\nmember ada\nentered_by treasurer\nmethod bank\nrepeated true\nreference FM-AB12\nreason Paid twice\n"
	if got := string(e.PrivateContent()); got != private {
		t.Errorf("private:\n%s", got)
	}
	sum := sha256.Sum256([]byte("salt" + private))
	if got := hex.EncodeToString(e.PrivateHash([]byte("salt"))); got != hex.EncodeToString(sum[:]) {
		t.Errorf("the private hash is %s", got)
	}
	want := "folkmoot/ledger-entry/v1\nnumber 12\nentry 0198aaaa-0000-7000-8000-000000000001\nkind reversal\noccurred 2026-11-20\n" +
		"entered 1795600000000001\nreverses 0198aaaa-0000-7000-8000-000000000000\nposting -100 GBP assets:bank\nposting 100 GBP income:donations\n" +
		"private 00ff\ndescription Reversal of \"entry\" 3\n"
	if got := string(e.LeafContent([]byte{0, 255})); got != want {
		t.Errorf("the content:\n%s\nwant:\n%s", got, want)
	}
}

// TestEveryFieldIsCommitted changes each field in turn: the leaf must change with every one.
func TestEveryFieldIsCommitted(t *testing.T) {
	base := func() Entry {
		return Entry{ID: "a", Number: 1, Kind: General, Occurred: "2026-11-20", Entered: 1, Description: "x",
			Postings: []Posting{{Account: Bank, Amount: Pounds(5)}, {Account: Cash, Amount: Pounds(-5)}}}
	}
	content := func(e Entry) string { return string(e.LeafContent(e.PrivateHash([]byte("salt")))) }
	want := content(base())
	for name, change := range map[string]func(*Entry){
		"fund": func(e *Entry) { e.Postings[1].Fund = "grant" }, "the other posting's fund": func(e *Entry) { e.Postings[0].Fund = "grant" },
		"meeting": func(e *Entry) { e.Meeting = "agm" }, "second officer": func(e *Entry) { e.ApprovedBy = "chair" },
		"id": func(e *Entry) { e.ID = "b" }, "number": func(e *Entry) { e.Number = 2 }, "kind": func(e *Entry) { e.Kind = Donation },
		"occurred": func(e *Entry) { e.Occurred = "2026-11-21" }, "entered": func(e *Entry) { e.Entered = 2 },
		"description": func(e *Entry) { e.Description = "y" }, "amounts": func(e *Entry) { e.Postings[0].Amount.Pence, e.Postings[1].Amount.Pence = 6, -6 },
		"account": func(e *Entry) { e.Postings[0].Account = Donations }, "currency": func(e *Entry) { e.Postings[0].Amount.Currency = "EUR" },
		"order":  func(e *Entry) { e.Postings[0], e.Postings[1] = e.Postings[1], e.Postings[0] },
		"member": func(e *Entry) { e.Member = "ada" }, "entered by": func(e *Entry) { e.EnteredBy = "ben" }, "method": func(e *Entry) { e.Method = ByCash },
		"reverses": func(e *Entry) { e.Reverses = "z" }, "reason": func(e *Entry) { e.Reason = "r" }, "reference": func(e *Entry) { e.Reference = "f" },
		"repeated": func(e *Entry) { e.Repeated = true },
	} {
		e := base()
		change(&e)
		if content(e) == want {
			t.Errorf("%s is not in the leaf", name)
		}
	}
}
