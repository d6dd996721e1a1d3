package command

import (
	"fmt"
	"io"
)

// commands in the order in which --help lists them.
var commands = []Command{
	{"up", "start everything in one process", up},
	{"found", "found a society in a new data folder", found},
	{"serve", "start one room, or the gateway, as a process of its own", serve},
	{"token", "print an access token of a member", token},
	{"rotate", "replace the key that signs access tokens; nobody is signed out", rotate},
	{"doctor", "look a data folder over", doctor},
	{"verify", "check what a house has published, from outside", verifyCommand},
	importCommand,
	{"witness", "run a witness that signs public logs of others", runWitness},
	countCommand,
	statementCommand,
	{Name: "belenios", Short: "make, verify and count verifiable secret ballots", Run: belenios},
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Folkmoot runs a co-operative's democracy.\n\nusage: folkmoot COMMAND [flags]; folkmoot COMMAND --help explains one\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.Name, c.Short)
	}
}
