-- What members need to take part in a meeting. Rows go a week after the meeting.
CREATE TABLE IF NOT EXISTS access_need (
  meeting TEXT   NOT NULL CHECK (length(meeting) BETWEEN 1 AND 64),
  member  TEXT   NOT NULL REFERENCES member (id),
  region  TEXT   NOT NULL CHECK (length(region) <= 40),
  needs   TEXT   NOT NULL CHECK (length(needs) BETWEEN 1 AND 500),
  until   BIGINT NOT NULL,
  PRIMARY KEY (meeting, member)
);

CREATE INDEX IF NOT EXISTS access_need_member ON access_need (member);

CREATE INDEX IF NOT EXISTS access_need_until ON access_need (until);

-- What was erased of an entry: first contact (address, language, sessions), in the end the entry itself (the name, and what opens its
-- leaves in the public log). The row says that it was done, and nothing of what is gone.
CREATE TABLE IF NOT EXISTS erasure (
  member TEXT   NOT NULL REFERENCES member (id),
  stage  TEXT   NOT NULL CHECK (stage IN ('contact', 'entry')),
  at     BIGINT NOT NULL,
  -- Whether the person asked for it; else the clock did it.
  asked  BOOLEAN NOT NULL,
  PRIMARY KEY (member, stage)
);

-- How much was deleted, by the society's day and kind. It names nobody.
CREATE TABLE IF NOT EXISTS deletion (
  day   TEXT   NOT NULL CHECK (length(day) = 10),
  kind  TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  count BIGINT NOT NULL CHECK (count > 0),
  PRIMARY KEY (day, kind)
);

-- When the clock last looked for what is due.
CREATE TABLE IF NOT EXISTS retention_run (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  at  BIGINT NOT NULL
);
