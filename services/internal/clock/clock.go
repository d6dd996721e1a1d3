// Package clock is the society's clock: the real one, but for a folder marked as a sample, whose clock begins
// eight weeks ago and is stepped forward by the sample's loader until it becomes the real one.
package clock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Now tells the time.
type Now func() time.Time

// SampleWeeks is how long before now a sample's clock begins.
const SampleWeeks = 8

// markerFile marks a folder as a sample and keeps its clock.
const markerFile = "sample.json"

// marker is the file's content.
type marker struct {
	// At is where the clock stood when it was last stepped, and Since when that was by the machine's clock.
	At    time.Time `json:"at"`
	Since time.Time `json:"since"`
	// Real is true once the clock has become the real one.
	Real bool `json:"real"`
}

// Sample is the clock of a marked folder. Between steps it runs at the real pace, also while nobody has it open: so
// it never goes back.
type Sample struct {
	path string

	mu     sync.Mutex
	marker marker
}

// Marked reports whether the folder is marked as a sample.
func Marked(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Mark marks a folder whose clock begins [SampleWeeks] before now.
func Mark(dir string, now time.Time) error {
	s := &Sample{path: filepath.Join(dir, markerFile), marker: marker{At: now.Add(-SampleWeeks * 7 * 24 * time.Hour), Since: now}}
	return s.save(s.marker)
}

// OpenSample opens the clock of a marked folder.
func OpenSample(dir string) (*Sample, error) {
	s := &Sample{path: filepath.Join(dir, markerFile)}
	raw, err := os.ReadFile(s.path)
	if err != nil {
		return nil, fmt.Errorf("clock: %w", err)
	}
	if err := json.Unmarshal(raw, &s.marker); err != nil {
		return nil, fmt.Errorf("clock: %s: %w", s.path, err)
	}
	return s, nil
}

// Now returns the time.
func (s *Sample) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Sample) now() time.Time {
	if s.marker.Real {
		return time.Now()
	}
	return s.marker.At.Add(max(0, time.Since(s.marker.Since)))
}

// Real reports whether the clock has become the real one: the sample is complete.
func (s *Sample) Real() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marker.Real
}

// StepTo moves the clock forward; the zero time makes it the real clock for good. It refuses to go back
// and to go past the real time.
func (s *Sample) StepTo(t time.Time) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.marker
	next.Since = time.Now()
	switch {
	case s.marker.Real:
		return time.Time{}, fault.New(fault.Conflict, "CLOCK_IS_REAL", "The sample's clock is the real one by now.")
	case t.IsZero():
		next.Real = true
	case t.After(next.Since):
		return time.Time{}, fault.Field("CLOCK_PAST_NOW", "to", "The sample's clock cannot go past the real time.")
	case t.Before(s.now()):
		return time.Time{}, fault.Field("CLOCK_BACK", "to", "The sample's clock cannot go back.")
	default:
		next.At = t
	}
	if err := s.save(next); err != nil {
		return time.Time{}, err
	}
	s.marker = next
	return s.now(), nil
}

func (s *Sample) save(m marker) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if err := os.WriteFile(s.path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return os.Rename(s.path+".new", s.path)
}
