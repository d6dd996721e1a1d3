-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

CREATE TABLE balance_day (
  account  TEXT   NOT NULL,
  occurred TEXT   NOT NULL CHECK (length(occurred) = 10),
  pence    BIGINT NOT NULL,
  received BIGINT NOT NULL,
  paid     BIGINT NOT NULL,
  PRIMARY KEY (account, occurred)
);

CREATE TABLE balance_head (
  id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  number BIGINT NOT NULL CHECK (number >= 0)
);

CREATE TABLE entry (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  number      BIGINT NOT NULL UNIQUE CHECK (number > 0),
  kind        TEXT   NOT NULL CHECK (kind IN ('donation', 'reversal', 'general')),
  occurred    TEXT   NOT NULL CHECK (length(occurred) = 10),
  entered     BIGINT NOT NULL,
  description TEXT   NOT NULL CHECK (length(description) BETWEEN 1 AND 200),
  entered_by  TEXT   NOT NULL,
  member      TEXT   NOT NULL,
  method      TEXT   NOT NULL CHECK (method IN ('', 'cash', 'bank')),
  reverses    TEXT   REFERENCES entry (id),
  reason      TEXT   NOT NULL CHECK (length(reason) <= 500),
  reference   TEXT   NOT NULL CHECK (length(reference) <= 100),
  repeated    BOOLEAN NOT NULL,
  root        TEXT   NOT NULL,
  depth       BIGINT NOT NULL CHECK (depth >= 0),
  counts      BIGINT NOT NULL CHECK (counts >= 0)
);

CREATE INDEX entry_member ON entry (member, number) WHERE member <> '';

CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE entry_leaf (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  private_salt BYTEA
);

CREATE TABLE posting (
  entry_number BIGINT NOT NULL REFERENCES entry (number),
  line         BIGINT NOT NULL CHECK (line >= 0),
  account      TEXT   NOT NULL CHECK (length(account) BETWEEN 1 AND 60),
  currency     TEXT   NOT NULL CHECK (length(currency) = 3),
  pence        BIGINT NOT NULL CHECK (pence <> 0),
  PRIMARY KEY (entry_number, line)
);

CREATE TABLE rule (
  position       BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book           BIGINT  NOT NULL CHECK (book > 0),
  effective      BIGINT  NOT NULL,
  pound_is_share BOOLEAN NOT NULL,
  spending_alone BIGINT  NOT NULL CHECK (spending_alone >= 0)
);
