package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// signInPermissions continues the table of permission_test.go. What asks for a recent sign-in is called with one; TestFreshSignIn has
// the rest.
const signInPermissions = `
GetSignInMethods   .         .      .         .     .      .         .     .         .        N          N      N       N
BeginPasskeySignIn .         .      .         .     .      .         .     .         .        N          N      N       N
ConfirmPasskey     .         .      .         .     .      .         .     .         .        N          N      N       N
ListPasskeys       S         .      .         .     .      .         .     .         .        N          N      N       N
BeginPasskey       S         .      .         .     .      .         .     .         O        N          N      N       N
AddPasskey         S         .      .         .     .      .         .     .         O        N          N      N       N
RenamePasskey      S         .      .         .     .      .         .     .         O        N          N      N       N
RemovePasskey      S         .      .         .     .      .         .     .         O        N          N      N       N
ListSessions       S         .      .         .     .      .         .     .         .        N          N      N       N
EndSession         S         .      .         .     .      .         .     .         O        N          N      N       N
EndOtherSessions   S         .      .         .     .      .         .     .         O        N          N      N       N
ListMail           S         R      R         R     R      R         R     .         .        N          N      N       N
ResendMail         S         R      R         R     R      R         R     .         O        N          N      N       N
SendNotice         P         P      P         P     P      P         P     P         P        N          N      .       N
ListNotices        P         P      P         P     P      P         P     P         P        N          N      .       N
`

// signing returns the client of signing in, called by people.
func (h *house) signing() membershipv1.SignInServiceClient {
	h.t.Helper()
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return membershipv1.NewSignInServiceClient(conn)
}

// softKey is an authenticator: an ES256 key that answers as W3C Web Authentication Level 3, section 6, says.
type softKey struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	counter uint32
	// origin and verified may be spoilt.
	origin   string
	verified bool
}

func newSoftKey(t *testing.T) *softKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &softKey{t: t, key: key, id: make([]byte, 32), origin: "https://vote.example.org", verified: true}
	_, _ = rand.Read(k.id)
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (k *softKey) clientData(kind, challenge string) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	if err != nil {
		k.t.Fatal(err)
	}
	return raw
}

func (k *softKey) authData(rpID string, more []byte) []byte {
	k.counter++
	sum := sha256.Sum256([]byte(rpID))
	flags := byte(0x01)
	if k.verified {
		flags |= 0x04
	}
	if more != nil {
		flags |= 0x40
	}
	data := append(sum[:], flags)
	data = binary.BigEndian.AppendUint32(data, k.counter)
	return append(data, more...)
}

// create answers the options for a new passkey.
func (k *softKey) create(options string) string {
	k.t.Helper()
	var o struct {
		Challenge string
		RP        struct{ ID string }
		User      struct{ ID string }
	}
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		k.t.Fatal(err)
	}
	k.handle = unb64(k.t, o.User.ID)
	public, err := k.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		k.t.Fatal(err)
	}
	more := append(make([]byte, 16), 0, byte(len(k.id)))
	more = append(append(more, k.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.authData(o.RP.ID, more)})
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{
		"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(k.clientData("webauthn.create", o.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"}},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return string(raw)
}

// get answers the options for signing in.
func (k *softKey) get(options string) string {
	k.t.Helper()
	var o struct {
		Challenge string
		RPID      string `json:"rpId"`
	}
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		k.t.Fatal(err)
	}
	client, data := k.clientData("webauthn.get", o.Challenge), k.authData(o.RPID, nil)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{
		"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(k.handle)},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return string(raw)
}

// addPasskey adds a passkey of a member and returns it.
func (h *house) addPasskey(c membershipv1.SignInServiceClient, m *member, k *softKey, name string) *membershipv1.Passkey {
	h.t.Helper()
	begun, err := c.BeginPasskey(with(m.token), &membershipv1.BeginPasskeyRequest{RequestId: newID()})
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := c.AddPasskey(with(m.token), &membershipv1.AddPasskeyRequest{RequestId: newID(), Attempt: begun.GetAttempt(), Credential: k.create(begun.GetOptions()), Name: name})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) challenge(c membershipv1.SignInServiceClient) *membershipv1.PasskeyChallenge {
	h.t.Helper()
	begun, err := c.BeginPasskeySignIn(context.Background(), &membershipv1.BeginPasskeySignInRequest{RequestId: newID()})
	if err != nil {
		h.t.Fatal(err)
	}
	return begun
}

