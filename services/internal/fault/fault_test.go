package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestAFaultIsFoundInAChain(t *testing.T) {
	f := fault.Field("BAD", "name", "Enter a name.")
	for name, err := range map[string]error{
		"itself": f, "wrapped": fmt.Errorf("store: %w", f), "joined": errors.Join(errors.New("other"), f), "twice": fmt.Errorf("a: %w: %w", errors.New("b"), f),
	} {
		if fault.Of(err) != f || !fault.Is(err, "BAD") || fault.Is(err, "OTHER") {
			t.Errorf("%s: not found in %v", name, err)
		}
	}
	for _, err := range []error{nil, errors.New("BAD")} {
		if fault.Of(err) != nil || fault.Is(err, "BAD") {
			t.Errorf("%v is no fault", err)
		}
	}
	if f.Kind != fault.Invalid || len(f.Violations) != 1 || f.Violations[0] != (fault.Violation{Field: "name", Message: "Enter a name."}) || f.Error() != "Enter a name. (BAD)" {
		t.Errorf("made %+v", f)
	}
}

// TestCopiesLeaveTheOriginalAlone matters since faults are often kept in variables that all requests share.
func TestCopiesLeaveTheOriginalAlone(t *testing.T) {
	f := fault.New(fault.Exhausted, "SLOW_DOWN", "Slow down.")
	a := f.With("x", "1")
	b := a.With("y", "2").After(time.Minute)
	if len(f.Details) != 0 || f.RetryAfter != 0 || len(a.Details) != 1 || a.RetryAfter != 0 {
		t.Errorf("changed: %+v, %+v", f, a)
	}
	if b.Details["x"] != "1" || b.Details["y"] != "2" || b.RetryAfter != time.Minute || b.Reason != f.Reason || b.Kind != f.Kind {
		t.Errorf("the copy is %+v", b)
	}
}
