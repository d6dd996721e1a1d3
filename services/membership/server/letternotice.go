package server

import (
	"fmt"
	"time"
)

// The parts that the letters about a meeting share.
const (
	meetingEN = `{{.Facts.title}}
{{.When "start"}}
{{with .Facts.place}}{{.}}
{{end}}{{with .Facts.business}}
What the meeting will be asked to decide:
{{range .}}
- {{.}}{{end}}
{{end}}
The papers, and how to take part:

{{.Home}}{{.Facts.path}}

{{.Society}}
{{.Home}}
`
	meetingCY = `{{.Else "title_cy" "title"}}
{{.When "start"}}
{{with .Facts.place}}{{.}}
{{end}}{{with .Facts.business}}
Yr hyn y gofynnir i'r cyfarfod ei benderfynu:
{{range .}}
- {{.}}{{end}}
{{end}}
Y papurau, a sut i gymryd rhan:

{{.Home}}{{.Facts.path}}

{{.Society}}
{{.Home}}
`
)

var (
	noticeLetter = map[string]letterText{
		"en": text(`Notice of meeting: {{.Facts.title}}`, "{{.Name}},\n\nyou are given notice of this meeting of {{.Society}}:\n\n"+meetingEN),
		"cy": text(`Rhybudd o gyfarfod: {{.Else "title_cy" "title"}}`, "{{.Name}},\n\nrhoddir rhybudd i chi o'r cyfarfod hwn o {{.Society}}:\n\n"+meetingCY),
	}
	changedLetter = map[string]letterText{
		"en": text(`Changed: {{.Facts.title}}`, "{{.Name}},\n\nsomething has changed about this meeting of {{.Society}}. This is how it stands now:\n\n"+meetingEN),
		"cy": text(`Newidiwyd: {{.Else "title_cy" "title"}}`, "{{.Name}},\n\nmae rhywbeth wedi newid ynghylch y cyfarfod hwn o {{.Society}}. Dyma sut y mae nawr:\n\n"+meetingCY),
	}
	cancelledLetter = map[string]letterText{
		"en": text(`Cancelled: {{.Facts.title}}`, "{{.Name}},\n\nthis meeting of {{.Society}} will not be held:\n\n"+meetingEN),
		"cy": text(`Canslwyd: {{.Else "title_cy" "title"}}`, "{{.Name}},\n\nni fydd y cyfarfod hwn o {{.Society}} yn cael ei gynnal:\n\n"+meetingCY),
	}
)

var (
	welshDays   = [...]string{"Dydd Sul", "Dydd Llun", "Dydd Mawrth", "Dydd Mercher", "Dydd Iau", "Dydd Gwener", "Dydd Sadwrn"}
	welshMonths = [...]string{"Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"}
)

// longDate writes a day and an hour for a person: "Saturday 12 December 2026 at 14:00".
func longDate(t time.Time, language string) string {
	if language == "cy" {
		return fmt.Sprintf("%s %d %s %d am %s", welshDays[t.Weekday()], t.Day(), welshMonths[t.Month()-1], t.Year(), t.Format("15:04"))
	}
	return t.Format("Monday 2 January 2006 at 15:04")
}
