package server

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// newCourier delivers the founding act to the motions room.
func (s *Server) newCourier() (*outbox.Courier, error) {
	holder, err := id.Random(s.cfg.Random)
	if err != nil {
		return nil, err
	}
	motions := motionsv1.NewMotionsRoomsServiceClient(s.cfg.Motions)
	return outbox.NewCourier(outbox.Courier{
		DB: s.cfg.DB, Topic: store.TopicMotions, Holder: holder, Log: s.cfg.Log,
		Deliver: func(ctx context.Context, e outbox.Event) error {
			m := &motionsv1.ApplyFoundingRequest{}
			if err := proto.Unmarshal(e.Payload, m); err != nil {
				return fmt.Errorf("membership: read event %d: %w", e.Position, err)
			}
			m.Epoch, m.Position = e.Epoch, e.Position
			_, err := motions.ApplyFounding(ctx, m)
			return err
		},
	}), nil
}
