package server_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// allows is an answer in the table: the caller passes every check of who they are. What the state refuses is no
// matter of permission.
const allows = ""

// who are the columns of the table.
type who struct {
	anyone, member, mover, chair, secretary, treasurer, organiser, elsewhere, operator string
}

// The permission table, written by hand: for each method, on the Midlands' meeting or motion (region) and on the
// society's (general), the reason with which each caller is refused. Rooms are in the second table.
var people = map[string]map[string]who{
	"GetRuleBook":     {"any": {}},
	"ListRuleBooks":   {"any": {}},
	"ListOfficerActs": {"any": {anyone: "SIGN_IN"}},
	"CheckRules":      {"any": {}},
	"AdoptRules": {"any": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: allows, treasurer: "ROLE_NEEDED",
		organiser: "ROLE_NEEDED", elsewhere: "ROLE_NEEDED", operator: "OPERATOR_TOKEN"}},
	// Attendance.
	"GetHallCode": attending, "ReadBadge": attending, "RecordPresence": attending, "StrikePresence": attending, "ListPresence": attending,
	"GetBadge": ownAttendance, "CheckOut": ownAttendance,
	"CheckIn": voterAttendance, "SendApologies": voterAttendance,
	"ListMeetings": {"any": {}},
	"ListMotions":  {"any": {}},
	"GetMeeting":   {"region": {}, "general": {}},
	"GetMotion":    {"region": {}, "general": {}},
	"CreateMeeting": {
		"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: "NOT_YOUR_REGION", treasurer: "ROLE_NEEDED",
			organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: allows, treasurer: "ROLE_NEEDED",
			organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
	},
	"GiveNotice": {
		"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: "NOT_YOUR_REGION", treasurer: "ROLE_NEEDED",
			organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: allows, treasurer: "ROLE_NEEDED",
			organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
	},
	"RecordAttendance": {
		"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "NOT_YOUR_REGION", secretary: "NOT_YOUR_REGION", treasurer: "ROLE_NEEDED",
			organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: allows, secretary: allows, treasurer: "ROLE_NEEDED",
			organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
	},
	"OpenMeeting":  presiding,
	"CloseMeeting": presiding,
	"MoveMotion": {
		"region": {anyone: "SIGN_IN", member: allows, mover: allows, chair: "OTHER_REGION", secretary: "OTHER_REGION", treasurer: "OTHER_REGION",
			organiser: allows, elsewhere: "OTHER_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"},
	},
	"SecondMotion": {
		"region": {anyone: "SIGN_IN", member: allows, mover: "MOVER_CANNOT_SECOND", chair: "OTHER_REGION", secretary: "OTHER_REGION", treasurer: "OTHER_REGION",
			organiser: allows, elsewhere: "OTHER_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", mover: "MOVER_CANNOT_SECOND", operator: "OPERATOR_TOKEN"},
	},
	"AcceptMotion": {
		"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: "NOT_YOUR_REGION", treasurer: "ROLE_NEEDED",
			organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: allows, treasurer: "ROLE_NEEDED",
			organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
	},
	"TableMotion": {
		"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: "ROLE_NEEDED", treasurer: "ROLE_NEEDED",
			organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
		// A general meeting's motion is no region's to table.
		"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "ROLE_NEEDED", secretary: "ROLE_NEEDED", treasurer: "ROLE_NEEDED",
			organiser: "NOT_YOUR_REGION", elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
	},
	"WithdrawMotion": {
		"region": {anyone: "SIGN_IN", member: "NOT_THE_MOVER", mover: allows, chair: "NOT_THE_MOVER", secretary: "NOT_THE_MOVER", treasurer: "NOT_THE_MOVER",
			organiser: "NOT_THE_MOVER", elsewhere: "NOT_THE_MOVER", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", member: "NOT_THE_MOVER", mover: allows, chair: "NOT_THE_MOVER", secretary: "NOT_THE_MOVER", treasurer: "NOT_THE_MOVER",
			organiser: "NOT_THE_MOVER", elsewhere: "NOT_THE_MOVER", operator: "OPERATOR_TOKEN"},
	},
	"OpenVote":    presiding,
	"CloseVote":   presiding,
	"DeclareVote": presiding,
	// Amendments: whoever may see a motion reads them; whoever the meeting admits moves them; on the target, which is a
	// motion and no amendment, nobody agrees.
	"ListAmendments": {"region": {}, "general": {}},
	"ReadMotion":     {"region": {}, "general": {}},
	"CheckAmendment": {"region": {}, "general": {}},
	"MoveAmendment": {
		"region": {anyone: "SIGN_IN", member: allows, mover: allows, chair: "OTHER_REGION", secretary: "OTHER_REGION", treasurer: "OTHER_REGION",
			organiser: allows, elsewhere: "OTHER_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"},
	},
	"AgreeAmendment": {
		"region":  {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"},
		"amendment": {anyone: "SIGN_IN", member: allows, mover: allows, chair: "NOT_MOVER_OR_SECONDER", secretary: "NOT_MOVER_OR_SECONDER", treasurer: "NOT_MOVER_OR_SECONDER",
			organiser: "NOT_MOVER_OR_SECONDER", elsewhere: "NOT_MOVER_OR_SECONDER", operator: "OPERATOR_TOKEN"},
	},
	"ApplyFounding": {"any": {anyone: "ROOMS_ONLY", member: "ROOMS_ONLY", mover: "ROOMS_ONLY", chair: "ROOMS_ONLY", secretary: "ROOMS_ONLY", treasurer: "ROOMS_ONLY",
		organiser: "ROOMS_ONLY", elsewhere: "ROOMS_ONLY", operator: "ROOMS_ONLY"}},
	"GetCalledMeeting": {"any": {anyone: "ROOMS_ONLY", member: "ROOMS_ONLY", mover: "ROOMS_ONLY", chair: "ROOMS_ONLY", secretary: "ROOMS_ONLY", treasurer: "ROOMS_ONLY",
		organiser: "ROOMS_ONLY", elsewhere: "ROOMS_ONLY", operator: "ROOMS_ONLY"}},
	"GetDecision": {"any": {anyone: "ROOMS_ONLY", member: "ROOMS_ONLY", mover: "ROOMS_ONLY", chair: "ROOMS_ONLY", secretary: "ROOMS_ONLY", treasurer: "ROOMS_ONLY",
		organiser: "ROOMS_ONLY", elsewhere: "ROOMS_ONLY", operator: "ROOMS_ONLY"}},
}

