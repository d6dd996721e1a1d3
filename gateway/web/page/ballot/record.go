package ballot

import (
	"errors"
	"io"
	"net/http"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
)

// myProof hands over the proof that the member's vote is in the public log. It does not say how they voted.
func (p pages) myProof(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	body, err := p.Records.GetMyVoteProof(q.Context(), &ballotsv1.GetMyVoteProofRequest{Ballot: q.PathValue("ballot")})
	if err != nil {
		return err
	}
	attach(q, body, "my-vote-proof.json")
	_, _ = q.Writer.Write(body.GetData())
	return nil
}

// record hands over the proof of the ballot's events.
func (p pages) record(q *layout.Request) error {
	body, err := p.Records.GetRecord(q.Context(), &ballotsv1.GetRecordRequest{Ballot: q.PathValue("ballot")})
	if err != nil {
		return err
	}
	attach(q, body, "ballot-record.json")
	_, _ = q.Writer.Write(body.GetData())
	return nil
}

// openings hands over what opens every vote, as it comes.
func (p pages) openings(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	stream, err := p.Records.GetOpenings(q.Context(), &ballotsv1.GetOpeningsRequest{Ballot: q.PathValue("ballot")})
	if err != nil {
		return err
	}
	for begun := false; ; begun = true {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && begun {
			// Half of a file is no file: the connection is cut rather than ended.
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			return err
		}
		if !begun {
			attach(q, part, "ballot-openings.json")
		}
		if _, err := q.Writer.Write(part.GetData()); err != nil {
			return nil //nolint:nilerr // the browser has gone
		}
	}
}

// attach makes the browser save what follows; none shows or keeps it.
func attach(q *layout.Request, body *httpbody.HttpBody, name string) {
	h := q.Writer.Header()
	h.Set("Content-Type", body.GetContentType())
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
}
