package store

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

func resetNotice(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE notice SET reached = 0, complete = FALSE`)
	return err
}

func encodeKey(p membership.Passkey) ([]byte, error) { return []byte(p.ID), nil }

// addKey adds a passkey under a name and returns its id.
func addKey(t *testing.T, s *Store, member, name string) string {
	t.Helper()
	ctx := context.Background()
	if err := s.BeginChallenge(ctx, hash("challenge "+name), membership.KeyChallenge{Member: member, Terms: []byte("terms"), Expires: start.Add(membership.ChallengeLife)}); err != nil {
		t.Fatal(err)
	}
	reply, err := s.AddPasskey(ctx, request("add", name, start), hash("challenge "+name), member, start, start, []byte(`{"passkey":"x"}`),
		func(c membership.KeyChallenge) (membership.Passkey, error) {
			return membership.Passkey{Name: name, KeyID: hash("key " + name), Credential: c.Terms}, nil
		}, encodeKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(reply)
}

func TestPasskeysContract(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		sam, ann := join(t, s, "sam@example.org", "", start), join(t, s, "ann@example.org", "", start)
		handle, err := s.Handle(ctx, sam)
		if err != nil || len(handle) != 32 {
			t.Fatalf("%x, %v", handle, err)
		}
		if again, err := s.Handle(ctx, sam); err != nil || string(again) != string(handle) {
			t.Errorf("another handle the second time: %v", err)
		}
		key := addKey(t, s, sam, "phone")
		if p, known, err := s.PasskeyOf(ctx, hash("key phone"), handle); err != nil || !known || p.ID != key || p.Member != sam {
			t.Errorf("%+v, %v, %v", p, known, err)
		}
		if _, known, err := s.PasskeyOf(ctx, hash("key phone"), []byte("other")); err != nil || known {
			t.Errorf("found by another's handle: %v, %v", known, err)
		}
		// The same key for another member is refused, whoever asks.
		if err := s.BeginChallenge(ctx, hash("c2"), membership.KeyChallenge{Member: ann, Terms: []byte("t"), Expires: start.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		_, err = s.AddPasskey(ctx, request("add", "twice", start), hash("c2"), ann, start, start, nil,
			func(membership.KeyChallenge) (membership.Passkey, error) {
				return membership.Passkey{Name: "x", KeyID: hash("key phone"), Credential: []byte("c")}, nil
			}, encodeKey)
		wants(t, err, "PASSKEY_EXISTS")
		// As many as may be, and not one more.
		for i := 1; i < membership.MaxPasskeys; i++ {
			addKey(t, s, sam, fmt.Sprint("key ", i))
		}
		if err := s.BeginChallenge(ctx, hash("c3"), membership.KeyChallenge{Member: sam, Terms: []byte("t"), Expires: start.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		_, err = s.AddPasskey(ctx, request("add", "many", start), hash("c3"), sam, start, start, nil,
			func(membership.KeyChallenge) (membership.Passkey, error) {
				return membership.Passkey{Name: "x", KeyID: hash("one more"), Credential: []byte("c")}, nil
			}, encodeKey)
		wants(t, err, "PASSKEY_LIMIT")

		signIn := func(challenge, request string, p membership.Passkey) (membership.Session, error) {
			return s.ConfirmPasskey(ctx, hash(challenge), hash(request), hash("secret "+request), membership.Way{Method: membership.ByPasskey, Device: "Firefox on Linux"}, start,
				func(membership.KeyChallenge) (membership.Passkey, error) { return p, nil })
		}
		if err := s.BeginChallenge(ctx, hash("in"), membership.KeyChallenge{Terms: []byte("t"), Expires: start.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		p := membership.Passkey{ID: key, Member: sam, Credential: []byte("used"), Synced: true}
		first, err := signIn("in", "r1", p)
		if err != nil || first.Member != sam {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := signIn("in", "r1", p); err != nil || again.ID != first.ID {
			t.Errorf("the same request again: %+v, %v", again, err)
		}
		_, err = signIn("in", "r2", p)
		wants(t, err, "CHALLENGE_USED")
		_, err = signIn("never", "r3", p)
		wants(t, err, "CHALLENGE_UNKNOWN")
		// A passkey that is removed between the answer and its use signs nobody in.
		if err := s.BeginChallenge(ctx, hash("in2"), membership.KeyChallenge{Terms: []byte("t"), Expires: start.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ChangePasskey(ctx, request("remove", "phone", start), sam, key, "", start, start, func(membership.Passkey) []byte { return nil }, encodeKey); err != nil {
			t.Fatal(err)
		}
		_, err = signIn("in2", "r4", p)
		wants(t, err, "PASSKEY_UNKNOWN")
		all, err := s.Passkeys(ctx, sam)
		if err != nil || len(all) != membership.MaxPasskeys-1 {
			t.Errorf("%d passkeys, %v", len(all), err)
		}
		sessions, err := s.Sessions(ctx, sam, start)
		if err != nil || len(sessions) != 2 {
			t.Fatalf("%d sessions, %v", len(sessions), err)
		}
		ways := map[string]string{}
		for _, one := range sessions {
			ways[one.Way.Method] = one.Way.Device
		}
		if d, ok := ways[membership.ByPasskey]; !ok || d != "Firefox on Linux" {
			t.Errorf("%v", ways)
		}
		if later, err := s.Sessions(ctx, sam, start.Add(membership.SessionIdle)); err != nil || len(later) != 0 {
			t.Errorf("%d sessions live unused for ever, %v", len(later), err)
		}
	})
}

// TestQueueOfLetters: each state shows, strangers do not, and what is sent again is sent with new secrets.
func TestQueueOfLetters(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		sam := join(t, s, "sam@example.org", "", start)
		ask := func(email string) {
			t.Helper()
			err := s.Begin(ctx, hash(email), membership.Attempt{Kind: membership.SigningIn, Person: membership.Person{Email: email, Language: "en"}, Made: start, Expires: start.Add(membership.AttemptLife)}, start)
			if err != nil {
				t.Fatal(err)
			}
		}
		ask("stranger@example.org")
		if all, err := s.Mails(ctx, MailFilter{Limit: 10}); err != nil || len(all) != 1 || all[0].Kind != "join" || all[0].Member != "" && all[0].Member != sam || all[0].State != membership.MailSent {
			t.Fatalf("%+v, %v: the stranger's attempt is to be seen by nobody, before it is looked at and after", all, err)
		}
		ask("chair@example.org")
		due, err := s.Due(ctx, start, 10)
		if err != nil || len(due) != 2 {
			t.Fatalf("%v, %v", due, err)
		}
		sent := 0
		machine := start
		var letter string
		for _, one := range due {
			l, send, err := s.Take(ctx, one, start, machine, secretsFor("first"))
			if err != nil {
				t.Fatal(err)
			}
			if send {
				letter = one
				sent++
				if l.To != "chair@example.org" {
					t.Errorf("%+v", l)
				}
			}
		}
		if sent != 1 {
			t.Fatalf("%d letters, want 1", sent)
		}
		state := func() Mail {
			t.Helper()
			all, err := s.Mails(ctx, MailFilter{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				if m.ID == letter {
					return m
				}
			}
			t.Fatalf("the letter is not in %+v", all)
			return Mail{}
		}
		if m := state(); m.State != membership.MailQueued || m.Kind != "sign_in" || m.Email != "chair@example.org" || m.Tries != 1 {
			t.Errorf("%+v", m)
		}
		if err := s.NotSent(ctx, letter, "451 4.7.1\r\nTry \x07later", false, machine); err != nil {
			t.Fatal(err)
		}
		if m := state(); m.State != membership.MailFailed || m.Error != "451 4.7.1 Try later" || !m.Next.After(machine) {
			t.Errorf("%+v", m)
		}
		if err := s.NotSent(ctx, letter, "550 No such user", true, machine); err != nil {
			t.Fatal(err)
		}
		if m := state(); m.State != membership.MailGivenUp || m.Error != "550 No such user" {
			t.Errorf("%+v", m)
		}
		for state, want := range map[membership.MailState]int{membership.MailGivenUp: 1, membership.MailSent: 1, membership.MailQueued: 0, membership.MailFailed: 0, membership.MailPost: 0} {
			if all, err := s.Mails(ctx, MailFilter{State: state, Limit: 10}); err != nil || len(all) != want {
				t.Errorf("%d are %s, %v; want %d", len(all), state, err, want)
			}
		}
		if counts, err := s.MailCounts(ctx, ""); err != nil || counts[membership.MailGivenUp] != 1 || counts[membership.MailSent] != 1 || len(counts) != 2 {
			t.Errorf("%v, %v", counts, err)
		}
		// Paging: newest first, nothing twice.
		page, err := s.Mails(ctx, MailFilter{Limit: 1})
		if err != nil || len(page) != 1 {
			t.Fatal(err)
		}
		rest, err := s.Mails(ctx, MailFilter{Limit: 10, Before: page[0].Made, BeforeID: page[0].ID})
		if err != nil || len(rest) != 1 || rest[0].ID == page[0].ID {
			t.Errorf("%+v, %v", rest, err)
		}
		resend := func(id, key string, now time.Time) error {
			_, err := s.Resend(ctx, request("resend", key, now), id, now, machine, func(m Mail) ([]byte, error) { return []byte(m.State), nil })
			return err
		}
		if err := resend(letter, "1", start); err != nil {
			t.Fatal(err)
		}
		if m := state(); m.State != membership.MailQueued || m.Tries != 0 || m.Error != "" {
			t.Errorf("%+v", m)
		}
		if _, send, err := s.Take(ctx, letter, start, machine, secretsFor("second")); err != nil || !send {
			t.Fatalf("%v, %v", send, err)
		}
		_, err = s.Confirm(ctx, hash("chair@example.org"), code("first"), hash("x"), start)
		wants(t, err, "CODE_WRONG")
		if _, err := s.Confirm(ctx, hash("chair@example.org"), code("second"), hash("x"), start); err != nil {
			t.Error(err)
		}
		wants(t, resend(letter, "2", start), "LETTER_EXPIRED")
		wants(t, resend("nobody", "3", start), "MAIL_NOT_FOUND")
		for _, one := range due {
			if one != letter {
				wants(t, resend(one, "4", start), "MAIL_NOT_FOUND") // The stranger's.
			}
		}
	})
}

// TestNotices: each recipient has one letter however often and by whomever it is queued, in bounded steps.
func TestNotices(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		for i := range 5 {
			join(t, s, fmt.Sprintf("m%d@example.org", i), "", start)
		}
		n := Notice{ID: "notice-1", Hash: hash("one"), Kind: membership.LetterNotice, Facts: []byte(`{"title":"AGM"}`), Made: start}
		for range 2 {
			kept, err := s.BeginNotice(ctx, n)
			if err != nil || kept.Kind != n.Kind || string(kept.Facts) != string(n.Facts) {
				t.Fatalf("%+v, %v", kept, err)
			}
		}
		other := n
		other.Hash = hash("two")
		_, err := s.BeginNotice(ctx, other)
		wants(t, err, "NOTICE_DIFFERS")
		other.ID, other.Roll = "notice-2", "00000000-0000-4000-8000-00000000000f"
		_, err = s.BeginNotice(ctx, other)
		wants(t, err, "ROLL_NOT_FOUND")
		other.Roll, other.Region = "", "atlantis"
		_, err = s.BeginNotice(ctx, other)
		wants(t, err, "REGION_UNKNOWN")
		_, err = s.Notice(ctx, "notice-9")
		wants(t, err, "NOTICE_NOT_FOUND")
		steps := 0
		for complete := false; !complete; steps++ {
			if complete, err = s.SpreadNotice(ctx, "notice-1", start, start); err != nil || steps > 10 {
				t.Fatal(steps, err)
			}
		}
		// As after a crash before the progress was noted.
		if err := s.db.InTx(ctx, resetNotice); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SpreadNotice(ctx, "notice-1", start, start); err != nil {
			t.Fatal(err)
		}
		all, err := s.Recipients(ctx, "notice-1", "", 100)
		if err != nil || len(all) != 8 {
			t.Fatalf("%d recipients, %v; want the eight members once each", len(all), err)
		}
		some, err := s.Recipients(ctx, "notice-1", all[4].Letter, 100)
		if err != nil || len(some) != 3 {
			t.Errorf("%d after the fifth, %v", len(some), err)
		}
		// Who signs in goes before all of them.
		if err := s.Begin(ctx, hash("a"), membership.Attempt{Kind: membership.SigningIn, Person: membership.Person{Email: "chair@example.org", Language: "en"}, Made: start, Expires: start.Add(time.Hour)}, start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		due, err := s.Due(ctx, start.Add(time.Minute), 3)
		if err != nil || len(due) != 3 {
			t.Fatalf("%v, %v", due, err)
		}
		if l, send, err := s.Take(ctx, due[0], start, start.Add(time.Minute), secretsFor("x")); err != nil || !send || l.Kind != membership.LetterSignIn {
			t.Errorf("first goes %+v, %v, %v", l, send, err)
		}
		if l, send, err := s.Take(ctx, due[1], start, start.Add(time.Minute), secretsFor("x")); err != nil || !send || l.Kind != membership.LetterNotice || string(l.Facts) != `{"title":"AGM"}` || l.Name == "" {
			t.Errorf("then %+v, %v, %v", l, send, err)
		}
	})
}
