-- What a rule book says beyond the £1, by the position at which the motions room told it. An older sender told nothing of it:
-- then there is no row.
CREATE TABLE IF NOT EXISTS rule_society (
  position        BIGINT  NOT NULL PRIMARY KEY REFERENCES rule (position),
  admission       TEXT    NOT NULL CHECK (admission IN ('automatic', 'secretary', 'board')),
  registered      BOOLEAN NOT NULL,
  pound_is_share  BOOLEAN NOT NULL,
  retention_years BIGINT  NOT NULL CHECK (retention_years BETWEEN 1 AND 100)
);
