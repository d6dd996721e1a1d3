package count

import (
	"encoding/json"
	"io"
)

// What a stage of a count is.
const (
	// StageFirst counts first preferences, or what stands for them in a method without transfers.
	StageFirst = "first-preferences"
	// StageSurplus transfers a surplus.
	StageSurplus = "surplus"
	// StageExclusion excludes candidates and transfers their papers.
	StageExclusion = "exclusion"
	// StageRound is a round of a count that starts afresh from the papers each time (Meek).
	StageRound = "round"
	// StageTally adds up marks, scores or grades.
	StageTally = "tally"
	// StagePairs compares candidates two by two.
	StagePairs = "pairs"
)

// What has become of a candidate.
const (
	Continuing = "continuing"
	Elected    = "elected"
	Excluded   = "excluded"
	NotElected = "not elected"
	Withdrawn  = "withdrawn"
)

// Report is a count, stage by stage.
type Report struct {
	// Election is what was counted.
	Election *Election
	// Method counted it.
	Method Method
	// Seats that were to be filled.
	Seats int
	// Quota at the end, absent where the method has none.
	Quota Amount
	// Elected candidates in order of election, first elected first.
	Elected []int
	// Stages in order.
	Stages []Stage
	// Valid papers took part; Invalid ones were blank or gave no first preference that the method takes.
	Valid, Invalid int64
	// Seed from which lots were drawn, if any was given.
	Seed string
	// Constraints that were held, in words.
	Constraints []string
	// Notes are what the method assumed about the ballots, in plain words.
	Notes []string
}

// Stage is one stage of a count, as it stood at its end.
type Stage struct {
	// Number of the stage, from 1.
	Number int
	// Kind is StageFirst, StageSurplus and so on.
	Kind string
	// Of are the candidates whose papers were transferred.
	Of []int
	// Quota in force at the end of the stage.
	Quota Amount
	// Lines has a line for every candidate, in order of their numbers.
	Lines []Line
	// Parcels are the papers that left the candidates in Of, by value.
	Parcels []Parcel
	// NonTransferable votes so far, and how many of them came at this stage.
	NonTransferable, NonTransferableNow Amount
	// Lost is the loss by fraction so far: votes that vanished because values are cut to the rule's
	// decimal places. LostNow came at this stage.
	Lost, LostNow Amount
	// Surplus is the total of the surpluses still held by elected candidates at the end of the stage.
	Surplus Amount
	// Elected and Excluded at this stage, in order.
	Elected, Excluded []int
	// Ties that were broken at this stage.
	Ties []Tie
	// Matrices show comparisons between pairs of candidates.
	Matrices []Matrix
	// Because says in words what was done.
	Because []string
}

// Line is a candidate at the end of a stage.
type Line struct {
	// Candidate number.
	Candidate int
	// Votes, and the change against the stage before.
	Votes, Change Amount
	// Keep is the keep factor (Meek), absent elsewhere.
	Keep Amount
	// Status is Continuing, Elected, Excluded, NotElected or Withdrawn.
	Status string
	// Grade is the median grade in words (majority judgement), empty elsewhere.
	Grade string
}

// Parcel is a number of papers transferred at one value.
type Parcel struct {
	// Received is the value at which the candidate had received the papers, Value the one at which they went on.
	Received, Value Amount
	// Papers in the parcel, of which NonTransferable showed no further available preference.
	Papers, NonTransferable int64
}

// Matrix holds a figure for each ordered pair of candidates: Rows[i-1][j-1] for candidate i over j.
type Matrix struct {
	Title string    `json:"title"`
	Rows  [][]int64 `json:"rows"`
}

// status returns what became of every candidate, by number.
func (r *Report) status() []string {
	s := make([]string, len(r.Election.Candidates)+1)
	if len(r.Stages) > 0 {
		for _, l := range r.Stages[len(r.Stages)-1].Lines {
			s[l.Candidate] = l.Status
		}
	}
	return s
}

type jsonReport struct {
	Method      string          `json:"method"`
	Source      string          `json:"source"`
	Title       string          `json:"title,omitempty"`
	Seats       int             `json:"seats"`
	Quota       json.RawMessage `json:"quota"`
	Elected     []int           `json:"elected"`
	Candidates  []jsonCandidate `json:"candidates"`
	Papers      jsonPapers      `json:"papers"`
	Stages      []jsonStage     `json:"stages"`
	Seed        string          `json:"seed,omitempty"`
	Constraints []string        `json:"constraints,omitempty"`
	Notes       []string        `json:"notes,omitempty"`
}

