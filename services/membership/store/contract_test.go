package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

var start = time.Date(2026, 9, 29, 10, 0, 0, 0, time.UTC)

// each runs a test on a fresh database of every engine.
func each(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) { test(t, New(db, rand.Reader)) }, once.Migrations, outbox.Migrations, translog.Migrations, Migrations)
}

func hash(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }

func act(society string) ([]byte, error) { return []byte("founded " + society), nil }

// found founds a society and has its three founders accept; it returns them in the order of the roles.
func found(t *testing.T, s *Store) []string {
	t.Helper()
	ctx := context.Background()
	invite(t, s)
	var ids []string
	for _, role := range membership.FoundingRoles {
		done, err := s.Accept(ctx, hash(string(role)), founder(role), hash("request "+string(role)), hash("session "+string(role)), start, act)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, done.Session.Member)
	}
	return ids
}

func invite(t *testing.T, s *Store) {
	t.Helper()
	hashes := map[membership.Role][]byte{}
	for _, role := range membership.FoundingRoles {
		hashes[role] = hash(string(role))
	}
	if err := s.Found(context.Background(), "LocalGov Digital", hashes, start); err != nil {
		t.Fatal(err)
	}
}

func founder(role membership.Role) membership.Person {
	return membership.Person{Name: "The " + string(role), Email: string(role) + "@example.org", Language: "en"}
}

// secretsFor makes the hashes of known secrets.
func secretsFor(name string) func([]byte) ([]byte, []byte, error) {
	return func([]byte) ([]byte, []byte, error) { return hash("code of " + name), hash("link of " + name), nil }
}

// begin begins an attempt under a name and has its mail taken.
func begin(t *testing.T, s *Store, name string, kind membership.AttemptKind, p membership.Person, now time.Time) Letter {
	t.Helper()
	ctx := context.Background()
	if p.Language == "" {
		p.Language = "en"
	}
	if err := s.Begin(ctx, hash(name), membership.Attempt{Kind: kind, Person: p, Made: now, Expires: now.Add(membership.AttemptLife)}, start); err != nil {
		t.Fatal(err)
	}
	due, err := s.Due(ctx, start.Add(time.Second), 100)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d mails wait, %v; want 1", len(due), err)
	}
	letter, _, err := s.Take(ctx, due[0], now, start.Add(time.Second), secretsFor(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sent(ctx, due[0], start); err != nil {
		t.Fatal(err)
	}
	return letter
}

func code(name string) membership.Proof {
	return membership.Proof{Code: hash("code of " + name), Request: hash("confirm " + name)}
}

// join has a person join and returns the member.
func join(t *testing.T, s *Store, email, region string, now time.Time) string {
	t.Helper()
	begin(t, s, email, membership.Joining, membership.Person{Name: "Member " + email, Email: email, Region: region}, now)
	done, err := s.Confirm(context.Background(), hash(email), code(email), hash("session "+email), now)
	if err != nil || !done.Joined {
		t.Fatalf("joined %v, %v", done.Joined, err)
	}
	return done.Session.Member
}

func wants(t *testing.T, err error, reason string) {
	t.Helper()
	if !fault.Is(err, reason) {
		t.Fatalf("%v; want %s", err, reason)
	}
}

func request(method string, body string, at time.Time) once.Request {
	return once.Request{Principal: "member:test", Method: method, ID: "request-" + method + body, Hash: hash(body), At: at}
}

func regionBytes(r membership.Region) ([]byte, error) {
	return []byte(r.ID + "/" + string(r.State)), nil
}

func region(t *testing.T, s *Store, id string) {
	t.Helper()
	if _, err := s.CreateRegion(context.Background(), request("region", id, start), membership.Region{ID: id, Name: id, State: membership.Meeting}, regionBytes); err != nil {
		t.Fatal(err)
	}
}

func TestFounding(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Founding(ctx)
		wants(t, err, "NOT_FOUNDED")
		err = s.Begin(ctx, hash("x"), membership.Attempt{Kind: membership.Joining, Person: membership.Person{Email: "a@example.org"}, Made: start, Expires: start}, start)
		wants(t, err, "NOT_FOUNDED")
		founders := found(t, s)
		f, err := s.Founding(ctx)
		if err != nil || f.Society != "LocalGov Digital" || !f.Act.Equal(start) || len(f.Open) != 0 || !slices.Equal(f.Accepted, membership.FoundingRoles) {
			t.Errorf("%+v, %v", f, err)
		}
		wants(t, s.Found(ctx, "Another", map[membership.Role][]byte{}, start), "ALREADY_FOUNDED")
		_, err = s.Accept(ctx, hash("chair"), founder("chair"), hash("another request"), hash("x"), start, act)
		wants(t, err, "INVITATION_USED")
		_, err = s.Accept(ctx, hash("nobody"), founder("chair"), hash("request"), hash("x"), start, act)
		wants(t, err, "INVITATION_UNKNOWN")
		again, err := s.Accept(ctx, hash("chair"), founder("chair"), hash("request chair"), hash("x"), start.Add(time.Hour), act)
		if err != nil || again.Session.Member != founders[2] || !again.Joined {
			t.Errorf("the same acceptance again: %+v, %v", again, err)
		}
		for i, id := range founders {
			m, _, err := s.Member(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if m.Number != int64(i)+1 || len(m.Offices) != 1 || m.Offices[0].Role != membership.FoundingRoles[i] || m.Offices[0].GrantedBy != membership.ByFounding {
				t.Errorf("founder %d: number %d, offices %+v", i+1, m.Number, m.Offices)
			}
			if state := m.History.On(start); !state.Member() || state.Standing(false) != membership.StandingCurrent || state.Standing(true) != membership.StandingAdmitted {
				t.Errorf("founder %d: %+v", i+1, state)
			}
		}
		if _, head, err := outbox.Head(ctx, s.db, TopicMotions); err != nil || head != 1 {
			t.Errorf("%d events for motions, %v; want 1", head, err)
		}
	})
}

