package services

import (
	"context"
	"fmt"

	ballots "github.com/localgovdigital/folkmoot/services/ballots/server"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/keyring"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	ledger "github.com/localgovdigital/folkmoot/services/ledger/server"
	membership "github.com/localgovdigital/folkmoot/services/membership/server"
	motions "github.com/localgovdigital/folkmoot/services/motions/server"
)

// open opens a room: it migrates its database and is ready to be called.
func (h *House) open(ctx context.Context, name string, c room.Config) (room.Room, error) {
	switch name {
	case auth.Membership:
		return h.openMembership(ctx, c)
	case auth.Ledger:
		return ledger.Open(ctx, c)
	case auth.Motions:
		return motions.Open(ctx, motions.Config{Config: c})
	case auth.Ballots:
		return ballots.Open(ctx, ballots.Config{Config: c})
	}
	return nil, fmt.Errorf("services: there is no room %q", name)
}

func (h *House) openMembership(ctx context.Context, c room.Config) (room.Room, error) {
	key, err := keyring.Private(h.keys(), keyring.Members)
	if err != nil {
		return nil, err
	}
	secrets, err := keyring.SecretsKey(h.keys())
	if err != nil {
		return nil, err
	}
	old, err := keyring.OldMembers(h.keys())
	if err != nil {
		return nil, err
	}
	m := membership.Config{Config: c, Key: key, OldKeys: old, Secrets: secrets, Mailer: h.config.Mailer, PublicURL: h.config.PublicURL}
	if h.config.Sample != nil {
		m.Sample, m.Step = true, h.config.Sample.StepTo
	}
	return membership.Open(ctx, m)
}
