-- Letters to send, and what became of them. A row holds no text and no secret: a letter is written, and its secrets made, when it is
-- sent. due and the lease in it are on the machine's clock; made and done on the society's.
CREATE TABLE IF NOT EXISTS letter (
  id      TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  kind    TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  -- Signing in and joining: the attempt that it is for.
  attempt BYTEA,
  -- Every other letter: whom it is to.
  member  TEXT   NOT NULL,
  -- The notice that it belongs to, or empty.
  notice  TEXT   NOT NULL,
  -- What it is written with, as JSON.
  facts   BYTEA,
  -- 0 goes before 1: whoever signs in does not wait behind a notice to everybody.
  lane    BIGINT NOT NULL CHECK (lane IN (0, 1)),
  state   TEXT   NOT NULL CHECK (state IN ('waiting', 'sent', 'needless', 'failed', 'post')),
  due     BIGINT NOT NULL,
  tries   BIGINT NOT NULL CHECK (tries >= 0),
  made    BIGINT NOT NULL,
  done    BIGINT,
  -- What the mail server said when it did not take it.
  error   TEXT   NOT NULL CHECK (length(error) <= 300)
);

CREATE INDEX IF NOT EXISTS letter_due ON letter (state, lane, due);

CREATE INDEX IF NOT EXISTS letter_made ON letter (made, id);

CREATE INDEX IF NOT EXISTS letter_notice ON letter (notice, id);

CREATE INDEX IF NOT EXISTS letter_attempt ON letter (attempt);

-- What waited in the table before this one. That table stays, and stays empty.
INSERT INTO letter (id, kind, attempt, member, notice, lane, state, due, tries, made, error)
  SELECT id, COALESCE((SELECT d.kind FROM letter_detail d WHERE d.mail = mail.id), CASE WHEN attempt IS NULL THEN 'operator' ELSE 'attempt' END), attempt, member, '', 0, state, due, tries, due, '' FROM mail WHERE TRUE
  ON CONFLICT (id) DO NOTHING;

DELETE FROM mail;

-- Notices to many members. Their letters are queued in the background, in the order of number.
CREATE TABLE IF NOT EXISTS notice (
  id       TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 8 AND 64),
  hash     BYTEA   NOT NULL,
  facts    BYTEA   NOT NULL,
  roll     TEXT    NOT NULL,
  region   TEXT    NOT NULL,
  made     BIGINT  NOT NULL,
  -- The number, on the roll or in the register, up to which every recipient has a letter.
  reached  BIGINT  NOT NULL,
  complete BOOLEAN NOT NULL
);

CREATE INDEX IF NOT EXISTS notice_complete ON notice (complete);
