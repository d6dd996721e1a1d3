package membership

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(n int) time.Time { return time.Date(2026, 10, n, 12, 0, 0, 0, time.UTC) }

// joined is the history of a member who applied on the 1st and was admitted on the 2nd.
func joined(more ...Event) History {
	return History{Events: append([]Event{
		{Number: 1, Kind: Applied, At: day(1), Region: "london"},
		{Number: 2, Kind: Confirmed, At: day(2)},
		{Number: 3, Kind: Admitted, At: day(2)},
	}, more...)}
}

func (h History) paid(n int, entry string) History {
	h.Money = append(h.Money, Money{Entry: entry, At: day(n)})
	return h
}

func (h History) refunded(n int, entry string) History {
	h.Money = append(h.Money, Money{Entry: "back of " + entry, Reverses: entry, At: day(n)})
	return h
}

func TestStanding(t *testing.T) {
	asked, required := Rule{Book: 1}, Rule{Book: 2, Required: true}
	for _, c := range []struct {
		name    string
		history History
		on      int
		rule    Rule
		want    Standing
		words   string
	}{
		{"nobody", History{}, 5, required, "", "There is no such entry in the register."},
		{"before applying", joined(), 0, required, "", "There is no such entry in the register."},
		{"applied", joined(), 1, required, StandingApplied, "Applied on 1 October 2026; the address has not been confirmed."},
		{"a founder before the act", History{Events: joined().Events[:2]}, 3, asked, StandingApplied, "Applied on 1 October 2026 and confirmed on 2 October 2026; not admitted yet."},
		{"asked, none", joined(), 3, asked, StandingCurrent, "Admitted on 2 October 2026. Rule book 1 asks for the £1 and does not require it; none has settled."},
		{"no rule book", joined(), 3, Rule{}, StandingCurrent, "Admitted on 2 October 2026. No rule book is in force yet; none has settled."},
		{"required, none", joined(), 3, required, StandingAdmitted, "Admitted on 2 October 2026. Rule book 2 requires the £1; none has settled."},
		{"required, before it settles", joined().paid(5, "a"), 4, required, StandingAdmitted, "Admitted on 2 October 2026. Rule book 2 requires the £1; none has settled."},
		{"required, settled", joined().paid(5, "a"), 5, required, StandingCurrent, "Admitted on 2 October 2026. Rule book 2 requires the £1; it settled on 5 October 2026."},
		{"asked, settled", joined().paid(5, "a"), 5, asked, StandingCurrent, "Admitted on 2 October 2026. Rule book 1 asks for the £1 and does not require it; it settled on 5 October 2026."},
		{"refunded", joined().paid(5, "a").refunded(7, "a"), 7, required, StandingAdmitted,
			"Admitted on 2 October 2026. Rule book 2 requires the £1; the one that had settled was taken back on 7 October 2026."},
		{"the day before the refund", joined().paid(5, "a").refunded(7, "a"), 6, required, StandingCurrent,
			"Admitted on 2 October 2026. Rule book 2 requires the £1; it settled on 5 October 2026."},
		{"paid twice, one refunded", joined().paid(5, "a").paid(6, "b").refunded(7, "a"), 7, required, StandingCurrent,
			"Admitted on 2 October 2026. Rule book 2 requires the £1; it settled on 6 October 2026."},
		{"the refund was a mistake", joined().paid(5, "a").refunded(7, "a").paid(8, "back of back of a"), 8, required, StandingCurrent,
			"Admitted on 2 October 2026. Rule book 2 requires the £1; it settled on 8 October 2026."},
		{"resigned", joined(Event{Number: 9, Kind: Resigned, At: day(9)}).paid(5, "a"), 9, required, StandingLeft, "Admitted on 2 October 2026; resigned on 9 October 2026."},
		{"resigned, then died", joined(Event{Number: 9, Kind: Resigned, At: day(9)}, Event{Number: 10, Kind: Died, At: day(10)}), 11, asked, StandingLeft,
			"Admitted on 2 October 2026; resigned on 9 October 2026."},
		{"readmitted", joined(Event{Number: 9, Kind: Lapsed, At: day(9)}, Event{Number: 10, Kind: Readmitted, At: day(10)}), 10, asked, StandingCurrent,
			"Admitted on 10 October 2026. Rule book 1 asks for the £1 and does not require it; none has settled."},
		{"an operator's token changes nothing", joined(Event{Number: 9, Kind: OperatorToken, At: day(3)}), 9, asked, StandingCurrent,
			"Admitted on 2 October 2026. Rule book 1 asks for the £1 and does not require it; none has settled."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.history.On(day(c.on))
			if got := s.Standing(c.rule.Required); got != c.want {
				t.Errorf("standing %q, want %q", got, c.want)
			}
			if got := s.Explain(c.rule, time.UTC); got != c.words {
				t.Errorf("explained as\n%s\nwant\n%s", got, c.words)
			}
		})
	}
}

