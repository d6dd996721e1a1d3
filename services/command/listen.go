package command

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// edge is how the gateway faces the outside.
type edge struct {
	listen, admin, public string
	cert, key             string
	trusted               string
}

func (e *edge) flags(fs *flag.FlagSet) {
	fs.StringVar(&e.listen, "listen", "localhost:8080", "`ADDRESS` where pages and the API are served")
	fs.StringVar(&e.admin, "admin-listen", "localhost:0", "loopback `ADDRESS` for /metrics, health and gRPC with reflection; port 0 takes a free one")
	fs.StringVar(&e.public, "public-url", "", "`URL` under which people reach this, for links in mails; by default the address it listens on")
	fs.StringVar(&e.cert, "tls-cert", "", "certificate `FILE` (PEM); with --tls-key")
	fs.StringVar(&e.key, "tls-key", "", "the certificate's key `FILE` (PEM)")
	fs.StringVar(&e.trusted, "trusted-proxy", "", "`CIDR` of a proxy in front that ends TLS and tells the client's address, for example 127.0.0.1/32; several with commas")
}

// check returns what is wrong with the flags, and the networks of the trusted proxies.
func (e *edge) check() ([]netip.Prefix, error) {
	if (e.cert == "") != (e.key == "") {
		return nil, &UsageError{"--tls-cert and --tls-key go together"}
	}
	var trusted []netip.Prefix
	for s := range strings.SplitSeq(e.trusted, ",") {
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, &UsageError{fmt.Sprintf("--trusted-proxy: %q is not a network like 10.0.0.0/8", s)}
		}
		trusted = append(trusted, p)
	}
	if !loopback(e.listen) && e.cert == "" && len(trusted) == 0 {
		return nil, &UsageError{"--listen " + e.listen + " can be reached from other machines: give --tls-cert and --tls-key, or --trusted-proxy if one in front ends TLS"}
	}
	if !loopback(e.admin) {
		return nil, &UsageError{"--admin-listen must be a loopback address"}
	}
	if e.public != "" {
		u, err := url.Parse(e.public)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.TrimSuffix(u.Path, "/") != "" {
			return nil, &UsageError{"--public-url is an address like https://folkmoot.example.org"}
		}
		e.public = u.Scheme + "://" + u.Host
	}
	return trusted, nil
}

// tls reads the certificate, or returns nil where there is none.
func (e *edge) tls() (*tls.Config, error) {
	if e.cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(e.cert, e.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be used: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// url is where the gateway is reached: the public address, or the one it listens on.
func (e *edge) url(l net.Listener) string {
	if e.public != "" {
		return e.public
	}
	scheme := "http"
	if e.cert != "" {
		scheme = "https"
	}
	host, _, err := net.SplitHostPort(e.listen)
	if err != nil || host == "" {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return scheme + "://" + net.JoinHostPort(host, port)
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// listen listens, and says in one line what to do where it cannot.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or give another address", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: give a port above 1023", address)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
}
