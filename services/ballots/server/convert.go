package server

import (
	"encoding/hex"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
)

var choices = map[ballotsv1.Choice]ballots.Choice{
	ballotsv1.Choice_CHOICE_FOR:     ballots.For,
	ballotsv1.Choice_CHOICE_AGAINST: ballots.Against,
	ballotsv1.Choice_CHOICE_ABSTAIN: ballots.Abstain,
}

var states = map[ballots.State]ballotsv1.BallotState{
	ballots.Open:      ballotsv1.BallotState_BALLOT_STATE_OPEN,
	ballots.Closed:    ballotsv1.BallotState_BALLOT_STATE_CLOSED,
	ballots.Published: ballotsv1.BallotState_BALLOT_STATE_PUBLISHED,
}

// ballotProto writes a ballot as anyone may see it: before publication turnout is its only figure.
func ballotProto(b ballots.Ballot) *ballotsv1.Ballot {
	out := &ballotsv1.Ballot{
		Id: b.ID, Motion: b.Motion, Meeting: b.Meeting, Region: b.Region, Question: b.Question, State: states[b.State()],
		OpenTime: instant(b.Opened), Electors: b.Electors, Turnout: b.Turnout,
		RollFingerprint: hex.EncodeToString(b.Fingerprint), Rule: b.Rule, Privacy: b.Privacy,
	}
	if b.Closing != nil {
		out.CloseTime = instant(b.Closing.At)
	}
	if b.State() == ballots.Published {
		out.PublishTime, out.Figures = instant(b.Published), figuresProto(b.Closing.Figures)
	}
	return out
}

func figuresProto(f ballots.Figures) *ballotsv1.Figures {
	return &ballotsv1.Figures{VotesFor: f.For, VotesAgainst: f.Against, Abstentions: f.Abstain}
}

func receiptProto(ballot string, v ballots.Vote) *ballotsv1.Receipt {
	return &ballotsv1.Receipt{Code: v.Receipt.String(), Ballot: ballot, CastTime: instant(v.Time())}
}

func instant(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }
