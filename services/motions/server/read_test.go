package server_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// A region's draft is for its organisers; a general meeting's is for members, whose motions for it are due before its notice.
func TestWhoSeesDrafts(t *testing.T) {
	h := founded(t)
	agm := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 40*day)
	regional := h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day)
	for _, c := range []struct {
		name              string
		c                 caller
		general, midlands bool
	}{
		{"anyone", nobody, false, false}, {"a member", asha, true, false}, {"the treasurer", treasurer, true, false}, {"the chair", chair, true, false},
		{"the secretary", secretary, true, false}, {"the organiser", organiser, true, true}, {"another region's organiser", elsewhere, true, false},
	} {
		list := must(h.ListMeetings(h.as(c.c), &motionsv1.ListMeetingsRequest{}))(t)
		for id, want := range map[string]bool{agm.GetId(): c.general, regional.GetId(): c.midlands} {
			listed := slices.ContainsFunc(list.GetMeetings(), func(m *motionsv1.Meeting) bool { return m.GetId() == id })
			_, err := h.GetMeeting(h.as(c.c), &motionsv1.GetMeetingRequest{Meeting: id})
			if listed != want || (err == nil) != want {
				t.Errorf("%s: listed %v, got %v; want %v", c.name, listed, err, want)
			}
			if !want {
				refused(t, err, codes.NotFound, "MEETING_NOT_FOUND")
			}
		}
	}
	// What one may not know of, one may not change either.
	_, err := h.GiveNotice(h.as(elsewhere), &motionsv1.GiveNoticeRequest{RequestId: fresh(), Meeting: regional.GetId(), Etag: regional.GetEtag()})
	refused(t, err, codes.NotFound, "MEETING_NOT_FOUND")
	h.notice(organiser, regional)
	must(h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: regional.GetId()}))(t)
	_, err = h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: "nonsense"})
	refused(t, err, codes.NotFound, "MEETING_NOT_FOUND")
}

func TestMotionsArePublicFromAcceptance(t *testing.T) {
	h := founded(t)
	m := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	mo := must(h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "T", Text: "T"}))(t)
	if mo.GetMoverName() != "Asha Adeyemi" || mo.GetState() != motionsv1.MotionState_MOTION_STATE_MOVED {
		t.Fatalf("moved: %v", mo)
	}
	check := func(when string, seen map[string]bool) {
		t.Helper()
		for name, c := range map[string]caller{"anyone": nobody, "mover": asha, "ben": ben, "far": carys, "unpaid": unpaid, "organiser": organiser, "elsewhere": elsewhere,
			"secretary": secretary, "chair": chair, "treasurer": treasurer} {
			_, err := h.GetMotion(h.as(c), &motionsv1.GetMotionRequest{Motion: mo.GetId()})
			list := must(h.ListMotions(h.as(c), &motionsv1.ListMotionsRequest{Meeting: m.GetId()}))(t)
			if want := seen[name] || seen["all"]; (err == nil) != want || (len(list.GetMotions()) == 1) != want {
				t.Errorf("%s: %s gets %v and lists %d; want %v", when, name, err, len(list.GetMotions()), want)
			}
			if err != nil {
				refused(t, err, codes.NotFound, "MOTION_NOT_FOUND")
			}
		}
	}
	check("moved", map[string]bool{"mover": true, "ben": true, "organiser": true, "secretary": true, "chair": true})
	_, err := h.SecondMotion(h.as(asha), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: mo.GetId()})
	refused(t, err, codes.PermissionDenied, "MOVER_CANNOT_SECOND")
	_, err = h.SecondMotion(h.as(unpaid), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: mo.GetId()})
	refused(t, err, codes.PermissionDenied, "NOT_IN_GOOD_STANDING")
	seconded := must(h.SecondMotion(h.as(ben), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: mo.GetId()}))(t)
	if seconded.GetSeconderName() != "Ben Baker" {
		t.Fatalf("seconded: %v", seconded)
	}
	check("seconded", map[string]bool{"mover": true, "ben": true, "organiser": true, "secretary": true, "chair": true})
	accepted := must(h.AcceptMotion(h.as(organiser), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: seconded.GetEtag()}))(t)
	check("accepted", map[string]bool{"all": true})
	must(h.WithdrawMotion(h.as(asha), &motionsv1.WithdrawMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: accepted.GetEtag()}))(t)
	check("withdrawn after acceptance", map[string]bool{"all": true})
}

