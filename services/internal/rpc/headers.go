package rpc

import (
	"context"
	"regexp"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// The metadata with which the edge passes on HTTP's own words for a field of the request.
const (
	// HeaderRequestID is Idempotency-Key.
	HeaderRequestID = "idempotency-key"
	// HeaderETag is If-Match.
	HeaderETag = "if-match"
)

var requestID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{7,63}$`)

// fillFromHeaders puts the Idempotency-Key into request_id and If-Match into etag, where the request has
// such a field and left it empty, and refuses two different values. A method that writes on behalf of a person
// needs a request id.
func fillFromHeaders(ctx context.Context, req any, writes bool) error {
	m, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	r := m.ProtoReflect()
	if field := nulIn(r); field != "" {
		return fault.Field("NUL_CHARACTER", field, "Send text without the character NUL.")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for field, header := range map[protoreflect.Name]string{"request_id": HeaderRequestID, "etag": HeaderETag} {
		fd := r.Descriptor().Fields().ByName(field)
		if fd == nil || fd.Kind() != protoreflect.StringKind || fd.IsList() {
			continue
		}
		given, values := r.Get(fd).String(), md.Get(header)
		if len(values) == 0 {
			continue
		}
		value := unquote(values[0])
		if given != "" && given != value {
			return fault.Field("HEADER_DIFFERS", string(field), "The header "+header+" and the field "+string(field)+" differ: send one of them.")
		}
		r.Set(fd, protoreflect.ValueOfString(value))
	}
	fd := r.Descriptor().Fields().ByName("request_id")
	if !writes || fd == nil {
		return nil
	}
	if !requestID.MatchString(r.Get(fd).String()) {
		return fault.Field("REQUEST_ID_NEEDED", "request_id",
			"Give this request an id of its own (a UUID) in request_id or the header Idempotency-Key, so that sending it twice does nothing twice.")
	}
	return nil
}

// unquote takes the quotes off an HTTP entity tag.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// CheckETag returns a fault unless the caller saw the present state: 428 over HTTP if it did not
// say, 412 if somebody else was faster.
func CheckETag(given, present string) error {
	switch given {
	case present:
		return nil
	case "":
		return fault.New(fault.Conflict, ReasonETagMissing,
			"Say which state you saw (If-Match, or etag), so that two officers do not overtake each other.")
	}
	return fault.New(fault.Conflict, ReasonETagMismatch,
		"Somebody else changed this since you looked. Look at it again, then decide.")
}

// nulIn returns the name of a field whose text holds the character NUL, which PostgreSQL cannot store and no person
// types, or an empty string.
func nulIn(m protoreflect.Message) (found string) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		bad := func(v protoreflect.Value) bool {
			if fd.Message() != nil {
				return nulIn(v.Message()) != ""
			}
			return fd.Kind() == protoreflect.StringKind && strings.IndexByte(v.String(), 0) >= 0
		}
		wrong := false
		switch {
		case fd.IsMap():
		case fd.IsList():
			for i := range v.List().Len() {
				wrong = wrong || bad(v.List().Get(i))
			}
		default:
			wrong = bad(v)
		}
		if wrong {
			found = string(fd.Name())
		}
		return !wrong
	})
	return found
}
