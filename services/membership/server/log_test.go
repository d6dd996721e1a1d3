package server

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// TestMyProofs: a member's file shows their own events, offices included, and nobody else's, and verifies without the house.
func TestMyProofs(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.region(secretary, "london")
	asha := h.join("Asha", "asha@example.org", "london")
	h.grant(secretary, asha, membershipv1.Role_ROLE_ORGANISER, "london")
	body, err := h.people.GetMyProofs(with(asha.token), &membershipv1.GetMyProofsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var file translog.ProofFile
	if err := json.Unmarshal(body.GetData(), &file); err != nil {
		t.Fatal(err)
	}
	if _, err := translog.CheckProof(file, h.log.VerifierKey()); err != nil {
		t.Error(err)
	}
	var said []string
	for _, l := range file.Leaves {
		said = append(said, l.Content)
		if !strings.Contains(l.Content, asha.id) || (strings.Contains(l.Content, secretary.id) && !strings.Contains(l.Content, "granted_by")) {
			t.Errorf("a fact about another: %s", l.Content)
		}
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{`"kind":"applied"`, `"kind":"confirmed"`, `"kind":"admitted"`, `"role":"organiser"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no leaf has %s:\n%s", want, all)
		}
	}
	if len(file.Leaves) != 4 {
		t.Errorf("%d leaves, want 4:\n%s", len(file.Leaves), all)
	}
}

// TestTheLogTellsNothing: what anybody may read of the log holds no content.
func TestTheLogTellsNothing(t *testing.T) {
	h := open(t)
	h.found()
	asha := h.join("Asha", "asha@example.org", "")
	n, _, err := h.log.Head(t.Context())
	if err != nil || n == 0 {
		t.Fatalf("%d leaves, %v", n, err)
	}
	for _, path := range []string{"checkpoint", "vkey", "tile/0/000.p/1", "tile/entries/000.p/1"} {
		body, err := h.people.ReadLog(with(""), &membershipv1.ReadLogRequest{Path: path})
		if err != nil || len(body.GetData()) == 0 {
			t.Fatalf("%s: %v", path, err)
		}
		if strings.Contains(string(body.GetData()), asha.id) || strings.Contains(string(body.GetData()), "admitted") {
			t.Errorf("%s tells of a person", path)
		}
	}
	_, err = h.people.ReadLog(with(""), &membershipv1.ReadLogRequest{Path: "tile/0/001"})
	refused(t, err, codes.NotFound, "LOG_NOT_THERE")
}
