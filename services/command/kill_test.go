package command

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestKilledBetweenLedgerAndMembership kills the house with SIGKILL at each named point between the commit of a £1 and the
// end of its delivery, starts it again, sends the same request again as a client would, and demands that the £1 stands once in the
// books and once in the register.
func TestKilledBetweenLedgerAndMembership(t *testing.T) {
	for _, point := range []string{"ledger.before-commit", "ledger.before-delivery", "ledger.before-acknowledgement"} {
		t.Run(point, func(t *testing.T) {
			clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
			links := foundSociety(t, dir, clock)
			args := []string{"up", "--data", dir, "--listen", "localhost:0", "--smtp", box.Address()}
			house := startChild(t, []string{clock.env()}, args...)
			s := newStory(t, house.address("Folkmoot is on "), box, clock)
			s.found(links)
			s.member = s.join("Asha Member", "asha@example.org", "")
			house.stop()

			house = startChild(t, []string{clock.env(), killEnv + "=" + point}, args...)
			s.base = house.address("Folkmoot is on ")
			in := map[string]any{"member": s.member.id, "amountPence": 100, "method": "METHOD_CASH", "occurDate": clock.now().Format("2006-01-02")}
			token := s.token(s.treasurer)
			_ = tryPost(s.base+"/v1/ledger/donations", token, "the-same-key-again", in)
			select {
			case <-house.done:
			case <-time.After(30 * time.Second):
				t.Fatalf("the point %s was never reached", point)
			}
			if status, ok := house.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
				t.Fatalf("the house ended by itself, not by SIGKILL:\n%s", house.said())
			}

			house = startChild(t, []string{clock.env()}, args...)
			s.base = house.address("Folkmoot is on ")
			got := s.do("POST", "/v1/ledger/donations", s.token(s.treasurer), "the-same-key-again", "", in)
			if got.status != http.StatusOK {
				t.Fatalf("the same request again: %d %s", got.status, got.raw)
			}
			eventually(t, "the £1 arrives in the register", func() bool {
				return s.must("GET", "/v1/me", s.token(s.member), nil).body["donationTime"] != nil
			})
			balance := s.must("GET", "/v1/ledger/trial-balance", "", nil)
			if balance.text("totalDebitPence") != "100" {
				t.Fatalf("the books hold %s", balance.raw)
			}
			house.stop()
			doctor := startChild(t, nil, "doctor", "--data", dir, "--deep")
			<-doctor.done
			if code := doctor.cmd.ProcessState.ExitCode(); code != 0 {
				t.Fatalf("doctor: status %d\n%s", code, doctor.said())
			}
		})
	}
}

// tryPost posts and gives back whatever happened: the server may die meanwhile.
func tryPost(url, token, key string, in any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
