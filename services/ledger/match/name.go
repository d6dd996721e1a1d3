package match

import (
	"slices"
	"strings"
	"unicode"
)

// folds are the letters with marks of western European and Welsh names, as banks print them.
var folds = strings.NewReplacer(
	"À", "A", "Á", "A", "Â", "A", "Ã", "A", "Ä", "A", "Å", "A", "Ā", "A", "Ą", "A", "Æ", "AE", "Ç", "C", "Ć", "C", "Č", "C", "Ď", "D", "Ð", "D",
	"È", "E", "É", "E", "Ê", "E", "Ë", "E", "Ē", "E", "Ę", "E", "Ě", "E", "Ğ", "G", "Ì", "I", "Í", "I", "Î", "I", "Ï", "I", "İ", "I", "Ł", "L",
	"Ñ", "N", "Ń", "N", "Ň", "N", "Ò", "O", "Ó", "O", "Ô", "O", "Õ", "O", "Ö", "O", "Ø", "O", "Ő", "O", "Œ", "OE", "Ř", "R", "Ś", "S", "Ş", "S", "Š", "S",
	"ẞ", "SS", "ß", "SS", "Ť", "T", "Þ", "TH", "Ù", "U", "Ú", "U", "Û", "U", "Ü", "U", "Ů", "U", "Ű", "U", "Ŵ", "W", "Ẁ", "W", "Ẃ", "W", "Ẅ", "W",
	"Ý", "Y", "Ŷ", "Y", "Ÿ", "Y", "Ỳ", "Y", "Ź", "Z", "Ż", "Z", "Ž", "Z", "'", "", "’", "",
)

var titles = []string{"MR", "MRS", "MS", "MISS", "MX", "DR", "PROF", "REV", "SIR", "DAME", "LORD", "LADY", "CLLR"}

// words takes a name or a bank's text apart: in capitals, without marks and titles. Hyphens part words, since banks drop them.
func words(s string) []string {
	all := strings.FieldsFunc(folds.Replace(strings.ToUpper(s)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(all, func(w string) bool { return slices.Contains(titles, w) })
}

// Likeness of a name to a text, in the order of their worth.
const (
	unlike    = 0
	byInitial = 1 // surname and initial: A EXAMPLE
	byName    = 2 // surname and first name
)

// likeness says how a member's name stands in a text. The surname is the last word of the name, and must stand whole.
func likeness(name, text []string) int {
	if len(name) < 2 {
		return unlike
	}
	surname, given := name[len(name)-1], name[0]
	if len(surname) < 2 || !slices.Contains(text, surname) {
		return unlike
	}
	best := unlike
	for i, w := range text {
		switch {
		case w == surname && given != surname:
		case w == given:
			return byName
		case len(w) == 1 && w[0] == given[0] && near(text, i, surname):
			best = byInitial
		}
	}
	return best
}

// near reports whether a word stands within three words of a place: initials belong to the name beside them.
func near(text []string, i int, word string) bool {
	for j := max(0, i-3); j < min(len(text), i+4); j++ {
		if text[j] == word {
			return true
		}
	}
	return false
}
