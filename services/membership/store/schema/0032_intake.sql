-- Files of members to take in. The parts of a file and its rows are deleted when it is done with.
CREATE TABLE IF NOT EXISTS intake (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  file     TEXT   NOT NULL CHECK (length(file) BETWEEN 1 AND 200),
  -- A member's id, or 'operator'.
  by_whom  TEXT   NOT NULL,
  made     BIGINT NOT NULL,
  state    TEXT   NOT NULL CHECK (state IN ('receiving', 'checking', 'refused', 'clean', 'applying', 'done')),
  received BIGINT NOT NULL CHECK (received >= 0),
  -- Of the dry run.
  line     BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  known    BIGINT NOT NULL,
  mistakes BIGINT NOT NULL,
  -- Of the taking in: the line up to which it went, the rows dealt with and the members added.
  applied  BIGINT NOT NULL,
  done     BIGINT NOT NULL,
  added    BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS intake_made ON intake (made);

CREATE TABLE IF NOT EXISTS intake_part (
  intake TEXT   NOT NULL REFERENCES intake (id),
  start  BIGINT NOT NULL CHECK (start >= 0),
  data   BYTEA  NOT NULL,
  PRIMARY KEY (intake, start)
);

CREATE TABLE IF NOT EXISTS intake_row (
  intake     TEXT   NOT NULL REFERENCES intake (id),
  line       BIGINT NOT NULL,
  name       TEXT   NOT NULL,
  email      TEXT   NOT NULL,
  email_fold BYTEA  NOT NULL,
  region     TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  -- NULL for the day of the import.
  admitted   BIGINT,
  PRIMARY KEY (intake, line)
);

CREATE UNIQUE INDEX IF NOT EXISTS intake_row_email ON intake_row (intake, email_fold);

-- The first mistakes of a file; the others are only counted.
CREATE TABLE IF NOT EXISTS intake_mistake (
  intake  TEXT   NOT NULL REFERENCES intake (id),
  number  BIGINT NOT NULL,
  line    BIGINT NOT NULL,
  col     BIGINT NOT NULL,
  field   TEXT   NOT NULL,
  message TEXT   NOT NULL,
  PRIMARY KEY (intake, number)
);