func TestPages(t *testing.T) {
	h := founded(t)
	h.watch.Set(begin)
	var meetings []string
	for i := range 7 {
		m := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_SPECIAL, "", time.Duration(40+i/2)*day)
		h.notice(secretary, m)
		meetings = append(meetings, m.GetId())
	}
	even := meetings[0]
	var moved []string
	for i := range 7 {
		h.watch.Set(begin.Add(time.Duration(i/3) * time.Minute))
		mo := must(h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: meetings[i%2], Title: "T", Text: "T"}))(t)
		moved = append(moved, mo.GetId())
	}
	var seen []string
	token := ""
	for {
		page := must(h.ListMeetings(h.as(nobody), &motionsv1.ListMeetingsRequest{PageSize: 3, PageToken: token}))(t)
		for _, m := range page.GetMeetings() {
			seen = append(seen, m.GetId())
			if len(m.GetOrderPaper()) != 0 || m.GetQuorumRule() == "" {
				t.Errorf("in a list: %v", m)
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	slices.Sort(seen)
	slices.Sort(meetings)
	if !slices.Equal(seen, meetings) {
		t.Errorf("meetings on the pages: %v, want %v", seen, meetings)
	}
	var listed []string
	for {
		page := must(h.ListMotions(h.as(asha), &motionsv1.ListMotionsRequest{PageSize: 2, PageToken: token}))(t)
		for _, m := range page.GetMotions() {
			listed = append(listed, m.GetId())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	slices.Sort(listed)
	slices.Sort(moved)
	if !slices.Equal(listed, moved) {
		t.Errorf("motions on the pages: %v, want %v", listed, moved)
	}
	if only := must(h.ListMotions(h.as(asha), &motionsv1.ListMotionsRequest{Meeting: even}))(t); len(only.GetMotions()) != 4 {
		t.Errorf("%d motions of one meeting", len(only.GetMotions()))
	}
	_, err := h.ListMotions(h.as(nobody), &motionsv1.ListMotionsRequest{PageToken: "nonsense"})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	first := must(h.ListMeetings(h.as(nobody), &motionsv1.ListMeetingsRequest{PageSize: 1}))(t)
	_, err = h.ListMotions(h.as(nobody), &motionsv1.ListMotionsRequest{PageToken: first.GetNextPageToken()})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	_, err = h.ListMeetings(h.as(nobody), &motionsv1.ListMeetingsRequest{PageToken: first.GetNextPageToken(), Region: "midlands"})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	_, err = h.ListMeetings(h.as(nobody), &motionsv1.ListMeetingsRequest{PageSize: -1})
	refused(t, err, codes.InvalidArgument, "PAGE_SIZE")
}

func TestBadMeetings(t *testing.T) {
	h := founded(t)
	for name, req := range map[string]*motionsv1.CreateMeetingRequest{
		"no title":      {Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Place: "P", StartTime: timestamppb.New(begin.Add(40 * day))},
		"in the past":   {Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P", StartTime: timestamppb.New(begin.Add(-day))},
		"no time":       {Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P"},
		"no real time":  {Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P", StartTime: &timestamppb.Timestamp{Seconds: 1 << 60}},
		"no kind":       {Title: "T", Place: "P", StartTime: timestamppb.New(begin.Add(40 * day))},
		"unknown kind":  {Kind: 99, Title: "T", Place: "P", StartTime: timestamppb.New(begin.Add(40 * day))},
		"region of AGM": {Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Region: "midlands", Title: "T", Place: "P", StartTime: timestamppb.New(begin.Add(40 * day))},
	} {
		req.RequestId = fresh()
		_, err := h.CreateMeeting(h.as(secretary), req)
		t.Run(name, func(t *testing.T) { refused(t, err, codes.InvalidArgument, "MEETING_INVALID") })
	}
	m := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 40*day)
	_, err := h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "T", Text: "T", Kind: motionsv1.MotionKind_MOTION_KIND_ELECTION})
	refused(t, err, codes.InvalidArgument, "MOTION_INVALID")
	_, err = h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: "nonsense", Title: "T", Text: "T"})
	refused(t, err, codes.NotFound, "MEETING_NOT_FOUND")
	_, err = h.SecondMotion(h.as(asha), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: "nonsense"})
	refused(t, err, codes.NotFound, "MOTION_NOT_FOUND")
}
