package acts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
)

// keyOf names a day's count.
func keyOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "day-" + hex.EncodeToString(sum[:16])
}

// filter binds page tokens to this list; they are the same in every room.
const filter = "officer-acts"

// Token is the token of the page that begins after an act.
func (a Act) Token() string {
	return page.Token(strconv.FormatInt(a.At.UnixMicro(), 10)+" "+a.ID, filter)
}

// Reader is who looks at the list.
type Reader struct {
	// Member is the reader's id.
	Member string
	// Secretary sees whom an act was about; others only that it was about themselves.
	Secretary bool
}

// List returns a page of acts, newest first, and the token of the next page, empty if there is none. A page token of any room is
// good here. It returns an Invalid fault for a token that is not one.
func (b *Book) List(ctx context.Context, who Reader, size int32, token string) ([]Act, string, error) {
	n, err := page.Size(size)
	if err != nil {
		return nil, "", err
	}
	key, err := page.Key(token, filter)
	if err != nil {
		return nil, "", err
	}
	at, id := int64(1<<62), ""
	if key != "" {
		first, rest, ok := strings.Cut(key, " ")
		if at, err = strconv.ParseInt(first, 10, 64); err != nil || !ok {
			return nil, "", fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
		id = rest
	}
	all, err := b.read(ctx, at, id, n+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(all) > n {
		all = all[:n]
		next = all[n-1].Token()
	}
	for i, a := range all {
		if a.SubjectKind == "member" && a.Subject != who.Member && !who.Secretary {
			all[i].SubjectKind, all[i].Subject = "", ""
		}
	}
	return all, next, nil
}

func (b *Book) read(ctx context.Context, at int64, id string, limit int) ([]Act, error) {
	rows, err := b.db.Reader().QueryContext(ctx, `
		SELECT id, at, member, role, region, method, subject_kind, subject, counted, count FROM officer_act
		WHERE at < $1 OR (at = $1 AND id < $2) ORDER BY at DESC, id DESC LIMIT $3`, at, id, limit)
	if err != nil {
		return nil, fmt.Errorf("acts: list: %w", err)
	}
	defer rows.Close()
	var all []Act
	for rows.Next() {
		var a Act
		var micros int64
		if err := rows.Scan(&a.ID, &micros, &a.Member, &a.Role, &a.Region, &a.Method, &a.SubjectKind, &a.Subject, &a.Counted, &a.Count); err != nil {
			return nil, fmt.Errorf("acts: list: %w", err)
		}
		a.At = time.UnixMicro(micros)
		all = append(all, a)
	}
	return all, rows.Err()
}
