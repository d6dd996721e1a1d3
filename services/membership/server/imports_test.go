package server

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

func (h *house) statute() membershipv1.StatuteServiceClient {
	h.t.Helper()
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return membershipv1.NewStatuteServiceClient(conn)
}

// reaches waits until an import is in a state.
func (h *house) reaches(by *member, id string, state membershipv1.ImportState) *membershipv1.Import {
	h.t.Helper()
	statute := h.statute()
	for range 1000 {
		n, err := statute.GetImport(with(by.token), &membershipv1.GetImportRequest{Import: id})
		if err != nil {
			h.t.Fatal(err)
		}
		if n.GetState() == state {
			return n
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("import %s does not reach %s", id, state)
	return nil
}

func (h *house) sendFile(by *member, name, file string) *membershipv1.Import {
	h.t.Helper()
	statute := h.statute()
	n, err := statute.CreateImport(with(by.token), &membershipv1.CreateImportRequest{RequestId: newID(), File: name})
	if err != nil {
		h.t.Fatal(err)
	}
	if n, err = statute.UploadImport(with(by.token), &membershipv1.UploadImportRequest{RequestId: newID(), Import: n.GetId(), Data: []byte(file)}); err != nil {
		h.t.Fatal(err)
	}
	if _, err = statute.CheckImport(with(by.token), &membershipv1.CheckImportRequest{RequestId: newID(), Import: n.GetId()}); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestImporting(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.region(secretary, "london")
	statute := h.statute()
	spoilt := h.sendFile(secretary, "spoilt.csv", "name,email\nAsha,asha@example.org\nBen,ben\n")
	n := h.reaches(secretary, spoilt.GetId(), membershipv1.ImportState_IMPORT_STATE_REFUSED)
	if n.GetMistakeCount() != 1 || n.GetMistakes()[0].GetLine() != 3 || n.GetMistakes()[0].GetColumn() != 5 || n.GetMistakes()[0].GetField() != "email" {
		t.Errorf("%v", n)
	}
	_, err := statute.ApplyImport(with(secretary.token), &membershipv1.ApplyImportRequest{RequestId: newID(), Import: spoilt.GetId()})
	refused(t, err, codes.FailedPrecondition, "IMPORT_STATE")
	good := h.sendFile(secretary, "good.csv", "name,email,region\nAsha,asha@example.org,london\nBen,ben@example.org,\nThe Chair,chair@example.org,\n")
	n = h.reaches(secretary, good.GetId(), membershipv1.ImportState_IMPORT_STATE_CLEAN)
	if n.GetRows() != 3 || n.GetKnown() != 1 || n.GetAdded() != 0 {
		t.Errorf("%v", n)
	}
	for range 2 {
		if _, err := statute.ApplyImport(with(secretary.token), &membershipv1.ApplyImportRequest{RequestId: newID(), Import: good.GetId()}); err != nil && n.GetState() == membershipv1.ImportState_IMPORT_STATE_CLEAN {
			refused(t, err, codes.FailedPrecondition, "IMPORT_STATE") // It may be done already.
		}
	}
	if n = h.reaches(secretary, good.GetId(), membershipv1.ImportState_IMPORT_STATE_DONE); n.GetAdded() != 2 || n.GetDone() != 3 {
		t.Errorf("%v", n)
	}
	list, err := h.people.ListMembers(with(secretary.token), &membershipv1.ListMembersRequest{Region: "london"})
	if err != nil || len(list.GetMembers()) != 1 || list.GetMembers()[0].GetName() != "Asha" || list.GetMembers()[0].GetStanding() != membershipv1.Standing_STANDING_CURRENT {
		t.Errorf("%v, %v", list, err)
	}
	if all, err := statute.ListImports(with(secretary.token), &membershipv1.ListImportsRequest{}); err != nil || len(all.GetImports()) != 2 || all.GetImports()[0].GetFile() == "" {
		t.Errorf("%v, %v", all, err)
	}
	// Whoever was imported signs in as everybody does.
	before := len(h.mail.to("asha@example.org"))
	asked, err := h.people.RequestSignIn(with(""), &membershipv1.RequestSignInRequest{RequestId: newID(), Email: "asha@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.ConfirmSession(with(""), &membershipv1.ConfirmSessionRequest{
		RequestId: newID(), Attempt: asked.GetAttempt(), Proof: &membershipv1.ConfirmSessionRequest_Code{Code: h.newest("asha@example.org", before+1).code()},
	}); err != nil {
		t.Errorf("an imported member cannot sign in: %v", err)
	}
	for reason, call := range map[string]func() error{
		"IMPORT_NOT_FOUND": func() error {
			_, err := statute.GetImport(with(secretary.token), &membershipv1.GetImportRequest{Import: "nothing"})
			return err
		},
		"IMPORT_INVALID": func() error {
			_, err := statute.CreateImport(with(secretary.token), &membershipv1.CreateImportRequest{RequestId: newID()})
			return err
		},
	} {
		code := codes.InvalidArgument
		if reason == "IMPORT_NOT_FOUND" {
			code = codes.NotFound
		}
		refused(t, call(), code, reason)
	}
}

func (h *house) export(by *member, r *membershipv1.ExportRegisterRequest) ([][]string, error) {
	h.t.Helper()
	stream, err := h.statute().ExportRegister(with(by.token), r)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		b.Write(piece.GetData())
	}
	return csv.NewReader(&b).ReadAll()
}

// TestCopiesOfTheRegister: each copy is recorded, and addresses are in the register only if the society is registered.
func TestCopiesOfTheRegister(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.rule(1, true)
	h.join("=1+1", "asha@example.org", "")
	h.settle(treasurer.id)
	copies := func(r *membershipv1.ExportRegisterRequest) [][]string {
		t.Helper()
		rows, err := h.export(secretary, r)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	list := copies(&membershipv1.ExportRegisterRequest{Ground: "Labels"})
	if len(list) != 5 || list[0][2] != "email" || list[4][1] != "'=1+1" || list[4][2] != "asha@example.org" || list[4][6] != "admitted" {
		t.Errorf("%v", list)
	}
	statutory := copies(&membershipv1.ExportRegisterRequest{View: membershipv1.RegisterView_REGISTER_VIEW_STATUTORY, Ground: "Annual return"})
	if slices.Contains(statutory[0], "notified electronic address") || !slices.Contains(statutory[0], "donation") || !slices.Contains(statutory[2], "£1.00") || !slices.Contains(statutory[1], "£0.00") {
		t.Errorf("%v", statutory)
	}
	if !strings.Contains(strings.Join(statutory[1], "|"), "secretary from ") {
		t.Errorf("the officers are not in it: %v", statutory[1])
	}
	_, err := h.export(secretary, &membershipv1.ExportRegisterRequest{View: membershipv1.RegisterView_REGISTER_VIEW_DUPLICATE, Ground: "Section 31"})
	refused(t, err, codes.InvalidArgument, "EXPORT_INVALID")
	_, err = h.export(secretary, &membershipv1.ExportRegisterRequest{})
	refused(t, err, codes.InvalidArgument, "EXPORT_INVALID")
	_, err = h.export(treasurer, &membershipv1.ExportRegisterRequest{Ground: "Curious"})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	duplicate := copies(&membershipv1.ExportRegisterRequest{View: membershipv1.RegisterView_REGISTER_VIEW_DUPLICATE, Ground: "Section 31", Inspector: "Ben Jones"})
	if strings.Contains(strings.Join(slices.Concat(duplicate...), "|"), "£") {
		t.Errorf("the duplicate shows what was paid: %v", duplicate)
	}
	// A registered society whose £1 is a share.
	h.ruled++
	if _, err := h.as(auth.Motions).ApplyRules(with(""), &membershipv1.ApplyRulesRequest{
		Epoch: 1, Position: h.ruled, RuleBook: 2, DonationRequired: true, EffectiveTime: timestamppb.New(h.clock.Now()), Registered: true, PoundIsShare: true,
	}); err != nil {
		t.Fatal(err)
	}
	statutory = copies(&membershipv1.ExportRegisterRequest{View: membershipv1.RegisterView_REGISTER_VIEW_STATUTORY, Ground: "Annual return"})
	if !slices.Contains(statutory[0], "notified electronic address") || !slices.Contains(statutory[0], "shares held") || !slices.Contains(statutory[4], "asha@example.org") {
		t.Errorf("%v", statutory)
	}
	m, _, err := h.server.store.Member(t.Context(), secretary.id)
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	for _, e := range m.History.Events {
		if e.Kind == "register_exported" || e.Kind == "register_inspected" {
			recorded = append(recorded, e.Reason)
		}
	}
	if want := "list: Labels; statutory: Annual return; duplicate, shown to Ben Jones: Section 31; statutory: Annual return"; strings.Join(recorded, "; ") != want {
		t.Errorf("recorded %q; want %q", strings.Join(recorded, "; "), want)
	}
	if err := h.server.store.CheckLog(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestParticulars: a postal address is taken only where the society is registered, and totals of sectors tell of no few.
func TestParticulars(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.rule(1, false)
	statute := h.statute()
	set := func(by *member, address string, sector membershipv1.Sector) (*membershipv1.Particulars, error) {
		return statute.SetMyParticulars(with(by.token), &membershipv1.SetMyParticularsRequest{RequestId: newID(), PostalAddress: address, Sector: sector})
	}
	get := func(by *member) *membershipv1.Particulars {
		t.Helper()
		p, err := statute.GetMyParticulars(with(by.token), &membershipv1.GetMyParticularsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := get(secretary); p.GetAddressAsked() || p.GetPostalAddress() != "" || p.GetSector() != 0 {
		t.Errorf("%v", p)
	}
	_, err := set(secretary, "1 High Street", 0)
	refused(t, err, codes.InvalidArgument, "ADDRESS_NOT_ASKED")
	_, err = set(secretary, "", 99)
	refused(t, err, codes.InvalidArgument, "PARTICULARS_INVALID")
	if p, err := set(secretary, "", membershipv1.Sector_SECTOR_COUNCIL); err != nil || p.GetSector() != membershipv1.Sector_SECTOR_COUNCIL {
		t.Errorf("%v, %v", p, err)
	}
	total := func() []*membershipv1.SectorTotal {
		t.Helper()
		r, err := statute.ListSectors(with(""), &membershipv1.ListSectorsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return r.GetTotals()
	}
	if got := total(); len(got) != 0 {
		t.Errorf("three members are told of: %v", got)
	}
	for i := range 10 {
		m := h.join("Member", fmt.Sprintf("m%d@example.org", i), "")
		if _, err := set(m, "", membershipv1.Sector_SECTOR_COUNCIL); err != nil {
			t.Fatal(err)
		}
	}
	// Eleven of a council, and two who did not say: those two would be the difference.
	if got := total(); len(got) != 0 {
		t.Errorf("the difference tells of two: %v", got)
	}
	for i := range 8 {
		h.join("Member", fmt.Sprintf("n%d@example.org", i), "")
	}
	if got := total(); len(got) != 2 || got[0].GetMembers() != 11 || got[1].GetMembers() != 10 || got[1].GetSector() != 0 {
		t.Errorf("%v", got)
	}
	h.ruled++
	if _, err := h.as(auth.Motions).ApplyRules(with(""), &membershipv1.ApplyRulesRequest{
		Epoch: 1, Position: h.ruled, RuleBook: 2, EffectiveTime: timestamppb.New(h.clock.Now()), Registered: true,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := set(secretary, "1 High Street\nLeeds", 0); err != nil {
		t.Fatal(err)
	}
	if p := get(secretary); !p.GetAddressAsked() || p.GetPostalAddress() != "1 High Street\nLeeds" || p.GetSector() != 0 {
		t.Errorf("%v", p)
	}
	rows, err := h.export(secretary, &membershipv1.ExportRegisterRequest{View: membershipv1.RegisterView_REGISTER_VIEW_STATUTORY, Ground: "Return"})
	if err != nil || rows[0][2] != "postal address" || rows[1][2] != "1 High Street, Leeds" {
		t.Errorf("%v, %v", rows, err)
	}
	if err := h.server.store.CheckLog(t.Context()); err != nil {
		t.Error(err)
	}
}
