package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func TestJoining(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		region(t, s, "london")
		p := membership.Person{Name: "Sam Jones", Email: "Sam@Example.org", Region: "london", Language: "cy"}
		if l := begin(t, s, "first", membership.Joining, p, start); l.Kind != membership.LetterJoin || l.To != "Sam@Example.org" || l.Language != "cy" || !l.WithCode {
			t.Errorf("the first mail: %+v", l)
		}
		if members, _, _ := s.Members(ctx, Filter{Limit: 10}); len(members) != 3 {
			t.Errorf("%d members before confirming, want the founders", len(members))
		}
		later := start.Add(time.Minute)
		done, err := s.Confirm(ctx, hash("first"), code("first"), hash("secret"), later)
		if err != nil || !done.Joined {
			t.Fatalf("%+v, %v", done, err)
		}
		m, _, err := s.Member(ctx, done.Session.Member)
		if err != nil || m.Number != 4 || m.Name != "Sam Jones" || m.Email != "Sam@Example.org" || m.Language != "cy" {
			t.Errorf("%+v, %v", m, err)
		}
		if state := m.History.On(later); !state.Applied.Equal(start) || !state.Confirmed.Equal(later) || !state.Admitted.Equal(later) || state.Region != "london" {
			t.Errorf("%+v", state)
		}
		// Asking to join again signs in, by a mail to the address as the member wrote it.
		p.Email, p.Name = "SAM@EXAMPLE.ORG", "Somebody Else"
		if l := begin(t, s, "again", membership.Joining, p, later); l.Kind != membership.LetterKnown || l.To != "Sam@Example.org" {
			t.Errorf("the second mail: %+v", l)
		}
		again, err := s.Confirm(ctx, hash("again"), code("again"), hash("secret 2"), later)
		if err != nil || again.Joined || again.Session.Member != m.ID || again.Session.ID == done.Session.ID {
			t.Errorf("%+v, %v", again, err)
		}
		if m, _, _ = s.Member(ctx, m.ID); m.Name != "Sam Jones" {
			t.Errorf("joining again changed the name to %q", m.Name)
		}
		// The same confirmation again is the same session; another one with the same code is refused.
		same, err := s.Confirm(ctx, hash("first"), code("first"), hash("secret"), later.Add(time.Minute))
		if err != nil || !same.Joined || same.Session.ID != done.Session.ID {
			t.Errorf("%+v, %v", same, err)
		}
		other := code("first")
		other.Request = hash("another request")
		_, err = s.Confirm(ctx, hash("first"), other, hash("secret 3"), later)
		wants(t, err, "LINK_USED")
		_, err = s.Confirm(ctx, hash("no such attempt"), code("first"), hash("secret 3"), later)
		wants(t, err, "ATTEMPT_UNKNOWN")
		err = s.Begin(ctx, hash("y"), membership.Attempt{Kind: membership.Joining, Person: membership.Person{Email: "b@example.org", Region: "atlantis"}, Made: start, Expires: start}, start)
		wants(t, err, "REGION_UNKNOWN")
	})
}

// TestTwoBrowsersConfirmOneAddress: two attempts at one new address, confirmed at the same time, make one member.
func TestTwoBrowsersConfirmOneAddress(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		const browsers = 4
		for i := range browsers {
			begin(t, s, fmt.Sprint("browser ", i), membership.Joining, membership.Person{Name: "Sam", Email: []string{"sam@example.org", "SAM@example.org"}[i%2]}, start)
		}
		var wg sync.WaitGroup
		var done [browsers]SignedIn
		var errs [browsers]error
		for i := range browsers {
			wg.Go(func() {
				name := fmt.Sprint("browser ", i)
				done[i], errs[i] = s.Confirm(ctx, hash(name), code(name), hash("session "+name), start)
			})
		}
		wg.Wait()
		joined := 0
		for i := range browsers {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if done[i].Session.Member != done[0].Session.Member {
				t.Error("two members have the same address")
			}
			if done[i].Joined {
				joined++
			}
		}
		if joined != 1 {
			t.Errorf("%d confirmations admitted the person, want 1", joined)
		}
	})
}

// TestManyJoinAtOnce: numbers have no gap and are given once, though all ask for the next one.
func TestManyJoinAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		const people = 12
		for i := range people {
			begin(t, s, fmt.Sprint("p", i), membership.Joining, membership.Person{Name: "P", Email: fmt.Sprintf("p%d@example.org", i)}, start)
		}
		var wg sync.WaitGroup
		errs := make(chan error, people)
		for i := range people {
			wg.Go(func() {
				name := fmt.Sprint("p", i)
				_, err := s.Confirm(ctx, hash(name), code(name), hash("session "+name), start)
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		members, _, err := s.Members(ctx, Filter{Limit: 100})
		if err != nil || len(members) != people+3 {
			t.Fatalf("%d members, %v", len(members), err)
		}
		for i, m := range members {
			if m.Number != int64(i)+1 {
				t.Errorf("member %d has the number %d", i+1, m.Number)
			}
		}
	})
}

