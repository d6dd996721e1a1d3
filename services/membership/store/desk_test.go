package store

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// TestCardsContract: who is entered on paper has no address; a card signs in once, also when ten browsers use it at the same time; each act is in
// the history and in the public log; a member whose contact is erased leaves no card behind.
func TestCardsContract(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		sam := join(t, s, "sam@example.org", "", start)
		id := ""
		none := func(membership.Rule) (string, error) { return "", nil }
		enter := func(name string) string {
			t.Helper()
			reply, err := s.EnterMember(ctx, request("enter", name, start), membership.Person{Name: name, Language: "en"}, sam, "Paper form.", none,
				func(e Entered) ([]byte, error) {
					if !e.Admitted {
						t.Errorf("%s is not admitted", name)
					}
					return []byte(e.Member), nil
				})
			if err != nil {
				t.Fatal(err)
			}
			return string(reply)
		}
		mia, dai := enter("Mia"), enter("Dai")
		if mia == dai || enter("Mia") != mia {
			t.Errorf("entered: %s, %s", mia, dai)
		}
		encode := func(c NamedCard) ([]byte, error) { id = c.ID; return []byte(c.ID), nil }
		_, err := s.AskForCard(ctx, request("ask", "1", start), mia, sam, func(c Case) (membership.Event, error) {
			if c.Email != "" || c.Name != "Mia" {
				t.Errorf("the entry: %+v", c.Person)
			}
			return membership.Decision{Member: mia, By: sam, Reason: "R", At: start}.AskForCard(c.State, c.Email)
		}, encode)
		if err != nil {
			t.Fatal(err)
		}
		use := func(browser string, at time.Time) (membership.Session, error) {
			return s.UseCard(ctx, hash("code"), hash(browser), hash("secret "+browser), membership.Way{Method: membership.ByCard}, at)
		}
		if _, err := use("early", start); !fault.Is(err, "CARD_UNKNOWN") {
			t.Errorf("before it was made: %v", err)
		}
		chair := join(t, s, "chair@example.net", "", start)
		_, err = s.MakeCard(ctx, request("make", "1", start), id, chair, hash("code"), func(c NamedCard, of Case) (membership.Event, error) {
			return c.Make(chair, true, of.State, of.Email, start)
		}, encode)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		var mu sync.Mutex
		signedIn, refused := 0, 0
		for i := range 10 {
			wait.Go(func() {
				_, err := use(string(rune('a'+i)), start.Add(time.Minute))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					signedIn++
				case fault.Is(err, "CARD_USED") || fault.Is(err, "CARD_UNKNOWN"):
					refused++
				default:
					t.Errorf("%v", err)
				}
			})
		}
		wait.Wait()
		if signedIn != 1 || refused != 9 {
			t.Errorf("%d browsers signed in with one card, %d were refused", signedIn, refused)
		}
		events, _, err := s.History(ctx, mia)
		if err != nil {
			t.Fatal(err)
		}
		used := 0
		for _, e := range events {
			if e.Kind == membership.UsedCard {
				used++
			}
		}
		if used != 1 {
			t.Errorf("the history has %d uses", used)
		}
		if err := s.CheckLog(ctx); err != nil {
			t.Error(err)
		}
		if all, err := s.Cards(ctx, start); err != nil || len(all) != 1 || all[0].MadeBy != chair || all[0].Name != "Mia" || all[0].Used.IsZero() {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
