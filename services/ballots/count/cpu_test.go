//go:build unix

package count_test

import (
	"syscall"
	"testing"
	"time"
)

// cpu reports the processor time of each turn of a benchmark since start, which is steadier than the time
// on the wall on a machine that does other things too.
func cpu(b *testing.B, start time.Duration) {
	b.ReportMetric(float64((processor()-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
