package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Files that the commands of the secret ballot make are the user's alone.
const privateFile, privateFolder = 0o600, 0o700

// writePrivate writes a new file and refuses to touch an old one: a key that is overwritten is lost.
func writePrivate(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), privateFolder); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateFile)
	if err != nil {
		if os.IsExist(err) {
			return fmt.Errorf("%s is there already and is not overwritten", name)
		}
		return err
	}
	if _, err := f.Write(b); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// replacePrivate writes a file in one step, whatever was there.
func replacePrivate(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".folkmoot-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if e := f.Sync(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func readJSON(name string, to any) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