// TestFoundersAtOnce: however the three acceptances overlap, the act is recorded once.
func TestFoundersAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		invite(t, s)
		var wg sync.WaitGroup
		errs := make([]error, len(membership.FoundingRoles))
		for i, role := range membership.FoundingRoles {
			wg.Go(func() {
				_, errs[i] = s.Accept(ctx, hash(string(role)), founder(role), hash("request "+string(role)), hash("session "+string(role)), start, act)
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if _, head, err := outbox.Head(ctx, s.db, TopicMotions); err != nil || head != 1 {
			t.Errorf("%d events for motions, %v; want 1", head, err)
		}
		members, _, err := s.Members(ctx, Filter{Limit: 10})
		if err != nil || len(members) != 3 {
			t.Fatalf("%d members, %v", len(members), err)
		}
		for i, m := range members {
			if m.Number != int64(i)+1 || m.Offices[0].Role != membership.FoundingRoles[i] {
				t.Errorf("number %d is the %s", m.Number, m.Offices[0].Role)
			}
		}
	})
}

// TestAFounderIsOnePerson: two offices are not taken with one address.
func TestAFounderIsOnePerson(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		invite(t, s)
		p := founder("chair")
		if _, err := s.Accept(ctx, hash("chair"), p, hash("r1"), hash("s1"), start, act); err != nil {
			t.Fatal(err)
		}
		p.Email = "CHAIR@EXAMPLE.ORG"
		_, err := s.Accept(ctx, hash("secretary"), p, hash("r2"), hash("s2"), start, act)
		wants(t, err, "EMAIL_TAKEN")
	})
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		member := join(t, s, "sam@example.org", "", start)
		secret := hash("session sam@example.org")
		session, err := s.Session(ctx, secret, start.Add(time.Minute))
		if err != nil || session.Member != member || session.ID == session.SID {
			t.Fatalf("%+v, %v", session, err)
		}
		_, err = s.Session(ctx, hash("no such secret"), start)
		wants(t, err, "SESSION_ENDED")
		// Use keeps it alive; without it, it ends.
		used := start.Add(membership.SessionIdle - time.Minute)
		if _, err := s.Session(ctx, secret, used); err != nil {
			t.Fatal(err)
		}
		if session, err = s.Session(ctx, secret, used.Add(membership.SessionIdle-time.Minute)); err != nil {
			t.Errorf("used once meanwhile: %v", err)
		}
		_, err = s.Session(ctx, secret, session.Used.Add(membership.SessionIdle))
		wants(t, err, "SESSION_ENDED")
		machine := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for range 2 {
			if err := s.End(ctx, session.SID, used, machine); err != nil {
				t.Fatal(err)
			}
		}
		_, err = s.Session(ctx, secret, used)
		wants(t, err, "SESSION_ENDED")
		for since, want := range map[time.Time]int{machine: 1, machine.Add(-time.Hour): 1, machine.Add(time.Microsecond): 0} {
			if sids, err := s.Revoked(ctx, since); err != nil || len(sids) != want || want == 1 && sids[0] != session.SID {
				t.Errorf("revoked since %s: %v, %v", since, sids, err)
			}
		}
	})
}

