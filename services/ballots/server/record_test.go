package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

func (h *house) publish(id string) {
	h.t.Helper()
	if _, err := h.motions().CloseBallot(h.t.Context(), &ballotsv1.CloseBallotRequest{Ballot: id}); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.motions().PublishBallot(h.t.Context(), &ballotsv1.PublishBallotRequest{Ballot: id}); err != nil {
		h.t.Fatal(err)
	}
}

// openings reads the file of openings whole.
func openings(ctx context.Context, c *grpc.ClientConn, id string) ([]byte, error) {
	stream, err := ballotsv1.NewBallotRecordServiceClient(c).GetOpenings(ctx, &ballotsv1.GetOpeningsRequest{Ballot: id})
	if err != nil {
		return nil, err
	}
	var all []byte
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, part.GetData()...)
	}
}

// voteLeaf is a leaf of the log that is a vote or a count, and the salt that nobody may see before publication.
type voteLeaf struct {
	index int64
	salt  []byte
}

func (h *house) voteLeaves() []voteLeaf {
	h.t.Helper()
	rows, err := h.db.Reader().QueryContext(context.Background(), `
		SELECT leaf, salt FROM cast_vote UNION ALL
		SELECT l.leaf, g.salt FROM ballot_leaf l JOIN log_leaf g ON g.idx = l.leaf WHERE l.event = 'counted' ORDER BY 1`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var all []voteLeaf
	for rows.Next() {
		var v voteLeaf
		if err := rows.Scan(&v.index, &v.salt); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// masked is a file of proofs without what a salted commitment to another vote must change: the vote's leaf, the hashes above it, and the
// signature over the root. Size, order and everything that is said in words stays.
func masked(t *testing.T, raw []byte) []byte {
	t.Helper()
	var f translog.ProofFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	lines := strings.Split(f.Checkpoint, "\n")
	fmt.Fprintln(&b, f.Format, f.Key, lines[0], lines[1])
	for _, l := range f.Leaves {
		fmt.Fprintf(&b, "%d %x %q %d %d\n", l.Index, l.Salt, l.Content, len(l.Data), len(l.Hashes))
	}
	return b.Bytes()
}

// seenOfRecord notes what a caller can read of the public record while the votes are secret, and fails if any of it holds a vote's salt.
func (h *house) seenOfRecord(ctx context.Context, conn *grpc.ClientConn, note func(what string, m proto.Message, err error)) {
	client, votes := ballotsv1.NewBallotRecordServiceClient(conn), h.voteLeaves()
	b, failed := ballotsv1.NewBallotsServiceClient(h.dial(nil)).GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"})
	if failed != nil {
		h.t.Fatal(failed)
	}
	secret := b.GetState() != ballotsv1.BallotState_BALLOT_STATE_PUBLISHED
	keep := func(what string, body *httpbody.HttpBody, err error, mask func([]byte) []byte) {
		for _, v := range votes {
			for _, form := range []string{string(v.salt), hex.EncodeToString(v.salt), base64.StdEncoding.EncodeToString(v.salt)} {
				if secret && bytes.Contains(body.GetData(), []byte(form)) {
					h.t.Errorf("%s shows the salt of a vote", what)
				}
			}
		}
		if err == nil {
			body = &httpbody.HttpBody{ContentType: body.GetContentType(), Data: mask(body.GetData())}
		}
		note(what, body, err)
	}
	record, err := client.GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "b"})
	keep("record", record, err, func(raw []byte) []byte { return masked(h.t, raw) })
	proof, err := client.GetMyVoteProof(ctx, &ballotsv1.GetMyVoteProofRequest{Ballot: "b"})
	keep("my proof", proof, err, func(raw []byte) []byte { return masked(h.t, raw) })
	list, err := client.ListMyVotes(ctx, &ballotsv1.ListMyVotesRequest{})
	note("my votes", list, err)
	opened, err := openings(ctx, conn, "b")
	keep("openings", &httpbody.HttpBody{Data: opened}, err, bytes.Clone)
	n, _, failed := h.log.Head(ctx)
	if failed != nil {
		h.t.Fatal(failed)
	}
	paths := append(translog.Files(n), "checkpoint", "vkey", "witnesses", fmt.Sprintf("consistency/1/%d", n))
	for _, path := range paths {
		body, err := client.ReadLog(ctx, &ballotsv1.ReadLogRequest{Path: path})
		keep(path, body, err, func(raw []byte) []byte { return maskedLog(path, raw, votes) })
	}
}

// maskedLog is a file of the log without the votes' commitments and what is computed from them.
func maskedLog(path string, raw []byte, votes []voteLeaf) []byte {
	const entry = 2 + translog.CommitmentSize
	switch {
	case path == "vkey" || path == "witnesses":
		return raw
	case path == "checkpoint":
		lines := strings.Split(string(raw), "\n")
		return []byte(strings.Join(lines[:2], "\n"))
	case strings.HasPrefix(path, "tile/entries/"):
		out := bytes.Clone(raw)
		for _, v := range votes {
			if at := int(v.index) * entry; at+entry <= len(out) {
				copy(out[at:], make([]byte, entry))
			}
		}
		return out
	}
	return fmt.Appendf(nil, "%d bytes", len(raw)/8)
}

// TestTheRecord walks the record of a ballot: before publication it opens no vote and no count, and from then on the openings give
// the leaves; all of it verifies against the log's key.
func TestTheRecord(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := open(t, settings{db: db}), t.Context()
		h.ballot("b", 4)
		for n, choice := range []ballotsv1.Choice{yes, no, yes} {
			if _, err := h.member(n+1).CastVote(ctx, vote(n+1, choice)); err != nil {
				t.Fatal(err)
			}
		}
		file := func(body *httpbody.HttpBody, err error) translog.ProofFile {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			var f translog.ProofFile
			if err := json.Unmarshal(body.GetData(), &f); err != nil {
				t.Fatal(err)
			}
			if _, err := translog.CheckProof(f, h.log.VerifierKey()); err != nil {
				t.Fatal(err)
			}
			return f
		}
		member := h.person(callers[1].who)
		client := ballotsv1.NewBallotRecordServiceClient(member)
		mine := file(client.GetMyVoteProof(ctx, &ballotsv1.GetMyVoteProofRequest{Ballot: "b"}))
		if len(mine.Leaves) != 1 || len(mine.Leaves[0].Salt) > 0 || mine.Leaves[0].Content != "" {
			t.Errorf("the proof of a vote holds %+v", mine.Leaves)
		}
		if f := file(client.GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "b"})); len(f.Leaves) != 1 || !strings.Contains(f.Leaves[0].Content, "text question 33\nThat facilitators share material.\n") {
			t.Errorf("the record of an open ballot: %+v", f.Leaves)
		}
		_, err := openings(ctx, member, "b")
		want(t, err, codes.FailedPrecondition, "BALLOT_NOT_PUBLISHED")
		if _, err := h.motions().CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "b"}); err != nil {
			t.Fatal(err)
		}
		f := file(client.GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "b"}))
		if len(f.Leaves) != 3 || !strings.Contains(f.Leaves[1].Content, "turnout 3\nleaves 3\n") || f.Leaves[2].Content != "" || len(f.Leaves[2].Salt) > 0 {
			t.Errorf("the record of a closed ballot: %+v", f.Leaves)
		}
		_, err = openings(ctx, member, "b")
		want(t, err, codes.FailedPrecondition, "BALLOT_NOT_PUBLISHED")
		h.publish("b")
		f = file(client.GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "b"}))
		if len(f.Leaves) != 4 || !strings.Contains(f.Leaves[2].Content, "event counted\n") || !strings.Contains(f.Leaves[3].Content, "for 2\nagainst 1\nabstain 0\n") {
			t.Errorf("the record of a published ballot: %+v", f.Leaves)
		}
		raw, err := openings(ctx, member, "b")
		if err != nil {
			t.Fatal(err)
		}
		var opened ballots.OpeningsFile
		if err := json.Unmarshal(raw, &opened); err != nil {
			t.Fatal(err)
		}
		for i, v := range opened.Votes {
			leaf := opened.Leaves[v.Leaf*translog.CommitmentSize:][:translog.CommitmentSize]
			if v.Elector != int64(i)+1 || !bytes.Equal(leaf, translog.Commit(v.Salt, ballots.VoteLeaf("b", v.Elector, v.Revision, v.Choice))) {
				t.Errorf("vote %+v does not open its leaf", v)
			}
		}
		if len(opened.Votes) != 3 || opened.Votes[1].Choice != ballots.Against {
			t.Errorf("the openings hold %+v", opened.Votes)
		}
		_, err = ballotsv1.NewBallotRecordServiceClient(h.person(callers[7].who)).GetMyVoteProof(ctx, &ballotsv1.GetMyVoteProofRequest{Ballot: "b"})
		want(t, err, codes.NotFound, "NOT_VOTED")
		for _, err := range []error{
			failure(client.GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "x"})),
			failure(client.GetMyVoteProof(ctx, &ballotsv1.GetMyVoteProofRequest{Ballot: "x"})),
			failure(openings(ctx, member, "x")),
		} {
			want(t, err, codes.NotFound, "BALLOT_NOT_FOUND")
		}
	})
}

