package ledger

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Purpose is what a file is for.
type Purpose string

// The purposes.
const (
	ForEvidence  Purpose = "evidence"
	ForStatement Purpose = "statement"
)

// MaxFile is the most bytes that a file of a purpose has.
func (p Purpose) MaxFile() int64 {
	if p == ForStatement {
		return 256 << 20
	}
	return 10 << 20
}

// MaxPiece is the most bytes of one piece of a file.
const MaxPiece = 512 << 10

// File is a file that was handed in.
type File struct {
	ID      string
	Purpose Purpose
	Name    string
	// Size is what was said at first, or what it is once it is finished; Taken how many bytes came.
	Size, Taken int64
	// MediaType and SHA256 are empty before it is finished.
	MediaType string
	SHA256    []byte
	StartedBy string
}

// NewFile checks what is said of a file before its first byte.
func NewFile(f File) (File, error) {
	var bad []fault.Violation
	bad = checkText(bad, "name", f.Name, 1, 200)
	if f.Purpose != ForEvidence && f.Purpose != ForStatement {
		bad = append(bad, fault.Violation{Field: "purpose", Message: "Say what the file is for."})
	} else if f.Size < 0 || f.Size > f.Purpose.MaxFile() {
		bad = append(bad, fault.Violation{Field: "size_bytes", Message: fmt.Sprintf("Choose a file of at most %d MiB.", f.Purpose.MaxFile()>>20)})
	}
	if len(bad) > 0 {
		return File{}, fault.New(fault.Invalid, "FILE_INVALID", bad[0].Message, bad...)
	}
	f.Name = strings.TrimSpace(f.Name)
	return f, nil
}

// Sniffer finds the type of a file of evidence by its content, piece by piece: what it is called and what a browser says of
// it count for nothing.
type Sniffer struct {
	head []byte
	text bool
	some bool
	left []byte
}

// Write takes the next piece. It never fails.
func (s *Sniffer) Write(p []byte) (int, error) {
	n := len(p)
	if !s.some {
		s.some, s.text = true, true
	}
	if need := 64 - len(s.head); need > 0 {
		s.head = append(s.head, p[:min(need, len(p))]...)
	}
	if s.text {
		p = append(s.left, p...)
		s.left = nil
		for len(p) > 0 && s.text {
			r, size := utf8.DecodeRune(p)
			if r == utf8.RuneError && size == 1 {
				if len(p) < utf8.UTFMax && !utf8.FullRune(p) {
					s.left = bytes.Clone(p)
					break
				}
				s.text = false
			}
			if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
				s.text = false
			}
			p = p[size:]
		}
	}
	return n, nil
}

// MediaType returns application/pdf, image/png, image/jpeg, image/webp or text/plain, or a FILE_TYPE fault. Text that a
// browser might take for a page is text too: it is served as a download only.
func (s *Sniffer) MediaType() (string, error) {
	h := s.head
	switch {
	case bytes.HasPrefix(h, []byte("%PDF-")):
		return "application/pdf", nil
	case bytes.HasPrefix(h, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png", nil
	case bytes.HasPrefix(h, []byte("\xff\xd8\xff")):
		return "image/jpeg", nil
	case len(h) >= 12 && bytes.HasPrefix(h, []byte("RIFF")) && bytes.Equal(h[8:12], []byte("WEBP")):
		return "image/webp", nil
	case s.some && s.text && len(s.left) == 0:
		return "text/plain", nil
	}
	return "", fault.Field("FILE_TYPE", "file", "Choose a PDF, a picture (PNG, JPEG or WebP) or a plain text. This file holds something else.")
}