func grantBytes(g NamedGrant) ([]byte, error) { return []byte(g.ID), nil }

func TestOffices(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		secretary, treasurer, chair := founders[0], founders[1], founders[2]
		sam := join(t, s, "sam@example.org", "", start)
		give := func(id string, role membership.Role) (string, error) {
			g, err := s.Grant(ctx, request("grant", id, start), membership.Grant{Member: sam, Role: role, Reason: "Elected.", GrantedBy: secretary, Granted: start}, grantBytes)
			return string(g), err
		}
		teller, err := give("1", membership.Teller)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := give("1", membership.Teller); err != nil || again != teller {
			t.Errorf("the same request again: %q, %v; want %q", again, err, teller)
		}
		_, err = give("2", membership.Teller)
		wants(t, err, "GRANT_EXISTS")
		_, err = s.Grant(ctx, request("grant", "3", start), membership.Grant{Member: "nobody\x00", Role: membership.Chair, Reason: "x", GrantedBy: secretary, Granted: start}, grantBytes)
		wants(t, err, "MEMBER_NOT_FOUND")
		if m, _, _ := s.Member(ctx, sam); len(m.Offices) != 0 {
			t.Errorf("in office before the second officer: %+v", m.Offices)
		}
		_, err = s.Approve(ctx, request("approve", "1", start), teller, secretary, start, grantBytes)
		wants(t, err, "SECOND_OFFICER_NEEDED")
		if _, err := s.Approve(ctx, request("approve", "2", start), teller, chair, start, grantBytes); err != nil {
			t.Fatal(err)
		}
		_, err = s.Approve(ctx, request("approve", "3", start), "00000000-0000-0000-0000-000000000000", chair, start, grantBytes)
		wants(t, err, "GRANT_NOT_FOUND")
		if m, _, _ := s.Member(ctx, sam); len(m.Offices) != 1 || m.Offices[0].ApprovedBy != chair {
			t.Errorf("after the approval: %+v", m.Offices)
		}
		session, err := s.Session(ctx, hash("session sam@example.org"), start)
		if err != nil {
			t.Fatal(err)
		}
		yes := func(membership.Grant) error { return nil }
		no := func(membership.Grant) error { return fault.New(fault.Denied, "NO", "No.") }
		_, err = s.EndGrant(ctx, request("end", "1", start), teller, treasurer, "Over.", start, start, no, grantBytes)
		wants(t, err, "NO")
		if _, err := s.EndGrant(ctx, request("end", "2", start), teller, treasurer, "Over.", start, start, yes, grantBytes); err != nil {
			t.Fatal(err)
		}
		// The tokens die, the session lives.
		after, err := s.Session(ctx, hash("session sam@example.org"), start)
		if err != nil || after.SID == session.SID || after.ID != session.ID {
			t.Errorf("the session after the end of an office: %+v, %v", after, err)
		}
		if sids, err := s.Revoked(ctx, start); err != nil || !slices.Equal(sids, []string{session.SID}) {
			t.Errorf("revoked: %v, %v; want %s", sids, err, session.SID)
		}
		if _, err := give("4", membership.Teller); err != nil {
			t.Errorf("given again after its end: %v", err)
		}
		grants, err := s.Grants(ctx)
		if err != nil || len(grants) != 5 {
			t.Fatalf("%d grants, %v; want 5", len(grants), err)
		}
		for _, g := range grants {
			if g.Role == membership.Secretary {
				_, err = s.EndGrant(ctx, request("end", "3", start), g.ID, chair, "Over.", start, start, yes, grantBytes)
				wants(t, err, "LAST_SECRETARY")
			}
		}
	})
}