func TestPasskeyJourney(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	c := h.signing()
	if m, err := c.GetSignInMethods(context.Background(), &membershipv1.GetSignInMethodsRequest{}); err != nil || !m.GetPasskeys() {
		t.Fatalf("%v, %v", m, err)
	}
	phone, laptop := newSoftKey(t), newSoftKey(t)
	p := h.addPasskey(c, secretary, phone, "  My   phone ")
	if p.GetName() != "My phone" || p.GetAddTime() == nil || p.GetUseTime() != nil {
		t.Errorf("%v", p)
	}
	h.clock.pass(time.Second)
	h.addPasskey(c, secretary, laptop, "Laptop")
	if mail := h.newest(secretary.email, 1); !strings.Contains(mail.text, `"My phone"`) || !strings.Contains(mail.text, "https://vote.example.org/me/passkeys") {
		t.Errorf("the letter: %s", mail.text)
	}
	// Another member's list does not hold it.
	if all, err := c.ListPasskeys(with(chair.token), &membershipv1.ListPasskeysRequest{}); err != nil || len(all.GetPasskeys()) != 0 {
		t.Errorf("the chair's: %v, %v", all, err)
	}

	begun := h.challenge(c)
	request := &membershipv1.ConfirmPasskeyRequest{RequestId: newID(), Attempt: begun.GetAttempt(), Credential: phone.get(begun.GetOptions())}
	done, err := c.ConfirmPasskey(context.Background(), request)
	if err != nil || done.GetMember() != secretary.id {
		t.Fatalf("%v, %v", done, err)
	}
	again, err := c.ConfirmPasskey(context.Background(), request)
	if err != nil || again.GetSessionSecret() != done.GetSessionSecret() {
		t.Errorf("the same request again: %v, %v", again, err)
	}
	request.RequestId = newID()
	_, err = c.ConfirmPasskey(context.Background(), request)
	refused(t, err, codes.FailedPrecondition, "CHALLENGE_USED")
	token := h.exchange(done.GetSessionSecret())
	all, err := c.ListPasskeys(with(token), &membershipv1.ListPasskeysRequest{})
	if err != nil || len(all.GetPasskeys()) != 2 || all.GetPasskeys()[0].GetUseTime() == nil || all.GetPasskeys()[1].GetUseTime() != nil {
		t.Fatalf("%v, %v", all, err)
	}

	renamed, err := c.RenamePasskey(with(token), &membershipv1.RenamePasskeyRequest{RequestId: newID(), Passkey: p.GetId(), Name: "Old phone"})
	if err != nil || renamed.GetName() != "Old phone" {
		t.Errorf("%v, %v", renamed, err)
	}
	_, err = c.RenamePasskey(with(token), &membershipv1.RenamePasskeyRequest{RequestId: newID(), Passkey: p.GetId(), Name: " "})
	refused(t, err, codes.InvalidArgument, "PASSKEY_NAME")
	_, err = c.RenamePasskey(with(chair.token), &membershipv1.RenamePasskeyRequest{RequestId: newID(), Passkey: p.GetId(), Name: "Mine"})
	refused(t, err, codes.NotFound, "PASSKEY_NOT_FOUND")
	_, err = c.RemovePasskey(with(chair.token), &membershipv1.RemovePasskeyRequest{RequestId: newID(), Passkey: p.GetId()})
	refused(t, err, codes.NotFound, "PASSKEY_NOT_FOUND")
	if _, err = c.RemovePasskey(with(token), &membershipv1.RemovePasskeyRequest{RequestId: newID(), Passkey: p.GetId()}); err != nil {
		t.Fatal(err)
	}
	begun = h.challenge(c)
	_, err = c.ConfirmPasskey(context.Background(), &membershipv1.ConfirmPasskeyRequest{RequestId: newID(), Attempt: begun.GetAttempt(), Credential: phone.get(begun.GetOptions())})
	refused(t, err, codes.Unauthenticated, "PASSKEY_UNKNOWN")
	// Mail remains.
	if _, err := h.byCode(h.ask(secretary.email, ""), h.newest(secretary.email, 4).code()); err != nil {
		t.Error(err)
	}
}

