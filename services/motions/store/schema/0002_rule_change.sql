-- The rules that a motion changes if it is carried.
CREATE TABLE IF NOT EXISTS rule_change (
  motion TEXT   NOT NULL REFERENCES motion (id),
  line   BIGINT NOT NULL CHECK (line >= 0),
  key    TEXT   NOT NULL CHECK (length(key) BETWEEN 1 AND 60),
  value  TEXT   NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
  PRIMARY KEY (motion, line),
  UNIQUE (motion, key)
);

-- A resolution is adopted once.
CREATE UNIQUE INDEX IF NOT EXISTS rule_book_adopted ON rule_book (adopted_by);
