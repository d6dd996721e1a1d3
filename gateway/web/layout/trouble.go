package layout

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
)

// trouble is what the page of an error shows.
type trouble struct {
	Text, Next, Reference, Href, Link string
}

// trouble turns an error into a page.
func (s *Site) trouble(q *Request, err error) {
	var tooLarge *http.MaxBytesError
	var v trouble
	code, title := http.StatusInternalServerError, "trouble.broken"
	switch {
	case errors.Is(err, ErrSignIn) || status.Code(err) == codes.Unauthenticated:
		_ = q.See(q.signIn(err))
		return
	case errors.Is(err, ErrNotFound) || status.Code(err) == codes.NotFound:
		code, title = http.StatusNotFound, "trouble.notFound"
		v.Text, v.Next = q.T("trouble.notFoundText"), q.T("trouble.notFoundNext")
		v.Href, v.Link = "/", q.T("trouble.home")
	case errors.As(err, &tooLarge):
		code, title = http.StatusRequestEntityTooLarge, "trouble.tooLarge"
		v.Text = q.T("trouble.tooLargeText")
	case isStatus(err):
		p, retry := rest.ProblemOf(err)
		code, v.Text = p.Status, q.Say(p)
		if retry > 0 {
			q.Writer.Header().Set("Retry-After", strconv.Itoa(retry))
		}
		switch {
		case code == http.StatusForbidden:
			title, v.Href, v.Link = "trouble.forbidden", "/officers", q.T("trouble.whoCan")
		case code == http.StatusTooManyRequests:
			title = "trouble.tooMany"
		case code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout:
			title, v.Next = "trouble.unavailable", q.T("trouble.unavailableNext")
		case code < 500:
			title, v.Href, v.Link = "trouble.refused", q.next(), q.T("trouble.again")
		default:
			v.Reference = p.Details["error_id"]
		}
	}
	if code >= 500 {
		if v.Reference == "" {
			v.Reference = rand.Text()[:10]
		}
		s.config.Log.ErrorContext(q.Context(), "page", slog.String("error_id", v.Reference), slog.String("pattern", q.Pattern), slog.Any("error", err))
		if title == "trouble.broken" {
			v.Text, v.Next = q.T("trouble.brokenText"), q.T("trouble.brokenNext")
		}
	}
	q.journey = s.own
	page := Page{Title: q.T(title), View: v, Here: q.next()}
	if err := q.Show(code, "trouble.html", page); err != nil {
		s.config.Log.ErrorContext(q.Context(), "the page of an error", slog.Any("error", err))
		http.Error(q.Writer, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}

func isStatus(err error) bool {
	_, ok := status.FromError(err)
	return ok
}

// next is the address that shows where the visitor was.
func (q *Request) next() string {
	if q.Method == http.MethodGet {
		return q.URL.RequestURI()
	}
	return q.URL.Path
}

// signIn is where the visitor signs in and comes back. Where the room asked for a recent sign-in, what was typed comes back too.
func (q *Request) signIn(err error) string {
	query := url.Values{"next": {q.next()}}
	if reason, _ := Reason(err); reason == "FRESH_SIGN_IN" {
		query.Set("fresh", "1")
		query.Set("next", q.nextTyped())
	} else {
		// The session may have been ended elsewhere while the gateway still keeps a token of it: without this the sign-in page would be
		// refused as well, and lead to itself.
		q.journey.site.Sessions.Forget(q.Request)
	}
	return "/sign-in?" + query.Encode()
}

// signInTo is signIn for a script, which says to which page the visitor comes back.
func (q *Request) signInTo(err error, here string) string {
	query := url.Values{"next": {here}}
	if reason, _ := Reason(err); reason == "FRESH_SIGN_IN" {
		query.Set("fresh", "1")
	} else {
		q.journey.site.Sessions.Forget(q.Request)
	}
	return "/sign-in?" + query.Encode()
}

// mostTyped bounds what comes back of a form, in bytes of an address.
const mostTyped = 1400

// nextTyped is the address that shows the form again with what was typed in it: forms begin with what stands in their address. The longest
// texts are left out where all would be too long.
func (q *Request) nextTyped() string {
	if q.Method == http.MethodGet {
		return q.URL.RequestURI()
	}
	typed := url.Values{}
	for name, values := range q.PostForm {
		switch name {
		case "request_id", "etag", "credential":
		default:
			if q.PostForm.Get(name) != "" {
				typed[name] = values
			}
		}
	}
	for len(typed) > 0 {
		if next := q.URL.Path + "?" + typed.Encode(); len(next) <= mostTyped {
			return next
		}
		longest := ""
		for name := range typed {
			if longest == "" || len(typed.Encode())-len(without(typed, name).Encode()) > len(typed.Encode())-len(without(typed, longest).Encode()) {
				longest = name
			}
		}
		delete(typed, longest)
	}
	return q.URL.Path
}

func without(v url.Values, name string) url.Values {
	rest := maps.Clone(v)
	delete(rest, name)
	return rest
}

// Say returns a refusal in the viewer's language if the pages know its reason, else in the room's own words.
func (q *Request) Say(p rest.Problem) string {
	id := "reason." + p.Reason
	if p.Reason != "" && q.Has(id) {
		var pairs []any
		for k, v := range p.Details {
			pairs = append(pairs, k, v)
		}
		return q.T(id, pairs...)
	}
	return p.Detail
}

// Wrong returns what a form's error summary says about a room's refusal, or the error itself where the form
// cannot help: another page has to say that.
func (q *Request) Wrong(err error) ([]form.Wrong, error) {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.AlreadyExists, codes.ResourceExhausted, codes.PermissionDenied:
	default:
		return nil, err
	}
	p, _ := rest.ProblemOf(err)
	q.refused = p.Status
	if p.Status == http.StatusBadRequest {
		q.refused = http.StatusUnprocessableEntity
	}
	q.renew = p.Reason == "REQUEST_ID_REUSED"
	if len(p.Violations) == 0 {
		return []form.Wrong{{Text: q.Say(p)}}, nil
	}
	if len(p.Violations) == 1 && q.Has("reason."+p.Reason) {
		return []form.Wrong{{Field: p.Violations[0].Field, Text: q.Say(p)}}, nil
	}
	var out []form.Wrong
	for _, v := range p.Violations {
		out = append(out, form.Wrong{Field: v.Field, Text: v.Message})
	}
	return out, nil
}

// Reason returns the reason of a room's refusal and its details.
func Reason(err error) (string, map[string]string) {
	p, _ := rest.ProblemOf(err)
	return p.Reason, p.Details
}

// Refused is Wrong for the pages on which a visitor proves who they are: there "unauthenticated" means that the
// proof was not good, not that the visitor should sign in.
func (q *Request) Refused(err error) ([]form.Wrong, error) {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.NotFound, codes.PermissionDenied:
		p, _ := rest.ProblemOf(err)
		field := ""
		if len(p.Violations) > 0 {
			field = p.Violations[0].Field
		}
		return []form.Wrong{{Field: field, Text: q.Say(p)}}, nil
	default:
		return q.Wrong(err)
	}
}
