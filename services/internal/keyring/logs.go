package keyring

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Logs are the rooms that keep a public log, by the log's name in its address: the register of membership, the ledger, the ballots.
var Logs = map[string]string{"membership": "register", "ledger": "ledger", "ballots": "ballots"}

// logsFile holds the origin of each log: the name in every checkpoint, by which witnesses and those who kept an earlier
// checkpoint know the log. It is decided once, when the keys are made, and outlives a change of address.
const logsFile = "logs.json"

// ErrNoLogs is returned for a folder from before there were public logs.
var ErrNoLogs = errors.New("keyring: the folder has no keys for the public logs: start it once with folkmoot up, which makes them")

// CreateLogs makes the signing key of each public log, "register-log.key" and the like, and gives the logs their origins,
// "SOCIETY/register" and the like; society holds neither spaces nor plus signs. It refuses a folder that has them, or has
// one of the keys: a log signed by another key is another log.
func CreateLogs(dir, society string, random io.Reader) error {
	origins := map[string]string{}
	for _, log := range Logs {
		if _, err := os.Stat(filepath.Join(dir, logKey(log)+".key")); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keyring: the key of the %s's public log is there already", log)
		}
		origins[log] = society + "/" + log
	}
	for log := range origins {
		if _, err := createKey(dir, logKey(log), random); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(origins, "", "  ")
	if err != nil {
		return fmt.Errorf("keyring: encode the origins: %w", err)
	}
	return writeNew(filepath.Join(dir, logsFile), append(raw, '\n'))
}

// AddLogs makes what a folder lacks that was made before one of the logs existed: its key, and its origin under the society's name
// as the older logs have it. It does nothing where all are there.
func AddLogs(dir string, random io.Reader) error {
	origins, err := Origins(dir)
	if err != nil {
		return err
	}
	society := ""
	for log, origin := range origins {
		society = strings.TrimSuffix(origin, "/"+log)
	}
	var added []string
	for _, log := range Logs {
		if origins[log] == "" {
			added = append(added, log)
			origins[log] = society + "/" + log
		}
	}
	if len(added) == 0 {
		return nil
	}
	for _, log := range added {
		// A key without an origin is what is left of an addition that was cut short: it has signed nothing.
		if _, err := os.Stat(filepath.Join(dir, logKey(log)+".key")); err == nil {
			continue
		}
		if _, err := createKey(dir, logKey(log), random); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(origins, "", "  ")
	if err != nil {
		return fmt.Errorf("keyring: encode the origins: %w", err)
	}
	// Written beside and moved: the list is never half there.
	next := filepath.Join(dir, logsFile+".new")
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := writeNew(next, append(raw, '\n')); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(dir, logsFile)); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

func logKey(log string) string { return log + "-log" }

// Log returns the origin and the signing key of a public log, or ErrNoLogs.
func Log(dir, log string) (origin string, key ed25519.PrivateKey, err error) {
	origins, err := Origins(dir)
	if err != nil {
		return "", nil, err
	}
	if origin = origins[log]; origin == "" {
		return "", nil, fmt.Errorf("keyring: %s does not name the %s's public log", logsFile, log)
	}
	key, err = Private(dir, logKey(log))
	return origin, key, err
}

// Origins returns the origins of the public logs by the logs' names, or ErrNoLogs.
func Origins(dir string) (map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, logsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoLogs
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var origins map[string]string
	if err := json.Unmarshal(raw, &origins); err != nil {
		return nil, fmt.Errorf("keyring: %s: %w", logsFile, err)
	}
	return origins, nil
}
