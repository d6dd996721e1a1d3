// Package rest is the REST edge: /v1 in JSON, written from the same contract as gRPC.
//
// Each call is passed on over a connection to a room, so it goes through that room's
// interceptors like any other: the edge decides nothing and holds no key. Unknown JSON fields
// are refused, so that a misspelt field is not silently ignored. Errors are
// application/problem+json (RFC 9457) with the reason that the room gave.
package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/localgovdigital/folkmoot/gateway/session"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

const (
	// MaxBody is the largest request body, in bytes.
	MaxBody = 1 << 20
	// Deadline bounds a unary call from the edge.
	Deadline = 20 * time.Second
)

// Rooms are the connections to the four rooms.
type Rooms struct {
	Membership, Ledger, Motions, Ballots grpc.ClientConnInterface
}

// Config is what the edge needs.
type Config struct {
	// Rooms are where calls go.
	Rooms Rooms
	// Sample adds the routes of a folder marked as a sample.
	Sample bool
}

// New returns the handler for /v1, what payment providers send to /hooks, the public logs at /log, /openapi.json and /.well-known/jwks.json.
func New(ctx context.Context, c Config) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newWire()),
		runtime.WithIncomingHeaderMatcher(passedOn),
		runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
			return metadata.Pairs("x-device", session.Device(r.UserAgent()))
		}),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithErrorHandler(writeError),
		runtime.WithStreamErrorHandler(streamError),
		runtime.WithRoutingErrorHandler(routingError),
		runtime.WithForwardResponseOption(etag),
		runtime.WithForwardResponseOption(logHeaders),
		runtime.WithForwardResponseOption(downloadHeaders),
	)
	r := c.Rooms
	for _, err := range []error{
		membershipv1.RegisterMembershipServiceHandlerClient(ctx, mux, membershipv1.NewMembershipServiceClient(r.Membership)),
		membershipv1.RegisterSignInServiceHandlerClient(ctx, mux, membershipv1.NewSignInServiceClient(r.Membership)),
		membershipv1.RegisterRegisterServiceHandlerClient(ctx, mux, membershipv1.NewRegisterServiceClient(r.Membership)),
		membershipv1.RegisterRollServiceHandlerClient(ctx, mux, membershipv1.NewRollServiceClient(r.Membership)),
		membershipv1.RegisterStatuteServiceHandlerClient(ctx, mux, membershipv1.NewStatuteServiceClient(r.Membership)),
		membershipv1.RegisterDeskServiceHandlerClient(ctx, mux, membershipv1.NewDeskServiceClient(r.Membership)),
		ledgerv1.RegisterLedgerServiceHandlerClient(ctx, mux, ledgerv1.NewLedgerServiceClient(r.Ledger)),
		ledgerv1.RegisterReportServiceHandlerClient(ctx, mux, ledgerv1.NewReportServiceClient(r.Ledger)),
		ledgerv1.RegisterAuditServiceHandlerClient(ctx, mux, ledgerv1.NewAuditServiceClient(r.Ledger)),
		ledgerv1.RegisterBooksServiceHandlerClient(ctx, mux, ledgerv1.NewBooksServiceClient(r.Ledger)),
		ledgerv1.RegisterBankServiceHandlerClient(ctx, mux, ledgerv1.NewBankServiceClient(r.Ledger)),
		ledgerv1.RegisterPaymentServiceHandlerClient(ctx, mux, ledgerv1.NewPaymentServiceClient(r.Ledger)),
		ledgerv1.RegisterPayerServiceHandlerClient(ctx, mux, ledgerv1.NewPayerServiceClient(r.Ledger)),
		motionsv1.RegisterMotionsServiceHandlerClient(ctx, mux, motionsv1.NewMotionsServiceClient(r.Motions)),
		motionsv1.RegisterAmendmentServiceHandlerClient(ctx, mux, motionsv1.NewAmendmentServiceClient(r.Motions)),
		motionsv1.RegisterRuleBookServiceHandlerClient(ctx, mux, motionsv1.NewRuleBookServiceClient(r.Motions)),
		motionsv1.RegisterAttendanceServiceHandlerClient(ctx, mux, motionsv1.NewAttendanceServiceClient(r.Motions)),
		ballotsv1.RegisterBallotsServiceHandlerClient(ctx, mux, ballotsv1.NewBallotsServiceClient(r.Ballots)),
		ballotsv1.RegisterBallotRecordServiceHandlerClient(ctx, mux, ballotsv1.NewBallotRecordServiceClient(r.Ballots)),
		membershipv1.RegisterPrivacyServiceHandlerClient(ctx, mux, membershipv1.NewPrivacyServiceClient(r.Membership)),
		membershipv1.RegisterOfficerActsServiceHandlerClient(ctx, mux, membershipv1.NewOfficerActsServiceClient(r.Membership)),
		ledgerv1.RegisterOfficerActsServiceHandlerClient(ctx, mux, ledgerv1.NewOfficerActsServiceClient(r.Ledger)),
		motionsv1.RegisterOfficerActsServiceHandlerClient(ctx, mux, motionsv1.NewOfficerActsServiceClient(r.Motions)),
		ballotsv1.RegisterOfficerActsServiceHandlerClient(ctx, mux, ballotsv1.NewOfficerActsServiceClient(r.Ballots)),
	} {
		if err != nil {
			return nil, fmt.Errorf("rest: register: %w", err)
		}
	}
	if c.Sample {
		if err := membershipv1.RegisterSampleServiceHandlerClient(ctx, mux, membershipv1.NewSampleServiceClient(r.Membership)); err != nil {
			return nil, fmt.Errorf("rest: register: %w", err)
		}
	}
	document, err := Document()
	if err != nil {
		return nil, err
	}
	top := http.NewServeMux()
	top.Handle("/", limit(mux))
	top.Handle("POST /hooks/{provider}", limit(hook(r.Ledger)))
	top.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(document)
	})
	return top, nil
}

