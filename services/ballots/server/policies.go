package server

import (
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// Policies say who may call each method of the ballots room.
func Policies() auth.Policies {
	public := auth.Policy{Anyone: true}
	motions := auth.Policy{Rooms: []string{auth.Motions}, Writes: true}
	return auth.Policies{
		ballotsv1.BallotsService_ListBallots_FullMethodName:         public,
		ballotsv1.BallotsService_GetBallot_FullMethodName:           public,
		ballotsv1.BallotsService_FindReceipt_FullMethodName:         public,
		ballotsv1.BallotsService_GetMyVote_FullMethodName:           {Member: true},
		ballotsv1.OfficerActsService_ListOfficerActs_FullMethodName: {Member: true},
		ballotsv1.BallotsService_CastVote_FullMethodName:            {Member: true, Writes: true, Personal: true},
		ballotsv1.BallotRecordService_ReadLog_FullMethodName:        public,
		ballotsv1.BallotRecordService_GetRecord_FullMethodName:      public,
		ballotsv1.BallotRecordService_GetMyVoteProof_FullMethodName: {Member: true},
		ballotsv1.BallotRecordService_ListMyVotes_FullMethodName:    {Member: true},
		ballotsv1.BallotRecordService_GetOpenings_FullMethodName:    {Member: true},
		ballotsv1.BallotsRoomsService_OpenBallot_FullMethodName:     motions,
		ballotsv1.BallotsRoomsService_CloseBallot_FullMethodName:    motions,
		ballotsv1.BallotsRoomsService_PublishBallot_FullMethodName:  motions,
	}
}
