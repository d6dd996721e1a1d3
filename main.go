// Folkmoot runs a co-operative's democracy; README.md says what it is.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // The society counts dates in Europe/London, on machines without zone files too.

	"github.com/localgovdigital/folkmoot/services/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, command.Standard(), os.Args[1:])
	stop()
	os.Exit(code)
}
