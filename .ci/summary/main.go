// Summary runs `go test -json`, shows failures whole and passes in a line, and says at the end what ran
// and what was left out.
//
//	summary [-full] [-checks FILE] -- go test -json ./...
//
// FILE holds the checks that ran before the tests, a line each: ran, failed or left (out), then a tab and the
// check's name, then for left a tab and the reason; or note, a tab and a sentence to repeat at the end.
//
// It exits 1 if anything failed, if no test ran, and, with -full, if anything was left out.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	full := flag.Bool("full", false, "nothing may be left out")
	checks := flag.String("checks", "", "the file of checks that ran before the tests")
	flag.Parse()
	r := newReport(os.Stdout)
	if *checks != "" {
		f, err := os.Open(*checks)
		if err == nil {
			err = r.readChecks(f)
			_ = f.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(2)
		}
	}
	if err := run(r, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(2)
	}
	if !r.close(*full) {
		os.Exit(1)
	}
}

// run runs the command and reads its events. The command's own failure is put in the report, so that one which
// no event explains is not lost; the error is that it could not be run or read.
func run(r *report, command []string) error {
	if len(command) == 0 {
		return errors.New("no command after --")
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := r.readEvents(out)
	if readErr != nil {
		_, _ = io.Copy(io.Discard, out)
	}
	if err := cmd.Wait(); err != nil {
		r.commandFailed(err)
	}
	return readErr
}
