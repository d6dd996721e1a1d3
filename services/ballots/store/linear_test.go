package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// linearElectors is how many electors a history has.
const linearElectors = 3

// operation is what a client asks.
type operation struct {
	// kind is "cast", "close" or "turnout".
	kind    string
	elector int
	choice  ballots.Choice
	request string
}

// outcome is what it is told. unknown is true if it cannot tell whether it happened.
type outcome struct {
	unknown bool
	reason  string
	receipt string
	figures ballots.Figures
	turnout int64
	closed  bool
}

// history's state: what a ballot is, if everything happened one after the other.
type ballotModel struct {
	closed bool
	votes  [linearElectors + 1]modelVote
}

type modelVote struct {
	choice           ballots.Choice
	request, receipt string
}

func (m ballotModel) figures() (f ballots.Figures) {
	for _, v := range m.votes {
		switch v.choice {
		case ballots.For:
			f.For++
		case ballots.Against:
			f.Against++
		case ballots.Abstain:
			f.Abstain++
		}
	}
	return f
}

// step says whether an outcome can come of an operation, and the state after it. A cast whose outcome is not known may
// get a receipt that nobody has seen yet: it stays "?" until somebody is shown it.
func step(m ballotModel, in operation, out outcome) (bool, ballotModel) {
	switch in.kind {
	case "turnout":
		return out.turnout == m.figures().Turnout() && out.closed == m.closed, m
	case "close":
		after := m
		after.closed = true
		return out.unknown || out.figures == m.figures(), after
	}
	v := m.votes[in.elector]
	shown := func() (bool, ballotModel) {
		if v.receipt == "?" {
			m.votes[in.elector].receipt = out.receipt
		}
		return v.receipt == "?" || v.receipt == out.receipt, m
	}
	switch {
	case out.unknown:
		if v.choice == "" && !m.closed {
			m.votes[in.elector] = modelVote{in.choice, in.request, "?"}
		}
		return true, m
	case v.choice != "" && v.request == in.request && v.choice == in.choice:
		if out.reason != "" {
			return false, m
		}
		return shown()
	case v.choice != "" && v.request == in.request:
		return out.reason == "REQUEST_ID_REUSED", m
	case m.closed:
		if out.reason != "BALLOT_CLOSED" || (v.choice == "") != (out.receipt == "") {
			return false, m
		}
		if v.choice == "" {
			return true, m
		}
		return shown()
	case v.choice != "":
		if out.reason != "ALREADY_VOTED" {
			return false, m
		}
		return shown()
	}
	m.votes[in.elector] = modelVote{in.choice, in.request, out.receipt}
	return out.reason == "" && out.receipt != "", m
}

var linearModel = porcupine.Model{
	Init: func() interface{} { return ballotModel{} },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		return step(state.(ballotModel), input.(operation), output.(outcome))
	},
	Equal: func(a, b interface{}) bool { return a.(ballotModel) == b.(ballotModel) },
	DescribeOperation: func(input, output interface{}) string {
		return fmt.Sprintf("%+v -> %+v", input, output)
	},
}

// TestCastCloseAndCountAreLinearizable records what concurrent clients ask and are told, with and without faults, and has porcupine look
// for an order in which a ballot that does one thing after the other would have said the same.
func TestCastCloseAndCountAreLinearizable(t *testing.T) {
	for name, odds := range map[string]int{"without faults": 0, "with faults": 25} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				s := New(db, quick(Config{Lease: 5 * time.Millisecond, Patience: 100 * time.Millisecond}))
				struck := 0
				s.fail = func(point string) error {
					if odds == 0 || point == "open.before-commit" || rand.IntN(odds) > 0 {
						return nil
					}
					struck++ // Only the writer's goroutine comes here.
					if rand.IntN(2) == 0 {
						return errors.New("refused by the test")
					}
					return database.ErrUnknownOutcome
				}
				stop := run(t, s)
				operations := 0
				for range 60 {
					history := record(t, s)
					operations += len(history)
					result, info := porcupine.CheckOperationsVerbose(linearModel, history, 20*time.Second)
					if result != porcupine.Ok {
						_ = info
						for _, o := range history {
							t.Logf("client %d [%d, %d] %s", o.ClientId, o.Call, o.Return, linearModel.DescribeOperation(o.Input, o.Output))
						}
						t.Fatalf("not linearizable: %v", result)
					}
				}
				stop()
				t.Logf("%d operations, %d faults", operations, struck)
				if odds > 0 && struck < 10 {
					t.Errorf("only %d faults struck", struck)
				}
			}, parts...)
		})
	}
}