// TestDatesAreLocal: half past midnight in London is the day before in UTC.
func TestDatesAreLocal(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC)
	if Day(at, zone) != "2026-07-02" || Date(at, zone) != "2 July 2026" {
		t.Errorf("%s and %s", Day(at, zone), Date(at, zone))
	}
}

func TestRuleAt(t *testing.T) {
	rules := []Rule{{Book: 3, Required: true, From: day(9)}, {Book: 1, From: day(1)}, {Book: 2, Required: true, From: day(5)}, {Book: 1, Required: true, From: day(5)}}
	for n, want := range map[int]int32{0: 0, 1: 1, 4: 1, 5: 2, 8: 2, 9: 3, 20: 3} {
		if got := RuleAt(rules, day(n)); got.Book != want {
			t.Errorf("on day %d rule book %d is in force, want %d", n, got.Book, want)
		}
	}
}

// histories draws histories whose events fall on few days, so that many share one.
func histories() *rapid.Generator[History] {
	kinds := []EventKind{Applied, Confirmed, Admitted, Moved, Resigned, Lapsed, Expelled, Died, Readmitted, OperatorToken}
	return rapid.Custom(func(t *rapid.T) History {
		var h History
		for i := range rapid.IntRange(0, 8).Draw(t, "events") {
			h.Events = append(h.Events, Event{
				Number: int64(i) + 1, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), At: day(rapid.IntRange(1, 6).Draw(t, "at")),
				Region: rapid.SampledFrom([]string{"", "london", "midlands"}).Draw(t, "region"),
			})
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "money") {
			m := Money{Entry: string(rune('a' + i)), At: day(rapid.IntRange(1, 6).Draw(t, "settled"))}
			if i > 0 && rapid.Bool().Draw(t, "reverses") {
				m.Reverses = string(rune('a' + rapid.IntRange(0, i-1).Draw(t, "which")))
			}
			h.Money = append(h.Money, m)
		}
		return h
	})
}

// TestStandingIsAFunctionOfHistoryAndDate: in whatever order events arrive, and whatever happens later, the state on
// a date is the same.
func TestStandingIsAFunctionOfHistoryAndDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		at := day(rapid.IntRange(0, 7).Draw(t, "date"))
		want := h.On(at)
		shuffled := History{Events: rapid.Permutation(h.Events).Draw(t, "events"), Money: rapid.Permutation(h.Money).Draw(t, "money")}
		if got := shuffled.On(at); got != want {
			t.Fatalf("in another order of arrival: %+v, want %+v", got, want)
		}
		var past History
		for _, e := range h.Events {
			if !e.At.After(at) {
				past.Events = append(past.Events, e)
			}
		}
		for _, m := range h.Money {
			if !m.At.After(at) {
				past.Money = append(past.Money, m)
			}
		}
		if got := past.On(at); got != want {
			t.Fatalf("without what came later: %+v, want %+v", got, want)
		}
	})
}

// TestGoodStandingAgainstAnotherReading reads the rule a second time, in another way: count what stands.
func TestGoodStandingAgainstAnotherReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		at := day(rapid.IntRange(0, 7).Draw(t, "date"))
		member := false
		for d := 1; d <= 7 && !day(d).After(at); d++ {
			for _, e := range h.Events { // They are drawn in order of number.
				if !e.At.Equal(day(d)) {
					continue
				}
				switch e.Kind {
				case Admitted, Readmitted:
					member = true
				case Resigned, Lapsed, Expelled, Died:
					member = false
				default:
				}
			}
		}
		standing := 0
		for _, m := range h.Money {
			if m.Reverses != "" || m.At.After(at) {
				continue
			}
			standing++
			for _, r := range h.Money {
				if r.Reverses == m.Entry && !r.At.After(at) {
					standing--
					break
				}
			}
		}
		s := h.On(at)
		if got, want := s.Good(true), member && standing > 0; got != want {
			t.Fatalf("required: in good standing %v, want %v", got, want)
		}
		if got := s.Good(false); got != member {
			t.Fatalf("asked: in good standing %v, want %v", got, member)
		}
	})
}
