package layout

import (
	"strings"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// WhyStanding says in the viewer's language why a standing is what it is today: the admission, the event and the rule in force.
func (q *Request) WhyStanding(a *membershipv1.ExplainStandingResponse) string {
	var lines []string
	applicant := false
	switch a.GetCode() {
	case "unknown", "waiting", "refused", "withdrawn", "left":
		applicant = true
	default:
		lines = append(lines, q.T("entry.admittedOn", "Date", q.Date(a.GetAdmitTime())))
	}
	event := a.GetEvent()
	if q.Has("entry.ended." + event) {
		event = q.T("entry.ended." + event)
	}
	lines = append(lines, q.T("standing.now."+a.GetCode(), "Date", q.Date(a.GetEventTime()), "Event", event))
	if a.GetReason() != "" {
		lines = append(lines, q.T("standing.now.reason", "Reason", a.GetReason()))
	}
	switch {
	case applicant || a.GetRuleBook() == 0:
	case a.GetDonationRequired():
		lines = append(lines, q.T("standing.now.required", "Version", a.GetRuleBook()))
	default:
		lines = append(lines, q.T("standing.now.asked", "Version", a.GetRuleBook()))
	}
	return strings.Join(lines, " ")
}
