package officeract

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// room lists acts as a room does: after the token's place, newest first, size at a time. Here a token is its act's name.
func room(name string, n, every int) source {
	var all []act
	for i := range n {
		id := fmt.Sprintf("%s-%03d", name, i)
		at := time.Unix(int64(1_000_000-i*every), 0)
		all = append(all, &ledgerv1.OfficerAct{Id: id, ActTime: timestamppb.New(at), PageToken: fmt.Sprintf("%012d %s", at.Unix(), id)})
	}
	return func(_ context.Context, token string) ([]act, bool, error) {
		var out []act
		for _, a := range all {
			if token == "" || a.GetPageToken() < token {
				out = append(out, a)
			}
		}
		if len(out) > size {
			return out[:size], true, nil
		}
		return out, false, nil
	}
}

// TestMergePages pages through rooms of very different length: each act once, newest first.
func TestMergePages(t *testing.T) {
	rooms := []source{room("a", 100, 3), room("b", 7, 40), room("c", 0, 1), room("d", size, 1)}
	seen, token, last := map[string]bool{}, "", int64(1<<60)
	for pages := 0; ; pages++ {
		all, next, err := merge(t.Context(), rooms, token)
		if err != nil || pages > 10 || (next != "" && len(all) == 0) {
			t.Fatalf("%d pages, %v", pages, err)
		}
		for _, a := range all {
			if at := a.GetActTime().GetSeconds(); seen[a.GetId()] || at > last {
				t.Errorf("%s at %d after %d", a.GetId(), at, last)
			} else {
				seen[a.GetId()], last = true, at
			}
		}
		if token = next; token == "" {
			break
		}
	}
	if len(seen) != 107+size {
		t.Errorf("%d acts", len(seen))
	}
	broken := errors.New("away")
	away := func(context.Context, string) ([]act, bool, error) { return nil, false, broken }
	if _, _, err := merge(t.Context(), append(rooms, away), ""); !errors.Is(err, broken) {
		t.Errorf("a room that does not answer: %v", err)
	}
}

func TestID(t *testing.T) {
	if got := ID("/folkmoot.motions.v1.MotionsService/OpenVote"); got != "acts.MotionsService.OpenVote" {
		t.Error(got)
	}
}
