// Package web is the pages: server-rendered, working without JavaScript, in English and Welsh. Each journey stands
// in a folder of its own under page; what they share is in layout, form, text and asset.
package web

import (
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/page/about"
	"github.com/localgovdigital/folkmoot/gateway/web/page/amendment"
	"github.com/localgovdigital/folkmoot/gateway/web/page/apidoc"
	"github.com/localgovdigital/folkmoot/gateway/web/page/ballot"
	"github.com/localgovdigital/folkmoot/gateway/web/page/books"
	"github.com/localgovdigital/folkmoot/gateway/web/page/desk"
	"github.com/localgovdigital/folkmoot/gateway/web/page/device"
	"github.com/localgovdigital/folkmoot/gateway/web/page/entry"
	"github.com/localgovdigital/folkmoot/gateway/web/page/founding"
	"github.com/localgovdigital/folkmoot/gateway/web/page/give"
	"github.com/localgovdigital/folkmoot/gateway/web/page/hall"
	"github.com/localgovdigital/folkmoot/gateway/web/page/home"
	"github.com/localgovdigital/folkmoot/gateway/web/page/join"
	"github.com/localgovdigital/folkmoot/gateway/web/page/ledger"
	"github.com/localgovdigital/folkmoot/gateway/web/page/letter"
	"github.com/localgovdigital/folkmoot/gateway/web/page/me"
	"github.com/localgovdigital/folkmoot/gateway/web/page/meeting"
	"github.com/localgovdigital/folkmoot/gateway/web/page/member"
	"github.com/localgovdigital/folkmoot/gateway/web/page/motion"
	"github.com/localgovdigital/folkmoot/gateway/web/page/officer"
	"github.com/localgovdigital/folkmoot/gateway/web/page/officeract"
	"github.com/localgovdigital/folkmoot/gateway/web/page/passkey"
	"github.com/localgovdigital/folkmoot/gateway/web/page/privacy"
	"github.com/localgovdigital/folkmoot/gateway/web/page/publiclog"
	"github.com/localgovdigital/folkmoot/gateway/web/page/region"
	"github.com/localgovdigital/folkmoot/gateway/web/page/report"
	"github.com/localgovdigital/folkmoot/gateway/web/page/roll"
	"github.com/localgovdigital/folkmoot/gateway/web/page/rule"
	"github.com/localgovdigital/folkmoot/gateway/web/page/signin"
	"github.com/localgovdigital/folkmoot/gateway/web/page/statute"
)

// New returns the handler of every page. Forms from other sites are refused; public is where visitors find us, for
// where a proxy in front changes the name.
func New(c layout.Config, public *url.URL) (http.Handler, error) {
	c.Public = public
	s, err := layout.New(c)
	if err != nil {
		return nil, err
	}
	for _, register := range []func(*layout.Site) error{
		home.Register,
		join.Register,
		signin.Register,
		founding.Register,
		me.Register,
		meeting.Register,
		motion.Register,
		amendment.Register,
		ballot.Register,
		ledger.Register,
		report.Register,
		member.Register,
		officer.Register,
		region.Register,
		rule.Register,
		roll.Register,
		about.Register,
		apidoc.Register,
		publiclog.Register,
		officeract.Register,
		entry.Register,
		statute.Register,
		books.Register,
		privacy.Register,
		hall.Register,
		passkey.Register,
		device.Register,
		desk.Register,
		letter.Register,
		give.Register,
	} {
		if err := register(s); err != nil {
			return nil, err
		}
	}
	guard := http.NewCrossOriginProtection()
	if public != nil && public.Host != "" {
		if err := guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, err
		}
	}
	return guard.Handler(s), nil
}
