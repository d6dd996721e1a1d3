package server

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// ListKeys returns the public keys that verify access tokens, as a JWK set (RFC 7517, RFC 8037).
func (s *Server) ListKeys(context.Context, *membershipv1.ListKeysRequest) (*membershipv1.ListKeysResponse, error) {
	out := &membershipv1.ListKeysResponse{}
	keys := []ed25519.PublicKey{s.signer.Public()}
	for _, old := range s.cfg.OldKeys {
		if s.cfg.Now().Before(old.Until) {
			keys = append(keys, old.Key)
		}
	}
	for _, k := range keys {
		out.Keys = append(out.Keys, &membershipv1.JsonWebKey{
			Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(k), Kid: auth.KeyID(k), Alg: "EdDSA", Use: "sig",
		})
	}
	return out, nil
}
