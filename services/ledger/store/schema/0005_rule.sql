-- What the motions room told of the rules in force, by its positions.
CREATE TABLE IF NOT EXISTS rule (
  position       BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book           BIGINT  NOT NULL CHECK (book > 0),
  effective      BIGINT  NOT NULL,
  pound_is_share BOOLEAN NOT NULL,
  spending_alone BIGINT  NOT NULL CHECK (spending_alone >= 0)
);
