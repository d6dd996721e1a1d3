package server

import (
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// Policies say who may call each method of the ledger room.
func (*Server) Policies() auth.Policies {
	treasurer := auth.Policy{Roles: []string{auth.Treasurer}, Writes: true, Personal: true}
	public := auth.Policy{Anyone: true}
	return auth.Policies{
		ledgerv1.LedgerService_RecordDonation_FullMethodName:       treasurer,
		ledgerv1.LedgerService_PostEntry_FullMethodName:            treasurer,
		ledgerv1.LedgerService_ReverseEntry_FullMethodName:         treasurer,
		ledgerv1.LedgerService_ListEntries_FullMethodName:          public,
		ledgerv1.LedgerService_GetEntry_FullMethodName:             public,
		ledgerv1.LedgerService_GetTrialBalance_FullMethodName:      public,
		ledgerv1.LedgerService_ListAccounts_FullMethodName:         public,
		ledgerv1.LedgerService_ListMyDonations_FullMethodName:      {Member: true},
		ledgerv1.LedgerService_Export_FullMethodName:               public,
		ledgerv1.LedgerService_GetEntryProof_FullMethodName:        public,
		ledgerv1.LedgerService_ReadLog_FullMethodName:              public,
		ledgerv1.OfficerActsService_ListOfficerActs_FullMethodName: {Member: true},

		ledgerv1.ReportService_GetReport_FullMethodName:        public, // "duplicates" is refused to all but the treasurer by the method.
		ledgerv1.ReportService_ExportReport_FullMethodName:     public,
		ledgerv1.ReportService_ExportForProgram_FullMethodName: public,
		ledgerv1.ReportService_GetPack_FullMethodName:          public,
		ledgerv1.ReportService_GetMyGiving_FullMethodName:      {Member: true},

		ledgerv1.LedgerRoomsService_GetHead_FullMethodName:    {Rooms: []string{auth.Membership}},
		ledgerv1.LedgerRoomsService_ApplyRules_FullMethodName: {Rooms: []string{auth.Motions}, Writes: true},
	}
}
