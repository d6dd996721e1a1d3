package signin

import (
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// card shows where to type the code of a card from a desk, filled in where the card's QR code was read. It signs nobody in.
func (p pages) card(q *layout.Request, wrong []form.Wrong) error {
	f, code := q.FormOf(wrong)
	field := f.Hinted("code", "desk.code", "desk.codeHint")
	field.Autocomplete, field.NoSpelling, field.Classes = "off", true, "govuk-input--width-20 govuk-input--extra-letter-spacing"
	return q.Show(code, "card.html", layout.Page{Title: q.T("desk.useTitle"), View: struct{ Code *form.Field }{field}, Errors: f.Summary(), Here: "/card", Back: "/sign-in"})
}

func (p pages) useCard(q *layout.Request) error {
	if wrong := q.Missing("code", "desk.codeNeeded"); len(wrong) > 0 {
		return p.card(q, wrong)
	}
	reply, err := p.Desk.UseCard(q.Context(), &membershipv1.UseCardRequest{RequestId: q.RequestID(), Code: q.Typed("code")})
	if err != nil {
		wrong, err := q.Refused(err)
		if err != nil {
			return err
		}
		return p.card(q, wrong)
	}
	return p.arrived(q, reply, "")
}
