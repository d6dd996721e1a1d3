// Package statute is taking members in from a file, and handing copies of the register out, for the secretary.
package statute

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

const (
	// MaxUpload is the largest file that a page takes, in bytes; larger ones are for the command folkmoot import.
	MaxUpload = 10 << 20
	// uploadTime is how long that may take.
	uploadTime = 2 * time.Minute
	// part is what goes to the room at a time.
	part = 512 << 10
	// mostPrinted is how many entries a page to print holds; more are for the file.
	mostPrinted = 2000
)

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/imports", func(q *layout.Request) error { return p.imports(q, nil) })
	j.Upload("/imports", MaxUpload+64<<10, uploadTime, p.upload)
	j.Get("/imports/{import}", func(q *layout.Request) error { return p.one(q, nil) })
	j.Post("/imports/{import}", p.apply)
	j.Get("/register/copies", func(q *layout.Request) error { return p.copying(q, nil) })
	j.Get("/me/particulars", func(q *layout.Request) error { return p.particulars(q, nil) })
	j.Post("/me/particulars", p.setParticulars)
	// A large register takes longer than a page may.
	j.Upload("/register/copies", layout.MaxForm, uploadTime, p.copy)
	return nil
}

// signedIn sends a visitor to sign in; who may look is for the room to say.
func signedIn(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	return nil
}

type importsView struct {
	Imports []listed
	Wrong   string
}

type listed struct {
	Import *membershipv1.Import
	Tag    form.Tag
}

func tag(q *layout.Request, n *membershipv1.Import) form.Tag {
	word := strings.ToLower(strings.TrimPrefix(n.GetState().String(), "IMPORT_STATE_"))
	colour := map[string]string{"refused": "govuk-tag--red", "clean": "govuk-tag--blue", "done": "govuk-tag--green"}[word]
	if colour == "" {
		colour = "govuk-tag--yellow"
	}
	return form.Tag{Text: q.T("statute.state." + word), Classes: colour}
}

