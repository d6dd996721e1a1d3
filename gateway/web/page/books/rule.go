package books

import (
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type rulesView struct {
	Rules []listedRule
	// the form
	Contains, Member, Account, Fund, Acts *form.Field
	// Rule and Etag are those of the rule that is replaced; empty for a new one.
	Rule, Etag string
}

type listedRule struct {
	Rule *ledgerv1.MatchRule
	To   string
}

func (p pages) rules(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Bank.ListMatchRules(q.Context(), &ledgerv1.ListMatchRulesRequest{})
	if err != nil {
		return err
	}
	accounts, names, err := p.chartOf(q, ledgerv1.AccountType_ACCOUNT_TYPE_INCOME, ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE)
	if err != nil {
		return err
	}
	funds, err := p.fundItems(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := rulesView{
		Rule: q.FormValue("rule"), Etag: q.FormValue("etag"),
		Contains: f.Hinted("contains", "books.contains", "books.containsHint"), Member: f.Hinted("member", "books.member", "books.memberHint"),
		Account: f.Choose(f.Field("account", "books.orAccount"), accounts...), Fund: f.Choose(f.Field("fund", "books.fund"), funds...), Acts: f.Field("acts", "books.acts"),
	}
	v.Acts.LabelClasses = "govuk-fieldset__legend--s"
	f.Choose(v.Acts, form.Item{Value: "no", Text: q.T("books.actsNo")}, form.Item{Value: "yes", Text: q.T("books.actsYes")})
	found := v.Rule == ""
	for _, r := range reply.GetRules() {
		to := names[r.GetAccount()]
		if r.GetMember() != "" {
			to = p.person(q, r.GetMember())
		}
		v.Rules = append(v.Rules, listedRule{r, to})
		if r.GetId() == v.Rule {
			found = true
			if q.Method == http.MethodGet {
				p.fillRule(q, &v, r)
			}
		}
	}
	if !found && q.Method == http.MethodGet {
		return layout.ErrNotFound
	}
	page := layout.Page{Title: q.T("books.rules"), View: v, Errors: f.Summary(), Back: "/ledger/bank"}
	if v.Rule != "" {
		page.Title, page.Back, page.Here = q.T("books.changeRule"), "/ledger/bank/rules", "/ledger/bank/rules?rule="+url.QueryEscape(v.Rule)
	}
	return q.Show(code, "rules.html", page)
}

// fillRule fills the form with a rule that is there.
func (p pages) fillRule(q *layout.Request, v *rulesView, r *ledgerv1.MatchRule) {
	v.Etag, v.Contains.Value = r.GetEtag(), r.GetContains()
	if r.GetMember() != "" {
		// The form takes what names one member: a reference does, and a name may not.
		if m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: r.GetMember()}); err == nil {
			v.Member.Value = m.GetPaymentReference()
		}
	}
	pick(v.Account, r.GetAccount())
	pick(v.Fund, r.GetFund())
	acts := "no"
	if r.GetActs() {
		acts = "yes"
	}
	pick(v.Acts, acts)
}

// pick chooses one of a field's choices.
func pick(f *form.Field, value string) {
	f.Value = value
	for i := range f.Items {
		f.Items[i].Checked = f.Items[i].Value == value
	}
}

func (p pages) saveRule(q *layout.Request) error {
	if id := q.Typed("delete"); id != "" {
		if _, err := p.Bank.DeleteMatchRule(q.Context(), &ledgerv1.DeleteMatchRuleRequest{RequestId: q.RequestID(), Rule: id, Etag: q.Typed("etag")}); err != nil {
			return q.Again(err, p.rules)
		}
		return q.See("/ledger/bank/rules")
	}
	if wrong := q.Missing("contains", "books.containsNeeded"); len(wrong) > 0 {
		return p.rules(q, wrong)
	}
	rule := &ledgerv1.MatchRule{Contains: q.Typed("contains"), Account: q.Typed("account"), Fund: q.Typed("fund"), Acts: q.Typed("acts") == "yes"}
	before, err := p.ruleBefore(q)
	if err != nil {
		return err
	}
	if before != nil {
		// What the form does not ask for stays as it is.
		rule.Id, rule.CounterpartyAccount, rule.LeastPence, rule.MostPence = before.GetId(), before.GetCounterpartyAccount(), before.GetLeastPence(), before.GetMostPence()
	}
	if who := q.Typed("member"); who != "" {
		m, err := p.find(q, who)
		if err != nil {
			return err
		}
		if m == nil {
			return p.rules(q, []form.Wrong{{Field: "member", Text: q.T("books.memberUnclear")}})
		}
		rule.Member = m.GetId()
	}
	if _, err := p.Bank.SaveMatchRule(q.Context(), &ledgerv1.SaveMatchRuleRequest{RequestId: q.RequestID(), Rule: rule, Etag: q.Typed("etag")}); err != nil {
		return q.Again(err, p.rules)
	}
	return q.See("/ledger/bank/rules")
}

// ruleBefore returns the rule that the form replaces, nil for a new one.
func (p pages) ruleBefore(q *layout.Request) (*ledgerv1.MatchRule, error) {
	id := q.Typed("rule")
	if id == "" {
		return nil, nil
	}
	reply, err := p.Bank.ListMatchRules(q.Context(), &ledgerv1.ListMatchRulesRequest{})
	if err != nil {
		return nil, err
	}
	for _, r := range reply.GetRules() {
		if r.GetId() == id {
			return r, nil
		}
	}
	return nil, layout.ErrNotFound
}