type jsonCandidate struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type jsonPapers struct {
	Total    int64 `json:"total"`
	Valid    int64 `json:"valid"`
	Invalid  int64 `json:"invalid"`
	Distinct int   `json:"distinct"`
}

type jsonStage struct {
	Number          int          `json:"number"`
	Kind            string       `json:"kind"`
	Of              []int        `json:"of,omitempty"`
	Quota           *Amount      `json:"quota,omitempty"`
	Candidates      []jsonLine   `json:"candidates"`
	Parcels         []jsonParcel `json:"parcels,omitempty"`
	NonTransferable *Amount      `json:"non_transferable,omitempty"`
	NonTransferNow  *Amount      `json:"non_transferable_change,omitempty"`
	Lost            *Amount      `json:"loss_by_fraction,omitempty"`
	LostNow         *Amount      `json:"loss_by_fraction_change,omitempty"`
	Surplus         *Amount      `json:"surplus,omitempty"`
	Elected         []int        `json:"elected,omitempty"`
	Excluded        []int        `json:"excluded,omitempty"`
	Ties            []Tie        `json:"ties,omitempty"`
	Matrices        []Matrix     `json:"matrices,omitempty"`
	Because         []string     `json:"because,omitempty"`
}

type jsonLine struct {
	Candidate int     `json:"candidate"`
	Votes     *Amount `json:"votes,omitempty"`
	Exact     string  `json:"votes_exact,omitempty"`
	Change    *Amount `json:"change,omitempty"`
	Keep      *Amount `json:"keep,omitempty"`
	Grade     string  `json:"grade,omitempty"`
	Status    string  `json:"status"`
}

type jsonParcel struct {
	Received        *Amount `json:"received,omitempty"`
	Value           Amount  `json:"value"`
	Exact           string  `json:"value_exact,omitempty"`
	Papers          int64   `json:"papers"`
	NonTransferable int64   `json:"non_transferable"`
}

func present(a Amount) *Amount {
	if a.Absent() {
		return nil
	}
	return &a
}

func fraction(a Amount) string {
	if a.Absent() || a.decimal() {
		return ""
	}
	return a.Exact()
}

// MarshalJSON writes the report: {"method","seats","quota","elected":[…],"stages":[…]} and more beside.
// Votes are strings in the rule's decimal places; votes_exact stands beside them where those cut
// something off. The quota at the top is a number.
func (r *Report) MarshalJSON() ([]byte, error) { return json.Marshal(r.document()) }

// document is the report in the shape of its JSON.
func (r *Report) document() *jsonReport {
	j := &jsonReport{
		Method: r.Method.Name(), Source: r.Method.About().Source, Title: r.Election.Title,
		Seats: r.Seats, Quota: r.Quota.number(), Elected: append([]int{}, r.Elected...),
		Papers: jsonPapers{r.Valid + r.Invalid, r.Valid, r.Invalid, r.Election.Distinct()},
		Seed:   r.Seed, Constraints: r.Constraints,
		Notes: r.Notes,
	}
	for _, n := range r.Election.Notes {
		j.Notes = append(j.Notes, n.String())
	}
	status := r.status()
	for i := range r.Election.Candidates {
		j.Candidates = append(j.Candidates, jsonCandidate{i + 1, r.Election.Name(i + 1), status[i+1]})
	}
	for _, s := range r.Stages {
		js := jsonStage{
			Number: s.Number, Kind: s.Kind, Of: s.Of, Quota: present(s.Quota),
			NonTransferable: present(s.NonTransferable), NonTransferNow: present(s.NonTransferableNow),
			Lost: present(s.Lost), LostNow: present(s.LostNow), Surplus: present(s.Surplus),
			Elected: s.Elected, Excluded: s.Excluded, Ties: s.Ties, Matrices: s.Matrices, Because: s.Because,
		}
		for _, l := range s.Lines {
			js.Candidates = append(js.Candidates, jsonLine{
				l.Candidate, present(l.Votes), fraction(l.Votes), present(l.Change), present(l.Keep), l.Grade, l.Status,
			})
		}
		for _, p := range s.Parcels {
			js.Parcels = append(js.Parcels, jsonParcel{present(p.Received), p.Value, fraction(p.Value), p.Papers, p.NonTransferable})
		}
		j.Stages = append(j.Stages, js)
	}
	return j
}

// WriteJSON writes the report as one indented JSON document.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(r.document())
}
