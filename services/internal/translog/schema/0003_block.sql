-- Leaves whose openings stand in the rows of their facts: several in a row, each a commitment of 32 bytes. A block lies within
-- one full tile, and its indexes are not in log_leaf.
CREATE TABLE IF NOT EXISTS log_block (
  first BIGINT NOT NULL PRIMARY KEY CHECK (first >= 0),
  data  BYTEA  NOT NULL CHECK (length(data) BETWEEN 32 AND 8192)
);
