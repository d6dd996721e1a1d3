package belenios

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"slices"
)

// Prefix is how far an archive was verified. Keep it beside the archive and give it to the next verification.
type Prefix struct {
	// Bytes is the length of the archive up to there.
	Bytes int64 `json:"bytes"`
	// Height and Head are the number and the hash of the last event. The head binds everything before it.
	Height int64  `json:"height"`
	Head   string `json:"head"`
}

// Progress is how far a verification has come.
type Progress struct {
	// Bytes of Size have been read, with Ballots ballots in them.
	Bytes, Size, Ballots int64
}

// Options are how to verify.
type Options struct {
	// Workers is how many ballots are verified at the same time; 0 for as many as there are processors.
	Workers int
	// Verified says that an earlier call has returned this prefix: the proofs up to there are not verified again.
	// All hashes are still computed, and an archive that has another event at that height is refused.
	Verified *Prefix
	// Progress, if not nil, is called now and then, from the goroutine that called Verify.
	Progress func(Progress)
}

// walk is the state of a verification.
type walk struct {
	archive *archiveReader
	opts    Options
	pending []*record
	parent  string
	height  int64
	skip    bool
	only    bool // the setup
	pool    *pool
	report  *Report
}

// Verify verifies an archive of size bytes. It reads it once from front to back; memory grows with the number of
// voters (some 100 bytes each), not with the size of the ballots, but for ranked questions, whose ciphertexts must
// be sorted. The error, if it is an [*Error], is of the first thing in the archive that does not hold.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Report, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	w := &walk{archive: a, opts: o, report: &Report{Timestamp: a.timestamp, last: map[int32]span{}, cast: map[[32]byte]struct{}{}}}
	err = w.run(ctx)
	if w.pool != nil {
		// What a worker found stands before what the reader found: everything dispatched was read earlier.
		if bad := w.pool.close(); bad != nil {
			err = bad
		}
	}
	if err != nil {
		return nil, err
	}
	return w.report, nil
}

// VerifySetup verifies only the beginning of an archive: the election, its trustees and its roll. It is what a voter's
// device needs; it says nothing about ballots.
func VerifySetup(ctx context.Context, r io.ReaderAt, size int64) (*Report, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	w := &walk{archive: a, opts: Options{Workers: 1}, report: &Report{Timestamp: a.timestamp, last: map[int32]span{}}, only: true}
	err = w.run(ctx)
	if w.pool != nil {
		_ = w.pool.close() // no ballot was put in
	}
	if err != nil {
		return nil, err
	}
	return w.report, nil
}

func (w *walk) run(ctx context.Context) error {
	for n := 0; ; n++ {
		if w.only && w.height > 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.pool != nil && w.pool.failed() {
			return nil
		}
		r, err := w.archive.next()
		if errors.Is(err, io.EOF) {
			return w.finish()
		}
		if err != nil {
			return err
		}
		if !r.event {
			if len(w.pending) >= 5 {
				return fail(ReasonArchive, rulePublicData, "byte %d: data without an event", r.at)
			}
			w.pending = append(w.pending, r)
			continue
		}
		if err := w.event(r); err != nil {
			return at(err, "event %d", w.height)
		}
		w.pending = w.pending[:0]
		w.parent = r.hash
		w.report.Prefix = Prefix{Bytes: w.archive.pos, Height: w.height, Head: r.hash}
		if v := w.opts.Verified; v != nil && v.Height == w.height && (v.Head != r.hash || v.Bytes != w.archive.pos) {
			return fail(ReasonPrefix, ruleAudit, "event %d is not the one that was verified before: this archive is another one", w.height)
		}
		w.height++
		if w.opts.Progress != nil && n%256 == 255 {
			w.opts.Progress(Progress{w.archive.pos, w.archive.size, int64(w.report.Ballots)})
		}
	}
}

func (w *walk) finish() error {
	switch {
	case len(w.pending) > 0:
		return fail(ReasonArchive, rulePublicData, "the archive ends with data without an event")
	case w.height == 0:
		return fail(ReasonArchive, rulePublicData, "the archive has no events")
	case w.opts.Verified != nil && w.opts.Verified.Height >= w.height:
		return fail(ReasonPrefix, ruleAudit, "the archive has %d events, %d were verified before: something was removed", w.height, w.opts.Verified.Height+1)
	}
	if w.opts.Progress != nil {
		w.opts.Progress(Progress{w.archive.pos, w.archive.size, int64(w.report.Ballots)})
	}
	if w.report.Tally == nil {
		var err error
		w.report.sum, err = w.sum()
		return err
	}
	return nil
}

