package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A piece of evidence has a leaf of the public log of its own, appended in the transaction that links it to its entry, which may be
// long after the entry. As an entry's, it commits with a salt to what is public, and through one more salted hash to what is not:
// what a file is called may name people, and why there is none too.
const (
	evidenceHeader        = "folkmoot/ledger-evidence/v1"
	evidencePrivateHeader = "folkmoot/ledger-evidence-private/v1"
)

// EvidenceItem is a piece of evidence: a file that belongs to an entry, or that the treasurer said why there is none.
type EvidenceItem struct {
	// Entry is the entry's id and Number its number; N counts its evidence from 1.
	Entry     string
	Number, N int64
	// Linked is when it was linked to the entry, in microseconds since 1970.
	Linked int64
	// MediaType, Size in bytes and SHA256 are the file's; SHA256 is empty where there is none.
	MediaType string
	Size      int64
	SHA256    []byte
	// File, Name, Waived and LinkedBy are not public: the file's id and name, why there is none, who linked it.
	File, Name, Waived, LinkedBy string
	// Log is its place in the public log.
	Log *Logged
}

// LeafContent is the canonical encoding of what is public of a piece of evidence, lines that each end with a line feed:
//
//	folkmoot/ledger-evidence/v1
//	number 12                                the entry's
//	entry 0198…                              its id
//	evidence 1                               which of the entry's, from 1
//	linked 1795600000000000                  microseconds since 1970
//	private 5e88…                            [EvidenceItem.PrivateHash] in hexadecimal
//	file application/pdf 4711 e3b0…          media type, bytes, SHA-256 in hexadecimal; or: file none
func (i EvidenceItem) LeafContent(private []byte) []byte {
	file := "none"
	if len(i.SHA256) > 0 {
		file = i.MediaType + " " + strconv.FormatInt(i.Size, 10) + " " + hex.EncodeToString(i.SHA256)
	}
	return fmt.Appendf(nil, "%s\nnumber %d\nentry %s\nevidence %d\nlinked %d\nprivate %x\nfile %s\n",
		evidenceHeader, i.Number, i.Entry, i.N, i.Linked, private, file)
}

// PrivateContent is the canonical encoding of what is not public of it, in lines as [EvidenceItem.LeafContent]:
//
//	folkmoot/ledger-evidence-private/v1
//	linked_by 0198…
//	waived Nobody gives a receipt for a collection
//	name invoice.pdf
func (i EvidenceItem) PrivateContent() []byte {
	return []byte(evidencePrivateHeader + "\nlinked_by " + i.LinkedBy + "\nwaived " + i.Waived + "\nname " + i.Name + "\n")
}

// PrivateHash is SHA-256 over the salt and [EvidenceItem.PrivateContent].
func (i EvidenceItem) PrivateHash(salt []byte) []byte {
	h := sha256.Sum256(append(append([]byte(nil), salt...), i.PrivateContent()...))
	return h[:]
}

// EvidenceHead is the first line of the list of evidence as it is published: [EvidenceItem.CSV] of each in order of entry.
const EvidenceHead = "number,n,media type,size,sha256,entry,linked,leaf,salt,private\r\n"

// CSV is its line in the published list, ended by CR LF: nothing in it names a person or needs quoting. With leaf, salt and private
// anybody computes its leaf.
func (i EvidenceItem) CSV() string {
	kind, sum := i.MediaType, hex.EncodeToString(i.SHA256)
	if len(i.SHA256) == 0 {
		kind, sum = "none", ""
	}
	at := ",,"
	if i.Log != nil {
		at = fmt.Sprintf("%d,%x,%x", i.Log.Index, i.Log.Salt, i.Log.Private)
	}
	return fmt.Sprintf("%d,%d,%s,%d,%s,%s,%s,%s\r\n", i.Number, i.N, kind, i.Size, sum, i.Entry, instant(i.Linked), at)
}

// ParseEvidence reads a line of the published list without its end. It returns an error for one that [EvidenceItem.CSV] would
// write in another way.
func ParseEvidence(line string) (i EvidenceItem, err error) {
	cells := strings.Split(line, ",")
	if len(cells) != strings.Count(EvidenceHead, ",")+1 {
		return i, fmt.Errorf("it has %d cells", len(cells))
	}
	number := func(s string) (n int64) {
		if err == nil {
			n, err = strconv.ParseInt(s, 10, 64)
		}
		return n
	}
	octets := func(s string) (raw []byte) {
		if err == nil {
			raw, err = hex.DecodeString(s)
		}
		return raw
	}
	i = EvidenceItem{Number: number(cells[0]), N: number(cells[1]), MediaType: cells[2], Size: number(cells[3]), SHA256: octets(cells[4]), Entry: cells[5]}
	if i.MediaType == "none" {
		i.MediaType = ""
	}
	linked, timeErr := time.Parse("2006-01-02T15:04:05.000000Z", cells[6])
	i.Linked = linked.UnixMicro()
	if cells[7] != "" {
		i.Log = &Logged{Index: number(cells[7]), Salt: octets(cells[8]), Private: octets(cells[9])}
	}
	switch {
	case err != nil:
		return i, err
	case timeErr != nil:
		return i, timeErr
	case i.CSV() != line+"\r\n":
		return i, fmt.Errorf("it is not written as it should be")
	}
	return i, nil
}
