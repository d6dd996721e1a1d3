package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// The public log of the ledger has a leaf for each entry, appended in the entry's own transaction. What the leaf
// commits to (with a salt, package translog) is [Entry.LeafContent], which everybody can write from the public export;
// the export gives the salt too, since it protects nothing that is not published beside it. What is not public of an entry stands
// in the content as one more salted hash, whose salt and content only the treasurer and the member get.
const (
	leafHeader    = "folkmoot/ledger-entry/v1"
	privateHeader = "folkmoot/ledger-private/v1"
)

// LeafContent is the canonical encoding of what is public of an entry, lines that each end with a line feed:
//
//	folkmoot/ledger-entry/v1
//	number 12
//	entry 0198…                              the id
//	kind donation
//	occurred 2026-11-20
//	entered 1795600000000000                 microseconds since 1970
//	reverses 0198…                           the id, only in a reversal
//	posting -100 GBP income:donations        pence, currency, account; in the entry's order
//	fund 1 digital-grant-2026                only where a posting, counted from 0, is of a fund's money
//	meeting 0198…                            only of a meeting's or event's money
//	private 5e88…                            [Entry.PrivateHash] in hexadecimal
//	description Donation                     last, so that nothing in it can pass for another line
func (e Entry) LeafContent(private []byte) []byte {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	line(leafHeader)
	line("number", strconv.FormatInt(e.Number, 10))
	line("entry", e.ID)
	line("kind", string(e.Kind))
	line("occurred", e.Occurred)
	line("entered", strconv.FormatInt(e.Entered, 10))
	if e.Reverses != "" {
		line("reverses", e.Reverses)
	}
	for _, p := range e.Postings {
		line("posting", strconv.FormatInt(p.Amount.Pence, 10), p.Amount.Currency, p.Account)
	}
	for i, p := range e.Postings {
		if p.Fund != "" {
			line("fund", strconv.Itoa(i), p.Fund)
		}
	}
	if e.Meeting != "" {
		line("meeting", e.Meeting)
	}
	line("private", hex.EncodeToString(private))
	line("description", e.Description)
	return []byte(b.String())
}

// PrivateContent is the canonical encoding of what is not public of an entry, in lines as [Entry.LeafContent]:
//
//	folkmoot/ledger-private/v1
//	member 0198…                             who gave, or nothing
//	entered_by 0198…
//	method bank
//	repeated false
//	reference FM-AB12
//	reason Paid twice
//	approved_by 0198…                        only of spending that a second officer approved
func (e Entry) PrivateContent() []byte {
	approved := ""
	if e.ApprovedBy != "" {
		approved = "approved_by " + e.ApprovedBy + "\n"
	}
	return []byte(privateHeader + "\nmember " + e.Member + "\nentered_by " + e.EnteredBy + "\nmethod " + string(e.Method) +
		"\nrepeated " + strconv.FormatBool(e.Repeated) + "\nreference " + e.Reference + "\nreason " + e.Reason + "\n" + approved)
}

// PrivateHash is SHA-256 over the salt and [Entry.PrivateContent].
func (e Entry) PrivateHash(salt []byte) []byte {
	h := sha256.Sum256(append(append([]byte(nil), salt...), e.PrivateContent()...))
	return h[:]
}

// Logged is an entry's place in the public log.
type Logged struct {
	// Index is the leaf's, from 0.
	Index int64
	// Salt is the leaf's.
	Salt []byte
	// Private is the entry's [Entry.PrivateHash], and PrivateSalt what it is salted with.
	Private, PrivateSalt []byte
}
