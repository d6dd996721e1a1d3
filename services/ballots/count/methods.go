package count

// Methods are all methods that count an election, in the order in which help lists them. [Motion] stands
// apart: it decides a question.
func Methods() []Method {
	return []Method{
		ScottishSTV{},
		Meek{},
		WIG{},
		AV{},
		Schulze{},
		RankedPairs{},
		Approval{},
		Plurality{},
		Score{},
		MajorityJudgement{},
	}
}

// MethodNamed returns the method of that name, with its usual settings, or nil.
func MethodNamed(name string) Method {
	for _, m := range Methods() {
		if m.Name() == name {
			return m
		}
	}
	return nil
}
