package rest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const problemType = "application/problem+json"

// Problem is an error as REST shows it (RFC 9457), with the reason that programs test.
type Problem struct {
	// Type is a URI that identifies the problem: the reason's place in the documentation.
	Type string `json:"type"`
	// Title is the status in words.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail is the sentence for a person.
	Detail string `json:"detail,omitempty"`
	// Code is the gRPC code.
	Code string `json:"code,omitempty"`
	// Reason is stable, in UPPER_SNAKE_CASE.
	Reason string `json:"reason,omitempty"`
	// Details are facts that belong to the reason: a receipt's code, a date.
	Details map[string]string `json:"details,omitempty"`
	// Violations name the fields that are wrong.
	Violations []Violation `json:"violations,omitempty"`
}

// Violation is one thing wrong with one field.
type Violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

var codeNames = map[codes.Code]string{
	codes.InvalidArgument: "INVALID_ARGUMENT", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.FailedPrecondition: "FAILED_PRECONDITION", codes.PermissionDenied: "PERMISSION_DENIED",
	codes.Unauthenticated: "UNAUTHENTICATED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.Unavailable: "UNAVAILABLE", codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.Unimplemented: "UNIMPLEMENTED",
	codes.Canceled: "CANCELLED", codes.Internal: "INTERNAL", codes.Unknown: "INTERNAL",
}

// ProblemOf makes a problem from the status of a room.
func ProblemOf(err error) (Problem, int) {
	st := status.Convert(err)
	p := Problem{Status: httpStatus(st.Code()), Code: codeNames[st.Code()], Detail: st.Message()}
	retry := 0
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			p.Reason, p.Details = d.GetReason(), d.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				p.Violations = append(p.Violations, Violation{Field: v.GetField(), Message: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			retry = max(1, int(d.GetRetryDelay().AsDuration().Seconds()+0.999))
		}
	}
	switch p.Reason {
	case "ETAG_MISSING":
		p.Status = http.StatusPreconditionRequired
	case "ETAG_MISMATCH":
		p.Status = http.StatusPreconditionFailed
	case "REQUEST_ID_REUSED":
		p.Status = http.StatusUnprocessableEntity
	case "":
		// The edge itself refused: JSON that does not fit, or a room that does not answer.
		switch st.Code() {
		case codes.InvalidArgument:
			p.Reason = "BAD_REQUEST"
		case codes.Unavailable, codes.DeadlineExceeded:
			p.Reason, p.Detail = "ROOM_UNAVAILABLE", "A part of Folkmoot does not answer just now. Try again in a moment; sending the same request id again is safe."
			retry = max(retry, 1)
		case codes.Internal, codes.Unknown:
			p.Reason, p.Detail = "INTERNAL", "Something went wrong on our side."
		default:
			p.Reason = p.Code
		}
	}
	p.Title = http.StatusText(p.Status)
	return p, retry
}

// httpStatus is the gateway's own mapping but for conflicts of state, which are 409 rather than 400.
func httpStatus(c codes.Code) int {
	if c == codes.FailedPrecondition {
		return http.StatusConflict
	}
	return runtime.HTTPStatusFromCode(c)
}

func writeError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if b, ok := r.Body.(*bounded); ok && b.over {
		writeProblem(w, r, tooLarge())
		return
	}
	writeHookError(w, r, err)
}

// writeHookError writes the error of a room where no gateway's mux stands between.
func writeHookError(w http.ResponseWriter, r *http.Request, err error) {
	p, retry := ProblemOf(err)
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	writeProblem(w, r, p)
}

func tooLarge() Problem {
	return Problem{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Code: "INVALID_ARGUMENT", Reason: "BODY_TOO_LARGE",
		Detail: "Send at most " + strconv.Itoa(MaxBody) + " bytes."}
}

func routingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	p := Problem{Status: code, Title: http.StatusText(code), Code: "NOT_FOUND", Reason: "NO_SUCH_ROUTE", Detail: "There is nothing at this address. The routes are in /openapi.json."}
	if code == http.StatusMethodNotAllowed {
		p.Code, p.Reason, p.Detail = "UNIMPLEMENTED", "METHOD_NOT_ALLOWED", "This address does not take "+r.Method+"."
	}
	writeProblem(w, r, p)
}

func streamError(_ context.Context, err error) *status.Status { return status.Convert(err) }

func writeProblem(w http.ResponseWriter, _ *http.Request, p Problem) {
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(p.Status)
	_ = encodeProblem(w, p)
}

// encodeProblem writes a problem, with its type.
func encodeProblem(w io.Writer, p Problem) error {
	p.Type = "/api/docs#" + p.Reason
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(p)
}

// etag copies a resource's etag into the HTTP header.
func etag(_ context.Context, w http.ResponseWriter, m proto.Message) error {
	if m == nil {
		return nil
	}
	fd := m.ProtoReflect().Descriptor().Fields().ByName("etag")
	if fd == nil {
		return nil
	}
	if v := m.ProtoReflect().Get(fd).String(); v != "" {
		w.Header().Set("ETag", `"`+v+`"`)
	}
	return nil
}
