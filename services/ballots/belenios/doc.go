// Package belenios is the verifiable secret ballot.
package belenios