// follows are the types that may come after a type.
var follows = map[EventType][]EventType{
	"":              {EventSetup},
	EventSetup:      {EventBallot, EventEndBallots},
	EventBallot:     {EventBallot, EventEndBallots},
	EventEndBallots: {EventTally},
	EventTally:      {EventShuffle, EventDecryption},
	EventShuffle:    {EventShuffle, EventEndShuffle},
	EventEndShuffle: {EventDecryption},
	EventDecryption: {EventDecryption, EventResult},
}

func (w *walk) event(r *record) error {
	e, err := parseEvent(r.body)
	if err != nil {
		return err
	}
	switch {
	case e.height != w.height:
		return fail(ReasonChain, rulePublicData, "the height is %d", e.height)
	case e.parent != w.parent:
		return fail(ReasonChain, rulePublicData, "the parent is %q, not the event before it, %q", e.parent, w.parent)
	case !slices.Contains(follows[w.report.Stage], e.kind):
		return fail(ReasonOrder, rulePublicData, "%.30s may not follow %s", e.kind, orNothing(w.report.Stage))
	}
	want := map[EventType]int{EventSetup: 4, EventBallot: 1, EventTally: 2, EventShuffle: 2, EventDecryption: 2, EventResult: 1}[e.kind]
	if e.kind == EventSetup && len(w.pending) == 5 {
		want = 5 // with a certificate of the credential authority
	}
	if len(w.pending) != want {
		return fail(ReasonArchive, rulePublicData, "%s has %d files of data, not %d", e.kind, want, len(w.pending))
	}
	if want == 0 && e.payload != "" {
		return fail(ReasonChain, rulePublicData, "%s has a payload", e.kind)
	}
	if want > 0 && e.payload != w.pending[want-1].hash {
		return fail(ReasonChain, rulePublicData, "the payload is not the data before the event")
	}
	w.skip = w.opts.Verified != nil && w.height <= w.opts.Verified.Height
	switch e.kind {
	case EventSetup:
		err = w.setup()
	case EventBallot:
		err = at(w.ballot(), "ballot %s", fingerprintOf(w.pending[0].hash))
	case EventTally:
		err = at(w.tally(), "encrypted tally")
	case EventShuffle:
		err = at(w.shuffle(), "shuffle")
	case EventDecryption:
		err = at(w.decryption(), "partial decryption")
	case EventResult:
		err = at(w.result(), "result")
	}
	w.report.Stage = e.kind
	return err
}

func orNothing(t EventType) string {
	if t == "" {
		return "nothing"
	}
	return string(t)
}

// fingerprintOf turns a hash in hexadecimal into compact Base64.
func fingerprintOf(hash string) string {
	d, err := hex.DecodeString(hash)
	if err != nil {
		return hash
	}
	return compact(d)
}

func (w *walk) setup() error {
	p := w.pending
	s, err := parseSetup(p[len(p)-1].body)
	if err != nil {
		return at(err, "setup data")
	}
	named := []string{s.election, s.trustees, s.credentials}
	if s.certificate != "" {
		named = append(named, s.certificate)
	}
	if len(named) != len(p)-1 {
		return fail(ReasonChain, rulePublicData, "the setup names %d files, %d are there", len(named), len(p)-1)
	}
	for i, h := range named {
		if h != p[i].hash {
			return fail(ReasonChain, rulePublicData, "file %d of the setup is not the one that it names", i+1)
		}
	}
	rep := w.report
	if rep.Election, err = ParseElection(p[0].body); err != nil {
		return err
	}
	if rep.Trustees, err = ParseTrustees(rep.Election.Group, p[1].body); err != nil {
		return err
	}
	if !rep.Election.Group.equal(rep.Trustees.PublicKey(), rep.Election.PublicKey) {
		return fail(ReasonElectionKey, ruleElections, "the election's public key is not the product of the trustees' keys")
	}
	if rep.Roll, err = ParseRoll(rep.Election.Group, p[2].body); err != nil {
		return err
	}
	if rep.Election.Ranked() && rep.Roll.weights != nil {
		return fail(ReasonCredentials, ruleTally, "weights other than 1 and a ranked question exclude each other")
	}
	rep.TrusteesFingerprint, rep.RollFingerprint = fingerprintOf(p[1].hash), fingerprintOf(p[2].hash)
	w.pool = newPool(rep.Election, w.archive.r, w.opts.Workers)
	return nil
}

