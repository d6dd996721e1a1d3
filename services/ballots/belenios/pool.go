package belenios

import (
	"io"
	"sync"
	"sync/atomic"
)

// job is a ballot to verify.
type job struct {
	body     []byte
	height   int64
	voter    int32
	weight   int64
	skip     bool // it was verified before
	replaces span // the same voter's ballot before this one; length 0 if none
}

// latest is a voter's ranked answers with the height of the ballot.
type latest struct {
	height  int64
	answers []Ciphertext
}

// pool verifies ballots in parallel and adds them up. Each worker has a tally of its own: the group's operation
// commutes, so the order in which ballots are added does not matter.
type pool struct {
	e      *Election
	r      io.ReaderAt
	jobs   chan job
	done   sync.WaitGroup
	closed bool
	bad    atomic.Int64 // 1 + height of the first ballot that failed, 0 if none

	mu     sync.Mutex
	err    error
	sums   *Tally
	ranked map[int32]latest
}

func newPool(e *Election, r io.ReaderAt, workers int) *pool {
	p := &pool{e: e, r: r, jobs: make(chan job, 4*workers), sums: newTally(e), ranked: map[int32]latest{}}
	for range workers {
		p.done.Add(1)
		go p.work()
	}
	return p
}

func (p *pool) put(j job)    { p.jobs <- j }
func (p *pool) failed() bool { return p.bad.Load() != 0 }

func (p *pool) work() {
	defer p.done.Done()
	sums := newTally(p.e)
	ranked := map[int32]latest{}
	for j := range p.jobs {
		if b := p.bad.Load(); b != 0 && j.height >= b {
			continue // something before it has failed
		}
		if err := p.one(sums, ranked, j); err != nil {
			p.mu.Lock()
			if b := p.bad.Load(); b == 0 || j.height+1 < b {
				p.bad.Store(j.height + 1)
				p.err = at(at(err, "ballot %s", Fingerprint(j.body)), "event %d", j.height)
			}
			p.mu.Unlock()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sums.merge(p.e, sums)
	for v, l := range ranked {
		if old, ok := p.ranked[v]; !ok || old.height < l.height {
			p.ranked[v] = l
		}
	}
}

func (p *pool) one(sums *Tally, ranked map[int32]latest, j job) error {
	b, err := p.e.parseBallot(j.body)
	if err != nil {
		return err
	}
	if !j.skip {
		if err := p.e.Check(b); err != nil {
			return err
		}
	}
	sums.add(p.e, b, j.weight)
	if answers := b.ranked(p.e); answers != nil && ranked[j.voter].height <= j.height {
		ranked[j.voter] = latest{j.height, answers}
	}
	if j.replaces.length == 0 {
		return nil
	}
	body := make([]byte, j.replaces.length)
	if n, err := p.r.ReadAt(body, j.replaces.at); n < len(body) {
		return fail(ReasonArchive, rulePublicData, "byte %d: %v", j.replaces.at, err)
	}
	old, err := p.e.parseBallot(body)
	if err != nil {
		return err
	}
	sums.add(p.e, old, -j.weight)
	return nil
}

// close waits for the workers and returns the error of the first ballot that failed.
func (p *pool) close() error {
	if !p.closed {
		p.closed = true
		close(p.jobs)
		p.done.Wait()
	}
	return p.err
}

// tally is the sum of all ballots. No more can be put in.
func (p *pool) tally() (*Tally, error) {
	if err := p.close(); err != nil {
		return nil, err
	}
	t := p.sums
	for _, l := range p.ranked {
		t.addRanked(p.e, l.answers)
	}
	return t, nil
}
