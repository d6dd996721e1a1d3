package translog

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Witness is a witness that a log asks to sign its checkpoints (C2SP tlog-witness).
type Witness struct {
	// URL is its submission prefix, without a slash at its end.
	URL string
	// Key verifies what it signs.
	Key *WitnessKey
}

// ParseWitness reads URL=VKEY.
func ParseWitness(s string) (Witness, error) {
	at := strings.LastIndexByte(s, '=')
	if at < 0 {
		return Witness{}, fmt.Errorf("a witness is given as URL=VKEY, not %q", s)
	}
	u, err := url.Parse(s[:at])
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return Witness{}, fmt.Errorf("%q is not the address of a witness", s[:at])
	}
	key, err := ParseWitnessKey(s[at+1:])
	return Witness{URL: strings.TrimRight(s[:at], "/"), Key: key}, err
}

// WitnessState is what a witness last did, as the log's file "witnesses" lists it.
type WitnessState struct {
	// Name and Key are the witness's.
	Name string `json:"name"`
	Key  string `json:"vkey"`
	// Size is that of the newest checkpoint which it signed, 0 for none, and Root its root in base64.
	Size int64  `json:"size"`
	Root string `json:"root"`
	// Signed is when, by its own clock, in seconds since 1970.
	Signed int64 `json:"signed"`
	// Problem says why it did not sign what it was last asked to, empty if it did: UNREACHABLE, HAS_SEEN_MORE (the log is
	// shorter than one that it signed), HAS_SEEN_ANOTHER (the log is another than the one that it signed),
	// DOES_NOT_KNOW_US, ANSWER (what it answered is not a signature of its key).
	Problem string `json:"problem"`
}

const (
	// witnessEvery is how often the log looks whether a witness lags behind.
	witnessEvery = time.Second
	// witnessAgain is after how long a witness is asked to sign a size anew, so that its time stays recent.
	witnessAgain = time.Hour
	// witnessDeadline bounds one question, and witnessPause is the longest pause after failed ones.
	witnessDeadline = 5 * time.Second
	witnessPause    = time.Minute
	// mostProof bounds the lines of a consistency proof (C2SP tlog-witness), and mostAnswer the bytes of an answer.
	mostAnswer = 64 << 10
)

// AskWitnesses has every witness sign the log as it grows, until the context ends. A witness that does not answer holds
// nobody up. now is the machine's clock; problems are told once each to onProblem.
func (l *Log) AskWitnesses(ctx context.Context, witnesses []Witness, now func() time.Time, onProblem func(name, problem string)) {
	done := make(chan struct{})
	for _, w := range witnesses {
		go func() {
			defer func() { done <- struct{}{} }()
			l.askForever(ctx, w, now, onProblem)
		}()
	}
	for range witnesses {
		<-done
	}
}

