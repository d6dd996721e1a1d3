package books

import (
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

type mapsView struct {
	Maps                                                                     []*ledgerv1.ColumnMap
	Name, Title, Date, Amount, In, Out, Description, Counterparty, Reference *form.Field
	// Map is the saved map that is replaced, nil for a new one.
	Map *ledgerv1.ColumnMap
}

func (p pages) maps(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Bank.ListColumnMaps(q.Context(), &ledgerv1.ListColumnMapsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := mapsView{
		Maps: reply.GetMaps(), Title: f.Field("title", "books.mapTitle"), Name: f.Hinted("name", "books.mapName", "books.mapNameHint"), Date: f.Hinted("date", "books.mapDate", "books.mapHint"),
		Amount: f.Field("amount", "books.mapAmount"), In: f.Field("money_in", "books.mapIn"), Out: f.Field("money_out", "books.mapOut"),
		Description: f.Field("description", "books.text"), Counterparty: f.Field("counterparty", "books.otherSide"), Reference: f.Field("reference", "ledger.reference"),
	}
	page := layout.Page{Title: q.T("books.maps"), View: v, Errors: f.Summary(), Back: "/ledger/bank"}
	if name := q.FormValue("map"); name != "" {
		if v.Map = ownMap(reply.GetMaps(), name); v.Map == nil {
			return layout.ErrNotFound
		}
		if q.Method == http.MethodGet {
			v.fill()
		} else {
			v.Map.Etag = q.Typed("etag") // What the treasurer saw, not what is there by now.
		}
		page.Title, page.View, page.Back, page.Here = q.T("books.changeMap", "Name", v.Map.GetTitle()), v, "/ledger/bank/maps", "/ledger/bank/maps?map="+url.QueryEscape(name)
	}
	return q.Show(code, "maps.html", page)
}

// ownMap returns the saved map of a name; nil where there is none, and for a preset, which nobody replaces.
func ownMap(all []*ledgerv1.ColumnMap, name string) *ledgerv1.ColumnMap {
	for _, m := range all {
		if m.GetName() == name && !m.GetPreset() {
			return m
		}
	}
	return nil
}

// fill fills the form with the map that is replaced.
func (v *mapsView) fill() {
	m := v.Map
	v.Title.Value, v.Name.Value, v.Date.Value, v.Amount.Value, v.In.Value, v.Out.Value = m.GetTitle(), m.GetName(), m.GetDate(), m.GetAmount(), m.GetMoneyIn(), m.GetMoneyOut()
	v.Counterparty.Value, v.Reference.Value = m.GetCounterparty(), m.GetReference()
	if d := m.GetDescription(); len(d) > 0 {
		v.Description.Value = d[0]
	}
}

func (p pages) saveMap(q *layout.Request) error {
	m := &ledgerv1.ColumnMap{
		Name: q.Typed("name"), Title: q.Typed("title"), Date: q.Typed("date"), Amount: q.Typed("amount"), MoneyIn: q.Typed("money_in"), MoneyOut: q.Typed("money_out"),
		Counterparty: q.Typed("counterparty"), Reference: q.Typed("reference"),
	}
	if d := q.Typed("description"); d != "" {
		m.Description = []string{d}
	}
	if name := q.Typed("map"); name != "" {
		reply, err := p.Bank.ListColumnMaps(q.Context(), &ledgerv1.ListColumnMapsRequest{})
		if err != nil {
			return err
		}
		before := ownMap(reply.GetMaps(), name)
		if before == nil {
			return layout.ErrNotFound
		}
		// What the form does not ask for stays as it is.
		m.Name, m.Balance, m.BankId, m.MonthFirst, m.Negated = before.GetName(), before.GetBalance(), before.GetBankId(), before.GetMonthFirst(), before.GetNegated()
		if more := before.GetDescription(); len(more) > 1 && len(m.GetDescription()) > 0 {
			m.Description = append(m.Description, more[1:]...)
		}
	}
	if _, err := p.Bank.SaveColumnMap(q.Context(), &ledgerv1.SaveColumnMapRequest{RequestId: q.RequestID(), Map: m, Etag: q.Typed("etag")}); err != nil {
		return q.Again(err, p.maps)
	}
	return q.See("/ledger/bank/maps")
}
