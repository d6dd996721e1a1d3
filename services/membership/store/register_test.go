package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func recordedBytes(r Recorded) ([]byte, error) { return []byte(string(r.Kind) + " " + r.About), nil }

func decision(member, by string, at time.Time) membership.Decision {
	return membership.Decision{Member: member, By: by, Reason: "As it was.", At: at}
}

// sent is a request whose id is short whatever it is about.
func sent(method, body string, at time.Time) once.Request {
	return once.Request{Principal: "member:test", Method: method, ID: fmt.Sprintf("%x", hash(method + body)[:16]), Hash: hash(body), At: at}
}

func whoIs(t *testing.T, s *Store, member string) (Member, membership.State) {
	t.Helper()
	m, _, err := s.Member(context.Background(), member)
	if err != nil {
		t.Fatal(err)
	}
	return m, m.History.On(start.Add(24 * time.Hour))
}

// logged checks that the whole register is what its log commits to.
func logged(t *testing.T, s *Store) {
	t.Helper()
	if err := s.CheckLog(context.Background()); err != nil {
		t.Errorf("the log: %v", err)
	}
}

// told returns the letters that wait, and has them taken as sent.
func told(t *testing.T, s *Store, now time.Time) []Letter {
	t.Helper()
	ctx := context.Background()
	due, err := s.Due(ctx, start.Add(time.Hour), 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []Letter
	for _, mail := range due {
		l, send, err := s.Take(ctx, mail, now, start.Add(time.Hour), secretsFor("mail"))
		if err != nil {
			t.Fatal(err)
		}
		if send {
			all = append(all, l)
			if err := s.Sent(ctx, mail, start); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

func TestChangingAnEntry(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		region(t, s, "midlands")
		sam := join(t, s, "sam@example.org", "", start.Add(time.Hour))
		now := start.Add(2 * time.Hour)
		own := decision(sam, sam, now)
		for range 2 { // Once, however often it is sent.
			reply, err := s.ChangeEntry(ctx, sent("move", sam, now), sam, start, func(c Case) (membership.Event, error) { return own.Move(c.State, "midlands", true) }, recordedBytes)
			if err != nil || string(reply) != "moved " {
				t.Fatalf("%q, %v", reply, err)
			}
		}
		_, err := s.ChangeEntry(ctx, sent("rename", sam, now), sam, start, func(c Case) (membership.Event, error) { return own.Rename(c.State, c.Name, "Samira Jones") }, recordedBytes)
		if err != nil {
			t.Fatal(err)
		}
		m, state := whoIs(t, s, sam)
		if m.Name != "Samira Jones" || m.Region != "midlands" || state.Region != "midlands" {
			t.Errorf("%+v, %+v", m, state)
		}
		if all, _, err := s.Members(ctx, Filter{Search: "samira", Region: "midlands", Limit: 5}); err != nil || len(all) != 1 {
			t.Errorf("not found by the new name and region: %v, %v", all, err)
		}
		events, grants, err := s.History(ctx, sam)
		if err != nil || len(events) != 5 || events[4].About != "Samira Jones" || len(grants) != 0 {
			t.Errorf("%+v, %v, %v", events, grants, err)
		}
		if events, grants, err = s.History(ctx, founders[0]); err != nil || len(grants) != 1 || events[len(events)-1].By != membership.ByFounding {
			t.Errorf("%+v, %v, %v", events, grants, err)
		}
		_, _, err = s.History(ctx, "00000000-0000-4000-8000-000000000000")
		wants(t, err, "MEMBER_NOT_FOUND")
		_, err = s.ChangeEntry(ctx, sent("move", "nobody", now), "nobody", start, nil, recordedBytes)
		wants(t, err, "MEMBER_NOT_FOUND")
		logged(t, s)
		// What is changed past the log is found.
		if err := s.db.InTx(ctx, exec(`UPDATE event_about SET about = 'Somebody Else'`)); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckLog(ctx); err == nil || !strings.Contains(err.Error(), "event") {
			t.Errorf("a changed name is not found: %v", err)
		}
	})
}

func TestLeavingEndsOfficesAndSessions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		now := start.Add(2 * time.Hour)
		end := func(member string) error {
			_, err := s.EndEntry(ctx, sent("leave", member, now), member, start, func(c Case) (membership.Farewell, error) {
				return decision(member, member, now).Resign(c.State, true, c.Grants)
			}, recordedBytes)
			return err
		}
		wants(t, end(founders[0]), "LAST_SECRETARY")
		if m, state := whoIs(t, s, founders[0]); !state.Member() || len(m.Offices) != 1 {
			t.Error("a refused end changed something")
		}
		if err := end(founders[1]); err != nil {
			t.Fatal(err)
		}
		if m, state := whoIs(t, s, founders[1]); state.Member() || len(m.Offices) != 0 {
			t.Errorf("%+v, %+v", m, state)
		}
		_, err := s.Session(ctx, hash("session treasurer"), now)
		wants(t, err, "SESSION_ENDED")
		if sids, err := s.Revoked(ctx, start.Add(-time.Hour)); err != nil || len(sids) != 1 {
			t.Errorf("revoked %v, %v", sids, err)
		}
		if all := told(t, s, now); len(all) != 1 || all[0].Kind != membership.LetterLeft || all[0].To != "treasurer@example.org" || all[0].Reason != "As it was." {
			t.Errorf("told %+v", all)
		}
		logged(t, s)
	})
}