func (p pages) imports(q *layout.Request, wrong []form.Wrong) error {
	if err := signedIn(q); err != nil {
		return err
	}
	reply, err := p.Statute.ListImports(q.Context(), &membershipv1.ListImportsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	field := f.Field("file", "statute.file")
	v := importsView{Wrong: field.Error}
	for _, n := range reply.GetImports() {
		v.Imports = append(v.Imports, listed{n, tag(q, n)})
	}
	return q.Show(code, "imports.html", layout.Page{Title: q.T("statute.imports"), View: v, Errors: f.Summary(), Back: "/members"})
}

// upload hands the file to the room part by part as it arrives, and has it checked.
func (p pages) upload(q *layout.Request) error {
	if err := signedIn(q); err != nil {
		return err
	}
	n, err := p.receive(q)
	var wrong fileError
	if errors.As(err, &wrong) {
		return p.imports(q, []form.Wrong{{Field: "file", Text: q.T(string(wrong))}})
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return p.imports(q, []form.Wrong{{Field: "file", Text: q.T("statute.tooLarge")}})
	}
	if err != nil {
		return q.Again(err, p.imports)
	}
	return q.See("/imports/" + n)
}

// fileError is the id of the message that says what is wrong with a file.
type fileError string

func (w fileError) Error() string { return string(w) }

func (p pages) receive(q *layout.Request) (string, error) {
	parts, err := q.MultipartReader()
	if err != nil {
		return "", fileError("statute.fileNeeded")
	}
	id := ""
	for {
		f, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return "", fileError("statute.fileNeeded")
		}
		if err != nil {
			return "", err
		}
		switch f.FormName() {
		case "request_id":
			raw, err := io.ReadAll(io.LimitReader(f, 100))
			if err != nil {
				return "", err
			}
			id = string(raw)
		case "file":
			name := path.Base(strings.ReplaceAll(f.FileName(), `\`, "/"))
			if f.FileName() == "" {
				return "", fileError("statute.fileNeeded")
			}
			return p.send(q, id, name, f)
		}
	}
}

func (p pages) send(q *layout.Request, id, name string, file io.Reader) (string, error) {
	n, err := p.Statute.CreateImport(q.Context(), &membershipv1.CreateImportRequest{RequestId: id, File: name})
	if err != nil {
		return "", err
	}
	b := make([]byte, part)
	for at := int64(0); ; {
		size, err := io.ReadFull(file, b)
		if size > 0 {
			in := &membershipv1.UploadImportRequest{RequestId: id, Import: n.GetId(), Offset: at, Data: b[:size]}
			if _, err := p.Statute.UploadImport(q.Context(), in); err != nil {
				return "", err
			}
			at += int64(size)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	_, err = p.Statute.CheckImport(q.Context(), &membershipv1.CheckImportRequest{RequestId: id, Import: n.GetId()})
	return n.GetId(), err
}

type oneView struct {
	Import      *membershipv1.Import
	Tag         form.Tag
	Facts       []form.Row
	MayApply    bool
	Underway    bool
	Fresh, More int64
}

func (p pages) one(q *layout.Request, wrong []form.Wrong) error {
	if err := signedIn(q); err != nil {
		return err
	}
	n, err := p.Statute.GetImport(q.Context(), &membershipv1.GetImportRequest{Import: q.PathValue("import")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := oneView{Import: n, Tag: tag(q, n), Fresh: n.GetRows() - n.GetKnown(), More: n.GetMistakeCount() - int64(len(n.GetMistakes()))}
	v.Facts = []form.Row{
		{Key: q.T("statute.rows"), Value: n.GetRows()}, {Key: q.T("statute.known"), Value: n.GetKnown()},
		{Key: q.T("statute.mistakes"), Value: n.GetMistakeCount()},
	}
	switch n.GetState() {
	case membershipv1.ImportState_IMPORT_STATE_CLEAN:
		v.MayApply = v.Fresh > 0
	case membershipv1.ImportState_IMPORT_STATE_CHECKING, membershipv1.ImportState_IMPORT_STATE_APPLYING:
		v.Underway = true
	default:
	}
	if n.GetDone() > 0 || n.GetState() == membershipv1.ImportState_IMPORT_STATE_DONE {
		v.Facts = append(v.Facts, form.Row{Key: q.T("statute.done"), Value: n.GetDone()}, form.Row{Key: q.T("statute.added"), Value: n.GetAdded()})
	}
	return q.Show(code, "import.html", layout.Page{Title: n.GetFile(), View: v, Errors: f.Summary(), Back: "/imports", Here: "/imports/" + n.GetId()})
}

func (p pages) apply(q *layout.Request) error {
	_, err := p.Statute.ApplyImport(q.Context(), &membershipv1.ApplyImportRequest{RequestId: q.RequestID(), Import: q.PathValue("import")})
	if err != nil {
		return q.Again(err, p.one)
	}
	return q.See("/imports/" + q.PathValue("import"))
}

type copyView struct {
	View, Form, Ground, Inspector *form.Field
}

// views are the copies, by what the form sends.
var views = []struct {
	value string
	view  membershipv1.RegisterView
}{
	{"duplicate", membershipv1.RegisterView_REGISTER_VIEW_DUPLICATE}, {"statutory", membershipv1.RegisterView_REGISTER_VIEW_STATUTORY},
	{"list", membershipv1.RegisterView_REGISTER_VIEW_UNSPECIFIED},
}

func (p pages) copying(q *layout.Request, wrong []form.Wrong) error {
	if err := signedIn(q); err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := copyView{
		View: f.Field("view", "statute.view"), Form: f.Field("form", "statute.form"),
		Ground: f.Hinted("ground", "statute.ground", "statute.groundHint"), Inspector: f.Hinted("inspector", "statute.inspector", "statute.inspectorHint"),
	}
	v.View.LabelClasses, v.Form.LabelClasses, v.Inspector.Autocomplete = "govuk-fieldset__legend--s", "govuk-fieldset__legend--s", "off"
	var items []form.Item
	for _, w := range views {
		items = append(items, form.Item{Value: w.value, Text: q.T("statute.views." + w.value), Hint: q.T("statute.viewHints." + w.value)})
	}
	f.Choose(v.View, items...)
	f.Choose(v.Form, form.Item{Value: "print", Text: q.T("statute.print")}, form.Item{Value: "csv", Text: q.T("statute.csv")})
	return q.Show(code, "copies.html", layout.Page{Title: q.T("statute.copies"), View: v, Errors: f.Summary(), Back: "/members"})
}

func (p pages) copy(q *layout.Request) error {
	wrong := q.Missing("view", "statute.viewNeeded", "form", "statute.formNeeded", "ground", "statute.groundNeeded")
	if q.Typed("view") == "duplicate" {
		wrong = append(wrong, q.Missing("inspector", "statute.inspectorNeeded")...)
	}
	if len(wrong) > 0 {
		return p.copying(q, wrong)
	}
	in := &membershipv1.ExportRegisterRequest{Ground: q.Typed("ground"), Inspector: q.Typed("inspector")}
	for _, w := range views {
		if w.value == q.Typed("view") {
			in.View = w.view
		}
	}
	stream, err := p.Statute.ExportRegister(q.Context(), in)
	if err != nil {
		return err
	}
	r := &pieces{stream: stream}
	// Nothing is written before the first piece has come: a refusal is a page.
	if err := r.peek(); err != nil {
		return q.Again(err, p.copying)
	}
	if q.Typed("form") == "csv" {
		h := q.Writer.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="register-`+q.Typed("view")+`.csv"`)
		h.Set("Cache-Control", "no-store")
		if _, err := io.Copy(q.Writer, r); err != nil {
			// A file cut short must not look whole.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	return p.printed(q, r)
}

type printView struct {
	Heading []string
	Rows    [][]string
	More    bool
}

func (p pages) printed(q *layout.Request, from io.Reader) error {
	rows := csv.NewReader(from)
	v := printView{}
	var err error
	if v.Heading, err = rows.Read(); err != nil {
		return err
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(v.Rows) == mostPrinted {
			v.More = true
			break
		}
		v.Rows = append(v.Rows, row)
	}
	return q.Show(http.StatusOK, "print.html", layout.Page{Title: q.T("statute.views." + q.Typed("view")), View: v, Back: "/register/copies", Here: "/register/copies", Wide: true})
}

// pieces reads a stream.
type pieces struct {
	stream grpc.ServerStreamingClient[httpbody.HttpBody]
	rest   bytes.Reader
	begun  bool
	err    error
}

// peek waits for the first piece.
func (r *pieces) peek() error {
	if !r.begun {
		r.begun = true
		r.next()
	}
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

func (r *pieces) next() {
	body, err := r.stream.Recv()
	r.err = err
	r.rest.Reset(body.GetData())
}

func (r *pieces) Read(b []byte) (int, error) {
	if err := r.peek(); err != nil {
		return 0, err
	}
	for r.rest.Len() == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.next()
	}
	return r.rest.Read(b)
}
