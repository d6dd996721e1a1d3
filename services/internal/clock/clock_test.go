package clock_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func sample(t *testing.T, dir string) *clock.Sample {
	t.Helper()
	s, err := clock.OpenSample(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mark marks a new folder. Run in a bubble, the machine's clock stands still there unless somebody sleeps.
func mark(t *testing.T) (dir string, began time.Time) {
	t.Helper()
	dir = t.TempDir()
	if marked, err := clock.Marked(dir); marked || err != nil {
		t.Fatalf("a new folder is marked: %v, %v", marked, err)
	}
	if err := clock.Mark(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if marked, err := clock.Marked(dir); !marked || err != nil {
		t.Fatalf("a marked folder is marked: %v, %v", marked, err)
	}
	return dir, time.Now().Add(-56 * 24 * time.Hour)
}

func TestASampleBeginsEightWeeksAgoAndRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, began := mark(t)
		s := sample(t, dir)
		if !s.Now().Equal(began) || s.Real() {
			t.Errorf("begins at %v, want %v", s.Now(), began)
		}
		time.Sleep(time.Hour)
		if got := s.Now(); !got.Equal(began.Add(time.Hour)) {
			t.Errorf("an hour later it is %v, want %v", got, began.Add(time.Hour))
		}
	})
}

func TestASampleNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, began := mark(t)
		s := sample(t, dir)
		to := began.Add(7 * 24 * time.Hour)
		if got, err := s.StepTo(to); err != nil || !got.Equal(to) {
			t.Fatalf("stepped to %v, %v; want %v", got, err, to)
		}
		time.Sleep(time.Hour)
		before := s.Now()
		if again := sample(t, dir).Now(); again.Before(before) {
			t.Errorf("after a restart it is %v, before it was %v", again, before)
		}
		if _, err := s.StepTo(before.Add(-time.Second)); !fault.Is(err, "CLOCK_BACK") {
			t.Errorf("a step back: %v", err)
		}
		if _, err := s.StepTo(time.Now().Add(time.Second)); !fault.Is(err, "CLOCK_PAST_NOW") {
			t.Errorf("a step past now: %v", err)
		}
		if !s.Now().Equal(before) {
			t.Errorf("a refused step moved the clock to %v", s.Now())
		}
		if _, err := s.StepTo(time.Now()); err != nil {
			t.Errorf("a step to now: %v", err)
		}
	})
}

func TestASampleBecomesRealForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, _ := mark(t)
		s := sample(t, dir)
		if got, err := s.StepTo(time.Time{}); err != nil || !got.Equal(time.Now()) || !s.Real() {
			t.Errorf("became real at %v, %v", got, err)
		}
		for _, s := range []*clock.Sample{s, sample(t, dir)} {
			if !s.Real() || !s.Now().Equal(time.Now()) {
				t.Errorf("the clock says %v, real: %v", s.Now(), s.Real())
			}
			if _, err := s.StepTo(time.Now()); !fault.Is(err, "CLOCK_IS_REAL") {
				t.Errorf("a step of the real clock: %v", err)
			}
		}
	})
}

func TestAStepThatCannotBeKeptIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, began := mark(t)
		s := sample(t, dir)
		// A folder stands where the next state would be written.
		if err := os.Mkdir(filepath.Join(dir, "sample.json.new"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, to := range []time.Time{began.Add(time.Hour), {}} {
			if got, err := s.StepTo(to); err == nil {
				t.Errorf("stepped to %v without keeping it", got)
			}
		}
		if s.Real() || !s.Now().Equal(began) {
			t.Errorf("the clock says %v, want %v", s.Now(), began)
		}
	})
}

func TestASpoiltMarkerIsAnError(t *testing.T) {
	dir, _ := mark(t)
	if err := os.WriteFile(filepath.Join(dir, "sample.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := clock.OpenSample(dir); err == nil {
		t.Error("a spoilt marker was opened")
	}
	if _, err := clock.OpenSample(t.TempDir()); err == nil {
		t.Error("a folder without a marker was opened")
	}
}
