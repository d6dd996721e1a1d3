package database

import "database/sql"

// MaxRetries is how often a transaction is tried again.
const MaxRetries = maxRetries

// Writer lets a test change a setting of the connection that writes.
func (db *DB) Writer() *sql.DB { return db.writer }

// Refused tells an answer to a commit from no answer.
func (db *DB) Refused(err error) bool { return db.refused(err) }
