package amend

import (
	"strings"
	"unicode"
)

// Mark says what a piece of text is.
type Mark string

// The marks.
const (
	Same Mark = "same"
	Out  Mark = "out"
	In   Mark = "in"
)

// Piece is a run of words that stay, go or come.
type Piece struct {
	Mark Mark
	Text string
}

// maxCells bounds the work of comparing two clauses: beyond it the whole middle goes and comes.
const maxCells = 1_000_000

// Show compares two texts word by word. The pieces that stay and go give the old text, those that stay and come the new
// one, byte for byte.
func Show(was, now string) []Piece {
	a, b := tokens(was), tokens(now)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var s shown
	s.add(Same, a[:head]...)
	s.middle(a[head:len(a)-tail], b[head:len(b)-tail])
	s.add(Same, a[len(a)-tail:]...)
	return s.pieces
}

// shown gathers pieces; neighbours of one mark become one piece.
type shown struct{ pieces []Piece }

func (s *shown) add(m Mark, words ...string) {
	text := strings.Join(words, "")
	if text == "" {
		return
	}
	if n := len(s.pieces); n > 0 && s.pieces[n-1].Mark == m {
		s.pieces[n-1].Text += text
		return
	}
	s.pieces = append(s.pieces, Piece{m, text})
}

// middle compares by the longest common subsequence of words.
func (s *shown) middle(a, b []string) {
	if len(a)*len(b) > maxCells {
		s.add(Out, a...)
		s.add(In, b...)
		return
	}
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			s.add(Same, a[i])
			i++
			j++
		case i < len(a) && (j == len(b) || longest[i+1][j] >= longest[i][j+1]):
			s.add(Out, a[i])
			i++
		default:
			s.add(In, b[j])
			j++
		}
	}
}

// tokens splits a text into words with the white space after each; punctuation at a word's end is a token of its own.
func tokens(text string) []string {
	var all []string
	start := 0
	kind := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return 0
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '\'', r == '’', r == '-':
			return 1
		}
		return 2
	}
	last := -1
	for i, r := range text {
		k := kind(r)
		if i > 0 && (k != last || k == 2) {
			all = append(all, text[start:i])
			start = i
		}
		last = k
	}
	if start < len(text) {
		all = append(all, text[start:])
	}
	return all
}
