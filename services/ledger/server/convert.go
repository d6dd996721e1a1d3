package server

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

var kinds = map[ledger.Kind]ledgerv1.Kind{
	ledger.Donation: ledgerv1.Kind_KIND_DONATION,
	ledger.Reversal: ledgerv1.Kind_KIND_REVERSAL,
	ledger.General:  ledgerv1.Kind_KIND_GENERAL,
}

var methods = map[ledger.Method]ledgerv1.Method{
	ledger.ByCash: ledgerv1.Method_METHOD_CASH,
	ledger.ByBank: ledgerv1.Method_METHOD_BANK,
}

var accountTypes = map[ledger.AccountType]ledgerv1.AccountType{
	ledger.Asset:     ledgerv1.AccountType_ACCOUNT_TYPE_ASSET,
	ledger.Liability: ledgerv1.AccountType_ACCOUNT_TYPE_LIABILITY,
	ledger.Equity:    ledgerv1.AccountType_ACCOUNT_TYPE_EQUITY,
	ledger.Income:    ledgerv1.AccountType_ACCOUNT_TYPE_INCOME,
	ledger.Expense:   ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE,
}

// methodOf returns the method, or an empty one that no decision accepts.
func methodOf(m ledgerv1.Method) ledger.Method {
	for k, v := range methods {
		if v == m {
			return k
		}
	}
	return ""
}

// entryFor writes an entry as the caller may see it: who gave, who entered it and the references are for the
// treasurer, and for the member whose money it was.
func entryFor(p auth.Principal, e ledger.Entry) *ledgerv1.Entry {
	out := &ledgerv1.Entry{
		Id: e.ID, Number: e.Number, Kind: kinds[e.Kind], OccurDate: e.Occurred,
		EnterTime: timestamppb.New(time.UnixMicro(e.Entered)), Description: e.Description,
		Currency: e.Postings[0].Amount.Currency, Method: methods[e.Method],
		Reverses: e.Reverses, ReversedBy: e.ReversedBy, Meeting: e.Meeting, BankDate: e.Banked, AfterClose: e.AfterClose,
	}
	for _, posting := range e.Postings {
		out.Postings = append(out.Postings, &ledgerv1.Posting{Account: posting.Account, AmountPence: posting.Amount.Pence, Fund: posting.Fund})
	}
	treasurer := p.HoldsAny(auth.Treasurer)
	if treasurer || (p.Member != "" && p.Member == e.Member) {
		out.Member, out.Reason, out.MembershipDonation, out.RepeatedDonation = e.Member, e.Reason, e.Standing, e.Repeated
	}
	if treasurer {
		out.EnteredBy, out.Reference, out.ApprovedBy = e.EnteredBy, e.Reference, e.ApprovedBy
	}
	return out
}

func accountProto(a ledger.Account) *ledgerv1.Account {
	return &ledgerv1.Account{Id: a.ID, Name: a.Name, Type: accountTypes[a.Type]}
}
