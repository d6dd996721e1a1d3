-- What each witness has last signed of the log, by its verifier key, and what it said when it last refused or did not answer.
CREATE TABLE IF NOT EXISTS log_witness (
  vkey    TEXT   NOT NULL PRIMARY KEY CHECK (length(vkey) BETWEEN 1 AND 500),
  -- The size and root that it signed, with the signature's line; size 0 before it signed anything.
  size    BIGINT NOT NULL CHECK (size >= 0),
  root    BYTEA  NOT NULL,
  line    TEXT   NOT NULL,
  -- When it signed by its own clock, and when it was last asked by the machine's.
  signed  BIGINT NOT NULL,
  asked   BIGINT NOT NULL,
  -- Empty while it signs what it is asked to.
  problem TEXT   NOT NULL CHECK (length(problem) <= 200)
);
