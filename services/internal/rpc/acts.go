package rpc

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
)

// withUse puts the use of an office into the context of a person's call. It is live where the policy let the caller through for an
// office; in other methods the method says so itself.
func (g *guard) withUse(ctx context.Context, method string, policy auth.Policy, req any) (context.Context, error) {
	p := auth.FromContext(ctx)
	if g.Acts == nil || p.Member == "" {
		return ctx, nil
	}
	now := g.Verifier.Now()
	name, err := id.New(now, rand.Reader)
	if err != nil {
		return ctx, err
	}
	a := acts.Act{ID: name, At: now, Member: p.Member, Method: method}
	office := p.Office(policy.Roles...)
	a.Role, a.Region = office.Name, office.Region
	if p.Operator {
		a.Role, a.Region = acts.Operator, ""
	}
	return acts.NewContext(ctx, acts.NewUse(a, policy.Privileged(), func(reply []byte) (string, string) {
		return subjectOf(method, req, reply)
	})), nil
}

// closeUse records the use of an office that the method succeeded with and did not record itself: reading is counted, and what was
// written past package once is recorded beside it.
func (g *guard) closeUse(ctx context.Context, method string, writes bool, reply any) error {
	if g.Acts == nil || !acts.Open(ctx) {
		return nil
	}
	if !writes {
		return g.Acts.Count(ctx)
	}
	g.Log.WarnContext(ctx, "an officer's act was recorded beside its transaction and not in it", slog.String("method", method))
	var raw []byte
	if m, ok := reply.(proto.Message); ok {
		var err error
		if raw, err = proto.Marshal(m); err != nil {
			return fmt.Errorf("rpc: encode a reply: %w", err)
		}
	}
	return g.Acts.Close(ctx, raw)
}

// subjects are the fields of requests that name what is acted on, the most telling first.
var subjects = []protoreflect.Name{"grant", "motion", "ballot", "entry", "meeting", "roll", "region", "member"}

// subjectOf names what a call was about: what the reply is, if it has an id; else what the request names.
func subjectOf(method string, req any, reply []byte) (kind, subject string) {
	if m := replyOf(method); m != nil && len(reply) > 0 && proto.Unmarshal(reply, m) == nil {
		r := m.ProtoReflect()
		if f := r.Descriptor().Fields().ByName("id"); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
			if v := r.Get(f).String(); v != "" {
				return snake(string(r.Descriptor().Name())), v
			}
		}
	}
	m, ok := req.(proto.Message)
	if !ok {
		return "", ""
	}
	r := m.ProtoReflect()
	for _, name := range subjects {
		f := r.Descriptor().Fields().ByName(name)
		if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
			continue
		}
		if v := r.Get(f).String(); v != "" {
			return string(name), v
		}
	}
	return "", ""
}

// replyOf returns an empty reply of a method by its full name, or nil.
func replyOf(method string) proto.Message {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	m, ok := d.(protoreflect.MethodDescriptor)
	if err != nil || !ok {
		return nil
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
	if err != nil {
		return nil
	}
	return t.New().Interface()
}

// snake writes RoleGrant as role_grant.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