// TestTwoSecretariesEndEachOther: when the two last secretaries end each other at once, one stays.
func TestTwoSecretariesEndEachOther(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		sam := join(t, s, "sam@example.org", "", start)
		second, err := s.Grant(ctx, request("grant", "1", start), membership.Grant{Member: sam, Role: membership.Secretary, Reason: "Elected.", GrantedBy: founders[0], Granted: start}, grantBytes)
		if err != nil {
			t.Fatal(err)
		}
		grants, err := s.Grants(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{string(second)}
		for _, g := range grants {
			if g.Role == membership.Secretary && g.ID != ids[0] {
				ids = append(ids, g.ID)
			}
		}
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, g := range ids {
			wg.Go(func() {
				_, errs[i] = s.EndGrant(ctx, request("end", g, start), g, founders[2], "Over.", start, start, func(membership.Grant) error { return nil }, grantBytes)
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), "LAST_SECRETARY") {
			t.Errorf("ending both: %v and %v; want one LAST_SECRETARY", errs[0], errs[1])
		}
	})
}

func TestRegions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		yorkshire := membership.Region{ID: "yorkshire", Name: "Yorkshire", State: membership.Forming}
		for range 2 {
			reply, err := s.CreateRegion(ctx, request("create", "1", start), yorkshire, regionBytes)
			if err != nil || string(reply) != "yorkshire/forming" {
				t.Errorf("%s, %v", reply, err)
			}
		}
		_, err := s.CreateRegion(ctx, request("create", "2", start), yorkshire, regionBytes)
		wants(t, err, "REGION_EXISTS")
		r := request("create", "1", start)
		r.Hash = hash("another body")
		_, err = s.CreateRegion(ctx, r, membership.Region{ID: "wales", Name: "Wales", State: membership.Forming}, regionBytes)
		wants(t, err, "REQUEST_ID_REUSED")
		if _, err := s.ChangeRegion(ctx, request("change", "1", start), "yorkshire", membership.Meeting, regionBytes); err != nil {
			t.Fatal(err)
		}
		_, err = s.ChangeRegion(ctx, request("change", "2", start), "yorkshire", membership.Forming, regionBytes)
		wants(t, err, "REGION_MEETS")
		for i, id := range []string{"atlantis", "", "a\x00b"} {
			_, err = s.ChangeRegion(ctx, request("change", fmt.Sprint("unknown ", i), start), id, membership.Meeting, regionBytes)
			wants(t, err, "REGION_NOT_FOUND")
		}
		all, err := s.Regions(ctx)
		yorkshire.State = membership.Meeting
		if err != nil || !slices.Equal(all, []membership.Region{yorkshire}) {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestLists(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		region(t, s, "london")
		for _, p := range [][2]string{{"zoe@example.org", "london"}, {"Zack@example.org", ""}, {"sam@zoo.org", "london"}} {
			join(t, s, p[0], p[1], start)
		}
		numbers := func(f Filter) []int64 {
			t.Helper()
			if f.Limit == 0 {
				f.Limit = 100
			}
			all, _, err := s.Members(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			var out []int64
			for _, m := range all {
				out = append(out, m.Number)
			}
			return out
		}
		for _, c := range []struct {
			name string
			f    Filter
			want []int64
		}{
			{"all", Filter{}, []int64{1, 2, 3, 4, 5, 6}},
			{"a page", Filter{After: 2, Limit: 3}, []int64{3, 4, 5}},
			{"past the end", Filter{After: 6}, nil},
			{"a region", Filter{Region: "london"}, []int64{4, 6}},
			{"names", Filter{Search: " THE  tre"}, []int64{2}},
			{"not in the middle", Filter{Search: "treasurer"}, nil},
			{"addresses", Filter{Search: "ZO", Addresses: true}, []int64{4}},
			{"addresses for who may not", Filter{Search: "ZO"}, nil},
			{"names and addresses", Filter{Search: "the", Addresses: true}, []int64{1, 2, 3}},
			{"a reference", Filter{Search: membership.Reference(5)}, []int64{5}},
			{"with a region", Filter{Search: "member", Region: "london", After: 4}, []int64{6}},
			{"no pattern", Filter{Search: "%", Addresses: true}, nil},
			{"a zero byte", Filter{Search: "\x00"}, nil},
		} {
			if got := numbers(c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		_, _, err := s.Member(ctx, "x\x00")
		wants(t, err, "MEMBER_NOT_FOUND")
		if people, _, err := s.People(ctx, []string{"x\x00", ""}); err != nil || len(people) != 0 {
			t.Errorf("%v, %v", people, err)
		}
	})
}
