// Package killpoint names the places where a test kills the process, to show that nothing acknowledged is lost there.
//
// Outside of tests nothing is armed and reaching a point costs one load. A test's child process arms one; the
// process then ends itself with SIGKILL, which no deferred function sees.
package killpoint

import (
	"os"
	"sync/atomic"
	"syscall"
)

var armed atomic.Pointer[string]

// Arm makes the process die at the named point. Only a test's child process calls it.
func Arm(name string) { armed.Store(&name) }

// Reach dies here if the point is armed.
func Reach(name string) {
	if p := armed.Load(); p != nil && *p == name {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // The signal is on its way: nothing more may happen.
	}
}
