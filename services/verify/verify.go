// Package verify checks what a house has published, from outside: with HTTP or files, no database and no trust.
//
// It recomputes. A public log is fetched whole as C2SP tlog-tiles, its root computed from its leaves and compared with the
// signed checkpoint, its tiles with what the leaves give. Every entry of the books is computed into its leaf, must balance, and
// the sums must be the trial balance. Declared results are decided again from their own figures. A checkpoint kept from
// an earlier visit shows that nothing signed then was changed since.
//
// A [Report] says of each thing what was found, and in words what these checks cannot show.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// Finding is one thing that was looked at.
type Finding struct {
	// What was checked, in words.
	What string
	// Wrong is what is wrong with it; empty if nothing is.
	Wrong string
}

// Report is all that was found.
type Report struct {
	// Findings are what was checked.
	Findings []Finding
	// Unchecked says in words what was not, or cannot be.
	Unchecked []string
}

// Wrong counts the findings that do not hold.
func (r *Report) Wrong() int {
	n := 0
	for _, f := range r.Findings {
		if f.Wrong != "" {
			n++
		}
	}
	return n
}

// wrongSince counts the findings from the n-th on that do not hold.
func (r *Report) wrongSince(n int) int { return (&Report{Findings: r.Findings[n:]}).Wrong() }

func (r *Report) holds(format string, args ...any) {
	r.Findings = append(r.Findings, Finding{What: fmt.Sprintf(format, args...)})
}

func (r *Report) wrong(what, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{What: what, Wrong: fmt.Sprintf(format, args...)})
}

func (r *Report) unchecked(format string, args ...any) {
	r.Unchecked = append(r.Unchecked, fmt.Sprintf(format, args...))
}

// House is a house to check.
type House struct {
	base string
	http *http.Client
	// Witnesses are the keys of witnesses that the checker relies on. Each must have signed both logs.
	Witnesses []*translog.WitnessKey
}

// NewHouse returns the house at a URL, or an error for what is not one.
func NewHouse(address string) (*House, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a house: give one like https://vote.example.org", address)
	}
	return &House{base: strings.TrimRight(address, "/"), http: &http.Client{Timeout: 5 * time.Minute}}, nil
}

// Logs are the public logs that a house serves, by their name in the address.
var Logs = []string{"register", "ledger", "ballots"}

// attempts is how often a house is read again whose books grew meanwhile.
const attempts = 5

// Check checks everything public of the house. kept is what was kept from an earlier visit, or nil. It returns the report
// and what to keep of this visit, or an error if the house could not be read at all.
func (h *House) Check(ctx context.Context, kept *Kept) (*Report, *Kept, error) {
	r, keep := &Report{}, &Kept{}
	logs := map[string]*Log{}
	for _, name := range Logs {
		log, err := h.readLog(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("the public log of the %s: %w", name, err)
		}
		logs[name] = log
	}
	log, err := h.checkBooks(ctx, r, logs["ledger"])
	if err != nil {
		return nil, nil, err
	}
	logs["ledger"] = log
	for _, name := range Logs {
		logs[name].check(r, kept)
		if err := h.checkWitnesses(ctx, r, logs[name]); err != nil {
			return nil, nil, err
		}
		keep.add(logs[name])
	}
	if err := h.checkResults(ctx, r, logs["ballots"]); err != nil {
		return nil, nil, err
	}
	r.unchecked("The register's log is of salted commitments: who is in it, and whether it is true, only the members themselves can see, each with their own proofs (/v1/me/proofs).")
	r.unchecked("That a declared result is what the members voted: what opens the votes is shown to members only. Any member gets it from publication (/v1/ballots/BALLOT/openings), and folkmoot verify FILE recounts it.")
	if len(h.Witnesses) > 0 {
		r.unchecked("That a witness and the house do not work together: rely on a witness whose people you know, and get its key from them. What it signed it has seen grow by additions only; what the leaves stand for it does not know.")
	}
	if kept == nil {
		r.unchecked("Whether the house shows everybody the same logs, and whether anything older was rewritten: keep what --save writes, give it with --checkpoint next time, and compare with others.")
		r.unchecked("Whether the logs' keys are the society's: they were taken from the house itself. Compare them with ones printed elsewhere, or keep them with --save.")
	}
	return r, keep, nil
}

// errNotThere is what a 404 is.
var errNotThere = errors.New("there is no such page")

// most bounds what is read of one answer, in bytes.
const most = 4 << 30

// damagedError is a log that says of itself that leaves are missing in its middle.
type damagedError struct {
	what string
	// leaf is the first that is missing, -1 where it does not say.
	leaf int64
}

func (e *damagedError) Error() string { return e.what }

// damageIn reads a problem (RFC 9457) and returns what it says of a damaged log, nil if it is about something else.
func damageIn(body io.Reader) *damagedError {
	var p struct {
		Reason, Detail string
		Details        map[string]string
	}
	if err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&p); err != nil || p.Reason != "LOG_DAMAGED" {
		return nil
	}
	leaf, err := strconv.ParseInt(p.Details["leaf"], 10, 64)
	if err != nil {
		leaf = -1
	}
	return &damagedError{p.Detail, leaf}
}

func (h *House) open(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+path, nil)
	if err != nil {
		return nil, err
	}
	for {
		res, err := h.http.Do(req)
		if err != nil {
			return nil, err
		}
		switch res.StatusCode {
		case http.StatusOK:
			return res.Body, nil
		case http.StatusTooManyRequests:
			_ = res.Body.Close()
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Second):
			}
		case http.StatusNotFound:
			_ = res.Body.Close()
			return nil, fmt.Errorf("%s: %w", path, errNotThere)
		default:
			defer res.Body.Close()
			if damage := damageIn(res.Body); damage != nil {
				return nil, damage
			}
			return nil, fmt.Errorf("%s: the house answered %s", path, res.Status)
		}
	}
}

func (h *House) get(ctx context.Context, path string) ([]byte, error) {
	body, err := h.open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, most))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return raw, nil
}

func (h *House) getJSON(ctx context.Context, path string, into any) error {
	raw, err := h.get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