func TestApplicationsWaitWhereSomebodyDecides(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		told(t, s, start)
		if _, err := s.ApplyRule(ctx, 1, 1, membership.Rule{Book: 1, From: start, Admission: membership.AdmitBySecretary, RetentionYears: 10}); err != nil {
			t.Fatal(err)
		}
		apply := func(name string, now time.Time) SignedIn {
			t.Helper()
			email := name + "@example.org"
			if l := begin(t, s, email+now.String(), membership.Joining, membership.Person{Name: "Ann Owen", Email: email, Language: "cy"}, now); l.Kind != membership.LetterJoin {
				t.Errorf("%s got the letter %q", name, l.Kind)
			}
			done, err := s.Confirm(ctx, hash(email+now.String()), code(email+now.String()), hash("session "+name+now.String()), now)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		first, second := apply("ann", start.Add(time.Minute)), apply("ann2", start.Add(2*time.Minute))
		if first.Joined {
			t.Error("admitted without a decision")
		}
		queue, _, err := s.Applicants(ctx, 0, 10)
		if err != nil || len(queue) != 2 || queue[0].ID != first.Session.Member || queue[0].Alike != 1 || queue[0].Number != 0 || !queue[0].History.On(start.Add(time.Hour)).Pending() {
			t.Fatalf("%+v, %v", queue, err)
		}
		if rest, _, err := s.Applicants(ctx, queue[0].Place, 10); err != nil || len(rest) != 1 || rest[0].ID != second.Session.Member {
			t.Errorf("%+v, %v", rest, err)
		}
		if all, _, err := s.Members(ctx, Filter{Limit: 10}); err != nil || len(all) != 3 {
			t.Errorf("%d members, %v; applicants are none", len(all), err)
		}
		decide := func(member string, admit bool, now time.Time) error {
			_, err := s.ChangeEntry(ctx, sent("decide", member+now.String(), now), member, start, func(c Case) (membership.Event, error) {
				return decision(member, founders[0], now).Decide(c.State, c.Rule.Admission, admit, func(r membership.Role) bool { return r == membership.Secretary })
			}, recordedBytes)
			return err
		}
		now := start.Add(3 * time.Minute)
		if err := decide(first.Session.Member, true, now); err != nil {
			t.Fatal(err)
		}
		if err := decide(second.Session.Member, false, now); err != nil {
			t.Fatal(err)
		}
		wants(t, decide(second.Session.Member, true, now.Add(time.Second)), "NOT_WAITING")
		if m, state := whoIs(t, s, first.Session.Member); !state.Member() || m.Number != 4 {
			t.Errorf("%+v, %+v", m, state)
		}
		letters := told(t, s, now)
		kinds := map[membership.Letter]Letter{}
		for _, l := range letters {
			kinds[l.Kind] = l
		}
		if len(letters) != 2 || kinds[membership.LetterAdmitted].To != "ann@example.org" || kinds[membership.LetterDeclined].Reason != "As it was." || kinds[membership.LetterDeclined].Language != "cy" {
			t.Errorf("told %+v", letters)
		}
		if queue, _, err := s.Applicants(ctx, 0, 10); err != nil || len(queue) != 0 {
			t.Errorf("%+v still wait, %v", queue, err)
		}
		// Who was refused may apply again, and so may who left: both keep their entry, and who had a number keeps that.
		apply("ann2", start.Add(4*time.Minute))
		leave := start.Add(5 * time.Minute)
		if _, err := s.EndEntry(ctx, sent("leave", "ann", leave), first.Session.Member, start, func(c Case) (membership.Farewell, error) {
			return decision(first.Session.Member, first.Session.Member, leave).Resign(c.State, true, c.Grants)
		}, recordedBytes); err != nil {
			t.Fatal(err)
		}
		told(t, s, leave)
		again := apply("ann", start.Add(6*time.Minute))
		if again.Session.Member != first.Session.Member || again.Joined {
			t.Errorf("%+v", again)
		}
		if err := decide(first.Session.Member, true, start.Add(7*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if m, state := whoIs(t, s, first.Session.Member); !state.Member() || m.Number != 4 || m.History.Events[len(m.History.Events)-1].Kind != membership.Readmitted {
			t.Errorf("%+v, %+v", m, state)
		}
		logged(t, s)
	})
}

func TestFormerMemberIsReadmittedByTheRules(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		region(t, s, "london")
		sam := join(t, s, "sam@example.org", "", start.Add(time.Minute))
		now := start.Add(time.Hour)
		if _, err := s.EndEntry(ctx, sent("leave", sam, now), sam, start, func(c Case) (membership.Farewell, error) {
			return decision(sam, sam, now).Resign(c.State, true, c.Grants)
		}, recordedBytes); err != nil {
			t.Fatal(err)
		}
		told(t, s, now)
		l := begin(t, s, "again", membership.Joining, membership.Person{Name: "Sam", Email: "Sam@example.org", Region: "london"}, now.Add(time.Minute))
		if l.Kind != membership.LetterJoin {
			t.Errorf("the letter is %q", l.Kind)
		}
		done, err := s.Confirm(ctx, hash("again"), code("again"), hash("session again"), now.Add(2*time.Minute))
		if err != nil || !done.Joined || done.Session.Member != sam {
			t.Fatalf("%+v, %v", done, err)
		}
		if same, err := s.Confirm(ctx, hash("again"), code("again"), hash("session again"), now.Add(2*time.Minute)); err != nil || !same.Joined || same.Session.ID != done.Session.ID {
			t.Errorf("the same again: %+v, %v", same, err)
		}
		if m, state := whoIs(t, s, sam); !state.Member() || state.Region != "london" || m.Region != "london" || !state.Admitted.Equal(now.Add(2*time.Minute)) {
			t.Errorf("%+v, %+v", m, state)
		}
		logged(t, s)
	})
}

