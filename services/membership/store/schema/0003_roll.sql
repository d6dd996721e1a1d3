-- Frozen rolls. Rows are inserted and never changed.
CREATE TABLE IF NOT EXISTS roll (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  purpose     TEXT    NOT NULL UNIQUE CHECK (length(purpose) BETWEEN 1 AND 200),
  region      TEXT    NOT NULL,
  notice      BIGINT  NOT NULL,
  required    BOOLEAN NOT NULL,
  book        BIGINT  NOT NULL,
  contact     TEXT    NOT NULL CHECK (length(contact) <= 500),
  frozen      BIGINT  NOT NULL,
  count       BIGINT  NOT NULL CHECK (count >= 0),
  fingerprint BYTEA   NOT NULL,
  -- How much of the two histories it was computed from.
  events      BIGINT  NOT NULL,
  donations   BIGINT  NOT NULL
);

CREATE TABLE IF NOT EXISTS roll_entry (
  roll   TEXT   NOT NULL REFERENCES roll (id),
  number BIGINT NOT NULL CHECK (number > 0),
  member TEXT   NOT NULL,
  region TEXT   NOT NULL,
  PRIMARY KEY (roll, number)
);

-- A roll never holds a person twice.
CREATE UNIQUE INDEX IF NOT EXISTS roll_entry_member ON roll_entry (roll, member);