// TestWrongCodesAtOnce: guesses sent at the same time are all counted.
func TestWrongCodesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		begin(t, s, "a", membership.Joining, membership.Person{Name: "A", Email: "a@example.org"}, start)
		const guesses = 9
		var wg sync.WaitGroup
		errs := make(chan error, guesses)
		for i := range guesses {
			wg.Go(func() {
				_, err := s.Confirm(ctx, hash("a"), membership.Proof{Code: hash(fmt.Sprint("guess ", i)), Request: hash(fmt.Sprint(i))}, hash("x"), start)
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		looked := 0
		for err := range errs {
			switch {
			case fault.Is(err, "CODE_WRONG"):
				looked++
			case !fault.Is(err, "CODE_LIMIT"):
				t.Fatal(err)
			}
		}
		// The last of the allowed guesses is told that it was the last.
		if looked != membership.MaxWrongCodes-1 {
			t.Errorf("%d guesses were invited to try again, want %d", looked, membership.MaxWrongCodes-1)
		}
		_, err := s.Confirm(ctx, hash("a"), code("a"), hash("x"), start)
		wants(t, err, "CODE_LIMIT")
		if _, err := s.Confirm(ctx, hash("a"), membership.Proof{Link: hash("link of a"), Request: hash("r")}, hash("x"), start); err != nil {
			t.Errorf("the link after too many codes: %v", err)
		}
	})
}

// TestTheQueueOfMailIsBounded: a flood of requests is refused, alike for every address, and passes once mail is sent.
func TestTheQueueOfMailIsBounded(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		s.queue = 2
		ask := func(email string) error {
			return s.Begin(ctx, hash(email), membership.Attempt{
				Kind: membership.SigningIn, Person: membership.Person{Email: email}, Made: start, Expires: start.Add(membership.AttemptLife),
			}, start)
		}
		for _, email := range []string{"a@example.org", "b@example.org"} {
			if err := ask(email); err != nil {
				t.Fatal(err)
			}
		}
		for _, email := range []string{"chair@example.org", "c@example.org"} {
			wants(t, ask(email), "MAIL_BUSY")
		}
		due, err := s.Due(ctx, start, 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("%v, %v", due, err)
		}
		if _, _, err := s.Take(ctx, due[0], start, start, secretsFor("a")); err != nil {
			t.Fatal(err)
		}
		if err := ask("c@example.org"); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// TestAMailIsTriedSoManyTimes: a mail that nobody takes is given up, and one that is being sent is left alone.
func TestAMailIsTriedSoManyTimes(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		err := s.Begin(ctx, hash("a"), membership.Attempt{
			Kind: membership.SigningIn, Person: membership.Person{Email: "chair@example.org"}, Made: start, Expires: start.Add(membership.AttemptLife),
		}, start)
		if err != nil {
			t.Fatal(err)
		}
		due, err := s.Due(ctx, start, 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%v, %v", due, err)
		}
		machine, sent := start, 0
		for range 20 {
			_, send, err := s.Take(ctx, due[0], start, machine, secretsFor(fmt.Sprint("try ", sent)))
			if err != nil {
				t.Fatal(err)
			}
			if !send {
				break
			}
			sent++
			if _, again, err := s.Take(ctx, due[0], start, machine, secretsFor("x")); err != nil || again {
				t.Fatalf("taken twice at once: %v, %v", again, err)
			}
			if err := s.NotSent(ctx, due[0], "451 try later", false, machine); err != nil {
				t.Fatal(err)
			}
			machine = machine.Add(5 * time.Hour)
		}
		if sent != membership.MailTries {
			t.Errorf("tried %d times, want %d", sent, membership.MailTries)
		}
		if due, err = s.Due(ctx, machine.Add(5*time.Hour), 10); err != nil || len(due) != 0 {
			t.Errorf("given up, and still due: %v, %v", due, err)
		}
		// The last one's secrets are those that count.
		_, err = s.Confirm(ctx, hash("a"), code("try 0"), hash("s"), start)
		wants(t, err, "CODE_WRONG")
		if _, err = s.Confirm(ctx, hash("a"), code(fmt.Sprint("try ", membership.MailTries-1)), hash("s"), start); err != nil {
			t.Errorf("the last code: %v", err)
		}
	})
}
