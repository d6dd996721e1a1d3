// Package command holds folkmoot's subcommands, one file each.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Streams are what a subcommand reads and writes. A test gives its own.
type Streams struct {
	// In is standard input.
	In io.Reader
	// Out takes the answer, Err what is said about it.
	Out, Err io.Writer
}

// Command is a subcommand.
type Command struct {
	// Name is the word on the command line.
	Name string
	// Short is one line for the list of commands.
	Short string
	// Run does it. It prints its own help for -h and returns flag.ErrHelp then. The error
	// it returns is printed as one line, so it says what to do.
	Run func(ctx context.Context, s Streams, args []string) error
}

// UsageError is a command line that cannot be understood: exit status 2.
type UsageError struct{ Message string }

// Error returns the message.
func (e *UsageError) Error() string { return e.Message }

// Main runs the subcommand that args name and returns the exit status: 0 done, 1 failed or
// does not hold, 2 the command line is wrong.
func Main(ctx context.Context, s Streams, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(s.Out)
		return 0
	}
	for _, c := range commands {
		if c.Name != args[0] {
			continue
		}
		return status(s, c.Name, c.Run(ctx, s, args[1:]))
	}
	fmt.Fprintf(s.Err, "folkmoot: there is no command %q; folkmoot --help lists them\n", args[0])
	return 2
}

func status(s Streams, name string, err error) int {
	var bad *UsageError
	switch {
	case err == nil || errors.Is(err, errHelp):
		return 0
	case errors.As(err, &bad):
		fmt.Fprintf(s.Err, "folkmoot %s: %v; folkmoot %s --help explains\n", name, err, name)
		return 2
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.Err, "folkmoot %s: stopped\n", name)
		return 1
	}
	fmt.Fprintf(s.Err, "folkmoot %s: %v\n", name, err)
	return 1
}

// Standard are the process's own streams.
func Standard() Streams { return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }
