package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	bel "github.com/localgovdigital/folkmoot/services/ballots/belenios"
)

const beleniosVerifyHelp = `Verifies an archive of a secret ballot: every hash, every ballot's proofs and signature, that nobody voted twice
or without being on the roll, the encrypted tally, the shuffles, the trustees' decryptions and the result. The exit
status is 0 only if all of it holds.

What this cannot show is that your archive is the one that others see: compare the head that it prints, and use
"folkmoot belenios diff" with a copy that you kept. Nor can it show that a voter's own device told her the truth.

With --save, how far the archive was verified is kept in a file; with --verified, that much is not verified again,
only hashed, and an archive that does not begin the same way is refused.`

func beleniosVerify(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios verify", "FILE.bel", beleniosVerifyHelp)
	verified := fs.String("verified", "", "a `file` that --save wrote earlier: verify only what is new since")
	save := fs.String("save", "", "write how far the archive was verified to this `file`")
	workers := fs.Int("workers", 0, "how many ballots to verify at the same time (0: one per processor)")
	words, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	o := bel.Options{Workers: *workers}
	if *verified != "" {
		o.Verified = new(bel.Prefix)
		if err := readJSON(*verified, o.Verified); err != nil {
			return err
		}
	}
	rep, err := verifyArchive(ctx, s, words[0], o)
	if err != nil {
		return err
	}
	printReport(s.Out, rep)
	if *save == "" {
		return nil
	}
	b, err := json.Marshal(rep.Prefix)
	if err != nil {
		return err
	}
	return replacePrivate(*save, append(b, '\n'))
}

// openFile opens a file that can be read anywhere, and says how long it is.
func openFile(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// verifyArchive verifies a file, with progress on a terminal.
func verifyArchive(ctx context.Context, s Streams, name string, o bel.Options) (*bel.Report, error) {
	f, size, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := newProgress(s.Err)
	o.Progress = p.show
	rep, err := bel.Verify(ctx, f, size, o)
	p.clear()
	return rep, refused(name, err)
}

// refused says that an archive does not hold, and keeps what says why.
func refused(name string, err error) error {
	var e *bel.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s is REFUSED: %w", name, err)
	}
	return err
}

// progress shows how far a verification is, on a terminal only.
type progress struct {
	w     io.Writer
	begun time.Time
	last  time.Time
	shown bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{begun: time.Now()}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = w
		}
	}
	return p
}

func (p *progress) show(at bel.Progress) {
	if now := time.Now(); p.w != nil && now.Sub(p.last) > 200*time.Millisecond {
		p.last, p.shown = now, true
		fmt.Fprintf(p.w, "\r%3d %%  %d ballots  %.0f s ", 100*at.Bytes/max(at.Size, 1), at.Ballots, now.Sub(p.begun).Seconds())
	}
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// stages say in words how far an election is.
var stages = map[bel.EventType]string{
	bel.EventSetup:      "open, nobody has voted",
	bel.EventBallot:     "open for votes",
	bel.EventEndBallots: "closed, not yet tallied",
	bel.EventTally:      "tallied under encryption, waiting for the trustees",
	bel.EventShuffle:    "being shuffled",
	bel.EventEndShuffle: "shuffled, waiting for the trustees",
	bel.EventDecryption: "being decrypted by the trustees",
	bel.EventResult:     "ended with a result",
}

func printReport(w io.Writer, r *bel.Report) {
	e := r.Election
	fmt.Fprintf(w, "The archive holds.\n\n")
	fmt.Fprintf(w, "election     %s (%s, %s)\n", oneLine(e.Name), e.UUID, e.Group.Name())
	fmt.Fprintf(w, "stage        %s\n", stages[r.Stage])
	fmt.Fprintf(w, "fingerprint  %s\n", e.Fingerprint())
	fmt.Fprintf(w, "trustees     %s: %s\n", describeTrustees(r.Trustees), r.TrusteesFingerprint)
	fmt.Fprintf(w, "roll         %d voters: %s\n", r.Roll.Len(), r.RollFingerprint)
	fmt.Fprintf(w, "ballots      %d cast, by %d voters\n", r.Ballots, r.Voters)
	if r.Tally != nil {
		fmt.Fprintf(w, "tally        %d ballots: %s\n", r.Tally.Ballots, r.TallyFingerprint)
	}
	if len(r.Shuffles) > 0 {
		fmt.Fprintf(w, "shuffles     by trustees %v\n", r.Shuffles)
	}
	if len(r.Decryptions) > 0 {
		fmt.Fprintf(w, "decryptions  by trustees %v\n", r.Decryptions)
	}
	if r.Result != nil {
		printResult(w, e, r.Result)
	}
	fmt.Fprintf(w, "head         %s (event %d, %d bytes)\n", r.Prefix.Head, r.Prefix.Height, r.Prefix.Bytes)
	if r.Trustees.OldDialect {
		fmt.Fprintln(w, "\nNote: the trustees' keys are in the form of belenios-tool 2.0, which does not bind them to one ceremony.")
	}
}

func describeTrustees(t *bel.Trustees) string {
	var parts []string
	for _, item := range t.Items {
		if item.Pedersen != nil {
			parts = append(parts, fmt.Sprintf("any %d of %d", item.Pedersen.Threshold, len(item.Pedersen.Keys)))
		} else {
			parts = append(parts, "one who must")
		}
	}
	return strings.Join(parts, " and ")
}

func printResult(w io.Writer, e *bel.Election, r *bel.Result) {
	for i := range e.Questions {
		q := &e.Questions[i]
		fmt.Fprintf(w, "result       %s\n", oneLine(q.Text))
		if q.Ranked {
			for _, v := range r.Rankings[i] {
				fmt.Fprintf(w, "             %v\n", v)
			}
			continue
		}
		names := q.Answers
		if q.Blank {
			names = append([]string{"(blank)"}, names...)
		}
		for j, n := range r.Counts[i] {
			fmt.Fprintf(w, "             %6d  %s\n", n, oneLine(names[j]))
		}
	}
}

// oneLine keeps what a stranger wrote from moving the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

const beleniosDiffHelp = `Compares a copy of an archive that you kept with a later one: the later must begin with everything in the earlier.
The exit status is 0 only if it does. A ballot that was dropped, replaced or moved afterwards shows here even if
everything after it was computed anew, which no look at one copy can show.

Proofs are not verified here: run "folkmoot belenios verify" on the later copy too.`

func beleniosDiff(ctx context.Context, s Streams, args []string) error {
	fs := flags(s, "belenios diff", "OLD.bel NEW.bel", beleniosDiffHelp)
	words, err := parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	old, oldSize, err := openFile(words[0])
	if err != nil {
		return err
	}
	defer old.Close()
	now, nowSize, err := openFile(words[1])
	if err != nil {
		return err
	}
	defer now.Close()
	d, err := bel.Diff(ctx, old, oldSize, now, nowSize)
	if err != nil {
		return refused(words[1], err)
	}
	fmt.Fprintf(s.Out, "%s begins with everything in %s, and has %d more events, %d of them ballots.\n", words[1], words[0], d.Events, d.Ballots)
	return nil
}
