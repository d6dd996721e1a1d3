package verify

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// Kept is what a checker keeps of a visit, for the next one: each log's key, signed checkpoint and hashes of leaves, the
// last so that a difference can be named. As text:
//
//	key example.org/ledger+ab12cd34+AX…
//	leaf 4e1f…                              base64 of each leaf's hash, in order
//	example.org/ledger                      the checkpoint as it was served
//	12
//	Zm9v…
//
//	— example.org/ledger qxLN…
//
// A checkpoint alone, as /log/ledger/checkpoint serves it, is read too; it says that something differs and not what.
type Kept struct {
	logs []keptLog
}

type keptLog struct {
	key    string
	signed []byte
	leaves []tlog.Hash
	tree   tlog.Tree
	err    error
}

func (k *Kept) add(l *Log) {
	kept := keptLog{key: l.Key, signed: l.Signed}
	for _, data := range l.Leaves {
		kept.leaves = append(kept.leaves, tlog.RecordHash(data))
	}
	k.logs = append(k.logs, kept)
}

// Text writes what is kept.
func (k *Kept) Text() []byte {
	var b bytes.Buffer
	for _, l := range k.logs {
		fmt.Fprintf(&b, "key %s\n", l.key)
		for _, h := range l.leaves {
			fmt.Fprintf(&b, "leaf %s\n", base64.StdEncoding.EncodeToString(h[:]))
		}
		b.Write(l.signed)
	}
	return b.Bytes()
}

// ParseKept reads what was kept.
func ParseKept(text []byte) (*Kept, error) {
	k := &Kept{}
	var l keptLog
	signing := false
	lines := bufio.NewScanner(bytes.NewReader(text))
	end := func() {
		if len(l.signed) > 0 {
			k.logs = append(k.logs, l)
		}
		l, signing = keptLog{}, false
	}
	for lines.Scan() {
		line := lines.Text()
		if signing && !strings.HasPrefix(line, "— ") {
			end()
		}
		switch {
		case len(l.signed) == 0 && strings.HasPrefix(line, "key "):
			l.key = strings.TrimPrefix(line, "key ")
		case len(l.signed) == 0 && strings.HasPrefix(line, "leaf "):
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "leaf "))
			if err != nil || len(raw) != tlog.HashSize {
				return nil, errors.New("a line that begins with leaf is not a hash")
			}
			l.leaves = append(l.leaves, tlog.Hash(raw))
		default:
			signing = strings.HasPrefix(line, "— ")
			l.signed = append(append(l.signed, line...), '\n')
		}
	}
	complete := signing
	end()
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(k.logs) == 0 || !complete {
		return nil, errors.New("there is no whole signed checkpoint in it")
	}
	return k, nil
}

// of returns what was kept of a log, its checkpoint verified. Where no key was kept the log's own must do.
func (k *Kept) of(l *Log) (keptLog, bool) {
	for _, kept := range k.logs {
		origin, _, _ := strings.Cut(string(kept.signed), "\n")
		if origin != keyName(l.Key) && (kept.key == "" || !strings.HasSuffix(origin, "/"+l.Name)) {
			continue
		}
		if kept.key != "" && kept.key != l.Key {
			kept.err = fmt.Errorf("the log's key is another than then: it was %s and is %s", kept.key, l.Key)
			return kept, true
		}
		kept.tree, kept.err = translog.OpenCheckpoint(kept.signed, l.Key)
		return kept, true
	}
	return keptLog{}, false
}

// differs says which leaf is the first to differ, if the hashes of leaves were kept and are those that were signed.
func (k keptLog) differs(l *Log) string {
	var hashes stored
	for i, leaf := range k.leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, hashes)
		if err != nil {
			break
		}
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(k.tree.N, hashes)
	if err != nil || root != k.tree.Hash {
		return "somewhere among its first " + strconv.FormatInt(k.tree.N, 10) + " leaves"
	}
	for i, leaf := range k.leaves {
		if tlog.RecordHash(l.Leaves[i]) != leaf {
			return fmt.Sprintf("leaf %d is the first to differ%s", i, l.whose(int64(i)))
		}
	}
	return "no leaf differs" // Then the roots would not either.
}
