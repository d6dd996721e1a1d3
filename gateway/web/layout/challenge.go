package layout

import (
	"encoding/json"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// Challenge answers a page's script with a passkey's challenge, and keeps the secret that belongs to it in the browser. A refusal is an answer
// too: a sentence, or where to sign in first.
func (q *Request) Challenge(c *membershipv1.PasskeyChallenge, err error) error {
	code, answer := http.StatusOK, map[string]any{}
	switch {
	case err == nil:
		q.journey.site.Sessions.KeepChallenge(q.Writer, c.GetAttempt())
		answer["options"] = json.RawMessage(c.GetOptions())
	case status.Code(err) == codes.Unauthenticated:
		code, answer["signIn"] = http.StatusUnauthorized, q.signInTo(err, q.Typed("here"))
	default:
		p, _ := rest.ProblemOf(err)
		code, answer["error"] = p.Status, q.Say(p)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	h := q.Writer.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	q.Writer.WriteHeader(code)
	_, _ = q.Writer.Write(raw)
	return nil
}
