package server_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions/server"
)

// childEnv holds the errand of a child process: this test's own binary, started again.
const childEnv = "FOLKMOOT_TEST_MOTIONS_CHILD"

// errand is what a child does until it reaches the point at which it dies.
type errand struct {
	Point, Do, Motion, ETag, Request string
	Database, Membership, Ballots    string
	Key                              []byte
	Now                              time.Time
}

func TestMain(m *testing.M) {
	if raw := os.Getenv(childEnv); raw != "" {
		if err := run(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		// A child that lives on has not reached its point.
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func run(raw string) error {
	var e errand
	if err := json.Unmarshal([]byte(raw), &e); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := database.Open(ctx, e.Database)
	if err != nil {
		return err
	}
	now := func() time.Time { return e.Now }
	self := auth.RoomIdentity{Room: auth.Motions, Key: ed25519.PrivateKey(e.Key), Now: now}
	members, err := rpc.Dial(e.Membership, insecure.NewCredentials(), self.For(auth.Membership))
	if err != nil {
		return err
	}
	ballots, err := rpc.Dial(e.Ballots, insecure.NewCredentials(), self.For(auth.Ballots))
	if err != nil {
		return err
	}
	s, err := server.Open(ctx, server.Config{Config: room.Config{DB: db, Now: now, Random: rand.Reader, Log: quiet(), Zone: london, Membership: members, Ballots: ballots}})
	if err != nil {
		return err
	}
	killpoint.Arm(e.Point)
	ctx = auth.NewContext(ctx, auth.Principal{Member: chair.member, Roles: chair.roles})
	switch e.Do {
	case "open":
		_, err = s.OpenVote(ctx, &motionsv1.OpenVoteRequest{RequestId: e.Request, Motion: e.Motion, Etag: e.ETag})
	case "close":
		_, err = s.CloseVote(ctx, &motionsv1.CloseVoteRequest{RequestId: e.Request, Motion: e.Motion, Etag: e.ETag})
	case "declare":
		_, err = s.DeclareVote(ctx, &motionsv1.DeclareVoteRequest{RequestId: e.Request, Motion: e.Motion, Etag: e.ETag})
	}
	return err
}

// Whatever a crash between two steps leaves behind, the vote is opened once, closed once and declared once, with the
// same ballot and the same figures.
func TestKilledBetweenTheSteps(t *testing.T) {
	for _, c := range []struct {
		point, do string
		// left is the state that the dead process leaves.
		left motionsv1.MotionState
		// calls are those that ballots has had by then, and rolls those frozen.
		opens, closes, rolls int
	}{
		{"motions.after-opening", "open", motionsv1.MotionState_MOTION_STATE_OPENING, 0, 0, 0},
		{"motions.after-freeze", "open", motionsv1.MotionState_MOTION_STATE_OPENING, 0, 0, 1},
		{"motions.after-open-call", "open", motionsv1.MotionState_MOTION_STATE_OPENING, 1, 0, 1},
		{"motions.after-closing", "close", motionsv1.MotionState_MOTION_STATE_CLOSING, 1, 0, 1},
		{"motions.after-close-call", "close", motionsv1.MotionState_MOTION_STATE_CLOSING, 1, 1, 1},
		{"motions.after-declare", "declare", motionsv1.MotionState_MOTION_STATE_CARRIED, 1, 1, 1},
	} {
		t.Run(c.point, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "motions.db")
			db, err := database.Open(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			h := foundedOn(t, db)
			e := errand{Point: c.point, Do: c.do, Request: fresh(), Database: path, Key: h.rooms[auth.Motions].Key,
				Membership: h.onTCP(auth.Membership, membershipPolicies, func(s *grpc.Server) { membershipv1.RegisterMembershipRoomsServiceServer(s, h.members) }),
				Ballots:    h.onTCP(auth.Ballots, ballotsPolicies, func(s *grpc.Server) { ballotsv1.RegisterBallotsRoomsServiceServer(s, h.box) })}
			mo := h.agmMotion()
			if c.do != "open" {
				mo = must(h.OpenVote(h.as(chair), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
				h.box.cast(mo.GetVote().GetBallot(), 3, 1, 1)
			}
			if c.do == "declare" {
				mo = must(h.CloseVote(h.as(chair), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
			}
			e.Motion, e.ETag, e.Now = mo.GetId(), mo.GetEtag(), h.watch.Now()
			kill(t, e)

			left := must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: mo.GetId()}))(t)
			if left.GetState() != c.left || h.box.count("open") != c.opens || h.box.count("close") != c.closes || h.members.frozenRolls() != c.rolls {
				t.Fatalf("left behind: %v, %d opened, %d closed, %d rolls", left.GetState(), h.box.count("open"), h.box.count("close"), h.members.frozenRolls())
			}
			if h.box.publications(left.GetVote().GetBallot()) != 0 {
				t.Fatal("published before it was delivered")
			}

			h.run()
			state := func() motionsv1.MotionState {
				mo = must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: mo.GetId()}))(t)
				return mo.GetState()
			}
			if c.do == "open" {
				h.eventually("the vote is open", func() bool { return state() == motionsv1.MotionState_MOTION_STATE_VOTING })
				h.box.cast(mo.GetVote().GetBallot(), 3, 1, 1)
				// The chair's own request, sent again, opens nothing again.
				again := must(h.OpenVote(h.as(chair), &motionsv1.OpenVoteRequest{RequestId: e.Request, Motion: e.Motion, Etag: e.ETag}))(t)
				if again.GetState() != motionsv1.MotionState_MOTION_STATE_VOTING || again.GetVote().GetBallot() != left.GetVote().GetBallot() {
					t.Fatalf("sent again: %v", again)
				}
				must(h.CloseVote(h.as(chair), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(t)
			}
			declaration := &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: e.Motion}
			if c.do != "declare" {
				h.eventually("the vote is closed", func() bool { return state() == motionsv1.MotionState_MOTION_STATE_CLOSED })
				declaration.Etag = mo.GetEtag()
			} else {
				declaration.RequestId, declaration.Etag = e.Request, e.ETag
			}
			// What ballots would count now is not what is declared: the count was taken when the ballot closed.
			h.box.cast(mo.GetVote().GetBallot(), 0, 5, 0)
			declared := must(h.DeclareVote(h.as(chair), declaration))(t)
			if r := declared.GetVote().GetResult(); declared.GetState() != motionsv1.MotionState_MOTION_STATE_CARRIED || r.GetVotesFor() != 3 || r.GetVotesAgainst() != 1 || r.GetAbstentions() != 1 || r.GetElectors() != 8 {
				t.Fatalf("declared: %v", declared)
			}
			ballot := left.GetVote().GetBallot()
			if declared.GetVote().GetBallot() != ballot || h.box.ballotsOpened() != 1 || h.members.frozenRolls() != 1 {
				t.Fatalf("ballots %d, rolls %d, %s after %s", h.box.ballotsOpened(), h.members.frozenRolls(), declared.GetVote().GetBallot(), ballot)
			}
			h.eventually("the ballot is published", func() bool { return h.box.publications(ballot) == 1 })
			_, err = h.DeclareVote(h.as(chair), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: e.Motion, Etag: declared.GetEtag()})
			refused(t, err, codes.FailedPrecondition, "MOTION_STATE")
		})
	}
}

// agmMotion is a motion on the order paper of an open annual general meeting.
func (h *house) agmMotion() *motionsv1.Motion {
	h.t.Helper()
	m := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 40*day))
	mo := h.proposed(m, secretary, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)
	h.watch.Set(m.GetStartTime().AsTime())
	h.attend(chair, m, chair, secretary, asha, ben, carys)
	h.open(chair, m)
	return mo
}

// onTCP serves a neighbour where a child process can reach it, and returns the address.
func (h *house) onTCP(name string, policies auth.Policies, register func(*grpc.Server)) string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.serveOn(l, name, policies, register)
	return l.Addr().String()
}

// kill runs an errand and fails unless the child died of SIGKILL, as it does only at its point.
func kill(t *testing.T, e errand) {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	var out strings.Builder
	cmd.Stderr, cmd.Stdout = &out, &out
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("the child never reached %s", e.Point)
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child did not die at %s: %v\n%s", e.Point, err, out.String())
	}
}