// attending is the desk's: the society's chair and secretary at a general meeting, the organiser at a region's.
var attending = map[string]who{
	"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "NOT_YOUR_REGION", secretary: "NOT_YOUR_REGION", treasurer: "ROLE_NEEDED",
		organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
	"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: allows, secretary: allows, treasurer: "ROLE_NEEDED",
		organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
}

// ownAttendance is each member's own; voterAttendance that of those who vote at the meeting.
var (
	ownAttendance   = map[string]who{"region": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"}, "general": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"}}
	voterAttendance = map[string]who{
		"region": {anyone: "SIGN_IN", member: allows, mover: allows, chair: "OTHER_REGION", secretary: "OTHER_REGION", treasurer: "OTHER_REGION",
			organiser: allows, elsewhere: "OTHER_REGION", operator: "OPERATOR_TOKEN"},
		"general": {anyone: "SIGN_IN", operator: "OPERATOR_TOKEN"},
	}
)

// presiding is the chair's, in a regional meeting its organiser's.
var presiding = map[string]who{
	"region": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: "NOT_YOUR_REGION", secretary: "ROLE_NEEDED", treasurer: "ROLE_NEEDED",
		organiser: allows, elsewhere: "NOT_YOUR_REGION", operator: "OPERATOR_TOKEN"},
	"general": {anyone: "SIGN_IN", member: "ROLE_NEEDED", mover: "ROLE_NEEDED", chair: allows, secretary: "ROLE_NEEDED", treasurer: "ROLE_NEEDED",
		organiser: "NOT_YOUR_OFFICE", elsewhere: "NOT_YOUR_OFFICE", operator: "OPERATOR_TOKEN"},
}

// Which rooms each method admits: only those that it names, and no person.
var roomsAdmitted = map[string][]string{
	"ApplyFounding": {auth.Membership}, "GetDecision": {auth.Membership}, "GetCalledMeeting": {auth.Membership, auth.Ledger},
}

// denials are the reasons that refuse a person rather than a state.
var denials = map[string]fault.Kind{
	"SIGN_IN": fault.Unauthenticated, "ROLE_NEEDED": fault.Denied, "ROOMS_ONLY": fault.Denied, "ROOM_NOT_ALLOWED": fault.Denied,
	"OPERATOR_TOKEN": fault.Denied, "NOT_YOUR_REGION": fault.Denied, "NOT_YOUR_OFFICE": fault.Denied, "OTHER_REGION": fault.Denied,
	"NOT_IN_GOOD_STANDING": fault.Denied, "MOVER_CANNOT_SECOND": fault.Denied, "NOT_THE_MOVER": fault.Denied,
	"NOT_MOVER_OR_SECONDER": fault.Denied,
}

