package command

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	bel "github.com/localgovdigital/folkmoot/services/ballots/belenios"
)

const beleniosBallotHelp = `Makes an encrypted, signed ballot from a credential and choices. Neither can be given on the command line, where
others on the machine could read them: they come from files, or are asked for.

Choices in a file are JSON, one list per question: for a question with three answers [[1,0,0]] chooses the first. Where
a blank vote is allowed its number comes first: [[1,0,0,0]] is blank. For a ranked question each answer gets its
rank, 1 for the first, 0 for none: [[2,1,0]].

The ballot's tracker is printed: keep it, and look for it in the archive.`

func beleniosBallot(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios ballot", "FILE.bel", beleniosBallotHelp)
	credential := fs.String("credential", "", "a `file` with the credential; it is asked for if this is left out")
	choices := fs.String("choices", "", "a `file` with the choices; they are asked for if this is left out")
	out := fs.String("out", "", "write the ballot to this `file` instead of the standard output")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	f, size, err := openFile(words[0])
	if err != nil {
		return err
	}
	defer closeRead(f)
	rep, err := bel.VerifySetup(ctx, f, size)
	if err != nil {
		return refused(words[0], err)
	}
	e := rep.Election
	ask := &asker{s: s}
	c, err := ask.secret(*credential, "Credential: ")
	if err != nil {
		return err
	}
	public, err := bel.Credential(c).Public(e.Group, e.UUID)
	if err != nil {
		return err
	}
	if _, ok := rep.Roll.Weight(public.String()); !ok {
		return fmt.Errorf("this credential is not on the roll of %s: is it mistyped, or for another election?", oneLine(e.Name))
	}
	var v bel.Choices
	if *choices != "" {
		err = readJSON(*choices, &v)
	} else {
		v, err = ask.choices(e)
	}
	if err != nil {
		return err
	}
	b, err := e.Vote(rand.Reader, bel.Credential(c), v)
	if err != nil {
		return err
	}
	if *out != "" {
		err = writePrivate(*out, append(b, '\n'))
	} else {
		_, err = s.Out.Write(append(b, '\n'))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "Tracker: %s\n", bel.Fingerprint(b))
	return nil
}

// asker asks on the terminal for what was not given in files.
type asker struct {
	s   Streams
	buf *bufio.Reader
}

func (a *asker) line(prompt string) (string, error) {
	fmt.Fprint(a.s.Err, prompt)
	if a.buf == nil {
		a.buf = bufio.NewReader(a.s.In)
	}
	l, err := a.buf.ReadString('\n')
	if err == io.EOF && l != "" {
		err = nil
	}
	return strings.TrimSpace(l), err
}

// secret reads a secret from a file, or from the terminal without showing it.
func (a *asker) secret(file, prompt string) (string, error) {
	if file != "" {
		b, err := readTrimmed(file)
		return strings.TrimSpace(string(b)), err
	}
	if f, ok := a.s.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(a.s.Err, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.s.Err)
		return strings.TrimSpace(string(b)), err
	}
	return a.line(prompt)
}

// choices asks question by question.
func (a *asker) choices(e *bel.Election) (bel.Choices, error) {
	var v bel.Choices
	for i := range e.Questions {
		q := &e.Questions[i]
		fmt.Fprintf(a.s.Err, "\n%s\n", oneLine(q.Text))
		for j, name := range q.Answers {
			fmt.Fprintf(a.s.Err, "  %d  %s\n", j+1, oneLine(name))
		}
		answer, err := a.one(q)
		if err != nil {
			return nil, err
		}
		v = append(v, answer)
	}
	return v, nil
}

func (a *asker) one(q *bel.Question) ([]int, error) {
	prompt := fmt.Sprintf("Numbers of what you choose, from %d to %d of them: ", q.Min, q.Max)
	switch {
	case q.Ranked:
		prompt = "Numbers in the order of your preference, best first: "
	case q.Blank:
		prompt = fmt.Sprintf("Numbers of what you choose, from %d to %d of them, or 0 for a blank vote: ", q.Min, q.Max)
	}
	l, err := a.line(prompt)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(q.Answers)+1)
	for i, word := range strings.FieldsFunc(l, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n > len(q.Answers) || n == 0 && !q.Blank || out[n] != 0 {
			return nil, fmt.Errorf("%q is not the number of an answer, or stands there twice", word)
		}
		out[n] = 1
		if q.Ranked {
			out[n] = i + 1
		}
	}
	if !q.Blank {
		out = out[1:]
	}
	return out, nil
}

const beleniosCastHelp = `Puts ballots into the ballot box: verifies the archive, verifies each ballot as an auditor would, and appends it. A ballot
under a credential that has voted before replaces the earlier vote. Only one program at a time may write to an archive.`

func beleniosCast(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios cast", "FILE.bel BALLOT…", beleniosCastHelp)
	verified := fs.String("verified", "", "a `file` that keeps how far the archive was verified, made and renewed here")
	words, err := parse(fs, args, 2, 10000)
	if err != nil {
		return err
	}
	for _, name := range words[1:] {
		o := bel.Options{}
		if *verified != "" {
			o.Verified = new(bel.Prefix)
			if err := readJSON(*verified, o.Verified); os.IsNotExist(err) {
				o.Verified = nil
			} else if err != nil {
				return err
			}
		}
		raw, err := readTrimmed(name)
		if err != nil {
			return err
		}
		rep, err := grow(ctx, s, words[0], o, func(r *bel.Report, a *bel.Appender) ([]byte, error) {
			if r.Stage != bel.EventSetup && r.Stage != bel.EventBallot {
				return nil, fmt.Errorf("the voting has ended")
			}
			return a.Ballot(raw), r.AcceptBallot(raw)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(s.Out, "%s is in the ballot box, as ballot %d. Tracker: %s\n", name, rep.Ballots, bel.Fingerprint(raw))
		if *verified != "" {
			b, err := json.Marshal(rep.Prefix)
			if err != nil {
				return err
			}
			if err := replacePrivate(*verified, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// grow verifies an archive, appends what next makes of it, and verifies what is new. If the file cannot be written
// whole it is cut back to what it was.
func grow(ctx context.Context, s Streams, name string, o bel.Options, next func(*bel.Report, *bel.Appender) ([]byte, error)) (*bel.Report, error) {
	rep, err := verifyArchive(ctx, s, name, o)
	if err != nil {
		return nil, err
	}
	b, err := next(rep, rep.Appender())
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	// What was written is synced before this.
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || info.Size() != rep.Prefix.Bytes {
		return nil, fmt.Errorf("%s was changed by another program meanwhile: try again", name)
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, fmt.Errorf("%w (cut back: %v)", err, f.Truncate(rep.Prefix.Bytes))
	}
	return verifyArchive(ctx, s, name, bel.Options{Verified: &rep.Prefix})
}
