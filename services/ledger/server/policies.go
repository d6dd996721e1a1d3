package server

import (
	"maps"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// Policies say who may call each method of the ledger room.
func (*Server) Policies() auth.Policies {
	treasurer := auth.Policy{Roles: []string{auth.Treasurer}, Writes: true, Personal: true}
	// What is reversed stays reversed: whoever does it has signed in a moment ago.
	reversing := treasurer
	reversing.Fresh = auth.FreshSeconds
	public := auth.Policy{Anyone: true}
	p := auth.Policies{
		ledgerv1.LedgerService_RecordDonation_FullMethodName:       treasurer,
		ledgerv1.LedgerService_PostEntry_FullMethodName:            treasurer,
		ledgerv1.LedgerService_ReverseEntry_FullMethodName:         reversing,
		ledgerv1.LedgerService_ListEntries_FullMethodName:          public,
		ledgerv1.LedgerService_GetEntry_FullMethodName:             public,
		ledgerv1.LedgerService_GetTrialBalance_FullMethodName:      public,
		ledgerv1.LedgerService_ListAccounts_FullMethodName:         public,
		ledgerv1.LedgerService_ListMyDonations_FullMethodName:      {Member: true},
		ledgerv1.LedgerService_Export_FullMethodName:               public,
		ledgerv1.LedgerService_GetEntryProof_FullMethodName:        public,
		ledgerv1.LedgerService_ReadLog_FullMethodName:              public,
		ledgerv1.OfficerActsService_ListOfficerActs_FullMethodName: {Member: true},
		ledgerv1.LedgerRoomsService_GetHead_FullMethodName:         {Rooms: []string{auth.Membership}},
		ledgerv1.LedgerRoomsService_ApplyRules_FullMethodName:      {Rooms: []string{auth.Motions}, Writes: true},
		// The signature admits, not the caller: a provider has no token, and no request id beside its events' own.
		ledgerv1.PaymentService_ReceiveEvent_FullMethodName:       public,
		ledgerv1.PaymentService_GetPaymentSettings_FullMethodName: public,
		ledgerv1.PaymentService_StartPayment_FullMethodName:       {Member: true, Writes: true},
		ledgerv1.PaymentService_GetMyPayment_FullMethodName:       {Member: true},
		ledgerv1.PaymentService_ListPayments_FullMethodName:       {Roles: []string{auth.Treasurer}},
		ledgerv1.PayerService_AssignPayment_FullMethodName:        treasurer,

		ledgerv1.ReportService_GetReport_FullMethodName:        public, // "duplicates" is refused to all but the treasurer by the method.
		ledgerv1.ReportService_ExportReport_FullMethodName:     public,
		ledgerv1.ReportService_ExportForProgram_FullMethodName: public,
		ledgerv1.ReportService_GetPack_FullMethodName:          public,
		ledgerv1.ReportService_GetMyGiving_FullMethodName:      {Member: true},

		ledgerv1.AuditService_ExportEvidence_FullMethodName: public,
	}
	maps.Copy(p, booksPolicies())
	maps.Copy(p, bankPolicies())
	return p
}

// officers are those who answer for the society's money together.
var officers = []string{auth.Treasurer, auth.Chair, auth.Secretary, auth.Board}

func booksPolicies() auth.Policies {
	treasurer := auth.Policy{Roles: []string{auth.Treasurer}, Writes: true, Personal: true}
	second := auth.Policy{Roles: officers, Writes: true, Personal: true}
	// Money leaves, or a period closes for good, by the second officer's word: they have signed in a moment ago. So has the
	// treasurer who proposes to close.
	approving := second
	approving.Fresh = auth.FreshSeconds
	closing := treasurer
	closing.Fresh = auth.FreshSeconds
	handing := auth.Policy{Roles: append([]string{auth.Organiser}, officers...), Writes: true, Personal: true}
	looking := auth.Policy{Roles: officers}
	public := auth.Policy{Anyone: true}
	return auth.Policies{
		ledgerv1.BooksService_CreateAccount_FullMethodName:       treasurer,
		ledgerv1.BooksService_PostOpeningBalances_FullMethodName: treasurer,
		ledgerv1.BooksService_CreateFund_FullMethodName:          treasurer,
		ledgerv1.BooksService_ListFunds_FullMethodName:           public,
		ledgerv1.BooksService_GetMeetingAccount_FullMethodName:   public,
		ledgerv1.BooksService_StartFile_FullMethodName:           handing,
		ledgerv1.BooksService_AppendFile_FullMethodName:          handing,
		ledgerv1.BooksService_FinishFile_FullMethodName:          handing,
		ledgerv1.BooksService_DownloadFile_FullMethodName:        looking,
		ledgerv1.BooksService_AttachEvidence_FullMethodName:      {Roles: []string{auth.Treasurer, auth.Organiser}, Writes: true, Personal: true},
		ledgerv1.BooksService_WaiveEvidence_FullMethodName:       treasurer,
		ledgerv1.BooksService_ListEvidence_FullMethodName:        public,
		ledgerv1.BooksService_ProposeSpending_FullMethodName:     treasurer,
		ledgerv1.BooksService_ApproveSpending_FullMethodName:     approving,
		ledgerv1.BooksService_RefuseSpending_FullMethodName:      second,
		ledgerv1.BooksService_ListSpending_FullMethodName:        looking,
		ledgerv1.BooksService_CheckPeriod_FullMethodName:         looking,
		ledgerv1.BooksService_ProposeClose_FullMethodName:        closing,
		ledgerv1.BooksService_ApproveClose_FullMethodName:        approving,
		ledgerv1.BooksService_WithdrawClose_FullMethodName:       second,
		ledgerv1.BooksService_ListPeriods_FullMethodName:         public,
	}
}

func bankPolicies() auth.Policies {
	writes := auth.Policy{Roles: []string{auth.Treasurer}, Writes: true, Personal: true}
	reads := auth.Policy{Roles: []string{auth.Treasurer}}
	counters := append([]string{auth.Organiser, auth.Teller}, officers...)
	return auth.Policies{
		ledgerv1.BankService_ListColumnMaps_FullMethodName:   reads,
		ledgerv1.BankService_SaveColumnMap_FullMethodName:    writes,
		ledgerv1.BankService_CheckStatement_FullMethodName:   writes,
		ledgerv1.BankService_ImportStatement_FullMethodName:  writes,
		ledgerv1.BankService_DiscardStatement_FullMethodName: writes,
		ledgerv1.BankService_GetImport_FullMethodName:        reads,
		ledgerv1.BankService_ListImports_FullMethodName:      reads,
		ledgerv1.BankService_ListBankLines_FullMethodName:    reads,
		ledgerv1.BankService_GetBankLine_FullMethodName:      reads,
		ledgerv1.BankService_MatchLine_FullMethodName:        writes,
		ledgerv1.BankService_LinkLine_FullMethodName:         writes,
		ledgerv1.BankService_SetLineAside_FullMethodName:     writes,
		ledgerv1.BankService_MatchCertain_FullMethodName:     writes,
		ledgerv1.BankService_ListMatchRules_FullMethodName:   reads,
		ledgerv1.BankService_SaveMatchRule_FullMethodName:    writes,
		ledgerv1.BankService_DeleteMatchRule_FullMethodName:  writes,
		ledgerv1.BankService_RecordCash_FullMethodName:       {Roles: []string{auth.Treasurer, auth.Organiser}, Writes: true, Personal: true},
		ledgerv1.BankService_CountCash_FullMethodName:        {Roles: counters, Writes: true, Personal: true},
		ledgerv1.BankService_BankCash_FullMethodName:         writes,
		ledgerv1.BankService_CancelCash_FullMethodName:       {Roles: []string{auth.Treasurer, auth.Organiser}, Writes: true, Personal: true},
		ledgerv1.BankService_GetCash_FullMethodName:          {Roles: counters},
		ledgerv1.BankService_ListCash_FullMethodName:         {Roles: counters},
	}
}