func TestPasskeysThatAreRefused(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	c := h.signing()
	good := newSoftKey(t)
	h.addPasskey(c, secretary, good, "Phone")
	confirm := func(begun *membershipv1.PasskeyChallenge, credential string) error {
		_, err := c.ConfirmPasskey(context.Background(), &membershipv1.ConfirmPasskeyRequest{RequestId: newID(), Attempt: begun.GetAttempt(), Credential: credential})
		return err
	}
	spoilt := func(change func(*softKey)) *softKey {
		k := *good
		change(&k)
		return &k
	}
	for _, w := range []struct {
		name   string
		key    *softKey
		reason string
		code   codes.Code
	}{
		{"another site", spoilt(func(k *softKey) { k.origin = "https://vote.example.net" }), "PASSKEY_REFUSED", codes.InvalidArgument},
		{"the person did not show themselves", spoilt(func(k *softKey) { k.verified = false }), "PASSKEY_REFUSED", codes.InvalidArgument},
		{"another's private key", spoilt(func(k *softKey) { k.key = newSoftKey(t).key }), "PASSKEY_REFUSED", codes.InvalidArgument},
		{"another's handle", spoilt(func(k *softKey) { k.handle = []byte(strings.Repeat("x", 32)) }), "PASSKEY_UNKNOWN", codes.Unauthenticated},
		{"a key of nobody", spoilt(func(k *softKey) { k.id = newSoftKey(t).id }), "PASSKEY_UNKNOWN", codes.Unauthenticated},
		{"a copied key whose counter goes back", spoilt(func(k *softKey) { k.counter = 0 }), "PASSKEY_CLONED", codes.PermissionDenied},
	} {
		t.Run(w.name, func(t *testing.T) {
			begun := h.challenge(c)
			refused(t, confirm(begun, w.key.get(begun.GetOptions())), w.code, w.reason)
		})
	}
	begun, other := h.challenge(c), h.challenge(c)
	refused(t, confirm(&membershipv1.PasskeyChallenge{Attempt: other.GetAttempt()}, good.get(begun.GetOptions())), codes.InvalidArgument, "PASSKEY_REFUSED")
	refused(t, confirm(&membershipv1.PasskeyChallenge{Attempt: "nobody asked"}, good.get(begun.GetOptions())), codes.InvalidArgument, "CHALLENGE_UNKNOWN")
	refused(t, confirm(begun, "not JSON"), codes.InvalidArgument, "PASSKEY_REFUSED")
	refused(t, confirm(begun, strings.Repeat("x", maxCredential+1)), codes.InvalidArgument, "PASSKEY_REFUSED")
	// None of these used the challenge up: another's failures lock nobody out.
	if err := confirm(begun, good.get(begun.GetOptions())); err != nil {
		t.Errorf("the right answer after wrong ones: %v", err)
	}

	adding, err := c.BeginPasskey(with(secretary.token), &membershipv1.BeginPasskeyRequest{RequestId: newID()})
	if err != nil {
		t.Fatal(err)
	}
	add := func(token, attempt, credential, name string) error {
		_, err := c.AddPasskey(with(token), &membershipv1.AddPasskeyRequest{RequestId: newID(), Attempt: attempt, Credential: credential, Name: name})
		return err
	}
	fresh := newSoftKey(t)
	refused(t, add(chair.token, adding.GetAttempt(), fresh.create(adding.GetOptions()), "Mine"), codes.InvalidArgument, "CHALLENGE_UNKNOWN")
	refused(t, add(secretary.token, begun.GetAttempt(), fresh.create(adding.GetOptions()), "Mine"), codes.InvalidArgument, "CHALLENGE_UNKNOWN")
	refused(t, add(secretary.token, adding.GetAttempt(), fresh.create(adding.GetOptions()), strings.Repeat("x", 61)), codes.InvalidArgument, "PASSKEY_NAME")
	refused(t, add(secretary.token, adding.GetAttempt(), good.create(adding.GetOptions()), "Twice"), codes.AlreadyExists, "PASSKEY_EXISTS")
	h.clock.pass(membership.ChallengeLife)
	refused(t, add(secretary.token, adding.GetAttempt(), fresh.create(adding.GetOptions()), "Late"), codes.FailedPrecondition, "CHALLENGE_EXPIRED")
	late := h.challenge(c)
	h.clock.pass(membership.ChallengeLife)
	refused(t, confirm(late, good.get(late.GetOptions())), codes.FailedPrecondition, "CHALLENGE_EXPIRED")
}

