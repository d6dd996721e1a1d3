-- Where each entry stands in the public log (package translog), and what opens the hash over what is not public of it.
CREATE TABLE IF NOT EXISTS entry_leaf (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  -- Deleted where the private part must be forgotten.
  private_salt BYTEA
);
