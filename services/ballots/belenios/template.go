package belenios

import (
	"bytes"
	"encoding/json"
)

// ParseTemplate reads what people write before an election exists, in the form that belenios-tool reads too: name,
// description and questions, and optionally the administrator and the credential authority. It takes any JSON that
// has these fields; what is made of it is canonical.
func ParseTemplate(raw []byte) (Parameters, error) {
	var t struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Questions   []struct {
			// A homomorphic question
			Answers  []string `json:"answers"`
			Question string   `json:"question"`
			Blank    bool     `json:"blank"`
			Min      int      `json:"min"`
			Max      int      `json:"max"`
			// A ranked one
			Type  string `json:"type"`
			Value *struct {
				Answers  []string `json:"answers"`
				Question string   `json:"question"`
			} `json:"value"`
			Extra json.RawMessage `json:"extra"`
		} `json:"questions"`
		Administrator       *string `json:"administrator"`
		CredentialAuthority *string `json:"credential_authority"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Parameters{}, fail(ReasonFormat, ruleElections, "the template cannot be read: %v", err)
	}
	p := Parameters{Name: t.Name, Description: t.Description, Administrator: t.Administrator, CredentialAuthority: t.CredentialAuthority}
	for i, q := range t.Questions {
		switch {
		case q.Type == "" && q.Value == nil:
			p.Questions = append(p.Questions, Question{Text: q.Question, Answers: q.Answers, Blank: q.Blank, Min: q.Min, Max: q.Max})
		case q.Type == "NonHomomorphic" && q.Value != nil:
			var extra bytes.Buffer
			if len(q.Extra) > 0 {
				if err := json.Compact(&extra, q.Extra); err != nil {
					return Parameters{}, fail(ReasonFormat, ruleQuestions, "question %d: %v", i+1, err)
				}
			}
			p.Questions = append(p.Questions, Question{Text: q.Value.Question, Answers: q.Value.Answers, Ranked: true, Extra: extra.String()})
		default:
			return Parameters{}, fail(ReasonUnsupported, ruleQuestions, "question %d: type %q is not known", i+1, q.Type)
		}
	}
	return p, nil
}
