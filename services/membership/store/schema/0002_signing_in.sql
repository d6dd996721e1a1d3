-- Attempts to show that an address is one's own, by the hash of the secret that the asking browser keeps.
CREATE TABLE IF NOT EXISTS attempt (
  hash       BYTEA  NOT NULL PRIMARY KEY,
  kind       TEXT   NOT NULL CHECK (kind IN ('join', 'sign_in')),
  name       TEXT   NOT NULL,
  email      TEXT   NOT NULL,
  email_fold BYTEA  NOT NULL,
  region     TEXT   NOT NULL,
  -- Empty where the person did not say: then the member's own.
  language   TEXT   NOT NULL,
  made       BIGINT NOT NULL,
  expires    BIGINT NOT NULL,
  -- Of what was mailed; NULL until then, and for good where nobody has the address. The hash of a code is keyed.
  code_hash  BYTEA,
  link_hash  BYTEA,
  wrong      BIGINT NOT NULL CHECK (wrong >= 0),
  used       BIGINT,
  request    BYTEA,
  session    TEXT
);

CREATE INDEX IF NOT EXISTS attempt_email ON attempt (email_fold, made);

CREATE INDEX IF NOT EXISTS attempt_expires ON attempt (expires);

-- Mail to send. It holds no text and no secret: a mail is written, and its secrets made, when it is sent. due and the lease
-- in it are on the machine's clock.
CREATE TABLE IF NOT EXISTS mail (
  id      TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  attempt BYTEA,
  member  TEXT   NOT NULL,
  state   TEXT   NOT NULL CHECK (state IN ('waiting', 'sent', 'needless', 'failed')),
  due     BIGINT NOT NULL,
  tries   BIGINT NOT NULL CHECK (tries >= 0)
);

CREATE INDEX IF NOT EXISTS mail_due ON mail (state, due);

CREATE TABLE IF NOT EXISTS session (
  id       TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  -- What tokens carry. It changes when a member's tokens have to die and the session may live.
  sid      TEXT    NOT NULL UNIQUE CHECK (length(sid) = 36),
  member   TEXT    NOT NULL REFERENCES member (id),
  -- NULL where there is no secret: a token of the operator.
  hash     BYTEA   UNIQUE,
  made     BIGINT  NOT NULL,
  used     BIGINT  NOT NULL,
  ended    BIGINT,
  operator BOOLEAN NOT NULL
);

CREATE INDEX IF NOT EXISTS session_member ON session (member);

-- Revoked sids, on the machine's clock.
CREATE TABLE IF NOT EXISTS revocation (
  sid TEXT   NOT NULL PRIMARY KEY,
  at  BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS revocation_at ON revocation (at);