// TestNoPasskeysWithoutAName: browsers give none for an address in numbers, or without https.
func TestNoPasskeysWithoutAName(t *testing.T) {
	for _, c := range []struct {
		url  string
		good bool
	}{
		{"https://vote.example.org", true}, {"https://vote.example.org:8443", true}, {"http://localhost:8080", true}, {"http://vote.example.org", false},
		{"https://192.0.2.1", false}, {"http://127.0.0.1:8080", false}, {"https://[2001:db8::1]", false}, {"", false},
	} {
		if w, err := newPasskeys(c.url); err != nil || (w != nil) != c.good {
			t.Errorf("%q: %v, %v", c.url, w != nil, err)
		}
	}
	h := open(t, func(c *Config) { c.PublicURL = "https://192.0.2.1" })
	c := h.signing()
	_, err := c.BeginPasskeySignIn(context.Background(), &membershipv1.BeginPasskeySignInRequest{RequestId: newID()})
	refused(t, err, codes.FailedPrecondition, "PASSKEYS_UNAVAILABLE")
}

// TestChallengesStandNowhere: neither the browser's secret nor the challenge is in the database.
func TestChallengesStandNowhere(t *testing.T) {
	h := open(t)
	h.found()
	c := h.signing()
	begun := h.challenge(c)
	var o struct{ Challenge string }
	if err := json.Unmarshal([]byte(begun.GetOptions()), &o); err != nil || len(o.Challenge) < 22 {
		t.Fatalf("%s: %v", begun.GetOptions(), err)
	}
	var hash, terms []byte
	if err := h.db.Reader().QueryRow(`SELECT hash, terms FROM passkey_challenge`).Scan(&hash, &terms); err != nil {
		t.Fatal(err)
	}
	if row := b64(hash) + string(hash) + string(terms); strings.Contains(row, begun.GetAttempt()) || strings.Contains(row, o.Challenge) || !strings.Contains(row, "vote.example.org") {
		t.Errorf("the row holds a secret, or is not the row: %s", terms)
	}
}