// record runs one history.
func record(t *testing.T, s *Store) []porcupine.Operation {
	id := open(t, s, linearElectors)
	began := time.Now()
	var mu sync.Mutex
	var history []porcupine.Operation
	do := func(client int, in operation) {
		call := time.Since(began).Nanoseconds()
		out := ask(s, id, in)
		back := time.Since(began).Nanoseconds()
		if out.unknown {
			// It may still happen, or never.
			back = time.Hour.Nanoseconds()
		}
		mu.Lock()
		defer mu.Unlock()
		history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: back})
	}
	var wg sync.WaitGroup
	for client := range 6 {
		wg.Go(func() {
			for i := range 6 {
				in := operation{kind: "cast", elector: 1 + rand.IntN(linearElectors), choice: choices[rand.IntN(3)], request: fmt.Sprintf("request-%d", rand.IntN(4))}
				switch {
				case client == 5 && i == 3:
					in = operation{kind: "close"}
				case rand.IntN(3) == 0:
					in = operation{kind: "turnout"}
				}
				do(client, in)
			}
		})
	}
	wg.Wait()
	for last := 0; last == 0 || history[len(history)-1].Output.(outcome).unknown; last++ {
		do(6, operation{kind: "close"})
	}
	for elector := range linearElectors {
		do(6, operation{kind: "cast", elector: elector + 1, choice: ballots.For, request: "request-last"})
	}
	return history
}

func ask(s *Store, id string, in operation) (out outcome) {
	var err error
	switch in.kind {
	case "turnout":
		var b ballots.Ballot
		if b, err = s.Get(context.Background(), id); err != nil {
			panic(err)
		}
		return outcome{turnout: b.Turnout, closed: b.Closing != nil}
	case "close":
		var c ballots.Closing
		c, err = s.Close(context.Background(), id)
		out.figures = c.Figures
	default:
		var v ballots.Vote
		if v, err = cast(s, id, in.elector, in.choice, in.request); err == nil {
			out.receipt = v.Receipt.String()
		}
	}
	if err == nil {
		return out
	}
	f := fault.Of(err)
	if f == nil {
		panic(err)
	}
	return outcome{unknown: f.Kind == fault.Unavailable, reason: f.Reason, receipt: f.Details["receipt"]}
}

// TestTheModelBites shows that porcupine refuses what must not happen.
func TestTheModelBites(t *testing.T) {
	at := func(n int64, in operation, out outcome) porcupine.Operation {
		return porcupine.Operation{ClientId: int(n), Input: in, Output: out, Call: 10 * n, Return: 10*n + 5}
	}
	one := operation{"cast", 1, ballots.For, "a"}
	other := operation{"cast", 1, ballots.For, "b"}
	shut := operation{kind: "close"}
	for name, history := range map[string][]porcupine.Operation{
		"two votes of one elector":        {at(0, one, outcome{receipt: "r"}), at(1, other, outcome{receipt: "s"})},
		"a vote that is not counted":      {at(0, one, outcome{receipt: "r"}), at(1, shut, outcome{})},
		"a vote after the closing":        {at(0, shut, outcome{}), at(1, one, outcome{receipt: "r"})},
		"another receipt for the same":    {at(0, one, outcome{receipt: "r"}), at(1, one, outcome{receipt: "s"})},
		"a turnout that misses a vote":    {at(0, one, outcome{receipt: "r"}), at(1, operation{kind: "turnout"}, outcome{})},
		"a refusal with another receipt":  {at(0, one, outcome{receipt: "r"}), at(1, other, outcome{reason: "ALREADY_VOTED", receipt: "s"})},
		"an unknown that is half counted": {at(0, one, outcome{unknown: true}), at(1, shut, outcome{figures: ballots.Figures{Against: 1}})},
	} {
		if porcupine.CheckOperations(linearModel, history) {
			t.Errorf("%s passes", name)
		}
	}
	if !porcupine.CheckOperations(linearModel, []porcupine.Operation{at(0, one, outcome{receipt: "r"}), at(1, other, outcome{reason: "ALREADY_VOTED", receipt: "r"}),
		at(2, shut, outcome{figures: ballots.Figures{For: 1}}), at(3, operation{kind: "turnout"}, outcome{turnout: 1, closed: true})}) {
		t.Error("what must happen does not pass")
	}
}
