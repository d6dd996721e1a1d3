-- The society, once it is founded.
CREATE TABLE IF NOT EXISTS society (
  one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  name TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  made BIGINT NOT NULL,
  -- When the founding act was recorded.
  act  BIGINT
);

CREATE TABLE IF NOT EXISTS region (
  id    TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 2 AND 40),
  name  TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  state TEXT   NOT NULL CHECK (state IN ('forming', 'meeting')),
  made  BIGINT NOT NULL
);

-- Who people are. What happened to them stands in event, what they gave in donation; standing is computed from those.
CREATE TABLE IF NOT EXISTS member (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  -- The membership number, from admission on.
  number     BIGINT UNIQUE CHECK (number > 0),
  name       TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  email      TEXT   NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  -- Folded forms, as bytes: every engine compares bytes alike, so that a prefix is a range.
  name_fold  BYTEA  NOT NULL,
  email_fold BYTEA  NOT NULL UNIQUE,
  region     TEXT   NOT NULL,
  language   TEXT   NOT NULL CHECK (language IN ('en', 'cy'))
);

CREATE INDEX IF NOT EXISTS member_region ON member (region, number);

CREATE INDEX IF NOT EXISTS member_name ON member (name_fold);

-- The register's history. Rows are inserted and never changed. Which kinds there are is for package membership to say.
CREATE TABLE IF NOT EXISTS event (
  number   BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  member   TEXT   NOT NULL REFERENCES member (id),
  kind     TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  at       BIGINT NOT NULL,
  recorded BIGINT NOT NULL,
  region   TEXT   NOT NULL,
  reason   TEXT   NOT NULL CHECK (length(reason) <= 500),
  decider  TEXT   NOT NULL
);

CREATE INDEX IF NOT EXISTS event_member ON event (member, number);

-- What the ledger told of members' donations, by its positions. A row that reverses takes the effect of another away.
CREATE TABLE IF NOT EXISTS donation (
  position BIGINT NOT NULL PRIMARY KEY CHECK (position > 0),
  member   TEXT   NOT NULL CHECK (length(member) <= 64),
  entry    TEXT   NOT NULL CHECK (length(entry) BETWEEN 1 AND 64),
  reverses TEXT   NOT NULL CHECK (length(reverses) <= 64),
  pence    BIGINT NOT NULL,
  at       BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS donation_member ON donation (member, position);

-- What the motions room told of the rules in force, by its positions.
CREATE TABLE IF NOT EXISTS rule (
  position  BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book      BIGINT  NOT NULL,
  required  BOOLEAN NOT NULL,
  effective BIGINT  NOT NULL
);

-- Offices. A grant without a start waits for a second officer.
CREATE TABLE IF NOT EXISTS office (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member      TEXT   NOT NULL REFERENCES member (id),
  role        TEXT   NOT NULL CHECK (role IN ('chair', 'secretary', 'treasurer', 'organiser', 'teller', 'board')),
  region      TEXT   NOT NULL,
  reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  granted_by  TEXT   NOT NULL,
  granted     BIGINT NOT NULL,
  approved_by TEXT   NOT NULL,
  started     BIGINT,
  ended       BIGINT,
  ended_by    TEXT   NOT NULL,
  end_reason  TEXT   NOT NULL CHECK (length(end_reason) <= 500)
);

-- Nobody holds the same office twice at once.
CREATE UNIQUE INDEX IF NOT EXISTS office_held ON office (member, role, region) WHERE ended IS NULL;

-- The three founding invitations, by the hash of their secret.
CREATE TABLE IF NOT EXISTS invitation (
  role     TEXT   NOT NULL PRIMARY KEY CHECK (role IN ('secretary', 'treasurer', 'chair')),
  hash     BYTEA  NOT NULL UNIQUE,
  member   TEXT   UNIQUE REFERENCES member (id),
  accepted BIGINT,
  -- The hash of the request that took it up and the session that it made: the same request again gets the same answer.
  request  BYTEA,
  session  TEXT
);