// ballot does what depends on the order of ballots, and hands the rest to a worker.
func (w *walk) ballot() error {
	r := w.pending[0]
	rep := w.report
	c := &cursor{s: string(r.body)}
	rep.Election.prepare()
	if !c.maybe(rep.Election.ballotAt) {
		return rep.Election.wrongStart(c.s)
	}
	credential := c.token()
	if c.err != nil {
		return c.err
	}
	voter, ok := rep.Roll.index[credential]
	if !ok {
		return fail(ReasonUnlisted, ruleVote, "the credential %.64s is not on the roll", credential)
	}
	var h [32]byte
	if _, err := hex.Decode(h[:], []byte(r.hash)); err != nil {
		return fail(ReasonHash, rulePublicData, "%s is not a hash", r.hash)
	}
	if _, ok := rep.cast[h]; ok {
		return fail(ReasonRepeated, ruleVote, "the same ballot was cast before")
	}
	rep.cast[h] = struct{}{}
	j := job{body: r.body, height: w.height, voter: voter, weight: rep.Roll.weight(voter), skip: w.skip}
	if old, ok := rep.last[voter]; ok {
		j.replaces = old
	} else {
		rep.Voters++
	}
	rep.last[voter] = span{r.at, int32(len(r.body))}
	rep.Ballots++
	w.pool.put(j)
	return nil
}

func (w *walk) tally() error {
	rep := w.report
	t, err := w.sum()
	if err != nil {
		return err
	}
	if got, want := w.pending[0].hash, hashOf(t.Encode()); got != want {
		return fail(ReasonTally, ruleTally, "the recorded tally is not that of the ballots: fingerprint %s, not %s", fingerprintOf(got), fingerprintOf(want))
	}
	if string(w.pending[1].body) != string(t.sized(w.pending[0].hash)) {
		return fail(ReasonTallySize, ruleTally, "%.200s: it should be %d ballots of weight %d", w.pending[1].body, t.Ballots, t.Weight)
	}
	rep.Tally, rep.TallyFingerprint = t, fingerprintOf(w.pending[0].hash)
	return nil
}

// sum is the tally of the ballots so far.
func (w *walk) sum() (*Tally, error) {
	t, err := w.pool.tally()
	if err != nil {
		return nil, err
	}
	for voter := range w.report.last {
		t.Ballots++
		t.Weight += w.report.Roll.weight(voter)
	}
	t.finish(w.report.Election)
	return t, nil
}

// owned reads who gave a shuffle or a decryption, and refuses a second one.
func (w *walk) owned(given []int) (int, error) {
	o, err := parseOwned(w.pending[1].body)
	switch {
	case err != nil:
		return 0, err
	case o.payload != w.pending[0].hash:
		return 0, fail(ReasonChain, rulePublicData, "the payload is not the data before it")
	case o.owner < 1 || o.owner > w.report.Trustees.Len():
		return 0, fail(ReasonOwner, ruleDecryptions, "there is no trustee %d", o.owner)
	case slices.Contains(given, o.owner):
		return 0, fail(ReasonOwner, ruleDecryptions, "a second one of trustee %d", o.owner)
	}
	return o.owner, nil
}

func (w *walk) shuffle() error {
	rep := w.report
	if !rep.Election.Ranked() {
		return fail(ReasonOrder, ruleShuffles, "no question is ranked: there is nothing to shuffle")
	}
	owner, err := w.owned(rep.Shuffles)
	if err != nil {
		return err
	}
	s, err := ParseShuffle(rep.Election.Group, w.pending[0].body)
	if err != nil {
		return err
	}
	if !w.skip {
		if err := rep.Election.CheckShuffle(rep.Tally.mixable(rep.Election), s); err != nil {
			return err
		}
	}
	rep.Shuffles = append(rep.Shuffles, owner)
	rep.Tally = rep.Tally.mixed(rep.Election, s.Ciphertexts)
	return nil
}

func (w *walk) decryption() error {
	rep := w.report
	if rep.Election.Ranked() && len(rep.Shuffles) == 0 {
		return fail(ReasonOrder, ruleShuffles, "ranked answers are decrypted without having been shuffled")
	}
	owner, err := w.owned(rep.Decryptions)
	if err != nil {
		return err
	}
	d, err := ParseDecryption(rep.Election.Group, w.pending[0].body)
	if err != nil {
		return err
	}
	if !w.skip {
		if err := rep.Election.CheckDecryption(rep.Tally, rep.Trustees.holders[owner-1].key, d); err != nil {
			return at(err, "trustee %d", owner)
		}
	}
	rep.Decryptions = append(rep.Decryptions, owner)
	rep.given = append(rep.given, share{owner, d.Factors})
	return nil
}

func (w *walk) result() error {
	rep := w.report
	r, err := rep.Election.ParseResult(w.pending[0].body)
	if err != nil {
		return err
	}
	factors, err := rep.Trustees.combine(rep.Election.Group, rep.Tally.Ciphertexts, rep.given)
	if err != nil {
		return err
	}
	if err := rep.Election.checkResult(rep.Tally, factors, r); err != nil {
		return err
	}
	rep.Result = r
	return nil
}
