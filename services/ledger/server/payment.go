package server

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/provider"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// maxEventBody is how long a webhook's body may be, in bytes: what the gateway passes on.
const maxEventBody = 1 << 20

// PaymentConfig says which providers there are. Without any, payments are off.
type PaymentConfig struct {
	// Stripe begins payments by card and is asked for fees; its Key is empty where it is not.
	Stripe provider.Stripe
	// StripeSecrets prove what Stripe sends; more than one while one is being replaced.
	StripeSecrets []string
	// GoCardless is asked for amounts; its Token is empty where it is not.
	GoCardless provider.GoCardless
	// GoCardlessSecrets prove what GoCardless sends.
	GoCardlessSecrets []string
	// PublicURL is where payers are sent back to.
	PublicURL string
	// Fictional is true where the provider runs on this machine and no money moves.
	Fictional bool
}

// starts reports whether gifts can be begun: that needs the key to begin them and the secret to hear of them.
func (c PaymentConfig) starts() bool {
	return c.Stripe.Key != "" && len(c.StripeSecrets) > 0 && c.PublicURL != ""
}

// TakePayments says which providers there are. It is called before the room is served.
func (s *Server) TakePayments(c PaymentConfig) { s.payments = c }

func paymentsOff() error {
	return fault.New(fault.Conflict, "PAYMENTS_OFF",
		"This society takes no payments by card here. Give by bank transfer with your payment reference, or in cash to the treasurer.")
}

// ReceiveEvent takes a webhook: it proves that the provider sent it, finds out what its events do not say, and has the store keep and post
// it. A body that cannot be proven is not read.
func (s *Server) ReceiveEvent(ctx context.Context, req *ledgerv1.ReceiveEventRequest) (*ledgerv1.ReceiveEventResponse, error) {
	now := s.Now()
	events, err := s.prove(req, now)
	if err != nil {
		return nil, err
	}
	receipt := store.Receipt{
		Events: events, Now: now.UnixMicro(), Today: s.today(now), Event: encodeEvent,
		Date:  func(micros int64) string { return s.today(time.UnixMicro(micros)) },
		NewID: func() (string, error) { return id.New(now, s.Random) },
	}
	if err := s.findOut(ctx, &receipt); err != nil {
		s.Log.WarnContext(ctx, "what events of a provider leave out was not found", slog.Any("error", err))
		return nil, err
	}
	fresh, err := s.store.Receive(ctx, receipt)
	s.courier.Wake()
	if err != nil {
		return nil, err
	}
	return &ledgerv1.ReceiveEventResponse{NewEvents: int32(fresh)}, nil //nolint:gosec // at most as many as a body holds
}

// prove returns the events of a body that the named provider has signed.
func (s *Server) prove(req *ledgerv1.ReceiveEventRequest, now time.Time) ([]webhook.Event, error) {
	if len(req.GetBody()) > maxEventBody {
		return nil, fault.New(fault.Invalid, "BODY_TOO_LARGE", "The body is larger than any batch of events.")
	}
	switch webhook.Provider(req.GetProvider()) {
	case webhook.ByStripe:
		if len(s.payments.StripeSecrets) == 0 {
			break
		}
		if err := (webhook.Stripe{Secrets: s.payments.StripeSecrets}).Verify(req.GetBody(), req.GetSignature(), now.Unix()); err != nil {
			return nil, err
		}
		e, err := webhook.DecodeStripe(req.GetBody())
		if err != nil {
			return nil, err
		}
		if !e.Live && !s.payments.Fictional {
			// A test-mode endpoint has been given our secret: money that nobody paid must not be booked.
			e.Kind, e.Payment, e.Object, e.Payout = webhook.Other, "", "", ""
		}
		return []webhook.Event{e}, nil
	case webhook.ByGoCardless:
		if len(s.payments.GoCardlessSecrets) == 0 {
			break
		}
		if err := (webhook.GoCardless{Secrets: s.payments.GoCardlessSecrets}).Verify(req.GetBody(), req.GetSignature()); err != nil {
			return nil, err
		}
		return webhook.DecodeGoCardless(req.GetBody())
	}
	return nil, fault.New(fault.NotFound, "PROVIDER_OFF", "This society takes nothing from that payment provider.")
}

