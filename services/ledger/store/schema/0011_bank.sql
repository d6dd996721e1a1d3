-- What stands where in a bank's CSV file, as package statement writes it.
CREATE TABLE IF NOT EXISTS column_map (
  name    TEXT   NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 2 AND 40),
  content TEXT   NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0)
);

CREATE TABLE IF NOT EXISTS match_rule (
  id      TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  text    TEXT    NOT NULL CHECK (length(text) <= 100),
  other   TEXT    NOT NULL CHECK (length(other) <= 50),
  least   BIGINT  NOT NULL,
  most    BIGINT  NOT NULL,
  member  TEXT    NOT NULL CHECK (length(member) <= 36),
  account TEXT    NOT NULL CHECK (length(account) <= 60),
  fund    TEXT    NOT NULL CHECK (length(fund) <= 40),
  acts    BOOLEAN NOT NULL,
  version BIGINT  NOT NULL CHECK (version > 0)
);

-- A bank's file and what became of it.
CREATE TABLE IF NOT EXISTS bank_import (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state       TEXT    NOT NULL CHECK (state IN ('checking', 'ready', 'importing', 'imported', 'failed', 'discarded')),
  account     TEXT    NOT NULL CHECK (length(account) BETWEEN 3 AND 60),
  file        TEXT    NOT NULL REFERENCES file (id),
  column_map  TEXT    NOT NULL CHECK (length(column_map) <= 40),
  checked     BIGINT  NOT NULL,
  checked_by  TEXT    NOT NULL,
  -- How far the step under way is.
  read_bytes  BIGINT  NOT NULL,
  read_lines  BIGINT  NOT NULL,
  -- Lines kept, counted with each batch of them.
  kept        BIGINT  NOT NULL,
  leave_out   BOOLEAN NOT NULL,
  -- What checking found, as the store writes it.
  found       TEXT    NOT NULL,
  version     BIGINT  NOT NULL CHECK (version > 0)
);

CREATE INDEX IF NOT EXISTS bank_import_due ON bank_import (id) WHERE state IN ('checking', 'importing');

-- Movements that the bank shows. An id begins with the date, YYYYMMDD. What a line says never changes. in_books is how much of it entries stand for: a reversal of
-- such an entry opens the line again.
CREATE TABLE IF NOT EXISTS bank_line (
  id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
  account      TEXT    NOT NULL CHECK (length(account) BETWEEN 3 AND 60),
  booked       TEXT    NOT NULL CHECK (length(booked) = 10),
  pence        BIGINT  NOT NULL,
  description  TEXT    NOT NULL,
  counterparty TEXT    NOT NULL,
  other        TEXT    NOT NULL,
  reference    TEXT    NOT NULL,
  end_to_end   TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  reversal     BOOLEAN NOT NULL,
  parts        TEXT    NOT NULL,
  import       TEXT    NOT NULL REFERENCES bank_import (id),
  file_line    BIGINT  NOT NULL,
  in_books     BIGINT  NOT NULL,
  aside        TEXT    NOT NULL CHECK (length(aside) <= 500),
  version      BIGINT  NOT NULL CHECK (version > 0)
);

CREATE INDEX IF NOT EXISTS bank_line_open ON bank_line (id) WHERE in_books <> pence AND aside = '';

-- Which entries stand for which line. An entry stands for one line at most.
CREATE TABLE IF NOT EXISTS line_entry (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  line         TEXT   NOT NULL REFERENCES bank_line (id),
  pence        BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS line_entry_line ON line_entry (line);

-- The cash of a meeting: who gave what, as the store writes it, counted by two people, booked when they agree.
CREATE TABLE IF NOT EXISTS cash (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state      TEXT   NOT NULL CHECK (state IN ('counting', 'agreed', 'banked', 'cancelled')),
  occurred   TEXT   NOT NULL CHECK (length(occurred) = 10),
  meeting    TEXT   NOT NULL CHECK (length(meeting) <= 64),
  gifts      TEXT   NOT NULL,
  total      BIGINT NOT NULL CHECK (total > 0),
  entered    BIGINT NOT NULL,
  entered_by TEXT   NOT NULL,
  entries    TEXT   NOT NULL,
  banking    TEXT   NOT NULL CHECK (length(banking) <= 36),
  version    BIGINT NOT NULL CHECK (version > 0)
);

CREATE TABLE IF NOT EXISTS cash_count (
  cash    TEXT   NOT NULL REFERENCES cash (id),
  n       BIGINT NOT NULL CHECK (n > 0),
  counter TEXT   NOT NULL,
  pence   BIGINT NOT NULL CHECK (pence >= 0),
  counted BIGINT NOT NULL,
  PRIMARY KEY (cash, n)
);
