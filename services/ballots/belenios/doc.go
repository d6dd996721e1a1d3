// Package belenios is the verifiable secret ballot: it makes and verifies elections in the formats of Belenios, protocol
// version 1, byte for byte, so that belenios-tool, which we did not write, can verify ours and we can verify its.
// It imports the standard library, filippo.io/edwards25519 and filippo.io/bigmod only, takes randomness as an io.Reader
// (give it crypto/rand.Reader), keeps no state of its own, and may be used by other programs.
//
// # What it promises, and against whom
//
// A co-operative wants two things of a secret ballot that pull against each other: nobody learns how a member voted, and
// every member can check that the result is the sum of the members' votes. Belenios gives both, each under conditions
// that are worth knowing.
//
// Secrecy. Votes are encrypted on the voter's device under a key that no single person holds. An answer of a homomorphic
// question is never decrypted: ciphertexts are multiplied ([Report.ComputeTally]), and the trustees decrypt only the sum.
// A ranked ballot is decrypted, but only after trustees have mixed all of them, each in secret ([Report.Shuffle]). Against
// everybody else, the server included, a vote stays secret as long as fewer trustees than the threshold act together, and,
// for ranked questions, one of those who shuffled kept the permutation to themselves. It stays secret only as long as
// discrete logarithms in the group are hard: an archive kept until somebody has a large quantum computer can be read then.
//
// Verifiability. Everything in an archive proves itself to whoever reads it ([Verify]), whoever made it: that each ballot
// holds an allowed choice (proofs that are zero-knowledge: they show that and nothing else), that each is signed under a
// credential of the published roll, that the tally is that of the last ballot of each credential, that each shuffle is a
// permutation, that each decryption uses the trustee's key, that the result is what the decryptions give. No trustee, no
// majority of trustees, no server can make a false result verify. The proofs rest on SHA-256 behaving as a random function
// (Fiat and Shamir's transformation) and on the same hardness of logarithms.
//
// Eligibility. Only who has a private credential can vote. The registrar makes them ([NewCredential]), the server sees the
// public ones only. So neither can stuff the ballot box alone: the registrar could vote for people who do not, but does not
// hold the box; the server holds the box, but not the credentials. Both together can vote for everyone who abstains, and
// nobody could tell, except that each such member is listed as having voted. That is why the registrar forgets the
// credentials once they are sent, and why members look whether they are down as having voted.
//
// # What it does not promise
//
//   - Cast as intended. A voter's device that lies encrypts another vote; no audit sees it. Voting is as honest as the page
//     or program that encrypts. A second device, or a program from another hand, is the remedy: ours accepts ballots from
//     belenios-tool, and the reverse.
//   - One archive. Verify judges the archive that it is given. A server could show different ones to different people, or drop
//     a ballot before the end and compute everything anew: nothing in one copy can show it. Keep a copy and compare ([Diff]);
//     look for your tracker; compare heads with others, in a log that many people watch.
//   - Freedom from coercion. The credential proves how one voted to whoever stands beside the voter, or buys the credential.
//     One can vote again until the end, and the last ballot counts; that is all. A contested election belongs in a booth.
//   - Secrecy that a result cannot have. Three voters who all voted for are known by the result. With weights, sums of
//     distinct weights can name people. A ranking of many candidates can be used as a signature, on demand of a buyer.
//   - Anonymity of participation. The archive shows which credential voted when; the registrar knows whose it was.
//   - Availability. Trustees who lose their keys beyond the threshold lose the election. A registrar or server can refuse
//     somebody service, who will notice.
//   - The maker of a shuffle. Its proof does not name its maker, so an archive can put a shuffle down to the wrong trustee.
//     Each trustee looks for their own.
//
// # Where each part stands in the specification
//
// Titles are those of the document "Belenios specification" that comes with belenios-tool; numbers differ between editions.
// Errors ([*Error]) carry the title in their Rule.
//
//	Groups                                   [Group], [Ed25519], [Belenios2048], [RFC3526]
//	Public data                              [NewArchive], [Appender], [Verify]
//	Verification keys                        [NewTrusteeKey], [TrusteeKey]
//	Filling in the trustees structure        [Ceremony]: Join, Commit, Share, Finish; [Assemble], [NewTrustees]
//	Public key infrastructure, Certificates,
//	Channels, Polynomials, Vinputs, Voutputs the same
//	Threshold parameters, Trustees           [ParseTrustees], [Pedersen]
//	Credentials                              [Credential], [Roll]
//	Questions, Elections                     [Question], [ParseElection], [NewElection]
//	Encrypted answers, Proofs of interval
//	membership, of possibly-blank votes      [Election.Vote] makes, [Election.Check] verifies
//	Signatures, Ballots                      the same; [Fingerprint] is the tracker
//	Encrypted tally                          [Tally], [Report.ComputeTally]
//	Shuffles, Shuffle algorithms             [Election.MakeShuffle], [Election.CheckShuffle]
//	Partial decryptions                      [Election.Decrypt], [Election.CheckDecryption]
//	Election result                          [Report.ComputeResult], [Result]
//	During the voting phase                  [Verify], [Diff], [Prefix]
//
// # Where this package is stricter than the specification, or adds to it
//
// Every element is read in exactly one spelling and must be in the subgroup of prime order; every scalar must be reduced;
// everything published, not only ballots, must be in canonical form, so that a reader takes exactly what the writer would
// have written. A ballot equal to an earlier one is refused, wherever it stands: replayed after a revote, it would undo it.
// The recorded tally must be the one that the ballots give, and ranked answers may not be decrypted before they were shuffled.
//
// The threshold ceremony has a round of commitments that the specification lacks ([Ceremony]): in the plain protocol the
// trustee who speaks last sees the others' coefficients first and can bend the joint key. What is published is the same.
// Archives with a ceremony in the older form of belenios-tool 2.0 are verified, and marked ([Trustees.OldDialect]).
//
// Questions of type Lists and version 2 of the protocol are not known, and are refused with [ReasonUnsupported].
//
// # Secrets
//
// What computes with secrets takes the same time whatever they are: scalars and fixed-time multiplication of
// filippo.io/edwards25519, Exp of filippo.io/bigmod, and proofs of disjunctions that do the same work for every alternative
// and choose between them by arithmetic ([Election.Vote]). There are exceptions, none on a long-lived key in use: a ranking
// is written into an element by trial, small numbers and elements of the finite fields stand in math/big between
// multiplications, reading and printing a private key in decimal uses math/big, and which entry of a permutation is read
// depends on it. What verifies is as fast as it can be made and sees nothing secret. Memory is not wiped: Go cannot
// promise it. A trustee's machine should do nothing else that day.
//
// # How verification is fast
//
// A proof is stored as challenge and response, and the commitments that were hashed are not stored: they must be
// recomputed one by one, so proofs cannot be verified in batches. What can be shared is shared. The two bases that every
// proof uses, g and y, have tables. Each ciphertext is raised to several challenges: the doublings are done once, in a
// ladder, and serve every exponent, and the test of membership too, which is an exponentiation by q. All commitments of a
// ballot are printed with one inversion. Ballots are independent, and verified in parallel; the order of ballots matters
// only for repetitions and revotes, which the reader looks after. A [Prefix] that was verified before is only hashed and
// added up.
package belenios
