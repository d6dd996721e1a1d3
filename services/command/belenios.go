package command

import (
	"context"
	"fmt"
	"strings"
)

// beleniosCommands are the words after "folkmoot belenios", in the order in which --help lists them.
var beleniosCommands = []Command{
	{Name: "verify", Short: "verify everything in an archive", Run: beleniosVerify},
	{Name: "credentials", Short: "registrar: make the voters' credentials", Run: beleniosCredentials},
	{Name: "trustee", Short: "teller: make keys, take part in the ceremony, shuffle, decrypt", Run: beleniosTrustee},
	{Name: "setup", Short: "begin an archive from questions, trustees and roll", Run: beleniosSetup},
	{Name: "ballot", Short: "voter: make a ballot from a credential and choices", Run: beleniosBallot},
	{Name: "cast", Short: "put ballots into an archive", Run: beleniosCast},
	{Name: "tally", Short: "end the voting, add up, and publish the result", Run: beleniosTally},
	{Name: "diff", Short: "show that a later copy of an archive begins with an earlier one", Run: beleniosDiff},
}

// belenios picks the command of the verifiable secret ballot.
func belenios(ctx context.Context, s Streams, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(s.Out, `folkmoot belenios COMMAND [flags]

The verifiable secret ballot, in the formats of Belenios (protocol version 1). An archive is one file with
everything that an election publishes; it holds no secrets, and anyone may verify it.

`)
		for _, c := range beleniosCommands {
			fmt.Fprintf(s.Out, "  %-12s %s\n", c.Name, c.Short)
		}
		fmt.Fprint(s.Out, "\nfolkmoot belenios COMMAND --help explains one.\n")
		return errHelp
	}
	return pick(ctx, s, "belenios", beleniosCommands, args)
}

// pick runs the command that the first word names.
func pick(ctx context.Context, s Streams, under string, from []Command, args []string) error {
	var names []string
	for _, c := range from {
		if c.Name == args[0] {
			return c.Run(ctx, s, args[1:])
		}
		names = append(names, c.Name)
	}
	return &UsageError{fmt.Sprintf("there is no %q in %s: %s", args[0], under, strings.Join(names, ", "))}
}
