-- How a session began and on what: words for the member who looks at their sessions, nothing that tells one device from another of
-- its kind.
CREATE TABLE IF NOT EXISTS session_detail (
  session TEXT NOT NULL PRIMARY KEY REFERENCES session (id),
  method  TEXT NOT NULL CHECK (length(method) BETWEEN 1 AND 20),
  device  TEXT NOT NULL CHECK (length(device) <= 60)
);

-- The random handle by which authenticators know a member.
CREATE TABLE IF NOT EXISTS passkey_handle (
  member TEXT  NOT NULL PRIMARY KEY REFERENCES member (id),
  handle BYTEA NOT NULL UNIQUE
);

-- Passkeys. The credential is what verifies their answers: public keys and counters, nothing secret.
CREATE TABLE IF NOT EXISTS passkey (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member     TEXT    NOT NULL REFERENCES member (id),
  key_id     BYTEA   NOT NULL UNIQUE,
  name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  credential BYTEA   NOT NULL,
  synced     BOOLEAN NOT NULL,
  added      BIGINT  NOT NULL,
  used       BIGINT
);

CREATE INDEX IF NOT EXISTS passkey_member ON passkey (member, added);

-- Challenges for passkeys, by the hash of the secret that the asking browser keeps. The challenge itself is derived from that secret
-- and stands nowhere.
CREATE TABLE IF NOT EXISTS passkey_challenge (
  hash    BYTEA  NOT NULL PRIMARY KEY,
  -- Whose new passkey it is for; empty for signing in.
  member  TEXT   NOT NULL,
  terms   BYTEA  NOT NULL,
  expires BIGINT NOT NULL,
  used    BIGINT,
  -- The hash of the request that used it and the session or passkey that it made: the same request again gets the same answer.
  request BYTEA,
  made    TEXT
);

CREATE INDEX IF NOT EXISTS passkey_challenge_expires ON passkey_challenge (expires);
