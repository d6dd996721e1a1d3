package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// wire is how the edge reads and writes JSON. It reads one object and nothing after it, writes a file's pieces as they
// come, and a stream that is refused as the same problem as any other call.
type wire struct {
	runtime.HTTPBodyMarshaler
	read protojson.UnmarshalOptions
}

func newWire() *wire {
	read := protojson.UnmarshalOptions{DiscardUnknown: false}
	return &wire{
		HTTPBodyMarshaler: runtime.HTTPBodyMarshaler{Marshaler: &runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}, UnmarshalOptions: read,
		}},
		read: read,
	}
}

var errMoreThanOne = errors.New("there is something after the JSON object: send one object and nothing else")

// NewDecoder reads one JSON value and refuses what follows it: whoever sends two meant something that would not
// happen.
func (w *wire) NewDecoder(r io.Reader) runtime.Decoder {
	d := runtime.DecoderWrapper{Decoder: json.NewDecoder(r), UnmarshalOptions: w.read}
	return runtime.DecoderFunc(func(v any) error {
		if err := d.Decode(v); err != nil {
			return err
		}
		var tooLarge *http.MaxBytesError
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &tooLarge):
			return err
		}
		return errMoreThanOne
	})
}

// Delimiter is nothing: the pieces of an export make one file, and a byte between them would not be the room's.
func (w *wire) Delimiter() []byte { return nil }

// ContentType returns the type of a reply, or of the refusal of a stream.
func (w *wire) ContentType(v any) string {
	if _, ok := refused(v); ok {
		return problemType
	}
	return w.HTTPBodyMarshaler.ContentType(v)
}

// Marshal writes a reply, or the refusal of a stream.
func (w *wire) Marshal(v any) ([]byte, error) {
	st, ok := refused(v)
	if !ok {
		return w.HTTPBodyMarshaler.Marshal(v)
	}
	p, _ := ProblemOf(status.FromProto(st).Err())
	var b bytes.Buffer
	err := encodeProblem(&b, p)
	return b.Bytes(), err
}

// refused returns the status of a stream's refusal, which the gateway hands over in a map.
func refused(v any) (*spb.Status, bool) {
	m, ok := v.(map[string]proto.Message)
	if !ok || len(m) != 1 {
		return nil, false
	}
	st, ok := m["error"].(*spb.Status)
	return st, ok
}

// bounded is a body of at most MaxBody bytes. It remembers that it was longer: the gateway keeps only the words of an
// error in reading.
type bounded struct {
	io.ReadCloser
	over bool
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		b.over = true
	}
	return n, err
}
