package belenios

import (
	"errors"
	"fmt"
)

// Reason says what kind of rule was broken. It is stable; programs test it.
type Reason string

// The reasons.
const (
	// ReasonArchive is a file that is not a Belenios archive, byte for byte.
	ReasonArchive Reason = "archive"
	// ReasonHash is a record whose name is not the hash of its contents.
	ReasonHash Reason = "hash"
	// ReasonChain is an event that does not follow from the one before it.
	ReasonChain Reason = "chain"
	// ReasonOrder is an event of a type that may not stand there.
	ReasonOrder Reason = "order"
	// ReasonFormat is JSON that is not in the one canonical form.
	ReasonFormat Reason = "format"
	// ReasonElement is a group element that is not encoded canonically, or is no element.
	ReasonElement Reason = "element"
	// ReasonMembership is an element outside of the subgroup of prime order.
	ReasonMembership Reason = "membership"
	// ReasonScalar is a number that is not reduced modulo the order of the group.
	ReasonScalar Reason = "scalar"
	// ReasonUnsupported is a version, group or question type that this package does not know.
	ReasonUnsupported Reason = "unsupported"
	// ReasonElection is an election that contradicts itself.
	ReasonElection Reason = "election"
	// ReasonElectionKey is a public key that is not the product of the trustees' keys.
	ReasonElectionKey Reason = "election key"
	// ReasonTrusteeProof is a trustee's proof of knowledge that does not verify.
	ReasonTrusteeProof Reason = "trustee proof"
	// ReasonCertificate is a trustee's certificate that does not verify or is for another ceremony.
	ReasonCertificate Reason = "certificate"
	// ReasonCoefficients are exponentiated coefficients that their owner did not sign, or of the wrong number.
	ReasonCoefficients Reason = "coefficients"
	// ReasonVerificationKey is a verification key that does not follow from the coefficients, or is not signed.
	ReasonVerificationKey Reason = "verification key"
	// ReasonCommitment is a step of the ceremony that is not what was committed to.
	ReasonCommitment Reason = "commitment"
	// ReasonCredentials is a list of public credentials with an invalid or repeated entry.
	ReasonCredentials Reason = "credentials"
	// ReasonUnlisted is a ballot under a credential that is not in the list.
	ReasonUnlisted Reason = "unlisted credential"
	// ReasonRepeated is a ballot equal to an earlier one.
	ReasonRepeated Reason = "repeated ballot"
	// ReasonFingerprint is a ballot for another election.
	ReasonFingerprint Reason = "fingerprint"
	// ReasonShape is an answer with the wrong number of ciphertexts or proofs.
	ReasonShape Reason = "shape"
	// ReasonIndividualProof is a proof that a choice is 0 or 1 that does not verify.
	ReasonIndividualProof Reason = "individual proof"
	// ReasonOverallProof is a proof about the sum of the choices that does not verify.
	ReasonOverallProof Reason = "overall proof"
	// ReasonBlankProof is a proof that a blank vote chooses nothing that does not verify.
	ReasonBlankProof Reason = "blank proof"
	// ReasonPlaintextProof is a proof of knowledge of a ranked answer that does not verify.
	ReasonPlaintextProof Reason = "plaintext proof"
	// ReasonSignatureHash is a signature over something else than the ballot.
	ReasonSignatureHash Reason = "signature hash"
	// ReasonSignature is a signature that the credential did not make.
	ReasonSignature Reason = "signature"
	// ReasonTally is an encrypted tally that is not the product of the ballots.
	ReasonTally Reason = "tally"
	// ReasonTallySize is a count of ballots or weights that is not that of the ballots.
	ReasonTallySize Reason = "tally size"
	// ReasonShuffle is a shuffle whose proof does not verify.
	ReasonShuffle Reason = "shuffle"
	// ReasonOwner is a shuffle or decryption that says to be of a trustee who does not exist or has already given one.
	ReasonOwner Reason = "owner"
	// ReasonDecryption is a decryption factor whose proof does not verify.
	ReasonDecryption Reason = "decryption"
	// ReasonMissing is a result with too few decryptions.
	ReasonMissing Reason = "missing decryption"
	// ReasonResult is a result that the decryptions do not give.
	ReasonResult Reason = "result"
	// ReasonCredential is a private credential that is mistyped or of another election.
	ReasonCredential Reason = "credential"
	// ReasonChoice is a choice that the question does not allow.
	ReasonChoice Reason = "choice"
	// ReasonKey is a private key that is not the trustee's.
	ReasonKey Reason = "key"
	// ReasonPrefix is an archive that does not begin with what was seen before.
	ReasonPrefix Reason = "prefix"
	// ReasonRandom is a source of randomness that failed.
	ReasonRandom Reason = "randomness"
)

// Error says what failed, where, and by which rule.
type Error struct {
	// Reason is the kind of rule.
	Reason Reason
	// Where is the place: "event 17, ballot, question 1, choice 2". It may be empty.
	Where string
	// Rule is the title of the section of the Belenios specification that sets the rule, or another
	// source where the specification is silent.
	Rule string
	// Detail is a sentence for a person.
	Detail string
}

// Error joins the parts into one line.
func (e *Error) Error() string {
	s := e.Detail
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	return s + " (rule: " + e.Rule + ")"
}

// fail makes an error without a place.
func fail(reason Reason, rule, format string, args ...any) *Error {
	return &Error{Reason: reason, Rule: rule, Detail: fmt.Sprintf(format, args...)}
}

// at puts a place in front of the error's own.
func at(err error, format string, args ...any) error {
	var e *Error
	if !errors.As(err, &e) || e == nil {
		return err
	}
	c := *e
	where := fmt.Sprintf(format, args...)
	if c.Where != "" {
		where += ", " + c.Where
	}
	c.Where = where
	return &c
}

// The sections of the specification (version 1 of the protocol), by title: the numbers differ between
// the tool's versions, the titles do not. Two rules come from the archive's own reader.
const (
	ruleConventions  = "specification, Conventions"
	ruleBasic        = "specification, Basic types"
	rulePublicData   = "specification, Public data"
	ruleAudit        = "specification, During the voting phase"
	ruleKeys         = "specification, Verification keys"
	rulePKI          = "specification, Public key infrastructure"
	ruleCertificates = "specification, Certificates"
	ruleChannels     = "specification, Channels"
	rulePolynomials  = "specification, Polynomials"
	ruleVinputs      = "specification, Vinputs"
	ruleVoutputs     = "specification, Voutputs"
	ruleThreshold    = "specification, Threshold parameters"
	ruleTrustees     = "specification, Trustees"
	ruleCredentials  = "specification, Credentials"
	ruleQuestions    = "specification, Questions"
	ruleElections    = "specification, Elections"
	ruleHomomorphic  = "specification, Homomorphic answers"
	ruleRanked       = "specification, Non-homomorphic answers"
	ruleInterval     = "specification, Proofs of interval membership"
	ruleBlank        = "specification, Proofs of possibly-blank votes"
	ruleSignatures   = "specification, Signatures"
	ruleBallots      = "specification, Ballots"
	ruleVote         = "specification, Vote"
	ruleTally        = "specification, Encrypted tally"
	ruleShuffles     = "specification, Shuffles"
	ruleShuffleProof = "specification, Shuffle algorithms"
	ruleDecryptions  = "specification, Partial decryptions"
	ruleResult       = "specification, Election result"
	ruleGroups       = "specification, Groups"
	ruleCommitment   = "folkmoot, commitment round before the Pedersen protocol"
)
