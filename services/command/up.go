package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/sample"
	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

const upAbout = `Starts the whole house in one process: pages and API on --listen, records in SQLite files in the data folder.
A folder that is new must first be founded (folkmoot found), or started with --sample, which fills it with a
fictional society whose first eight weeks have been lived through. SIGTERM or Ctrl-C stops it cleanly; the
same command starts it again where it was.`

func up(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "up", "--data DIR [flags]", upAbout)
	var e edge
	e.flags(fs)
	data := fs.String("data", "", "data `FOLDER`: records, keys; only its owner can read it")
	withSample := fs.Bool("sample", false, "a fictional society, to look around in; needs a folder of its own")
	smtp := fs.String("smtp", "", "mail server `URL`, smtp://USER:PASSWORD@HOST:PORT; without it no mail is sent")
	from := fs.String("mail-from", "folkmoot@localhost", "the `ADDRESS` that mail comes from")
	asked := repeated(fs, "witness", "a witness that signs the public logs, as `URL=VKEY` (folkmoot witness prints the key)")
	level := fs.String("log", "warn", "how much is logged: debug, info, warn or error")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	trusted, err := e.check()
	if err != nil {
		return err
	}
	if *withSample && !loopback(e.listen) {
		return &UsageError{"a sample listens on a loopback address only: anybody may sign in as anybody there"}
	}
	log, err := logger(s.Err, *level)
	if err != nil {
		return err
	}
	witnesses, err := witnessesOf(*asked)
	if err != nil {
		return err
	}
	f, err := openFolder(*data, e.public, *withSample)
	if err != nil {
		return err
	}
	defer f.close()
	front, err := openFront(e, trusted, log)
	if err != nil {
		return err
	}
	defer front.close()
	config := services.Config{Data: f.path, Now: societyNow, Sample: f.sample, PublicURL: front.url, Log: log, Witnesses: witnesses}
	var box *mail.Mailbox
	switch {
	case *withSample:
		if box, err = mail.OpenMailbox(); err != nil {
			return err
		}
		defer box.Close()
		config.Mailer = box
	case *smtp != "":
		if config.Mailer, err = mail.NewSender(*smtp, *from); err != nil {
			return &UsageError{err.Error()}
		}
	default:
		fmt.Fprintln(s.Err, "No mail is sent: nobody can join or sign in by mail. Give the mail server with --smtp.")
		config.Mailer = noMail{}
	}
	var invitations map[string]string
	if *withSample && !f.sample.Real() {
		if invitations, err = foundIn(ctx, f.path, f.sample.Now(), sampleSociety); err != nil {
			return err
		}
	}
	house, err := services.Start(ctx, config)
	if err != nil {
		return err
	}
	d := &dev{box: box, house: house}
	if err := front.serve(ctx, house, d, *withSample); err != nil {
		return errors.Join(err, house.Stop())
	}
	fmt.Fprintf(s.Out, "Folkmoot is on %s\n", front.url)
	if invitations != nil {
		if err := loadSample(ctx, s, front.local(), invitations); err != nil {
			return errors.Join(err, front.shut(), house.Stop())
		}
	}
	if *withSample {
		tellSample(ctx, s, front.url, d)
	}
	fmt.Fprintf(s.Out, "For the operator, on this machine only: http://%s (metrics, health, gRPC with reflection)\n", front.adminListener.Addr())
	err = front.wait(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(s.Out, "Stopping.")
	}
	return errors.Join(err, front.shut(), house.Stop())
}

// noMail is for a house without a mail server: it sends nothing and says so.
type noMail struct{}

func (noMail) Send(context.Context, string, string, string) error {
	return errors.New("no mail server is set: start with --smtp")
}

const sampleSociety = "LocalGov Digital"

func loadSample(ctx context.Context, s Streams, base string, invitations map[string]string) error {
	fmt.Fprintln(s.Out, "Living through the sample's first eight weeks, by the public API:")
	began := time.Now()
	err := sample.Load(ctx, sample.Config{Base: base, Invitations: invitations, Now: began, Progress: func(what string) {
		fmt.Fprintf(s.Out, "  %6.1f s  %s\n", time.Since(began).Seconds(), what)
	}})
	if err != nil {
		return fmt.Errorf("%w; remove the folder and start again", err)
	}
	return nil
}

func tellSample(ctx context.Context, s Streams, url string, d *dev) {
	fmt.Fprintf(s.Out, "\nSign in at %s/sign-in with one of these addresses; the code comes to %s/dev/mail\n", url, url)
	people, err := d.people(ctx)
	if err != nil {
		fmt.Fprintf(s.Err, "the sample people cannot be listed: %v\n", err)
		return
	}
	told := map[string]bool{}
	for _, p := range people {
		role := "member"
		if len(p.Roles) > 0 {
			role = p.Roles[0].Role
		}
		if told[role] {
			continue
		}
		told[role] = true
		fmt.Fprintf(s.Out, "  %-10s %s (%s)\n", role, p.Email, p.Name)
	}
	fmt.Fprintf(s.Out, "Everybody else: %s/dev/people\n\n", url)
}

// founders are the offices that the founding fills, in the order in which their links are printed.
var founders = []string{auth.Secretary, auth.Treasurer, auth.Chair}
