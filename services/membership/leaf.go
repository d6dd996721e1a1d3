package membership

import (
	"encoding/hex"
	"encoding/json"
	"time"
)

// The register's public log has a leaf for each fact of the register, appended in the fact's own transaction: every event, every
// change of an office, every frozen roll. A leaf is a salted commitment (package translog) to the JSON that these functions
// write, its members in the order given here and instants in microseconds since 1970. Neither is ever published: whom a fact is
// about gets both, and can show with them that it stands in the log.

// EventLeaf is the content of the leaf of an event, which has its number.
func EventLeaf(member string, e Event, recorded time.Time) []byte {
	return encoded(struct {
		Format   string    `json:"format"`
		Number   int64     `json:"number"`
		Member   string    `json:"member"`
		Kind     EventKind `json:"kind"`
		At       int64     `json:"at"`
		Recorded int64     `json:"recorded"`
		Region   string    `json:"region"`
		Reason   string    `json:"reason"`
		By       string    `json:"by"`
		About    string    `json:"about,omitempty"`
	}{"folkmoot/register-event/v1", e.Number, member, e.Kind, e.At.UnixMicro(), recorded.UnixMicro(), e.Region, e.Reason, e.By, e.About})
}

// OfficeLeaf is the content of the leaf of a grant as it stands after a change.
func OfficeLeaf(g Grant) []byte {
	return encoded(struct {
		Format     string `json:"format"`
		Grant      string `json:"grant"`
		Member     string `json:"member"`
		Role       Role   `json:"role"`
		Region     string `json:"region"`
		Reason     string `json:"reason"`
		GrantedBy  string `json:"granted_by"`
		Granted    int64  `json:"granted"`
		ApprovedBy string `json:"approved_by"`
		Started    *int64 `json:"started"`
		Ended      *int64 `json:"ended"`
		EndedBy    string `json:"ended_by"`
		EndReason  string `json:"end_reason"`
	}{"folkmoot/register-office/v1", g.ID, g.Member, g.Role, g.Region, g.Reason, g.GrantedBy, g.Granted.UnixMicro(), g.ApprovedBy,
		micro(g.Started), micro(g.Ended), g.EndedBy, g.EndReason})
}

// RollLeaf is the content of the leaf of a frozen roll: what it is for, by which terms, and its fingerprint ([Fingerprint]).
func RollLeaf(id, purpose string, t Terms, frozen time.Time, count int64, fingerprint []byte) []byte {
	return encoded(struct {
		Format      string `json:"format"`
		Roll        string `json:"roll"`
		Purpose     string `json:"purpose"`
		Region      string `json:"region"`
		Notice      int64  `json:"notice"`
		Required    bool   `json:"required"`
		Book        int64  `json:"book"`
		Frozen      int64  `json:"frozen"`
		Count       int64  `json:"count"`
		Fingerprint string `json:"fingerprint"`
	}{"folkmoot/register-roll/v1", id, purpose, t.Region, t.Notice.UnixMicro(), t.Required, int64(t.Book), frozen.UnixMicro(), count, hex.EncodeToString(fingerprint)})
}

// RollFacts are what the leaf of a roll commits to beyond its terms and its entries.
type RollFacts struct {
	// Title is what the roll is for in words, and Meeting the meeting's id; either may be empty.
	Title, Meeting string
	// Root is the root over the salted entries ([TreeRoot]).
	Root []byte
	// Supersedes is the roll that this one takes the place of, or empty.
	Supersedes string
	// AdmittedSinceNotice counts the admissions recorded after the notice.
	AdmittedSinceNotice int64
	// DoublesExamined counts the possible doubles that officers had examined; nil where they were not counted.
	DoublesExamined *int64
	// Rulings counts the members whose place on the roll was decided by a challenge.
	Rulings int64
}

// FullRollLeaf is the content of the leaf of a roll with its root. Nothing in it is about a person: it is published with its
// salt, so that anybody can show that the roll's fingerprint is in the log.
func FullRollLeaf(id, purpose string, t Terms, frozen time.Time, count int64, fingerprint []byte, f RollFacts) []byte {
	return encoded(struct {
		Format      string `json:"format"`
		Roll        string `json:"roll"`
		Purpose     string `json:"purpose"`
		Title       string `json:"title"`
		Meeting     string `json:"meeting"`
		Region      string `json:"region"`
		Notice      int64  `json:"notice"`
		Required    bool   `json:"required"`
		Book        int64  `json:"book"`
		Frozen      int64  `json:"frozen"`
		Count       int64  `json:"count"`
		Fingerprint string `json:"fingerprint"`
		Root        string `json:"root"`
		Supersedes  string `json:"supersedes"`
		Admitted    int64  `json:"admitted_since_notice"`
		Doubles     *int64 `json:"doubles_examined"`
		Rulings     int64  `json:"rulings"`
	}{"folkmoot/register-roll/v2", id, purpose, f.Title, f.Meeting, t.Region, t.Notice.UnixMicro(), t.Required, int64(t.Book), frozen.UnixMicro(),
		count, hex.EncodeToString(fingerprint), hex.EncodeToString(f.Root), f.Supersedes, f.AdmittedSinceNotice, f.DoublesExamined, f.Rulings})
}

func micro(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

func encoded(v any) []byte {
	raw, _ := json.Marshal(v) // Texts and numbers cannot fail.
	return raw
}
