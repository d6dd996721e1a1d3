package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// Export sends two pieces, or refuses as the ledger does.
func (l ledgerRoom) Export(in *ledgerv1.ExportRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	if in.GetFormat() != "csv" {
		return refusal(codes.InvalidArgument, "FORMAT_UNKNOWN", "Choose one of the formats.", "format")
	}
	for _, piece := range []string{"a,b\n", "1,2\n"} {
		if err := stream.Send(&httpbody.HttpBody{ContentType: "text/csv", Data: []byte(piece)}); err != nil {
			return err
		}
	}
	return nil
}

func newAPI(t *testing.T) (*house, *httptest.Server) {
	t.Helper()
	h, rooms := newHouse(t)
	api, err := rest.New(t.Context(), rest.Config{Rooms: rooms})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return h, server
}

// answer is the status, the type and the body of a reply.
func answer(t *testing.T, r *http.Response, err error) (int, string, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header.Get("Content-Type"), string(body)
}

func TestBodiesThatAreNotOneObject(t *testing.T) {
	const good = `{"name":"Ada","email":"ada@example.org","soleMembership":true}`
	for _, c := range []struct {
		name, body string
		code       int
		reason     string
	}{
		{"one object", good, 200, ""},
		{"space after it", good + " \n", 200, ""},
		{"two objects", good + good, 400, "BAD_REQUEST"},
		{"words after it", good + " and so on", 400, "BAD_REQUEST"},
		{"a bracket after it", good + "]", 400, "BAD_REQUEST"},
		{"an unknown field", `{"name":"Ada","admin":true}`, 400, "BAD_REQUEST"},
		{"half an object", `{"name":"Ada"`, 400, "BAD_REQUEST"},
		{"too long a name", `{"name":"` + strings.Repeat("a", rest.MaxBody) + `"}`, 413, "BODY_TOO_LARGE"},
		{"too much space after it", good + strings.Repeat(" ", rest.MaxBody), 413, "BODY_TOO_LARGE"},
	} {
		for _, sized := range []bool{true, false} {
			h, server := newAPI(t)
			var body io.Reader = strings.NewReader(c.body)
			if !sized { // The length is not told beforehand.
				body = io.MultiReader(body)
			}
			r, err := http.Post(server.URL+"/v1/members:join", "application/json", body)
			code, kind, said := answer(t, r, err)
			var p rest.Problem
			if err := json.Unmarshal([]byte(said), &p); err != nil || code != c.code || p.Reason != c.reason {
				t.Errorf("%s, length told %v: %d %q, want %d %q: %s", c.name, sized, code, p.Reason, c.code, c.reason, said)
			}
			if (c.code == 200) != (len(h.joined) == 1) || c.code != 200 && kind != "application/problem+json" {
				t.Errorf("%s, length told %v: %d joined, type %s", c.name, sized, len(h.joined), kind)
			}
		}
	}
}

func TestAFileComesAsTheRoomWroteIt(t *testing.T) {
	_, server := newAPI(t)
	r, err := http.Get(server.URL + "/v1/ledger/export?format=csv")
	if code, kind, body := answer(t, r, err); code != 200 || kind != "text/csv" || body != "a,b\n1,2\n" {
		t.Errorf("%d %s %q", code, kind, body)
	}
	r, err = http.Get(server.URL + "/v1/ledger/export?format=stone")
	code, kind, body := answer(t, r, err)
	var p rest.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || code != 400 || kind != "application/problem+json" {
		t.Fatalf("%d %s %s", code, kind, body)
	}
	if p.Reason != "FORMAT_UNKNOWN" || p.Status != 400 || p.Type != "/api/docs#FORMAT_UNKNOWN" || len(p.Violations) != 1 || p.Violations[0].Field != "format" {
		t.Errorf("%+v", p)
	}
}
