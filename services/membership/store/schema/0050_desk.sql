-- One-time cards with which two officers sign a member without e-mail in at a desk. The code is kept as a keyed hash.
CREATE TABLE IF NOT EXISTS desk_card (
  id        TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member    TEXT   NOT NULL REFERENCES member (id),
  asked_by  TEXT   NOT NULL CHECK (length(asked_by) = 36),
  reason    TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  asked     BIGINT NOT NULL,
  -- The second officer and when; empty while one is waited for.
  made_by   TEXT   NOT NULL,
  made      BIGINT,
  code_hash BYTEA  UNIQUE,
  cancelled BIGINT,
  used      BIGINT,
  -- The hash of the request that used it and the session that it made: the same request again gets the same answer.
  request   BYTEA,
  session   TEXT
);

CREATE INDEX IF NOT EXISTS desk_card_asked ON desk_card (asked);

CREATE INDEX IF NOT EXISTS desk_card_member ON desk_card (member);
