-- What an event is about, where its kind names something: a new name, a motion, another entry, an objection.
CREATE TABLE IF NOT EXISTS event_about (
  number BIGINT NOT NULL PRIMARY KEY REFERENCES event (number),
  about  TEXT   NOT NULL CHECK (length(about) BETWEEN 1 AND 100)
);

CREATE INDEX IF NOT EXISTS event_kind ON event (kind, number);

-- Who waits for a decision on their admission, by the number of the event with which they applied.
CREATE TABLE IF NOT EXISTS applicant (
  number BIGINT NOT NULL PRIMARY KEY REFERENCES event (number),
  member TEXT   NOT NULL UNIQUE REFERENCES member (id)
);

-- Another e-mail address that a member asked to use and has not confirmed.
CREATE TABLE IF NOT EXISTS email_change (
  hash      BYTEA  NOT NULL PRIMARY KEY,
  member    TEXT   NOT NULL REFERENCES member (id),
  email     TEXT   NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  made      BIGINT NOT NULL,
  expires   BIGINT NOT NULL,
  code_hash BYTEA,
  link_hash BYTEA,
  wrong     BIGINT NOT NULL CHECK (wrong >= 0),
  used      BIGINT,
  request   BYTEA
);

CREATE INDEX IF NOT EXISTS email_change_member ON email_change (member, made);

CREATE INDEX IF NOT EXISTS email_change_expires ON email_change (expires);

-- What a mail without secrets tells: which letter, with which reason, and to which address where it is not the entry's.
CREATE TABLE IF NOT EXISTS letter_detail (
  mail   TEXT NOT NULL PRIMARY KEY,
  kind   TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  email  TEXT NOT NULL CHECK (length(email) <= 254),
  reason TEXT NOT NULL CHECK (length(reason) <= 500)
);
