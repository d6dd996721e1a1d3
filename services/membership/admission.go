package membership

import "github.com/localgovdigital/folkmoot/services/internal/fault"

// Decider returns who decides on this person's application: [AdmitAll], or the role that decides. A person whom a
// resolution expelled is never readmitted by the rules alone.
func (a Admission) Decider(s State) Admission {
	switch {
	case a == AdmitBySecretary || a == AdmitByBoard:
		return a
	case s.LeftAs == Expelled:
		return AdmitByBoard
	}
	return AdmitAll
}

// Deciders are the roles that decide.
func (a Admission) Deciders() []Role {
	switch a {
	case AdmitBySecretary:
		return []Role{Secretary}
	case AdmitByBoard:
		return []Role{Board, Chair}
	case AdmitAll:
	}
	return nil
}

// MayApply reports whether a person may apply: not a member and not waiting already, and an entry that did not cease for good.
// For whoever may not, joining again signs them in.
func (s State) MayApply() bool {
	return !s.Member() && !s.Waiting && s.LeftAs != Died && s.LeftAs != Merged
}

// admitted is the kind of event that makes the person of this state a member.
func (s State) admitted() EventKind {
	if s.Admitted.IsZero() {
		return Admitted
	}
	return Readmitted
}

// Admit decides what follows when an applicant confirmed their address: an admission by the rules, or nothing until
// somebody decides.
func (s State) Admit(by Admission) (EventKind, bool) {
	if !s.Pending() || by.Decider(s) != AdmitAll {
		return "", false
	}
	return s.admitted(), true
}

// Decide decides on an application. holds reports whether the decider holds a role.
func (d Decision) Decide(s State, by Admission, admit bool, holds func(Role) bool) (Event, error) {
	if d.own() {
		return Event{}, fault.New(fault.Denied, "OWN_ENTRY", "Nobody decides on their own admission.")
	}
	d, err := d.reasoned("ADMISSION_INVALID")
	if err != nil {
		return Event{}, err
	}
	if !s.Pending() {
		return Event{}, fault.New(fault.Conflict, "NOT_WAITING", "This person does not wait for a decision: somebody has decided already.")
	}
	decider := by.Decider(s)
	may := decider == AdmitAll && holds(Secretary) // It waited under an older rule.
	for _, r := range decider.Deciders() {
		may = may || holds(r)
	}
	if !may {
		return Event{}, fault.New(fault.Denied, "ADMISSION_OF_OTHERS", "By the rules in force the "+string(decider)+" decides on this admission.").With("decider", string(decider))
	}
	if admit {
		return d.event(s.admitted()), nil
	}
	return d.event(Declined), nil
}
