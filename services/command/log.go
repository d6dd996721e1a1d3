package command

import (
	"io"
	"log/slog"
	"time"
)

// societyNow is the clock of a real society. A test's child process gives it an offset, since the weeks of notice cannot be waited for.
var societyNow = time.Now

// logger writes JSON lines at or above a level. What is logged names no person: rooms log methods, reasons and ids.
func logger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, &UsageError{"--log is debug, info, warn or error"}
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
}
