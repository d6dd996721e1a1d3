package rpc

import (
	"context"
	"testing"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestNULIsRefusedWhereverItStands(t *testing.T) {
	for name, m := range map[string]any{
		"a field":         &ledgerv1.RecordDonationRequest{Reference: "a\x00b"},
		"in a list":       &ledgerv1.PostEntryRequest{Postings: []*ledgerv1.Posting{{Account: "assets:bank"}, {Account: "\x00"}}},
		"the only letter": &ledgerv1.GetEntryRequest{Entry: "\x00"},
	} {
		if err := fillFromHeaders(context.Background(), m, false); !fault.Is(err, "NUL_CHARACTER") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fillFromHeaders(context.Background(), &ledgerv1.PostEntryRequest{Description: "Ŵyn", Postings: []*ledgerv1.Posting{{Account: "assets:bank"}}}, false); err != nil {
		t.Errorf("ordinary text: %v", err)
	}
}