func TestPermissions(t *testing.T) {
	h := founded(t)
	targets := map[string]target{"any": {}}
	for place, planner := range map[string]caller{"region": organiser, "general": secretary} {
		kind, region := motionsv1.MeetingKind_MEETING_KIND_AGM, ""
		if place == "region" {
			kind, region = motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands"
		}
		m := h.notice(planner, h.draft(planner, kind, region, 40*day))
		mo := h.proposed(m, planner, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)
		targets[place] = target{kind, region, m.GetId(), mo.GetId()}
		if place == "region" {
			// The organiser's amendment to asha's motion, which ben seconded.
			a := h.amends(mo, organiser, "", words("1", "so", "otherwise"))
			targets["amendment"] = target{kind, region, m.GetId(), a.GetMotion().GetId()}
		}
	}
	for method, desc := range methods(t) {
		table, ok := people[method]
		if !ok {
			t.Errorf("%s stands in no table", method)
			continue
		}
		for place, w := range table {
			for name, cell := range map[string]struct {
				c    caller
				want string
			}{
				"anyone": {nobody, w.anyone}, "member": {ben, w.member}, "mover": {asha, w.mover}, "chair": {chair, w.chair}, "secretary": {secretary, w.secretary},
				"treasurer": {treasurer, w.treasurer}, "organiser": {organiser, w.organiser}, "organiser of another region": {elsewhere, w.elsewhere},
				"operator": {caller{member: organiser.member, roles: []auth.Role{{Name: auth.Chair}, {Name: auth.Secretary}, {Name: auth.Organiser, Region: "midlands"}}, operator: true}, w.operator},
			} {
				err := h.call(h.as(cell.c), h.conn, desc, targets[place])
				check(t, method+" "+place+" by "+name, err, cell.want)
			}
		}
		for _, r := range auth.Rooms {
			if r == auth.Motions {
				continue // It does not call itself: its own key is not among those it knows here.
			}
			reason := "ROOM_NOT_ALLOWED"
			if slices.Contains(roomsAdmitted[method], r) {
				reason = allows
			}
			conn := h.roomConn(r)
			check(t, method+" by the "+r+" room", h.call(context.Background(), conn, desc, targets["region"]), reason)
		}
	}
}

// methods are those of the room by their short name.
func methods(t *testing.T) map[string]protoreflect.MethodDescriptor {
	t.Helper()
	all := map[string]protoreflect.MethodDescriptor{}
	n := 0
	protoregistry.GlobalFiles.RangeFilesByPackage("folkmoot.motions.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				all[string(m.Name())] = m
				n++
			}
		}
		return true
	})
	if n < 22 || len(all) != n {
		t.Fatalf("%d methods of %d names", n, len(all))
	}
	return all
}

// target is what a call is about.
type target struct {
	kind                    motionsv1.MeetingKind
	region, meeting, motion string
}

// call makes a call that the room could carry out but for its state: the etag is one that nobody has seen, so that
// an admitted caller changes nothing.
func (h *house) call(ctx context.Context, conn grpc.ClientConnInterface, m protoreflect.MethodDescriptor, on target) error {
	h.t.Helper()
	in, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	if err != nil {
		h.t.Fatal(err)
	}
	req := in.New()
	fields := m.Input().Fields()
	set := func(name protoreflect.Name, v protoreflect.Value) {
		if fd := fields.ByName(name); fd != nil {
			req.Set(fd, v)
		}
	}
	set("request_id", protoreflect.ValueOfString(fresh()))
	set("meeting", protoreflect.ValueOfString(on.meeting))
	set("motion", protoreflect.ValueOfString(on.motion))
	set("etag", protoreflect.ValueOfString("unseen"))
	switch msg := req.Interface().(type) {
	case *motionsv1.CreateMeetingRequest:
		// Without a title, an admitted caller is told so.
		msg.Kind, msg.Region, msg.StartTime = on.kind, on.region, timestamppb.New(h.watch.Now().Add(day))
	case *motionsv1.RecordAttendanceRequest:
		msg.Members = []string{asha.member}
	case *motionsv1.ApplyFoundingRequest:
		msg.Epoch, msg.Position, msg.ActTime = 1, 1, timestamppb.New(begin)
	case *motionsv1.ListMotionsRequest:
		msg.Meeting = ""
	}
	out, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
	if err != nil {
		h.t.Fatal(err)
	}
	return conn.Invoke(ctx, "/"+string(m.Parent().FullName())+"/"+string(m.Name()), req.Interface(), out.New().Interface())
}

// check compares an answer with the table.
func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	f := fault.Of(rpc.FromStatus(err))
	if err != nil && f == nil {
		t.Errorf("%s: %v, which is no refusal", what, err)
		return
	}
	if f == nil {
		f = &fault.Fault{}
	}
	kind, denied := denials[f.Reason]
	switch {
	case want == allows && denied:
		t.Errorf("%s: %s, want it admitted", what, f.Reason)
	case want != allows && (f.Reason != want || f.Kind != kind):
		t.Errorf("%s: %q, want %s", what, f.Reason, want)
	}
}
