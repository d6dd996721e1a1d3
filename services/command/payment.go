package command

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/ledger/provider"
	"github.com/localgovdigital/folkmoot/services/ledger/provider/standin"
	ledger "github.com/localgovdigital/folkmoot/services/ledger/server"
)

// payment are the flags that turn payments on. Keys and secrets come in files: a command line can be read by everybody on the machine.
type payment struct {
	stripeKey, stripeSecret, stripeAPI               string
	goCardlessToken, goCardlessSecret, goCardlessAPI string
}

func (p *payment) flags(fs *flag.FlagSet) {
	fs.StringVar(&p.stripeKey, "stripe-key-file", "", "`FILE` with the secret key of the society's Stripe account; without it nobody can pay by card")
	fs.StringVar(&p.stripeSecret, "stripe-secret-file", "", "`FILE` with the signing secret of the Stripe webhook to /hooks/stripe; two lines while it is being replaced")
	fs.StringVar(&p.stripeAPI, "stripe-api", "", "another `URL` that answers as Stripe's API does, on this machine, for tests")
	fs.StringVar(&p.goCardlessToken, "gocardless-token-file", "", "`FILE` with the access token of the society's GoCardless account")
	fs.StringVar(&p.goCardlessSecret, "gocardless-secret-file", "", "`FILE` with the signing secret of the GoCardless webhook to /hooks/gocardless")
	fs.StringVar(&p.goCardlessAPI, "gocardless-api", "", "another `URL` that answers as GoCardless's API does, on this machine, for tests")
}

// config reads the files. public is where payers are sent back to.
func (p *payment) config(public string) (ledger.PaymentConfig, error) {
	c := ledger.PaymentConfig{PublicURL: public}
	for _, api := range []string{p.stripeAPI, p.goCardlessAPI} {
		if api == "" {
			continue
		}
		u, err := url.Parse(api)
		if err != nil || u.Host == "" || !loopback(u.Host) {
			return c, &UsageError{"--stripe-api and --gocardless-api are for a provider on this machine: give a URL with a loopback address"}
		}
		c.Fictional = true
	}
	var key, token []string
	for _, f := range []struct {
		name string
		into *[]string
	}{{p.stripeKey, &key}, {p.stripeSecret, &c.StripeSecrets}, {p.goCardlessToken, &token}, {p.goCardlessSecret, &c.GoCardlessSecrets}} {
		if f.name == "" {
			continue
		}
		raw, err := os.ReadFile(f.name)
		if err != nil {
			return c, fmt.Errorf("a payment provider's key cannot be read: %w", err)
		}
		if *f.into = strings.Fields(string(raw)); len(*f.into) == 0 {
			return c, &UsageError{f.name + " is empty"}
		}
	}
	c.Stripe.API, c.GoCardless.API = strings.TrimSuffix(p.stripeAPI, "/"), strings.TrimSuffix(p.goCardlessAPI, "/")
	if len(key) > 0 {
		c.Stripe.Key = key[0]
	}
	if len(token) > 0 {
		c.GoCardless.Token = token[0]
	}
	if (len(key) > 0) != (len(c.StripeSecrets) > 0) {
		return c, &UsageError{"--stripe-key-file and --stripe-secret-file go together: a payment that is begun must be heard of"}
	}
	if (len(token) > 0) != (len(c.GoCardlessSecrets) > 0) {
		return c, &UsageError{"--gocardless-token-file and --gocardless-secret-file go together: its events do not say amounts"}
	}
	return c, nil
}

// samplePayments starts a payment provider on this machine for the sample. It ends with the process.
func samplePayments(front string, now func() time.Time) (ledger.PaymentConfig, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return ledger.PaymentConfig{}, nil, fmt.Errorf("the sample's payment provider cannot listen: %w", err)
	}
	key, secret, at := "sk_sample_"+rand.Text(), "whsec_"+rand.Text(), "http://"+l.Addr().String()
	s := &http.Server{Handler: standin.New(standin.Config{URL: at, Key: key, Secret: secret, Hook: front + "/hooks/stripe", Now: now}), ReadHeaderTimeout: headerTimeout}
	go func() { _ = s.Serve(l) }()
	return ledger.PaymentConfig{
		Stripe: provider.Stripe{API: at, Key: key}, StripeSecrets: []string{secret}, PublicURL: front, Fictional: true,
	}, func() { _ = s.Close() }, nil
}
