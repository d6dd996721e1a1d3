package store

// Unlogged makes the store write entries without leaves of the public log, for the benchmark that measures what the log costs.
func (s *Store) Unlogged() { s.unlogged = true }
