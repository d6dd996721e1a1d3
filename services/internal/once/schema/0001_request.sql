-- Requests that were carried out, with the reply that was given, for 48 hours.
CREATE TABLE IF NOT EXISTS request (
  principal TEXT   NOT NULL CHECK (length(principal) <= 80),
  method    TEXT   NOT NULL,
  id        TEXT   NOT NULL CHECK (length(id) BETWEEN 8 AND 64),
  hash      BYTEA  NOT NULL,
  reply     BYTEA  NOT NULL,
  done      BIGINT NOT NULL,
  PRIMARY KEY (principal, method, id)
);

CREATE INDEX IF NOT EXISTS request_done ON request (done);
