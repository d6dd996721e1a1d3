package server

// The letters that tell a member of a change to how they sign in, which might not be their own.
var (
	passkeyAdded = map[string]letterText{
		"en": text(`A passkey was added to your membership of {{.Society}}`, `A passkey called "{{.Facts.passkey}}" was added to your membership of {{.Society}}. You can now sign in
with it, and with a mailed link or code as before.

If this was not you, sign in, remove the passkey and sign out your other devices:

{{.Home}}/me/passkeys

{{.Society}}
{{.Home}}
`),
		"cy": text(`Ychwanegwyd allwedd mynediad at eich aelodaeth o {{.Society}}`, `Ychwanegwyd allwedd mynediad o'r enw "{{.Facts.passkey}}" at eich aelodaeth o {{.Society}}. Gallwch nawr
fewngofnodi gyda hi, a gyda dolen neu god drwy'r post fel o'r blaen.

Os nad chi oedd hyn, mewngofnodwch, tynnwch yr allwedd ac allgofnodwch o'ch dyfeisiau eraill:

{{.Home}}/me/passkeys

{{.Society}}
{{.Home}}
`),
	}
	passkeyRemoved = map[string]letterText{
		"en": text(`A passkey was removed from your membership of {{.Society}}`, `The passkey called "{{.Facts.passkey}}" was removed from your membership of {{.Society}}. It no longer signs
you in; a mailed link or code does.

If this was not you, sign in and sign out your other devices:

{{.Home}}/me/sessions

{{.Society}}
{{.Home}}
`),
		"cy": text(`Tynnwyd allwedd mynediad o'ch aelodaeth o {{.Society}}`, `Tynnwyd yr allwedd mynediad o'r enw "{{.Facts.passkey}}" o'ch aelodaeth o {{.Society}}. Nid yw bellach yn eich
mewngofnodi; mae dolen neu god drwy'r post yn gwneud hynny.

Os nad chi oedd hyn, mewngofnodwch ac allgofnodwch o'ch dyfeisiau eraill:

{{.Home}}/me/sessions

{{.Society}}
{{.Home}}
`),
	}
)