func failure(_ any, err error) error { return err }

// TestMyVotesByThePage walks a member's list with pages of one.
func TestMyVotesByThePage(t *testing.T) {
	h, ctx := open(t, settings{}), t.Context()
	receipts := map[string]string{}
	for n, id := range []string{"b1", "b2", "b3"} {
		h.ballot(id, 3)
		if id == "b2" {
			continue
		}
		r, err := h.member(1).CastVote(ctx, &ballotsv1.CastVoteRequest{RequestId: request(n), Ballot: id, Choice: no})
		if err != nil {
			t.Fatal(err)
		}
		receipts[id] = r.GetCode()
	}
	client, ask := ballotsv1.NewBallotRecordServiceClient(h.person(callers[1].who)), &ballotsv1.ListMyVotesRequest{PageSize: 1}
	for i, id := range []string{"b3", "b1"} {
		page, err := client.ListMyVotes(ctx, ask)
		if err != nil || len(page.GetVotes()) != 1 || (page.GetNextPageToken() == "") != (i == 1) {
			t.Fatalf("page %d: %v, %v", i, page, err)
		}
		v := page.GetVotes()[0]
		if v.GetBallot() != id || v.GetReceipt().GetCode() != receipts[id] || v.GetQuestion() == "" || v.GetState() != ballotsv1.BallotState_BALLOT_STATE_OPEN {
			t.Errorf("page %d holds %v", i, v)
		}
		ask.PageToken = page.GetNextPageToken()
	}
	_, err := client.ListMyVotes(ctx, &ballotsv1.ListMyVotesRequest{PageToken: "???"})
	want(t, err, codes.InvalidArgument, "PAGE_TOKEN")
}
