package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// errHelp is what a flag set returns when help was asked for: no failure.
var errHelp = flag.ErrHelp

// flags returns a flag set that prints about (a few lines of plain words) and its flags for --help.
// Every flag has the environment variable FOLKMOOT_NAME as its default.
func flags(s Streams, name, args, about string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {
		fmt.Fprintf(s.Out, "folkmoot %s %s\n\n%s\n", name, args, about)
		some := false
		fs.VisitAll(func(*flag.Flag) { some = true })
		if some {
			fmt.Fprintln(s.Out, "\nFlags (each may be given as FOLKMOOT_NAME in the environment too):")
			fs.SetOutput(s.Out)
			fs.PrintDefaults()
			fs.SetOutput(io.Discard)
		}
	}
	return fs
}

// parse reads flags wherever they stand among the words, the environment before the command
// line, and returns the words. It demands between least and most of them.
func parse(fs *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var bad error
	fs.VisitAll(func(f *flag.Flag) {
		key := "FOLKMOOT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(key); ok && bad == nil {
			if err := fs.Set(f.Name, v); err != nil {
				bad = &UsageError{key + ": " + err.Error()}
			}
		}
	})
	if bad != nil {
		return nil, bad
	}
	var words []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, &UsageError{err.Error()}
		}
		if fs.NArg() == 0 {
			break
		}
		words = append(words, fs.Arg(0))
		args = fs.Args()[1:]
	}
	switch {
	case len(words) < least:
		return nil, &UsageError{"too few arguments"}
	case len(words) > most:
		return nil, &UsageError{fmt.Sprintf("unexpected argument %q", words[most])}
	}
	return words, nil
}