func (l *Log) askForever(ctx context.Context, w Witness, now func() time.Time, onProblem func(name, problem string)) {
	client := &http.Client{Timeout: witnessDeadline, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	pause, told := witnessEvery, ""
	for {
		problem, err := l.askOnce(ctx, client, w, now())
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			problem = err.Error()
		}
		if problem == "" {
			pause = witnessEvery
		} else {
			pause = min(2*pause, witnessPause)
		}
		if problem != told && problem != "" {
			onProblem(w.Key.Name(), problem)
		}
		told = problem
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// askOnce asks a witness to sign the present tree if it has not, and keeps what it answers. It returns what is wrong with the
// witness's answer, or an error of ours.
func (l *Log) askOnce(ctx context.Context, client *http.Client, w Witness, now time.Time) (problem string, err error) {
	n, root, err := l.Head(ctx)
	if err != nil || n == 0 {
		return "", err
	}
	last, err := l.witnessed(ctx, w.Key)
	if err != nil {
		return "", err
	}
	if last.Size == n && last.Root == base64.StdEncoding.EncodeToString(root[:]) && last.Problem == "" && now.Sub(time.Unix(last.Signed, 0)) < witnessAgain {
		return "", nil
	}
	old := last.Size
	if old > n {
		old = n
	}
	line, at, problem, seen, err := l.submit(ctx, client, w, old, n, root)
	if err == nil && problem == "" && line == "" && seen >= 0 {
		// It has signed another size than we remember: another process of ours asked it, or we were restored.
		if seen > n {
			problem = "HAS_SEEN_MORE"
		} else {
			line, at, problem, _, err = l.submit(ctx, client, w, seen, n, root)
			if err == nil && problem == "" && line == "" {
				return "", nil // Somebody else was quicker again.
			}
		}
	}
	if err != nil {
		return "", err
	}
	return problem, l.keepWitnessed(ctx, w.Key, n, root, line, at, now, problem)
}

// submit asks for a signature over the tree of size n, with the proof from an older size. It returns the line, or what is wrong, or
// the size that the witness has signed (-1 where it did not say).
func (l *Log) submit(ctx context.Context, client *http.Client, w Witness, old, n int64, root tlog.Hash) (line string, at time.Time, problem string, seen int64, err error) {
	signed, err := l.sign(n, root)
	if err != nil {
		return "", at, "", -1, err
	}
	var proof tlog.TreeProof
	if old > 0 && old < n {
		if proof, err = l.ProveTree(ctx, old, n); err != nil {
			return "", at, "", -1, err
		}
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	for _, h := range proof {
		fmt.Fprintln(&body, base64.StdEncoding.EncodeToString(h[:]))
	}
	fmt.Fprintf(&body, "\n%s", signed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/add-checkpoint", &body)
	if err != nil {
		return "", at, "", -1, err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", at, "UNREACHABLE", -1, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return "", at, "UNREACHABLE", -1, nil
	}
	switch res.StatusCode {
	case http.StatusOK:
		if at, line, err = Cosigned(append(signed, raw...), w.Key); err != nil {
			return "", at, "ANSWER", -1, nil
		}
		return line, at, "", n, nil
	case http.StatusConflict:
		if seen, err = strconv.ParseInt(strings.TrimSuffix(string(raw), "\n"), 10, 64); err != nil || seen < 0 {
			return "", at, "ANSWER", -1, nil
		}
		if seen == old {
			return "", at, "HAS_SEEN_ANOTHER", -1, nil // The same size, and another root.
		}
		return "", at, "", seen, nil
	case http.StatusUnprocessableEntity:
		return "", at, "HAS_SEEN_ANOTHER", -1, nil
	case http.StatusForbidden, http.StatusNotFound:
		return "", at, "DOES_NOT_KNOW_US", -1, nil
	}
	return "", at, "UNREACHABLE", -1, nil
}

func (l *Log) witnessed(ctx context.Context, key *WitnessKey) (WitnessState, error) {
	all, err := witnessStates(ctx, l.db.Reader(), ` WHERE vkey = $1`, key.String())
	if err != nil || len(all) == 0 {
		return WitnessState{}, err
	}
	return all[0].WitnessState, nil
}

type witnessRow struct {
	WitnessState
	line string
}

func witnessStates(ctx context.Context, q querier, where string, args ...any) ([]witnessRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT vkey, size, root, line, signed, problem FROM log_witness`+where+` ORDER BY vkey`, args...)
	if err != nil {
		return nil, fmt.Errorf("translog: witnesses: %w", err)
	}
	defer rows.Close()
	var all []witnessRow
	for rows.Next() {
		var r witnessRow
		var root []byte
		if err := rows.Scan(&r.Key, &r.Size, &root, &r.line, &r.Signed, &r.Problem); err != nil {
			return nil, fmt.Errorf("translog: witnesses: %w", err)
		}
		r.Name, _, _ = strings.Cut(r.Key, "+")
		r.Root = base64.StdEncoding.EncodeToString(root)
		all = append(all, r)
	}
	return all, rows.Err()
}

func (l *Log) keepWitnessed(ctx context.Context, key *WitnessKey, n int64, root tlog.Hash, line string, at, now time.Time, problem string) error {
	return l.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if problem != "" {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO log_witness (vkey, size, root, line, signed, asked, problem) VALUES ($1, 0, $2, '', 0, $3, $4)
				ON CONFLICT (vkey) DO UPDATE SET asked = excluded.asked, problem = excluded.problem`, key.String(), []byte{0}, now.UnixMicro(), problem)
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO log_witness (vkey, size, root, line, signed, asked, problem) VALUES ($1, $2, $3, $4, $5, $6, '')
			ON CONFLICT (vkey) DO UPDATE SET size = excluded.size, root = excluded.root, line = excluded.line, signed = excluded.signed,
			  asked = excluded.asked, problem = ''`, key.String(), n, root[:], line, at.Unix(), now.UnixMicro())
		return err
	})
}

// cosigned appends to a signed checkpoint the lines of the witnesses who have signed the same size and root.
func cosignedBy(ctx context.Context, q querier, signed []byte, n int64, root tlog.Hash) ([]byte, error) {
	all, err := witnessStates(ctx, q, ` WHERE size = $1`, n)
	for _, w := range all {
		if n > 0 && w.Root == base64.StdEncoding.EncodeToString(root[:]) {
			signed = append(signed, w.line...)
		}
	}
	return signed, err
}

// Witnessed returns the newest checkpoint that a witness has signed and that is this log's still, with the signatures of all
// witnesses who signed that size, or a NotFound fault where there is none.
func (l *Log) Witnessed(ctx context.Context) (signed []byte, err error) {
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, err := size(ctx, tx)
		if err != nil {
			return err
		}
		all, err := witnessStates(ctx, tx, ` WHERE size > 0`)
		if err != nil {
			return err
		}
		newest := int64(0)
		for _, w := range all {
			if w.Size <= n {
				newest = max(newest, w.Size)
			}
		}
		if newest == 0 {
			return notThere()
		}
		root, err := tlog.TreeHash(newest, newReader(ctx, tx, newest))
		if err != nil {
			return err
		}
		if signed, err = l.sign(newest, root); err != nil {
			return err
		}
		alone := len(signed)
		if signed, err = cosignedBy(ctx, tx, signed, newest, root); err == nil && len(signed) == alone {
			return notThere()
		}
		return err
	})
	return signed, err
}

// witnesses is the file that lists what the witnesses did.
func (l *Log) witnesses(ctx context.Context) ([]byte, error) {
	rows, err := witnessStates(ctx, l.db.Reader(), "")
	if err != nil {
		return nil, err
	}
	all := make([]WitnessState, 0, len(rows))
	for _, r := range rows {
		if r.Size == 0 {
			r.Root = ""
		}
		all = append(all, r.WitnessState)
	}
	return json.MarshalIndent(map[string]any{"witnesses": all}, "", "  ")
}

// Consistency is the proof that a tree extends an older one, as the log's file "consistency/OLDER/NEWER" writes it (RFC 6962 section
// 2.1.2). A zero older size needs no proof.
type Consistency struct {
	// Older and Newer are the sizes, and the roots of the log's own trees of those sizes, in base64.
	Older     int64  `json:"older"`
	OlderRoot string `json:"older_root"`
	Newer     int64  `json:"newer"`
	NewerRoot string `json:"newer_root"`
	// Proof are the hashes, in base64.
	Proof []tlog.Hash `json:"proof"`
}

// consistency reads the two sizes of a path, "12/30", and proves.
func (l *Log) consistency(ctx context.Context, path string) ([]byte, error) {
	first, second, _ := strings.Cut(path, "/")
	older, err := strconv.ParseInt(first, 10, 64)
	newer, err2 := strconv.ParseInt(second, 10, 64)
	if errors.Join(err, err2) != nil || strconv.FormatInt(older, 10)+"/"+strconv.FormatInt(newer, 10) != path {
		return nil, notThere()
	}
	c := Consistency{Older: older, Newer: newer, Proof: []tlog.Hash{}}
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, err := size(ctx, tx)
		if err != nil {
			return err
		}
		if older < 1 || newer < older || newer > n {
			return fault.Field("LOG_SIZES", "path", fmt.Sprintf("Give two sizes, the older first, between 1 and %d.", n))
		}
		r := newReader(ctx, tx, newer)
		a, err := tlog.TreeHash(older, r)
		if err != nil {
			return err
		}
		b, err := tlog.TreeHash(newer, r)
		if err != nil {
			return err
		}
		c.OlderRoot, c.NewerRoot = base64.StdEncoding.EncodeToString(a[:]), base64.StdEncoding.EncodeToString(b[:])
		if older < newer {
			c.Proof, err = tlog.ProveTree(newer, older, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(c)
}
