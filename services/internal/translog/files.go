package translog

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Files are the paths of everything that a log of n leaves serves beside its checkpoint and key: every tile and every bundle of
// leaves, the last of a level as wide as the log reaches (C2SP tlog-tiles).
func Files(n int64) []string {
	var out []string
	for _, t := range tlog.NewTiles(tileHeight, 0, n) {
		out = append(out, "tile/"+strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", t.H)))
	}
	for i := int64(0); i*tileWidth < n; i++ {
		t := tlog.Tile{H: tileHeight, L: 0, N: i, W: int(min(tileWidth, n-i*tileWidth))}
		out = append(out, "tile/entries/"+strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/0/", tileHeight)))
	}
	return out
}
