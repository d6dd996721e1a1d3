package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/clock"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
)

// folder is a data folder that this process holds.
type folder struct {
	path string
	// sample is the clock of a folder marked as a sample, else nil.
	sample *clock.Sample
	lock   *os.File
}

const lockFile = "folkmoot.lock"

// prepare makes the folder ready: it exists, only its owner may read it, and it has keys. The host of the public URL names the
// public logs for good; a house on this machine only gets a name that no other house has.
func prepare(path, publicURL string) error {
	if path == "" {
		return &UsageError{"give the data folder with --data"}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", err)
	}
	keys := filepath.Join(path, services.KeysFolder)
	if _, err := os.Stat(keys); errors.Is(err, fs.ErrNotExist) {
		if err := keyring.Create(keys, append([]string{keyring.Members}, auth.Rooms...), rand.Reader); err != nil {
			return fmt.Errorf("the data folder cannot be written: %w", err)
		}
	}
	if _, err := keyring.Origins(keys); errors.Is(err, keyring.ErrNoLogs) {
		return keyring.CreateLogs(keys, society(publicURL), rand.Reader)
	} else if err != nil {
		return err
	}
	return keyring.AddLogs(keys, rand.Reader)
}

// society names the society in the origins of its logs.
func society(publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil && u.Hostname() != "" && u.Hostname() != "localhost" && net.ParseIP(u.Hostname()) == nil {
		return strings.ToLower(u.Hostname())
	}
	return "folkmoot-" + strings.ToLower(rand.Text()[:10])
}

// openFolder takes the folder for this process alone. A sample is asked for exactly where the folder is marked as one,
// or is new: real and fictional records never share a folder.
func openFolder(path, publicURL string, sample bool) (*folder, error) {
	if path == "" {
		return nil, &UsageError{"give the data folder with --data"}
	}
	fresh, err := isNew(path)
	if err != nil {
		return nil, err
	}
	marked, err := clock.Marked(path)
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be read: %w", err)
	}
	switch {
	case sample && !marked && !fresh:
		return nil, fmt.Errorf("%s holds a real society: the sample needs a folder of its own", path)
	case !sample && marked:
		return nil, fmt.Errorf("%s holds the sample: start it with --sample, or give another folder", path)
	}
	if err := prepare(path, publicURL); err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if f.lock, err = os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("the data folder cannot be written: %w", err)
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.lock.Close()
		return nil, fmt.Errorf("%s is in use by another folkmoot: stop that one first", path)
	}
	if sample {
		if !marked {
			if err := clock.Mark(path, time.Now()); err != nil {
				return nil, err
			}
		}
		if f.sample, err = clock.OpenSample(path); err != nil {
			return nil, err
		}
		if marked && !f.sample.Real() {
			f.close()
			return nil, fmt.Errorf("the sample in %s was cut short while it was made: remove the folder and start again", path)
		}
	}
	return f, nil
}

func (f *folder) close() { _ = f.lock.Close() }

// isNew reports whether the folder is not there or empty.
func isNew(path string) (bool, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("the data folder cannot be read: %w", err)
	}
	return len(entries) == 0, nil
}
