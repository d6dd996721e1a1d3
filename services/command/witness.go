package command

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/witness"
)

const witnessAbout = `Runs a witness of public logs (c2sp.org/tlog-witness): it signs a log's checkpoint only with the proof that
nothing it signed before was changed or taken away. Run it on another machine than the house, in other hands.

It makes its key in the folder when it first starts, and prints the verifier key by which others check what it signs. Give the
house --witness URL=VERIFIER-KEY, and whoever checks folkmoot verify --witness-vkey VERIFIER-KEY.
--log-vkey is the key of a log that it may sign, from /log/register/vkey or /log/ledger/vkey, or a file that holds it; give the
flag once for each. It keeps no more of a log than its newest checkpoint.`

// several is a flag that may be given more than once; in the environment its values stand apart by spaces.
type several []string

func (s *several) String() string { return strings.Join(*s, " ") }

// Set adds values.
func (s *several) Set(v string) error {
	*s = append(*s, strings.Fields(v)...)
	return nil
}

// repeated adds a flag that may be given several times.
func repeated(fs *flag.FlagSet, name, usage string) *several {
	s := &several{}
	fs.Var(s, name, usage+"; may be given several times")
	return s
}

// witnessesOf reads the values of --witness.
func witnessesOf(given several) ([]translog.Witness, error) {
	var all []translog.Witness
	for _, v := range given {
		w, err := translog.ParseWitness(v)
		if err != nil {
			return nil, &UsageError{"--witness: " + err.Error()}
		}
		all = append(all, w)
	}
	return all, nil
}

// keyOrFile returns a verifier key that is given itself or as a file.
func keyOrFile(v string) (string, error) {
	if strings.Contains(v, "+") {
		return v, nil
	}
	raw, err := os.ReadFile(v)
	if err != nil {
		return "", fmt.Errorf("the verifier key: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func runWitness(ctx context.Context, s Streams, args []string) error {
	flagSet := flags(s, "witness", "--data DIR --listen ADDRESS --log-vkey KEY [flags]", witnessAbout)
	data := flagSet.String("data", "", "`FOLDER` of the witness's own: its key, and what it has signed")
	name := flagSet.String("name", "", "the `NAME` in its signatures, like witness.example.org/w1; decided when it first starts")
	address := flagSet.String("listen", "localhost:8090", "`ADDRESS` where it answers")
	cert := flagSet.String("tls-cert", "", "certificate `FILE` (PEM); with --tls-key")
	key := flagSet.String("tls-key", "", "the certificate's key `FILE` (PEM)")
	level := flagSet.String("log", "warn", "how much is logged: debug, info, warn or error")
	logs := repeated(flagSet, "log-vkey", "verifier `KEY` of a log that it may sign, or a file that holds it")
	if _, err := parse(flagSet, args, 0, 0); err != nil {
		return err
	}
	switch {
	case *data == "":
		return &UsageError{"give the witness's folder with --data"}
	case len(*logs) == 0:
		return &UsageError{"give the key of a log with --log-vkey"}
	case (*cert == "") != (*key == ""):
		return &UsageError{"--tls-cert and --tls-key go together"}
	case *cert == "" && !loopback(*address):
		return &UsageError{"--listen " + *address + " can be reached from other machines: give --tls-cert and --tls-key, or have a proxy in front end TLS"}
	}
	log, err := logger(s.Err, *level)
	if err != nil {
		return err
	}
	config := witness.Config{Now: time.Now, Log: log}
	for _, v := range *logs {
		vkey, err := keyOrFile(v)
		if err != nil {
			return err
		}
		config.Logs = append(config.Logs, vkey)
	}
	if config.Name, err = witnessFolder(*data, *name); err != nil {
		return err
	}
	if config.Key, err = keyring.Private(*data, witnessKey); err != nil {
		return err
	}
	if config.DB, err = database.Open(ctx, filepath.Join(*data, "witness.db")); err != nil {
		return err
	}
	defer config.DB.Close()
	if err := config.DB.Migrate(ctx, witness.Migrations); err != nil {
		return err
	}
	w, err := witness.New(config)
	if err != nil {
		return err
	}
	return serveWitness(ctx, s, w, *address, *cert, *key)
}

// witnessKey is the name of the witness's key file.
const witnessKey = "witness"

// witnessFolder makes the folder, its key and its name when it first starts, and returns the name.
func witnessFolder(dir, name string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the witness's folder cannot be made: %w", err)
	}
	file := filepath.Join(dir, "name")
	kept, err := os.ReadFile(file)
	switch {
	case err == nil && name != "" && name != strings.TrimSpace(string(kept)):
		return "", fmt.Errorf("this witness is called %s: its name is part of its key, so a new name needs a new folder", strings.TrimSpace(string(kept)))
	case err == nil:
		return strings.TrimSpace(string(kept)), nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the witness's folder cannot be read: %w", err)
	}
	if name == "" {
		name = "witness-" + strings.ToLower(rand.Text()[:10])
	}
	if err := keyring.CreateKey(dir, witnessKey, rand.Reader); err != nil {
		return "", err
	}
	return name, os.WriteFile(file, []byte(name+"\n"), 0o600)
}

func serveWitness(ctx context.Context, s Streams, w *witness.Witness, address, cert, key string) error {
	l, err := listen(address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
	failed := make(chan error, 1)
	scheme := "http"
	if cert != "" {
		scheme = "https"
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		go func() { failed <- server.ServeTLS(l, cert, key) }()
	} else {
		go func() { failed <- server.Serve(l) }()
	}
	fmt.Fprintf(s.Out, "The witness is on %s://%s\nIts verifier key: %s\n", scheme, l.Addr(), w.VerifierKey())
	select {
	case err := <-failed:
		return fmt.Errorf("the witness does not serve any more: %w", err)
	case <-ctx.Done():
	}
	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFront)
	defer cancel()
	return server.Shutdown(down)
}
