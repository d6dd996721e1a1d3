package verify

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// largest bounds a log that is read: a size beyond it is not believed.
	largest = 100_000_000
)

// Log is a public log, fetched whole.
type Log struct {
	// Name is its name in the address.
	Name string
	// Key verifies its checkpoints.
	Key string
	// Signed is the checkpoint, and Tree what it signs.
	Signed []byte
	Tree   tlog.Tree
	// Leaves are the data of the leaves.
	Leaves [][]byte

	hashes stored
	// damage is where the house says of itself that leaves are missing: then there is nothing to compare with.
	damage *damagedError
	// owners say which entry a leaf of the ledger's log is of; nil of another log, and before the books were read.
	owners *owners
	// faults are what was wrong with what was fetched.
	faults []string
}

// stored are hashes by their stored index (tlog.HashReader).
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, errors.New("no such hash")
		}
		out[i] = s[index]
	}
	return out, nil
}

// readLog fetches a log and compares its parts with each other. What does not fit together is noted in its faults.
func (h *House) readLog(ctx context.Context, name string) (*Log, error) {
	l := &Log{Name: name}
	key, err := h.get(ctx, "/log/"+name+"/vkey")
	if err != nil {
		return nil, err
	}
	l.Key = strings.TrimSpace(string(key))
	l.Signed, err = h.get(ctx, "/log/"+name+"/checkpoint")
	if l.lost(err) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	if l.Tree, err = translog.OpenCheckpoint(l.Signed, l.Key); err != nil {
		l.fault("%v", err)
		return l, nil
	}
	if l.Tree.N > largest {
		return nil, fmt.Errorf("it says that it has %d leaves", l.Tree.N)
	}
	for n := int64(0); n*tileWidth < l.Tree.N; n++ {
		err := h.readBundle(ctx, l, n)
		if l.lost(err) {
			return l, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if int64(len(l.Leaves)) != l.Tree.N {
		return l, nil // A bundle was short; it is noted.
	}
	root, err := tlog.TreeHash(l.Tree.N, l.hashes)
	if err != nil {
		return nil, err
	}
	if root != l.Tree.Hash {
		l.fault("its %d leaves give another root than the checkpoint signs: a leaf was changed after its tile was made", l.Tree.N)
	}
	return l, h.readTiles(ctx, l)
}

// lost notes that the house itself says which leaf is missing, and reports whether it did.
func (l *Log) lost(err error) bool {
	var damage *damagedError
	if !errors.As(err, &damage) {
		return false
	}
	l.damage = damage
	return true
}

func (l *Log) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// readBundle fetches 256 leaves, or those that there are.
func (h *House) readBundle(ctx context.Context, l *Log, n int64) error {
	width := min(tileWidth, int(l.Tree.N-n*tileWidth))
	path := entriesPath(n, width)
	raw, err := h.get(ctx, "/log/"+l.Name+"/"+path)
	if errors.Is(err, errNotThere) {
		l.fault("leaves %d to %d are not there, though the checkpoint signs %d", n*tileWidth, n*tileWidth+int64(width)-1, l.Tree.N)
		return nil
	}
	if err != nil {
		return err
	}
	for range width {
		if len(raw) < 2 || len(raw)-2 < int(binary.BigEndian.Uint16(raw)) {
			l.fault("%s is cut short", path)
			return nil
		}
		size := int(binary.BigEndian.Uint16(raw))
		data := raw[2 : 2+size]
		raw = raw[2+size:]
		if int64(len(l.Leaves)) < n*tileWidth {
			continue // After a gap the indexes would be wrong.
		}
		hashes, err := tlog.StoredHashesForRecordHash(int64(len(l.Leaves)), tlog.RecordHash(data), l.hashes)
		if err != nil {
			return err
		}
		l.hashes, l.Leaves = append(l.hashes, hashes...), append(l.Leaves, data)
	}
	if len(raw) > 0 {
		l.fault("%s is too long", path)
	}
	return nil
}

// readTiles fetches every tile and compares it with what the leaves give.
func (h *House) readTiles(ctx context.Context, l *Log) error {
	for _, t := range tlog.NewTiles(tileHeight, 0, l.Tree.N) {
		path := tilePath(t)
		got, err := h.get(ctx, "/log/"+l.Name+"/"+path)
		if errors.Is(err, errNotThere) {
			l.fault("%s is not there", path)
			continue
		}
		if err != nil {
			return err
		}
		want, err := tlog.ReadTileData(t, l.hashes)
		if err != nil {
			return err
		}
		if bytes.Equal(got, want) {
			continue
		}
		if t.L > 0 || len(got) != len(want) {
			l.fault("%s is not made of the leaves", path)
			continue
		}
		for i := range t.W {
			if !bytes.Equal(got[i*tlog.HashSize:(i+1)*tlog.HashSize], want[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
				l.fault("leaf %d is not the one that %s was made of", t.N*tileWidth+int64(i), path)
			}
		}
	}
	return nil
}

// tilePath is a tile's path in C2SP tlog-tiles, which leaves the height out that x/mod puts in.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", t.H))
}

// entriesPath is that of a bundle of leaves.
func entriesPath(n int64, width int) string {
	return "tile/entries/" + strings.TrimPrefix(tlog.Tile{H: tileHeight, L: 0, N: n, W: width}.Path(), fmt.Sprintf("tile/%d/0/", tileHeight))
}

// check reports on the log, and compares it with what was kept of it earlier.
func (l *Log) check(r *Report, kept *Kept) {
	what := "the public log of the " + l.Name
	for _, f := range l.faults {
		r.wrong(what, "%s", f)
	}
	if l.damage != nil {
		r.wrong(what, "the house cannot sign it any more: %s%s", l.damage.what, l.whose(l.damage.leaf))
	} else if len(l.faults) == 0 {
		r.holds("%s: its checkpoint is signed, and its root and tiles are those of its %d leaves", what, l.Tree.N)
	}
	if kept == nil {
		return
	}
	k, ok := kept.of(l)
	what += " since the kept checkpoint"
	switch {
	case !ok:
		r.wrong(what, "what was kept holds no checkpoint of it; the log calls itself %s now", keyName(l.Key))
	case k.err != nil:
		r.wrong(what, "%v", k.err)
	case l.Tree.N < k.tree.N:
		r.wrong(what, "it was cut off: it had %d leaves then and has %d now; %s", k.tree.N, l.Tree.N, missing(l, k.tree.N))
	case int64(len(l.Leaves)) < k.tree.N:
		r.wrong(what, "its first %d leaves cannot be read", k.tree.N)
	default:
		root, err := tlog.TreeHash(k.tree.N, l.hashes)
		if err == nil && root == k.tree.Hash {
			r.holds("%s: its first %d leaves are what was signed then", what, k.tree.N)
			return
		}
		r.wrong(what, "it is another log than the one that was signed then (a fork): %s", k.differs(l))
	}
}

// missing names what a log that was cut off has lost.
func missing(l *Log, before int64) string {
	return fmt.Sprintf("what stood there from leaf %d to %d is gone%s", l.Tree.N, before-1, l.whose(l.Tree.N))
}

// whose says in brackets what a leaf is of, where that is known.
func (l *Log) whose(leaf int64) string {
	if l.owners == nil || leaf < 0 {
		return ""
	}
	return " (" + l.owners.name(leaf) + ")"
}

// keyName is the name in a verifier key.
func keyName(vkey string) string {
	name, _, _ := strings.Cut(vkey, "+")
	return name
}
