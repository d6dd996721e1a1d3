-- Where each piece of evidence stands in the public log (package translog), and what opens the hash over what is not public of it.
CREATE TABLE IF NOT EXISTS evidence_leaf (
  entry_number BIGINT NOT NULL,
  n            BIGINT NOT NULL,
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  -- Deleted where the private part must be forgotten.
  private_salt BYTEA,
  PRIMARY KEY (entry_number, n)
);
