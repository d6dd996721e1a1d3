package sample

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// client speaks /v1 as any program may.
type client struct {
	base string
	http *http.Client
}

// problem is an error as the API tells it.
type problem struct {
	Status int    `json:"status"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Reason, p.Detail) }

// maxReply bounds what the loader reads of one answer, in bytes.
const maxReply = 8 << 20

// call makes one call; in is the body (nil for GET) and out takes the answer.
func (c *client) call(ctx context.Context, method, path, token, etag string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", rand.Text())
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if etag != "" {
		r.Header.Set("If-Match", `"`+etag+`"`)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		p := &problem{Status: resp.StatusCode}
		if json.Unmarshal(raw, p) != nil {
			p.Detail = string(raw)
		}
		return fmt.Errorf("%s %s: %w", method, path, p)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (c *client) post(ctx context.Context, path, token string, in, out any) error {
	if in == nil {
		in = struct{}{}
	}
	return c.call(ctx, http.MethodPost, path, token, "", in, out)
}

func (c *client) get(ctx context.Context, path, token string, out any) error {
	return c.call(ctx, http.MethodGet, path, token, "", nil, out)
}

// change posts an act that must say which state it saw, on what stands at path: it reads the etag first.
func (c *client) change(ctx context.Context, path, act, token string, out any) error {
	var seen struct {
		ETag string `json:"etag"`
	}
	if err := c.get(ctx, path, token, &seen); err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path+":"+act, token, seen.ETag, struct{}{}, out)
}

// stepTo moves the sample clock.
func (c *client) stepTo(ctx context.Context, t time.Time) error {
	return c.post(ctx, "/dev/clock:step", "", map[string]string{"to": t.UTC().Format(time.RFC3339Nano)}, nil)
}

// letGo makes the sample clock the real one.
func (c *client) letGo(ctx context.Context) error {
	return c.post(ctx, "/dev/clock:step", "", nil, nil)
}

// letter is a mail in the development mailbox.
type letter struct {
	Code string `json:"code"`
	Link string `json:"link"`
}

// letters returns those that came to an address, oldest first.
func (c *client) letters(ctx context.Context, email string) ([]letter, error) {
	var all []letter
	err := c.get(ctx, "/dev/mail.json?to="+url.QueryEscape(email), "", &all)
	return all, err
}

// code waits for a code mailed to an address after the first letters, of which there were so many before.
func (c *client) code(ctx context.Context, email string, before int) (string, error) {
	for range 200 {
		all, err := c.letters(ctx, email)
		if err != nil {
			return "", err
		}
		for i := len(all) - 1; i >= before; i-- {
			if all[i].Code != "" {
				return all[i].Code, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
	return "", errors.New("no mail with a code came to " + email)
}
