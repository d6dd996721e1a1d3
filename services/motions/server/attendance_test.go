package server_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// At a meeting's door: a badge at the desk, the code that changes, the poster's code that waits for the desk, apologies, leaving,
// and a mistake struck. Only who is counted makes the meeting quorate.
func TestAtTheDoor(t *testing.T) {
	h := founded(t)
	door := motionsv1.NewAttendanceServiceClient(h.conn)
	m := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	id := m.GetId()
	_, err := door.GetHallCode(h.as(organiser), &motionsv1.GetHallCodeRequest{Meeting: id})
	refused(t, err, codes.FailedPrecondition, "MEETING_NOT_TODAY")
	sorry := must(door.SendApologies(h.as(ben), &motionsv1.SendApologiesRequest{RequestId: fresh(), Meeting: id}))(t)
	if !sorry.GetApologies() || sorry.GetPresent() || sorry.GetPresentCount() != 0 {
		t.Fatalf("apologies: %v", sorry)
	}

	h.watch.Set(m.GetStartTime().AsTime())
	code := must(door.GetHallCode(h.as(organiser), &motionsv1.GetHallCodeRequest{Meeting: id}))(t)
	checkIn := func(c caller, typed string) (*motionsv1.Attendee, error) {
		return door.CheckIn(h.as(c), &motionsv1.CheckInRequest{RequestId: fresh(), Meeting: id, Code: typed})
	}
	_, err = checkIn(carys, code.GetCode())
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	_, err = checkIn(unpaid, code.GetCode())
	refused(t, err, codes.PermissionDenied, "NOT_IN_GOOD_STANDING")
	_, err = checkIn(asha, "AAAAAA")
	refused(t, err, codes.InvalidArgument, "HALL_CODE_WRONG")
	if a := must(checkIn(asha, code.GetCode()))(t); !a.GetPresent() || a.GetPresentCount() != 1 {
		t.Fatalf("by the code that changes: %v", a)
	}
	if a := must(checkIn(ben, code.GetPosterCode()))(t); a.GetPresent() || !a.GetUnconfirmed() || a.GetPresentCount() != 1 {
		t.Fatalf("by the poster's code: %v", a)
	}
	h.watch.Set(h.watch.Now().Add(3 * time.Minute))
	_, err = checkIn(organiser, code.GetCode())
	refused(t, err, codes.InvalidArgument, "HALL_CODE_OLD")

	badge := must(door.GetBadge(h.as(organiser), &motionsv1.GetBadgeRequest{Meeting: id}))(t)
	who := must(door.ReadBadge(h.as(organiser), &motionsv1.ReadBadgeRequest{Meeting: id, Badge: badge.GetBadge()}))(t)
	if who.GetMember() != organiser.member || who.GetName() != "Organiser" || !who.GetElector() || who.GetPresent() {
		t.Fatalf("the badge: %v", who)
	}
	desk := func(req *motionsv1.RecordPresenceRequest) (*motionsv1.Attendee, error) {
		req.RequestId, req.Meeting = fresh(), id
		return door.RecordPresence(h.as(organiser), req)
	}
	if a := must(desk(&motionsv1.RecordPresenceRequest{Badge: badge.GetBadge(), Kind: motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED}))(t); a.GetPresentCount() != 2 || a.GetName() != "Organiser" {
		t.Fatalf("at the desk: %v", a)
	}
	_, err = desk(&motionsv1.RecordPresenceRequest{Badge: badge.GetBadge() + "x", Kind: motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED})
	refused(t, err, codes.InvalidArgument, "BADGE_WRONG")
	_, err = desk(&motionsv1.RecordPresenceRequest{Member: carys.member, Kind: motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED})
	refused(t, err, codes.InvalidArgument, "NOT_ELECTORS")
	_, err = desk(&motionsv1.RecordPresenceRequest{Member: asha.member, Kind: motionsv1.PresenceKind_PRESENCE_KIND_ASKED})
	refused(t, err, codes.InvalidArgument, "PRESENCE_KIND")
	_, err = desk(&motionsv1.RecordPresenceRequest{Member: asha.member, Kind: motionsv1.PresenceKind_PRESENCE_KIND_LEFT, HappenTime: timestamppb.New(h.watch.Now().Add(time.Minute))})
	refused(t, err, codes.InvalidArgument, "PRESENCE_IN_FUTURE")

	// Two of three are present: whoever used the poster's code does not make it quorate until the desk has seen them.
	open := func() (*motionsv1.Meeting, error) {
		seen := must(h.GetMeeting(h.as(organiser), &motionsv1.GetMeetingRequest{Meeting: id}))(t)
		return h.OpenMeeting(h.as(organiser), &motionsv1.OpenMeetingRequest{RequestId: fresh(), Meeting: id, Etag: seen.GetEtag()})
	}
	_, err = open()
	refused(t, err, codes.FailedPrecondition, "NOT_QUORATE")
	list := must(door.ListPresence(h.as(organiser), &motionsv1.ListPresenceRequest{Meeting: id}))(t)
	if len(list.GetUnconfirmed()) != 1 || list.GetUnconfirmed()[0].GetName() != "Ben Baker" || list.GetPresentCount() != 2 || len(list.GetRecords()) != 4 {
		t.Fatalf("the list: %v", list)
	}
	if a := must(desk(&motionsv1.RecordPresenceRequest{Member: ben.member, Kind: motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED}))(t); !a.GetPresent() || a.GetUnconfirmed() || a.GetPresentCount() != 3 {
		t.Fatalf("confirmed: %v", a)
	}
	must(open())(t)

	// Asha leaves; the desk then notes, by mistake, that Ben had left too, and strikes that.
	if a := must(door.CheckOut(h.as(asha), &motionsv1.CheckOutRequest{RequestId: fresh(), Meeting: id}))(t); a.GetPresent() || a.GetPresentCount() != 2 {
		t.Fatalf("gone: %v", a)
	}
	must(desk(&motionsv1.RecordPresenceRequest{Member: ben.member, Kind: motionsv1.PresenceKind_PRESENCE_KIND_LEFT}))(t)
	list = must(door.ListPresence(h.as(organiser), &motionsv1.ListPresenceRequest{Meeting: id}))(t)
	wrong := list.GetRecords()[0]
	for _, r := range list.GetRecords() {
		if r.GetMember() == ben.member && r.GetKind() == motionsv1.PresenceKind_PRESENCE_KIND_LEFT {
			wrong = r
		}
	}
	strike := func(reason string) (*motionsv1.Attendee, error) {
		return door.StrikePresence(h.as(organiser), &motionsv1.StrikePresenceRequest{RequestId: fresh(), Meeting: id, Record: wrong.GetId(), Reason: reason})
	}
	_, err = strike("")
	refused(t, err, codes.InvalidArgument, "REASON_NEEDED")
	if a := must(strike("It was another Ben."))(t); !a.GetPresent() || a.GetPresentCount() != 2 {
		t.Fatalf("struck: %v", a)
	}
	_, err = strike("Again.")
	refused(t, err, codes.FailedPrecondition, "PRESENCE_STRUCK")
	if list = must(door.ListPresence(h.as(organiser), &motionsv1.ListPresenceRequest{Meeting: id}))(t); len(list.GetRecords()) != 8 {
		t.Fatalf("%d records, none may be lost", len(list.GetRecords()))
	}
}
