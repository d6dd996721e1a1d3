-- Every use of an office: an act, written in the transaction of what was done, or a day's count of reading. It names people by
-- their ids and says nothing of what was written or read.
CREATE TABLE IF NOT EXISTS officer_act (
  id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  at           BIGINT  NOT NULL,
  member       TEXT    NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  role         TEXT    NOT NULL CHECK (length(role) BETWEEN 1 AND 20),
  region       TEXT    NOT NULL CHECK (length(region) <= 40),
  method       TEXT    NOT NULL CHECK (length(method) BETWEEN 1 AND 200),
  subject_kind TEXT    NOT NULL CHECK (length(subject_kind) <= 40),
  subject      TEXT    NOT NULL CHECK (length(subject) <= 100),
  counted      BOOLEAN NOT NULL,
  count        BIGINT  NOT NULL CHECK (count > 0)
);

CREATE INDEX IF NOT EXISTS officer_act_at ON officer_act (at, id);