// findOut asks for what the events do not say: whose a reference is that we did not give, and a payment's amount or fee. It happens before
// the transaction; where a provider does not answer, it will send the events again.
func (s *Server) findOut(ctx context.Context, r *store.Receipt) error {
	r.Owners, r.Amounts, r.Fees, r.Payouts = map[string]string{}, map[string]store.Amount{}, map[string]int64{}, map[string]store.Payout{}
	for _, e := range r.Events {
		if err := s.findOwner(ctx, r, e); err != nil {
			return err
		}
		if err := s.findMoney(ctx, r, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) findOwner(ctx context.Context, r *store.Receipt, e webhook.Event) error {
	if _, done := r.Owners[e.Reference]; done || !id.Valid(e.Reference) {
		return nil
	}
	ours, err := s.store.HasCheckout(ctx, e.Reference)
	if err != nil || ours {
		return err
	}
	switch err := s.known(ctx, e.Reference); {
	case err == nil:
		r.Owners[e.Reference] = e.Reference
	case fault.Is(err, "MEMBER_NOT_FOUND"):
		// The money is booked all the same, as nobody's.
	default:
		return err
	}
	return nil
}

func (s *Server) findMoney(ctx context.Context, r *store.Receipt, e webhook.Event) error {
	switch {
	case e.Provider == webhook.ByGoCardless && e.Kind == webhook.Payout && s.payments.GoCardless.Token != "":
		return s.findPayout(ctx, r, e.Payout)
	case e.Provider == webhook.ByGoCardless && e.Payment != "" && e.Kind != webhook.Other && s.payments.GoCardless.Token != "":
		if _, done := r.Amounts[e.Payment]; done {
			return nil
		}
		has, err := s.store.HasAmount(ctx, string(e.Provider), e.Payment)
		if err != nil || has {
			return err
		}
		minor, currency, err := s.payments.GoCardless.Amount(ctx, e.Payment)
		if err != nil {
			return err
		}
		r.Amounts[e.Payment] = store.Amount{Minor: minor, Currency: currency}
	case e.Balance != "" && e.Kind != webhook.Other && s.payments.Stripe.Key != "":
		has, err := s.store.HasFee(ctx, string(e.Provider), e.Payment)
		if err != nil || has {
			return err
		}
		fee, err := s.payments.Stripe.Fee(ctx, e.Balance)
		if err != nil {
			return err
		}
		r.Fees[e.Payment] = fee
	}
	return nil
}

// findPayout asks what a payout of GoCardless sent to the bank, and what it had kept.
func (s *Server) findPayout(ctx context.Context, r *store.Receipt, payout string) error {
	if _, done := r.Payouts[payout]; done || payout == "" {
		return nil
	}
	has, err := s.store.HasPayout(ctx, string(webhook.ByGoCardless), payout)
	if err != nil || has {
		return err
	}
	sent, err := s.payments.GoCardless.Payout(ctx, payout)
	if err != nil {
		return err
	}
	r.Payouts[payout] = store.Payout{Minor: sent.Minor, Fee: sent.Fee, Currency: sent.Currency}
	return nil
}

// GetPaymentSettings says whether and how one may pay.
func (s *Server) GetPaymentSettings(context.Context, *ledgerv1.GetPaymentSettingsRequest) (*ledgerv1.PaymentSettings, error) {
	return &ledgerv1.PaymentSettings{
		Enabled: s.payments.starts(), LeastPence: ledger.LeastPayment, MostPence: ledger.MostPayment, Fictional: s.payments.Fictional,
	}, nil
}

// StartPayment begins a gift of the caller's. The same request gets the same gift and the same page, since the provider too is asked with
// the gift's own id.
func (s *Server) StartPayment(ctx context.Context, req *ledgerv1.StartPaymentRequest) (*ledgerv1.Payment, error) {
	if !s.payments.starts() {
		return nil, paymentsOff()
	}
	if err := ledger.CheckPayment(req.GetAmountPence()); err != nil {
		return nil, err
	}
	now, caller := s.Now(), auth.FromContext(ctx)
	newID, err := id.Random(s.Random)
	if err != nil {
		return nil, err
	}
	c, err := s.store.Begin(ctx, store.Checkout{
		ID: newID, Member: caller.Member, Provider: string(webhook.ByStripe), Pence: req.GetAmountPence(), Begun: now.UnixMicro(),
	}, req.GetRequestId())
	if err != nil {
		return nil, err
	}
	if c.URL == "" {
		at, err := s.payments.Stripe.Checkout(ctx, provider.Order{
			ID: c.ID, Pence: c.Pence, What: "Gift to the society", Done: s.payments.PublicURL + "/give/" + c.ID, Back: s.payments.PublicURL + "/give/" + c.ID + "?back=1",
		})
		if err != nil {
			s.Log.WarnContext(ctx, "a payment was not begun", slog.Any("error", err))
			return nil, err
		}
		if err := s.store.Paged(ctx, c.ID, at.ID, at.URL); err != nil {
			return nil, err
		}
		c.URL = at.URL
	}
	return s.payment(caller, c, nil), nil
}

// GetMyPayment returns a payment that the caller began.
func (s *Server) GetMyPayment(ctx context.Context, req *ledgerv1.GetMyPaymentRequest) (*ledgerv1.Payment, error) {
	caller := auth.FromContext(ctx)
	c, became, err := s.store.Checkout(ctx, req.GetPayment(), caller.Member)
	if err != nil {
		return nil, err
	}
	return s.payment(caller, c, became), nil
}

// payment writes a gift that was begun here, by the best of what became of it.
func (s *Server) payment(caller auth.Principal, c store.Checkout, became []store.Known) *ledgerv1.Payment {
	out := &ledgerv1.Payment{State: ledgerv1.PaymentState_PAYMENT_STATE_PENDING}
	for _, k := range became {
		if p := s.heard(caller, k); out.Provider == "" || p.GetState() == ledgerv1.PaymentState_PAYMENT_STATE_SETTLED {
			out = p
		}
	}
	out.Id, out.Provider, out.Member, out.CreateTime = c.ID, c.Provider, c.Member, timestamppb.New(time.UnixMicro(c.Begun))
	if out.GetAmountPence() == 0 {
		out.AmountPence = c.Pence
	}
	switch out.GetState() {
	case ledgerv1.PaymentState_PAYMENT_STATE_PENDING, ledgerv1.PaymentState_PAYMENT_STATE_FAILED:
		out.PayUrl = c.URL
	default:
	}
	out.Fictional = s.payments.Fictional
	return out
}

// heard writes a payment as the provider told of it. The fee and the provider's id are for the treasurer.
func (s *Server) heard(caller auth.Principal, k store.Known) *ledgerv1.Payment {
	at, unknown := k.State.Position()
	out := &ledgerv1.Payment{
		Provider: string(k.State.Provider), State: stateOf(k.State), AmountPence: k.State.Minor, KeptPence: max(at.Kept(), 0), Member: k.Member,
		CreateTime: timestamppb.New(time.UnixMicro(k.Heard)), Fictional: s.payments.Fictional,
	}
	if caller.HoldsAny(auth.Treasurer) {
		out.FeePence, out.ProviderPayment = at.Fee, k.State.ID
		out.Assigned = k.Assigned != ""
		out.Attention = k.Assigned != "" && k.Owner != "" && k.Assigned != k.Owner || k.State.Conflict || k.Books.ByHand || len(unknown) > 0 || k.State.Currency != "" && k.State.Currency != ledger.GBP ||
			k.State.Status == webhook.Settled && (k.State.Minor == 0 || k.Member == "")
	}
	return out
}

func stateOf(p webhook.Payment) ledgerv1.PaymentState {
	at, _ := p.Position()
	switch p.Status {
	case webhook.Settled:
		switch {
		case at.Kept() > 0 || at.Received == 0:
			return ledgerv1.PaymentState_PAYMENT_STATE_SETTLED
		case at.Disputed > 0:
			return ledgerv1.PaymentState_PAYMENT_STATE_CHARGED_BACK
		}
		return ledgerv1.PaymentState_PAYMENT_STATE_REFUNDED
	case webhook.ChargedBack:
		return ledgerv1.PaymentState_PAYMENT_STATE_CHARGED_BACK
	case webhook.Failed:
		return ledgerv1.PaymentState_PAYMENT_STATE_FAILED
	case webhook.Cancelled:
		return ledgerv1.PaymentState_PAYMENT_STATE_CANCELLED
	}
	return ledgerv1.PaymentState_PAYMENT_STATE_PENDING
}

// ListPayments pages through what providers told.
func (s *Server) ListPayments(ctx context.Context, req *ledgerv1.ListPaymentsRequest) (*ledgerv1.ListPaymentsResponse, error) {
	limit, err := page.Size(req.GetPageSize())
	if err != nil {
		return nil, err
	}
	key, err := page.Key(req.GetPageToken(), "payments")
	if err != nil {
		return nil, err
	}
	before := int64(0)
	if key != "" {
		if before, err = strconv.ParseInt(key, 10, 64); err != nil || before < 1 {
			return nil, fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
	}
	all, err := s.store.Payments(ctx, before, limit+1)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListPaymentsResponse{}
	if len(all) > limit {
		all = all[:limit]
		out.NextPageToken = page.Token(strconv.FormatInt(all[limit-1].Number, 10), "payments")
	}
	caller := auth.FromContext(ctx)
	for _, k := range all {
		out.Payments = append(out.Payments, s.heard(caller, k))
	}
	return out, nil
}
