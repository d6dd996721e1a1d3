package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"

	"google.golang.org/grpc/credentials"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

const serveAbout = `Starts one room, or the gateway, as a process of its own: ROOM is membership, ledger, motions, ballots or gateway.
Every other room is dialled at the address given for it. A room needs the data folder with its own key and the rooms'
public keys (make them with folkmoot found and copy keys/ROOM.key and keys/rooms.json; membership also needs
keys/members.key, after a rotation keys/secrets.key and keys/members-old.json, keys/register-log.key and keys/logs.json, ledger keys/ledger-log.key and keys/logs.json); the gateway needs no folder and holds no key. Between machines the calls go over TLS:
--rooms-cert and --rooms-key for a room that listens, --rooms-ca for whoever dials.`

// apart are the flags of a process that is part of a house.
type apart struct {
	addresses     map[string]*string
	cert, key, ca string
}

func (a *apart) flags(fs *flag.FlagSet) {
	a.addresses = map[string]*string{}
	for _, name := range auth.Rooms {
		a.addresses[name] = fs.String(name, "", "`ADDRESS` of the "+name+" room")
	}
	fs.StringVar(&a.cert, "rooms-cert", "", "certificate `FILE` with which this room answers other rooms")
	fs.StringVar(&a.key, "rooms-key", "", "the certificate's key `FILE`")
	fs.StringVar(&a.ca, "rooms-ca", "", "`FILE` of the authority that signed the rooms' certificates")
}

// tls returns the credentials for answering and for dialling, nil where none are given.
func (a *apart) tls() (server, client credentials.TransportCredentials, err error) {
	if (a.cert == "") != (a.key == "") {
		return nil, nil, &UsageError{"--rooms-cert and --rooms-key go together"}
	}
	if a.cert != "" {
		pair, err := tls.LoadX509KeyPair(a.cert, a.key)
		if err != nil {
			return nil, nil, fmt.Errorf("the rooms' certificate cannot be used: %w", err)
		}
		server = credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13})
	}
	if a.ca != "" {
		raw, err := os.ReadFile(a.ca)
		if err != nil {
			return nil, nil, fmt.Errorf("the rooms' authority cannot be read: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(raw) {
			return nil, nil, fmt.Errorf("%s holds no certificate (PEM)", a.ca)
		}
		client = credentials.NewTLS(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13})
	}
	return server, client, nil
}

// elsewhere returns the addresses of all rooms but own, and refuses one that is missing, or that would be dialled in the clear
// on another machine.
func (a *apart) elsewhere(own string) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range auth.Rooms {
		address := *a.addresses[name]
		switch {
		case name == own:
			continue
		case address == "":
			return nil, &UsageError{"give the address of the " + name + " room with --" + name}
		case a.ca == "" && !loopback(address):
			return nil, &UsageError{"--" + name + " " + address + " is on another machine: give --rooms-ca, so that the call is secured"}
		}
		all[name] = address
	}
	return all, nil
}

func serve(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "serve", "ROOM --listen ADDRESS [flags]", serveAbout)
	var e edge
	e.flags(fs)
	var a apart
	a.flags(fs)
	data := fs.String("data", "", "data `FOLDER` with the keys and, without --database, the room's SQLite file")
	db := fs.String("database", "", "the room's own database `URL`, postgresql://…")
	smtp := fs.String("smtp", "", "mail server `URL` (membership)")
	from := fs.String("mail-from", "folkmoot@localhost", "the `ADDRESS` that mail comes from (membership)")
	asked := repeated(fs, "witness", "a witness that signs the room's public log, as `URL=VKEY` (membership, ledger)")
	level := fs.String("log", "warn", "how much is logged: debug, info, warn or error")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	log, err := logger(s.Err, *level)
	if err != nil {
		return err
	}
	name := words[0]
	if name != "gateway" && !slices.Contains(auth.Rooms, name) {
		return &UsageError{fmt.Sprintf("there is no room %q", name)}
	}
	config := services.Config{Data: *data, Now: societyNow, Log: log, PublicURL: e.public}
	if config.Addresses, err = a.elsewhere(name); err != nil {
		return err
	}
	if config.Witnesses, err = witnessesOf(*asked); err != nil {
		return err
	}
	if config.ServerTLS, config.ClientTLS, err = a.tls(); err != nil {
		return err
	}
	if name == "gateway" {
		return serveGateway(ctx, s, e, config)
	}
	if a.cert == "" && !loopback(e.listen) {
		return &UsageError{"--listen " + e.listen + " can be reached from other machines: give --rooms-cert and --rooms-key"}
	}
	if *data == "" {
		return &UsageError{"give the folder with the keys with --data"}
	}
	if *db != "" {
		config.Databases = map[string]string{name: *db}
	}
	config.Mailer = noMail{}
	if *smtp != "" {
		if config.Mailer, err = mail.NewSender(*smtp, *from); err != nil {
			return &UsageError{err.Error()}
		}
	}
	if name == auth.Membership && e.public == "" {
		return &UsageError{"membership needs --public-url: links in its mails point there"}
	}
	l, err := listen(e.listen)
	if err != nil {
		return err
	}
	config.Listeners = map[string]net.Listener{name: l}
	house, err := services.Start(ctx, config)
	if err != nil {
		l.Close()
		return err
	}
	fmt.Fprintf(s.Out, "The %s room is on %s\n", name, l.Addr())
	<-ctx.Done()
	return house.Stop()
}

func serveGateway(ctx context.Context, s Streams, e edge, config services.Config) error {
	trusted, err := e.check()
	if err != nil {
		return err
	}
	front, err := openFront(e, trusted, config.Log)
	if err != nil {
		return err
	}
	defer front.close()
	house, err := services.Start(ctx, config)
	if err != nil {
		return err
	}
	if err := front.serve(ctx, house, nil, false); err != nil {
		return errors.Join(err, house.Stop())
	}
	fmt.Fprintf(s.Out, "Folkmoot is on %s\n", front.url)
	err = front.wait(ctx)
	return errors.Join(err, front.shut(), house.Stop())
}