func TestAnotherAddress(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		sam, ann := join(t, s, "sam@example.org", "", start.Add(time.Minute)), join(t, s, "ann@example.org", "", start.Add(2*time.Minute))
		now := start.Add(time.Hour)
		ask := func(name, member, email string, now time.Time) error {
			return s.BeginEmail(ctx, hash(name), EmailChange{Member: member, Attempt: membership.Attempt{
				Person: membership.Person{Email: email}, Made: now, Expires: now.Add(membership.AttemptLife),
			}}, start)
		}
		for range 2 {
			if err := ask("new", sam, "sam@new.example.org", now); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, ask("same", sam, "sam@example.org", now), "SAME_EMAIL")
		if all := told(t, s, now); len(all) != 1 || all[0].Kind != membership.LetterEmail || all[0].To != "sam@new.example.org" || !all[0].WithCode {
			t.Errorf("told %+v", all)
		}
		confirm := func(name, member string, p membership.Proof) (Recorded, error) {
			return s.ConfirmEmail(ctx, hash(name), member, p, now.Add(time.Minute), start)
		}
		wrong := membership.Proof{Code: hash("guess"), Request: hash("guess")}
		_, err := confirm("new", sam, wrong)
		wants(t, err, "CODE_WRONG")
		right := membership.Proof{Code: hash("code of mail"), Request: hash("confirm")}
		_, err = confirm("new", ann, right)
		wants(t, err, "ATTEMPT_UNKNOWN")
		if m, _ := whoIs(t, s, sam); m.Email != "sam@example.org" {
			t.Error("used before it was confirmed")
		}
		for range 2 {
			if done, err := confirm("new", sam, right); err != nil || done.Kind != membership.EmailChanged || done.Number == 0 {
				t.Errorf("%+v, %v", done, err)
			}
		}
		if m, _ := whoIs(t, s, sam); m.Email != "sam@new.example.org" {
			t.Errorf("%q", m.Email)
		}
		if all := told(t, s, now); len(all) != 1 || all[0].Kind != membership.LetterEmailChanged || all[0].To != "sam@example.org" {
			t.Errorf("told %+v", all)
		}
		// An address that another entry has: the answer is the same and nothing is sent.
		if err := ask("taken", ann, "SAM@new.example.org", now); err != nil {
			t.Fatal(err)
		}
		if all := told(t, s, now); len(all) != 0 {
			t.Errorf("told %+v", all)
		}
		for i := range membership.CodesPerHour {
			err = ask("more"+string(rune('a'+i)), ann, "ann@new.example.org", now)
		}
		wants(t, err, "EMAIL_CHANGES")
		if err := s.Forget(ctx, now.Add(72*time.Hour), start.Add(72*time.Hour)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.db.Reader().QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM email_change) + (SELECT COUNT(*) FROM letter_detail WHERE email <> '')`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d addresses are still kept, %v", left, err)
		}
		logged(t, s)
	})
}

func exec(query string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query)
		return err
	}
}
