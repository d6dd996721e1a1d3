-- The public log: leaves in order. data is public; salt and content open it, and go when what they say must be forgotten.
CREATE TABLE IF NOT EXISTS log_leaf (
  idx     BIGINT NOT NULL PRIMARY KEY CHECK (idx >= 0),
  data    BYTEA  NOT NULL,
  salt    BYTEA,
  content BYTEA
);

-- Full tiles of 256 hashes (C2SP tlog-tiles), which never change, each with the root of its subtree.
CREATE TABLE IF NOT EXISTS log_tile (
  level BIGINT NOT NULL CHECK (level >= 0),
  n     BIGINT NOT NULL CHECK (n >= 0),
  data  BYTEA  NOT NULL,
  root  BYTEA  NOT NULL,
  PRIMARY KEY (level, n)
);
