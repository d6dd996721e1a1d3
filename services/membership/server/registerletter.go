package server

import "github.com/localgovdigital/folkmoot/services/membership"

// confirmPath is the page where the link of a mail is confirmed.
func confirmPath(kind membership.Letter) string {
	if kind == membership.LetterEmail {
		return "/me/email/confirm"
	}
	return "/confirm"
}

// registerLetters are the mails about what happened in the register, by kind and language. No Welsh reader has checked the Welsh.
var registerLetters = map[membership.Letter]map[string]letterText{
	membership.LetterEmail: {
		"en": text(`Confirm your new address for {{.Society}}`, `You asked {{.Society}} to write to this address from now on.
`+proofEN+`
Until you confirm it, your old address stays in use. If this was not you, do nothing.

{{.Society}}
{{.Home}}
`),
		"cy": text(`Cadarnhewch eich cyfeiriad newydd ar gyfer {{.Society}}`, `Gwnaethoch ofyn i {{.Society}} ysgrifennu at y cyfeiriad hwn o hyn ymlaen.
`+proofCY+`
Nes i chi ei gadarnhau, bydd eich hen gyfeiriad yn dal i gael ei ddefnyddio. Os nad chi oedd hyn, peidiwch â gwneud dim.

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterEmailChanged: {
		"en": text(`Your address for {{.Society}} has changed`, `{{.Society}} now writes to another address of yours, which was confirmed by somebody who was signed in as you.
Nothing more is sent to this address.

If this was not you, tell the secretary at once: the secretary's name stands on

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
		"cy": text(`Mae eich cyfeiriad ar gyfer {{.Society}} wedi newid`, `Mae {{.Society}} bellach yn ysgrifennu at gyfeiriad arall i chi, a gadarnhawyd gan rywun oedd wedi mewngofnodi fel chi.
Ni chaiff dim arall ei anfon i'r cyfeiriad hwn.

Os nad chi oedd hyn, dywedwch wrth yr ysgrifennydd ar unwaith: mae enw'r ysgrifennydd ar

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterAdmitted: {
		"en": text(`You are a member of {{.Society}}`, `Your application was accepted: you are a member of {{.Society}}. The reason on record is:

{{.Reason}}

Sign in to see what you can do, and what the society asks of you:

{{.Home}}/me

{{.Society}}
{{.Home}}
`),
		"cy": text(`Rydych yn aelod o {{.Society}}`, `Derbyniwyd eich cais: rydych yn aelod o {{.Society}}. Y rheswm a gofnodwyd yw:

{{.Reason}}

Mewngofnodwch i weld beth y gallwch ei wneud, a beth mae'r gymdeithas yn ei ofyn gennych:

{{.Home}}/me

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterDeclined: {
		"en": text(`Your application to {{.Society}} was refused`, `Your application to become a member of {{.Society}} was refused. The reason on record is:

{{.Reason}}

If you think that this is wrong, you can appeal: write to the secretary, whose name stands on {{.Home}}/officers, and ask
that a general meeting looks at the decision. Say why you think that it is wrong. You can also apply again at any time.

The decision and its reason are in the history of your entry, which you can see when you sign in:

{{.Home}}/me

{{.Society}}
{{.Home}}
`),
		"cy": text(`Gwrthodwyd eich cais i {{.Society}}`, `Gwrthodwyd eich cais i ddod yn aelod o {{.Society}}. Y rheswm a gofnodwyd yw:

{{.Reason}}

Os ydych yn credu bod hyn yn anghywir, gallwch apelio: ysgrifennwch at yr ysgrifennydd, y mae ei enw ar {{.Home}}/officers, a
gofynnwch i gyfarfod cyffredinol edrych ar y penderfyniad. Dywedwch pam rydych yn credu ei fod yn anghywir. Gallwch hefyd wneud
cais eto unrhyw bryd.

Mae'r penderfyniad a'i reswm yn hanes eich cofnod, y gallwch ei weld pan fyddwch yn mewngofnodi:

{{.Home}}/me

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterWithdrawn: {
		"en": text(`You withdrew your application to {{.Society}}`, `Your application to become a member of {{.Society}} is withdrawn: nobody decides on it, and you are signed out everywhere.
{{with .Reason}}
The reason on record is:

{{.}}
{{end}}
You can apply again at any time with this address. To have the address deleted, sign in and choose it under your data:

{{.Home}}/me/data

If this was not you, tell the secretary: the secretary's name stands on

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
		"cy": text(`Rydych wedi tynnu eich cais i {{.Society}} yn ôl`, `Mae eich cais i ddod yn aelod o {{.Society}} wedi'i dynnu'n ôl: nid oes neb yn penderfynu arno, ac rydych wedi'ch allgofnodi ym mhobman.
{{with .Reason}}
Y rheswm a gofnodwyd yw:

{{.}}
{{end}}
Gallwch wneud cais eto unrhyw bryd gyda'r cyfeiriad hwn. I ddileu'r cyfeiriad, mewngofnodwch a dewiswch hynny o dan eich data:

{{.Home}}/me/data

Os nad chi oedd hyn, dywedwch wrth yr ysgrifennydd: mae enw'r ysgrifennydd ar

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
	},
	membership.LetterLeft: {
		"en": text(`Your membership of {{.Society}} has ended`, `Your membership of {{.Society}} has ended. Your offices ended with it and you are signed out everywhere.
{{with .Reason}}
The reason on record is:

{{.}}
{{end}}
The register keeps your name and the dates of your membership, and the accounts keep what you gave, as the law asks. Votes
that were cast stay counted. You can see your entry by signing in with this address, and apply again.

If this was not meant, tell the secretary: the secretary's name stands on

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
		"cy": text(`Mae eich aelodaeth o {{.Society}} wedi dod i ben`, `Mae eich aelodaeth o {{.Society}} wedi dod i ben. Daeth eich swyddi i ben gyda hi ac rydych wedi'ch allgofnodi ym mhobman.
{{with .Reason}}
Y rheswm a gofnodwyd yw:

{{.}}
{{end}}
Mae'r gofrestr yn cadw eich enw a dyddiadau eich aelodaeth, ac mae'r cyfrifon yn cadw'r hyn a roddoch, fel y mae'r gyfraith yn
ei ofyn. Mae pleidleisiau a fwriwyd yn dal i gyfrif. Gallwch weld eich cofnod drwy fewngofnodi gyda'r cyfeiriad hwn, a gwneud
cais eto.

Os nad oedd hyn yn fwriadol, dywedwch wrth yr ysgrifennydd: mae enw'r ysgrifennydd ar

{{.Home}}/officers

{{.Society}}
{{.Home}}
`),
	},
}
