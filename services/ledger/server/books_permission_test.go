package server

import (
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// booksPermissions is written by hand, as permissions: for every method of the books and the bank, what each of callers gets.
// An organiser of any region hands in and counts; what is another's own (a file, a list of cash) is tried in the tests of those.
const booksPermissions = `
CreateAccount        S  R  R  R  .  R  R  O  N  N  N  N
PostOpeningBalances  S  R  R  R  .  R  R  O  N  N  N  N
CreateFund           S  R  R  R  .  R  R  O  N  N  N  N
ListFunds            .  .  .  .  .  .  .  .  N  N  N  N
GetMeetingAccount    .  .  .  .  .  .  .  .  N  N  N  N
StartFile            S  R  .  R  .  .  .  O  N  N  N  N
AppendFile           S  R  .  R  .  .  .  O  N  N  N  N
FinishFile           S  R  .  R  .  .  .  O  N  N  N  N
DownloadFile         S  R  R  R  .  .  .  .  N  N  N  N
AttachEvidence       S  R  .  R  .  R  R  O  N  N  N  N
WaiveEvidence        S  R  R  R  .  R  R  O  N  N  N  N
ListEvidence         .  .  .  .  .  .  .  .  N  N  N  N
ProposeSpending      S  R  R  R  .  R  R  O  N  N  N  N
ApproveSpending      S  R  R  R  .  .  .  O  N  N  N  N
RefuseSpending       S  R  R  R  .  .  .  O  N  N  N  N
ListSpending         S  R  R  R  .  .  .  .  N  N  N  N
CheckPeriod          S  R  R  R  .  .  .  .  N  N  N  N
ProposeClose         S  R  R  R  .  R  R  O  N  N  N  N
ApproveClose         S  R  R  R  .  .  .  O  N  N  N  N
WithdrawClose        S  R  R  R  .  .  .  O  N  N  N  N
ListPeriods          .  .  .  .  .  .  .  .  N  N  N  N
ListColumnMaps       S  R  R  R  .  R  R  .  N  N  N  N
SaveColumnMap        S  R  R  R  .  R  R  O  N  N  N  N
CheckStatement       S  R  R  R  .  R  R  O  N  N  N  N
ImportStatement      S  R  R  R  .  R  R  O  N  N  N  N
DiscardStatement     S  R  R  R  .  R  R  O  N  N  N  N
GetImport            S  R  R  R  .  R  R  .  N  N  N  N
ListImports          S  R  R  R  .  R  R  .  N  N  N  N
ListBankLines        S  R  R  R  .  R  R  .  N  N  N  N
GetBankLine          S  R  R  R  .  R  R  .  N  N  N  N
MatchLine            S  R  R  R  .  R  R  O  N  N  N  N
LinkLine             S  R  R  R  .  R  R  O  N  N  N  N
SetLineAside         S  R  R  R  .  R  R  O  N  N  N  N
MatchCertain         S  R  R  R  .  R  R  O  N  N  N  N
ListMatchRules       S  R  R  R  .  R  R  .  N  N  N  N
SaveMatchRule        S  R  R  R  .  R  R  O  N  N  N  N
DeleteMatchRule      S  R  R  R  .  R  R  O  N  N  N  N
RecordCash           S  R  .  R  .  R  R  O  N  N  N  N
CountCash            S  R  .  .  .  .  .  O  N  N  N  N
BankCash             S  R  R  R  .  R  R  O  N  N  N  N
CancelCash           S  R  .  R  .  R  R  O  N  N  N  N
GetCash              S  R  .  .  .  .  .  .  N  N  N  N
ListCash             S  R  .  .  .  .  .  .  N  N  N  N
`

func TestBooksPermissions(t *testing.T) {
	_, members, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rooms, public := map[string]ed25519.PrivateKey{}, map[string]ed25519.PublicKey{}
	for _, r := range auth.Rooms {
		if public[r], rooms[r], err = ed25519.GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	nowhere := rpc.NewWire() // Membership is not asked by empty requests, but for one, which it leaves unanswered.
	toMembership, err := nowhere.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	toMembership.Close()
	log := slog.New(slog.DiscardHandler)
	s, err := Open(t.Context(), room.Config{DB: databasetest.SQLite(t), Now: time.Now, Random: rand.Reader, Log: log, Zone: time.UTC, Membership: toMembership})
	if err != nil {
		t.Fatal(err)
	}
	wire := rpc.NewWire()
	verifier := &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{members.Public().(ed25519.PublicKey)}, RoomKeys: public, Now: time.Now}
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ledger, Verifier: verifier, Policies: s.Policies(), Log: log})
	s.Register(server)
	go server.Serve(wire.Listener())
	t.Cleanup(server.Stop)

	signer, want, seen := auth.NewSigner(members), map[string][]string{}, map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(booksPermissions)) {
		cells := strings.Fields(line)
		if len(cells) != len(callers)+1 {
			t.Fatalf("%q has %d cells", line, len(cells))
		}
		want[cells[0]] = cells[1:]
	}
	for _, service := range []protoreflect.ServiceDescriptor{
		ledgerv1.File_folkmoot_ledger_v1_books_proto.Services().ByName("BooksService"), ledgerv1.File_folkmoot_ledger_v1_bank_proto.Services().ByName("BankService"),
	} {
		methods := service.Methods()
		for i := range methods.Len() {
			m := methods.Get(i)
			row, ok := want[string(m.Name())]
			if !ok {
				t.Errorf("%s is missing in the permission table", m.Name())
				continue
			}
			seen[string(m.Name())] = true
			for k, c := range callers {
				err := call(t, wire, rooms, signer, c, m)
				reason := ""
				if f := fault.Of(rpc.FromStatus(err)); f != nil {
					reason = f.Reason
				}
				if row[k] != "." {
					if reason != refusals[row[k]] {
						t.Errorf("%s by %s: %v; want %s", m.Name(), c, err, refusals[row[k]])
					}
					continue
				}
				for _, r := range refusals {
					if reason == r {
						t.Errorf("%s by %s: refused with %s; want it admitted", m.Name(), c, r)
					}
				}
				if status.Code(err) == codes.Unimplemented || reason == "NO_POLICY" {
					t.Errorf("%s by %s: %v", m.Name(), c, err)
				}
			}
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("%s stands in the table and not in the contract", name)
		}
	}
}
