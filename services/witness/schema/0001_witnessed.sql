-- The newest checkpoint of each log that this witness has signed.
CREATE TABLE IF NOT EXISTS witnessed (
  origin     TEXT   NOT NULL PRIMARY KEY CHECK (length(origin) BETWEEN 1 AND 500),
  size       BIGINT NOT NULL CHECK (size >= 0),
  root       BYTEA  NOT NULL,
  checkpoint BYTEA  NOT NULL
);