// limit bounds the body and the time of each call, and lets nobody cache what a token may have shown.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > MaxBody {
			writeProblem(w, r, tooLarge())
			return
		}
		r.Body = &bounded{ReadCloser: http.MaxBytesReader(w, r.Body, MaxBody)}
		if !long(r.URL.Path) {
			ctx, cancel := context.WithTimeout(r.Context(), Deadline)
			defer cancel()
			r = r.WithContext(ctx)
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// long says which answers are as long as the books, the register or a ballot are.
func long(path string) bool {
	return path == "/v1/ledger/export" || path == "/v1/register/export" || path == "/v1/ledger/pack" || path == "/v1/ledger/evidence" || strings.HasPrefix(path, "/v1/ledger/programs/") ||
		strings.HasPrefix(path, "/v1/ballots/") && strings.HasSuffix(path, "/openings")
}

// logHeaders lets what is full in a public log be kept for ever (C2SP tlog-tiles: tiles and bundles are immutable, a checkpoint
// is not), and lets pages of others read the log.
func logHeaders(ctx context.Context, w http.ResponseWriter, m proto.Message) error {
	body, ok := m.(*httpbody.HttpBody)
	pattern, _ := runtime.HTTPPathPattern(ctx)
	if !ok || !strings.HasPrefix(pattern, "/log/") {
		return nil
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if body.GetContentType() == "application/octet-stream" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return nil
}

// DownloadHeaders make a browser keep what people uploaded apart from our pages: it saves the file and runs nothing of it,
// whatever the file holds. name is the Content-Disposition that the room gave, an attachment in any case.
func DownloadHeaders(h http.Header, name string) {
	if !strings.HasPrefix(name, "attachment") {
		name = "attachment"
	}
	h.Set("Content-Disposition", name)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func downloadHeaders(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	if pattern, _ := runtime.HTTPPathPattern(ctx); pattern != "/v1/ledger/files/{file}/content" {
		return nil
	}
	name := ""
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		name = strings.Join(md.HeaderMD.Get("content-disposition"), "")
	}
	DownloadHeaders(w.Header(), name)
	return nil
}

// passedOn names the headers that reach a room, by the names that the rooms know.
func passedOn(header string) (string, bool) {
	switch textproto.CanonicalMIMEHeaderKey(header) {
	case "Authorization":
		return "authorization", true
	case "Idempotency-Key":
		return "idempotency-key", true
	case "If-Match":
		return "if-match", true
	case "X-Request-Trace":
		return "x-request-trace", true
	}
	return "", false
}
