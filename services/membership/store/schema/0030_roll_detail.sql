-- What is known of a roll beyond its terms and entries. Rolls frozen before this have none. Rows are inserted and never changed.
CREATE TABLE IF NOT EXISTS roll_detail (
  roll       TEXT    NOT NULL PRIMARY KEY REFERENCES roll (id),
  -- Whether it was prepared for a meeting; otherwise its purpose is a ballot, which uses it at once.
  prepared   BOOLEAN NOT NULL,
  meeting    TEXT    NOT NULL CHECK (length(meeting) <= 64),
  title      TEXT    NOT NULL CHECK (length(title) <= 200),
  -- Salts of the entries are computed from the secret; root is the tree's (package membership, TreeRoot).
  secret     BYTEA   NOT NULL,
  root       BYTEA   NOT NULL,
  supersedes TEXT    NOT NULL,
  admitted   BIGINT  NOT NULL CHECK (admitted >= 0),
  doubles    BIGINT  CHECK (doubles >= 0),
  rulings    BIGINT  NOT NULL CHECK (rulings >= 0)
);

CREATE INDEX IF NOT EXISTS roll_detail_meeting ON roll_detail (meeting);

CREATE INDEX IF NOT EXISTS roll_detail_supersedes ON roll_detail (supersedes);

CREATE INDEX IF NOT EXISTS roll_frozen ON roll (frozen, id);

-- The nodes of a roll's tree over each 256 entries.
CREATE TABLE IF NOT EXISTS roll_node (
  roll  TEXT   NOT NULL REFERENCES roll (id),
  chunk BIGINT NOT NULL CHECK (chunk >= 0),
  hash  BYTEA  NOT NULL,
  PRIMARY KEY (roll, chunk)
);

-- Challenges of prepared rolls. A row is changed once, when it is decided; both acts are events of the register too.
CREATE TABLE IF NOT EXISTS roll_challenge (
  id              TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  roll            TEXT   NOT NULL REFERENCES roll (id),
  meeting         TEXT   NOT NULL,
  kind            TEXT   NOT NULL CHECK (kind IN ('entry', 'omission')),
  challenger      TEXT   NOT NULL REFERENCES member (id),
  member          TEXT   NOT NULL,
  about           TEXT   NOT NULL CHECK (length(about) <= 100),
  reason          TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  made            BIGINT NOT NULL,
  outcome         TEXT   NOT NULL CHECK (outcome IN ('', 'upheld', 'dismissed')),
  decider         TEXT   NOT NULL,
  decided         BIGINT,
  -- The decision's event: rolls computed from it and later ones know of it.
  event           BIGINT,
  decision_reason TEXT   NOT NULL CHECK (length(decision_reason) <= 500),
  superseding     TEXT   NOT NULL
);

CREATE INDEX IF NOT EXISTS roll_challenge_roll ON roll_challenge (roll, made);

CREATE INDEX IF NOT EXISTS roll_challenge_meeting ON roll_challenge (meeting, outcome);
