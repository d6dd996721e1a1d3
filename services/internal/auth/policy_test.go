package auth

import (
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestPolicies(t *testing.T) {
	anonymous := Principal{}
	member := Principal{Member: "m1", Session: "s1"}
	secretary := Principal{Member: "m2", Session: "s2", Roles: []Role{{Name: Secretary}}}
	operator := Principal{Member: "m2", Session: "s2", Roles: []Role{{Name: Secretary}}, Operator: true}
	motions := Principal{Room: Motions}
	ledger := Principal{Room: Ledger}
	const ok = ""
	cases := []struct {
		name   string
		policy Policy
		caller Principal
		want   string
	}{
		{"zero, anonymous", Policy{}, anonymous, "SIGN_IN"},
		{"zero, secretary", Policy{}, secretary, "ROLE_NEEDED"},
		{"zero, room", Policy{}, motions, "ROOM_NOT_ALLOWED"},
		{"anyone, anonymous", Policy{Anyone: true}, anonymous, ok},
		{"anyone, member", Policy{Anyone: true}, member, ok},
		{"anyone, room", Policy{Anyone: true}, motions, "ROOM_NOT_ALLOWED"},
		{"member, anonymous", Policy{Member: true}, anonymous, "SIGN_IN"},
		{"member, member", Policy{Member: true}, member, ok},
		{"roles, anonymous", Policy{Roles: []string{Secretary}}, anonymous, "SIGN_IN"},
		{"roles, member", Policy{Roles: []string{Secretary}}, member, "ROLE_NEEDED"},
		{"roles, secretary", Policy{Roles: []string{Chair, Secretary}}, secretary, ok},
		{"roles, other role", Policy{Roles: []string{Chair}}, secretary, "ROLE_NEEDED"},
		{"rooms, the room", Policy{Rooms: []string{Motions}}, motions, ok},
		{"rooms, another room", Policy{Rooms: []string{Motions}}, ledger, "ROOM_NOT_ALLOWED"},
		{"rooms, secretary", Policy{Rooms: []string{Motions}}, secretary, "ROOMS_ONLY"},
		{"rooms, anonymous", Policy{Rooms: []string{Motions}}, anonymous, "ROOMS_ONLY"},
		{"personal, operator", Policy{Member: true, Personal: true}, operator, "OPERATOR_TOKEN"},
		{"personal, secretary", Policy{Member: true, Personal: true}, secretary, ok},
		{"operator elsewhere", Policy{Roles: []string{Secretary}}, operator, ok},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.policy.Check(c.caller)
			if c.want == ok {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if !fault.Is(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}