func TestSessions(t *testing.T) {
	h := open(t)
	_, _, chair := h.found()
	c := h.signing()
	ben := h.join("Ben", "ben@example.org", "")
	h.clock.pass(26 * time.Hour)
	signIn := func(device string) *member {
		n := len(h.mail.to(ben.email))
		attempt := h.ask(ben.email, "")
		code := h.newest(ben.email, n+1).code()
		done, err := h.people.ConfirmSession(outgoing(headerDevice, device), &membershipv1.ConfirmSessionRequest{
			RequestId: newID(), Attempt: attempt, Proof: &membershipv1.ConfirmSessionRequest_Code{Code: code},
		})
		if err != nil {
			t.Fatal(err)
		}
		return &member{id: ben.id, email: ben.email, session: done.GetSessionSecret(), token: h.exchange(done.GetSessionSecret())}
	}
	phone, desk := signIn("Chrome on Android"), signIn("<script>")
	list := func(m *member) []*membershipv1.MemberSession {
		t.Helper()
		got, err := c.ListSessions(with(m.token), &membershipv1.ListSessionsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetSessions()
	}
	all := list(desk)
	if len(all) != 3 {
		t.Fatalf("%v", all)
	}
	byDevice := map[string]*membershipv1.MemberSession{}
	current := 0
	for _, one := range all {
		if one.GetCurrent() {
			current++
			if one.GetDevice() != "" || one.GetMethod() != "mail" {
				t.Errorf("the device is what somebody sent: %v", one)
			}
		}
		byDevice[one.GetDevice()+one.GetLastUsed()] = one
	}
	onPhone := byDevice["Chrome on Android2026-09-30"]
	if current != 1 || onPhone == nil || byDevice["2026-09-29"] == nil {
		t.Fatalf("%d current of %v", current, all)
	}
	end := func(m *member, session string) error {
		_, err := c.EndSession(with(m.token), &membershipv1.EndSessionRequest{RequestId: newID(), Session: session})
		return err
	}
	refused(t, end(chair, onPhone.GetId()), codes.Unauthenticated, "TOKEN_REFUSED") // A day has passed.
	chair.token = h.exchange(chair.session)
	refused(t, end(chair, onPhone.GetId()), codes.NotFound, "SESSION_NOT_FOUND")
	refused(t, end(desk, ""), codes.NotFound, "SESSION_NOT_FOUND")
	for range 2 { // Ending it again does nothing.
		if err := end(desk, onPhone.GetId()); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.people.GetMe(with(phone.token), &membershipv1.GetMeRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	_, err = h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: phone.session})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	tablet := signIn("Safari on iPad")
	done, err := c.EndOtherSessions(with(tablet.token), &membershipv1.EndOtherSessionsRequest{RequestId: newID()})
	if err != nil || done.GetEnded() != 2 {
		t.Errorf("%v, %v", done, err)
	}
	if all := list(tablet); len(all) != 1 || !all[0].GetCurrent() || all[0].GetDevice() != "Safari on iPad" {
		t.Errorf("%v", all)
	}
	_, err = h.people.GetMe(with(desk.token), &membershipv1.GetMeRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
}

// TestFreshSignIn: eleven minutes after signing in, what cannot be undone asks for another sign-in, and reading does not.
func TestFreshSignIn(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	ben := h.join("Ben", "ben@example.org", "")
	c := h.signing()
	grant := func() error {
		_, err := h.people.GrantRole(with(secretary.token), &membershipv1.GrantRoleRequest{
			RequestId: newID(), Member: ben.id, Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_BOARD}, Reason: "Elected.",
		})
		return err
	}
	h.clock.pass(11 * time.Minute)
	secretary.token = h.exchange(secretary.session) // A new token of an old session is no sign-in.
	refused(t, grant(), codes.Unauthenticated, "FRESH_SIGN_IN")
	for name, err := range map[string]error{
		"ApproveRole":  second(h.people.ApproveRole(with(secretary.token), &membershipv1.ApproveRoleRequest{RequestId: newID()})),
		"EndRole":      second(h.people.EndRole(with(secretary.token), &membershipv1.EndRoleRequest{RequestId: newID()})),
		"BeginPasskey": second(c.BeginPasskey(with(secretary.token), &membershipv1.BeginPasskeyRequest{RequestId: newID()})),
	} {
		t.Log(name)
		refused(t, err, codes.Unauthenticated, "FRESH_SIGN_IN")
	}
	if _, err := h.people.ListMembers(with(secretary.token), &membershipv1.ListMembersRequest{}); err != nil {
		t.Error(err)
	}
	done, err := h.byCode(h.ask(secretary.email, ""), h.newest(secretary.email, 1).code())
	if err != nil {
		t.Fatal(err)
	}
	secretary.token = h.exchange(done.GetSessionSecret())
	if err := grant(); err != nil {
		t.Errorf("after signing in again: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// outgoing is a visitor's context with one more header.
func outgoing(header, value string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), header, value)
}
