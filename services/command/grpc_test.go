package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

// grpcurlOrSkip finds the referee that speaks gRPC and that we did not write.
func grpcurlOrSkip(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"../../build/tools/grpcurl", "grpcurl"} {
		if found, err := exec.LookPath(path); err == nil {
			if found, err = filepath.Abs(found); err == nil {
				return found
			}
		}
	}
	if databasetest.Full() {
		t.Fatal("grpcurl is not there: make build/tools/grpcurl")
	}
	t.Skip("grpcurl: make build/tools/grpcurl builds it")
	return ""
}

// TestGRPCHasTheSamePermissions asks over gRPC, through the public address and the operator's, as anonymous, member,
// secretary and with spoilt tokens.
func TestGRPCHasTheSamePermissions(t *testing.T) {
	grpcurl := grpcurlOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	house := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--smtp", box.Address())
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.member = s.join("Asha Member", "asha@example.org", "")
	s.give(s.member)
	public := strings.TrimPrefix(s.base, "http://")
	admin, _, _ := strings.Cut(strings.TrimPrefix(house.address("For the operator, on this machine only: "), "http://"), " ")

	call := func(token, data, address, method string) string {
		args := []string{"-plaintext", "-max-time", "20"}
		if address == public {
			// Reflection is the operator's: outside the contract is read from the protos.
			args = append(args, "-import-path", "../../proto", "-import-path", "../../third_party/googleapis")
			parts := strings.Split(method, ".")
			args = append(args, "-proto", "folkmoot/"+parts[1]+"/v1/"+parts[1]+".proto")
		}
		if token != "" {
			args = append(args, "-H", "authorization: Bearer "+token)
		}
		if data != "" {
			args = append(args, "-d", data)
		}
		out, _ := exec.Command(grpcurl, append(args, address, method)...).CombinedOutput()
		return string(out)
	}
	out, err := exec.Command(grpcurl, "-plaintext", admin, "list").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "folkmoot.motions.v1.MotionsService") || strings.Contains(string(out), "RoomsService") {
		t.Fatalf("reflection lists %s %v", out, err)
	}
	member, secretary := s.token(s.member), s.token(s.secretary)
	addresses := []string{admin}
	if _, err := os.Stat("../../third_party/googleapis"); err == nil {
		addresses = append(addresses, public)
	} else if databasetest.Full() {
		t.Fatal("the protos that ours import are not there: make proto-tools")
	}
	const me, head = "folkmoot.membership.v1.MembershipService/GetMe", "folkmoot.membership.v1.MembershipRoomsService/CountElectors"
	for _, address := range addresses {
		for _, c := range []struct{ name, token, data, method, want string }{
			{"nobody", "", "", me, "Code: Unauthenticated"},
			{"a member", member, "", me, s.member.id},
			{"a spoilt token", member[:len(member)-6] + "AAAAAA", "", me, "Code: Unauthenticated"},
			{"the register's list for a member", member, "", "folkmoot.membership.v1.MembershipService/ListMembers", "Code: PermissionDenied"},
			{"the register's list for the secretary", secretary, "", "folkmoot.membership.v1.MembershipService/ListMembers", "asha@example.org"},
			{"the books, streamed", "", `{"format":"hledger"}`, "folkmoot.ledger.v1.LedgerService/Export", "text/plain"},
			{"a method for rooms", secretary, "", head, "Unimplemented"},
		} {
			// A method for rooms is not described by reflection either, so there the client itself refuses.
			if got := call(c.token, c.data, address, c.method); !strings.Contains(got, c.want) && (c.method != head || !strings.Contains(got, "does not expose service")) {
				t.Errorf("%s, at %s: %s", c.name, address, got)
			}
		}
	}
	house.stop()
}
