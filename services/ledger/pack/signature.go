package pack

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// small is a file that is held whole.
type small struct {
	name string
	data []byte
}

// SignatureFiles are the parts of a signed checkpoint as openssl takes them, by name in the pack: the text that is signed, the bare
// Ed25519 signature, and the key as PEM. It returns an error for what is not a checkpoint with a signature by that key's name
// (C2SP signed-note: a line of an em dash, the name, and base64 of four bytes of the key's hash and the signature).
func SignatureFiles(signed, vkey []byte) (map[string][]byte, error) {
	files, err := signatureFiles(signed, vkey)
	out := map[string][]byte{}
	for _, f := range files {
		out[f.name] = f.data
	}
	return out, err
}

func signatureFiles(signed, vkey []byte) ([]small, error) {
	name, rest, ok := strings.Cut(strings.TrimSpace(string(vkey)), "+")
	_, key, ok2 := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(key)
	if !ok || !ok2 || err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 1 {
		return nil, errors.New("pack: the log's key is not an Ed25519 verifier key")
	}
	text, signatures, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return nil, errors.New("pack: the checkpoint has no signature")
	}
	text = append(bytes.Clone(text), '\n')
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw[1:]))
	if err != nil {
		return nil, fmt.Errorf("pack: the log's key: %w", err)
	}
	for line := range strings.Lines(string(signatures)) {
		encoded, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+name+" ")
		if !ok {
			continue
		}
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(signature) != 4+ed25519.SignatureSize {
			continue
		}
		return []small{
			{"signature/checkpoint.txt", text},
			{"signature/checkpoint.sig", signature[4:]},
			{"signature/key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})},
		}, nil
	}
	return nil, errors.New("pack: the checkpoint has no signature of the log's key")
}
