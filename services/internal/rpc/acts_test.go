package rpc_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
)

// TestNoActOfAnOfficeIsForgotten calls methods that an office lets people call: one that writes through once, one that writes past it
// and records nothing itself, one that reads, one that fails, and one that anybody may call. What succeeded by an office is recorded.
func TestNoActOfAnOfficeIsForgotten(t *testing.T) {
	db := databasetest.SQLite(t, acts.Migrations, once.Migrations)
	book := acts.NewBook(db, time.UTC)
	h := newHouseWith(t, book)
	h.do = func(ctx context.Context, req any) error {
		switch r := req.(type) {
		case *motionsv1.OpenMeetingRequest:
			reply, err := proto.Marshal(&motionsv1.Meeting{Id: "meeting-" + r.GetMeeting()})
			if err != nil {
				return err
			}
			_, err = once.Do(ctx, db, once.Request{Principal: "p", Method: "m", ID: r.GetRequestId(), Hash: []byte{1}, At: h.now},
				func(context.Context, *sql.Tx) ([]byte, error) { return reply, nil })
			return err
		case *ledgerv1.RecordDonationRequest:
			if r.GetReference() == "refused" {
				return fault.Field("NO", "reference", "No.")
			}
		}
		return nil
	}
	edge := h.edge(t)
	presiding := chair
	presiding.Authenticated = h.now
	ledger, motions := ledgerv1.NewLedgerServiceClient(edge), motionsv1.NewMotionsServiceClient(edge)
	if _, err := motions.OpenMeeting(h.as(t, presiding), &motionsv1.OpenMeetingRequest{RequestId: requestID, Meeting: "m"}); err != nil {
		t.Fatal(err)
	}
	_, err := ledger.RecordDonation(h.as(t, treasurer), &ledgerv1.RecordDonationRequest{RequestId: requestID, Reference: "refused"})
	want(t, err, codes.InvalidArgument, "NO")
	if _, err := ledger.RecordDonation(h.as(t, treasurer), &ledgerv1.RecordDonationRequest{RequestId: requestID, Member: "asha"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := ledger.ListAccounts(h.as(t, treasurer), &ledgerv1.ListAccountsRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.ListEntries(h.as(t, treasurer), &ledgerv1.ListEntriesRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]acts.Act{}
	all, _, err := book.List(t.Context(), acts.Reader{Secretary: true}, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		got[a.Method] = a
	}
	if len(all) != 3 {
		t.Errorf("%d acts: %+v", len(all), all)
	}
	if a := got[motionsv1.MotionsService_OpenMeeting_FullMethodName]; a.Role != auth.Chair || a.Member != chair.Member || a.SubjectKind != "meeting" || a.Subject != "meeting-m" || a.Counted {
		t.Errorf("written with once: %+v", a)
	}
	if a := got[ledgerv1.LedgerService_RecordDonation_FullMethodName]; a.Role != auth.Treasurer || a.Subject != "asha" || a.Count != 1 {
		t.Errorf("written past once: %+v", a)
	}
	if a := got[ledgerv1.LedgerService_ListAccounts_FullMethodName]; !a.Counted || a.Count != 3 || a.Role != auth.Treasurer {
		t.Errorf("read: %+v", a)
	}

	// What cannot be recorded is not shown.
	db.Close()
	if _, err := ledger.ListAccounts(h.as(t, treasurer), &ledgerv1.ListAccountsRequest{}); err == nil {
		t.Error("a reading that could not be counted was answered")
	}
	if _, err := ledger.ListEntries(h.as(t, treasurer), &ledgerv1.ListEntriesRequest{}); err != nil {
		t.Errorf("what anybody may read needs no record: %v", err)
	}
}
