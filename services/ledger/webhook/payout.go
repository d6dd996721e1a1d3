package webhook

// PaidOut returns what the events of one payout to the bank say was paid, in minor units and with its currency. paid is false if none says so, or
// if it failed; then minor is 0. It is 0 as well where the provider's events say no amounts, and the provider must be asked. The provider's time
// decides which of two is the later one, so their order does not matter.
func PaidOut(events []Event) (minor int64, currency string, paid bool) {
	var last Event
	for _, e := range events {
		if e.Kind == Payout && (last.ID == "" || e.later(last.At, last.rank(), last.ID)) {
			last = e
		}
	}
	if !last.Holds {
		return 0, "", false
	}
	return last.Minor, last.Currency, true
}

// Decode takes one kept event of a provider apart again: [Event.Raw] as it was.
func Decode(p Provider, raw []byte) ([]Event, error) {
	if p == ByStripe {
		e, err := DecodeStripe(raw)
		return []Event{e}, err
	}
	batch := append([]byte(`{"events":[`), raw...)
	return DecodeGoCardless(append(batch, "]}"...))
}
