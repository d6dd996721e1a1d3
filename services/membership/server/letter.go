package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// words are what a letter is written with.
type words struct {
	Society, Home, Link, Code, Until, Reason string
	WithCode                                 bool
	// Name is the member's, and Facts what whoever queued the letter knew (store.QueueLetter).
	Name  string
	Facts map[string]any

	language string
	zone     *time.Location
}

// When writes an instant of the facts, kept as RFC 3339 has it, for a person in the letter's language.
func (w words) When(fact string) (string, error) {
	s, _ := w.Facts[fact].(string)
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", fmt.Errorf("server: the fact %s is no instant: %w", fact, err)
	}
	return longDate(at.In(w.zone), w.language), nil
}

// Else returns a fact, or another where there is none.
func (w words) Else(fact, otherwise string) any {
	if v, ok := w.Facts[fact]; ok && v != "" {
		return v
	}
	return w.Facts[otherwise]
}

// letterText is a mail in one language.
type letterText struct{ subject, body *template.Template }

func text(subject, body string) letterText {
	parse := func(name, text string) *template.Template {
		return template.Must(template.New(name).Option("missingkey=error").Parse(text))
	}
	return letterText{parse("subject", subject), parse("body", body)}
}

// The parts with which a person proves that the mail arrived. The link and the code stand alone on a line, for people to
// copy and for the development mailbox to find; "Code:" is the same in both languages for that reason.
const (
	proofEN = `
{{if .WithCode}}Type this code into the page where you asked for it:

Code: {{.Code}}

Or open this link in the same browser:
{{else}}Open this link in the browser where you asked for it. There is no code this time, since many were asked for:
{{end}}
{{.Link}}

Both work once, until {{.Until}} (30 minutes after you asked), and only in the browser where you asked.
`
	proofCY = `
{{if .WithCode}}Teipiwch y cod hwn ar y dudalen lle gwnaethoch ofyn amdano:

Code: {{.Code}}

Neu agorwch y ddolen hon yn yr un porwr:
{{else}}Agorwch y ddolen hon yn y porwr lle gwnaethoch ofyn amdani. Does dim cod y tro hwn, gan fod llawer wedi'u gofyn:
{{end}}
{{.Link}}

Mae'r ddau'n gweithio unwaith, tan {{.Until}} (30 munud ar ôl i chi ofyn), a dim ond yn y porwr lle gwnaethoch ofyn.
`
)

// letters are the letters by kind and language; what a change of one's own brings stands in lettersafe.go, notices in letternotice.go. No
// Welsh reader has checked the Welsh.
//
// Whoever adds a kind gives it a name in package membership, its words here in both languages, and queues it with store.QueueLetter in
// the transaction of the fact that it tells; the facts that it is given as JSON are {{.Facts.name}} here.
var letters = map[membership.Letter]map[string]letterText{
	membership.LetterPasskeyAdded: passkeyAdded, membership.LetterPasskeyRemoved: passkeyRemoved,
	membership.LetterNotice: noticeLetter, membership.LetterChanged: changedLetter, membership.LetterCancelled: cancelledLetter,
	membership.LetterJoin: {
		"en": text(`Confirm your membership of {{.Society}}`, `You asked to become a member of {{.Society}}.
`+proofEN+`
If this was not you, somebody may have mistyped their address. Do nothing, and nothing will happen: your address is
deleted after a day.

{{.Society}}
{{.Home}}
`),
		"cy": text(`Cadarnhewch eich aelodaeth o {{.Society}}`, `Gwnaethoch ofyn am ddod yn aelod o {{.Society}}.
`+proofCY+`
Os nad chi oedd hyn, efallai bod rhywun wedi camdeipio eu cyfeiriad. Peidiwch â gwneud dim, ac ni fydd dim yn digwydd:
caiff eich cyfeiriad ei ddileu ar ôl diwrnod.

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterKnown: {
		"en": text(`You are already a member of {{.Society}}`, `Somebody asked to join {{.Society}} with this address. You are already a member, so you need not
join again: you can sign in.
`+proofEN+`
If this was not you, do nothing: nobody can sign in without this mail.

{{.Society}}
{{.Home}}
`),
		"cy": text(`Rydych eisoes yn aelod o {{.Society}}`, `Gofynnodd rhywun am ymuno â {{.Society}} gyda'r cyfeiriad hwn. Rydych eisoes yn aelod, felly nid oes angen
ymuno eto: gallwch fewngofnodi.
`+proofCY+`
Os nad chi oedd hyn, peidiwch â gwneud dim: ni all neb fewngofnodi heb y neges hon.

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterSignIn: {
		"en": text(`Sign in to {{.Society}}`, `You asked to sign in to {{.Society}}.
`+proofEN+`
If this was not you, do nothing: nobody can sign in without this mail.

{{.Society}}
{{.Home}}
`),
		"cy": text(`Mewngofnodi i {{.Society}}`, `Gwnaethoch ofyn am fewngofnodi i {{.Society}}.
`+proofCY+`
Os nad chi oedd hyn, peidiwch â gwneud dim: ni all neb fewngofnodi heb y neges hon.

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterOperator: {
		"en": text(`The operator of {{.Society}} acted in your name`, `The person who runs the computer of {{.Society}} made an access token in your name.

With it they can see what you can see, for at most 15 minutes. They cannot vote, second a motion, or act in an office
with it. That they made it stands in the register's history. If you did not ask for it, ask the secretary why.

{{.Society}}
{{.Home}}
`),
		"cy": text(`Gweithredodd gweithredwr {{.Society}} yn eich enw`, `Gwnaeth y person sy'n rhedeg cyfrifiadur {{.Society}} docyn mynediad yn eich enw.

Gydag ef gallant weld yr hyn y gallwch chi ei weld, am hyd at 15 munud. Ni allant bleidleisio, eilio cynnig na
gweithredu mewn swydd gydag ef. Mae'r ffaith iddynt ei wneud yn hanes y gofrestr. Os na wnaethoch ofyn amdano,
gofynnwch i'r ysgrifennydd pam.

{{.Society}}
{{.Home}}
`),
	},
}

// write makes the subject and the plain text of a letter, in English where the language is not known. It fails where the facts are not
// those that the letter's kind needs.
func write(l store.Letter, w words) (subject, body string, err error) {
	w.language, w.Name = l.Language, l.Name
	in := letters[l.Kind]
	if in == nil {
		in = registerLetters[l.Kind]
	}
	t, ok := in[l.Language]
	if !ok {
		w.language = "en"
		if t, ok = in["en"]; !ok {
			return "", "", fmt.Errorf("server: there is no letter of the kind %q", l.Kind)
		}
	}
	if len(l.Facts) > 0 {
		if err := json.Unmarshal(l.Facts, &w.Facts); err != nil {
			return "", "", fmt.Errorf("server: the facts of a letter: %w", err)
		}
	}
	var s, b strings.Builder
	if err := t.subject.Execute(&s, w); err != nil {
		return "", "", fmt.Errorf("server: write a letter: %w", err)
	}
	if err := t.body.Execute(&b, w); err != nil {
		return "", "", fmt.Errorf("server: write a letter: %w", err)
	}
	// A subject is one line, whatever a title holds.
	return strings.Join(strings.Fields(s.String()), " "), b.String(), nil
}
