-- What a member's whole history amounts to from the instant `since` on, which is that of its latest fact: kept in the fact's own
-- transaction, so that counting reads no histories. Before `since` the history itself has to be read; such rows are few.
CREATE TABLE IF NOT EXISTS elector (
  member  TEXT    NOT NULL PRIMARY KEY,
  region  TEXT    NOT NULL,
  -- Whether they are a member, and whether a £1 of theirs stands.
  admitted BOOLEAN NOT NULL,
  donated  BOOLEAN NOT NULL,
  since    BIGINT  NOT NULL
);

CREATE INDEX IF NOT EXISTS elector_good ON elector (admitted, donated, region, since);

CREATE INDEX IF NOT EXISTS elector_since ON elector (since);
