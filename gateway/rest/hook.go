package rest

import (
	"errors"
	"io"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// signatures are the headers in which payment providers sign what they send.
var signatures = map[string]string{"stripe": "Stripe-Signature", "gocardless": "Webhook-Signature"}

// hook hands a payment provider's webhook to the ledger room as it came: the signature is over its bytes, and only the room has the secret.
// The caller is nobody: what a browser might send along proves nothing here.
func hook(conn grpc.ClientConnInterface) http.HandlerFunc {
	payments := ledgerv1.NewPaymentServiceClient(conn)
	return func(w http.ResponseWriter, r *http.Request) {
		provider := r.PathValue("provider")
		header, ok := signatures[provider]
		if !ok {
			writeHookError(w, r, status.Error(codes.NotFound, "there is no such provider"))
			return
		}
		body, err := io.ReadAll(r.Body)
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			writeProblem(w, r, tooLarge())
			return
		}
		if err != nil {
			writeHookError(w, r, status.Error(codes.InvalidArgument, "the body cannot be read"))
			return
		}
		if _, err := payments.ReceiveEvent(r.Context(), &ledgerv1.ReceiveEventRequest{Provider: provider, Body: body, Signature: r.Header.Get(header)}); err != nil {
			writeHookError(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}\n")
	}
}
