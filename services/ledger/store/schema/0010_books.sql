-- What the treasurer added to the chart of accounts of package ledger.
CREATE TABLE IF NOT EXISTS account (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 3 AND 60),
  name     TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  kind     TEXT   NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
  added    BIGINT NOT NULL,
  added_by TEXT   NOT NULL
);

-- Grants and other money that may be spent on one purpose only.
CREATE TABLE IF NOT EXISTS fund (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 2 AND 40),
  name     TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  purpose  TEXT   NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
  added    BIGINT NOT NULL,
  added_by TEXT   NOT NULL
);

-- What only some entries have: the meeting that it belongs to, and the second officer of spending.
CREATE TABLE IF NOT EXISTS entry_detail (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  meeting      TEXT   NOT NULL CHECK (length(meeting) <= 64),
  approved_by  TEXT   NOT NULL CHECK (length(approved_by) <= 64)
);

CREATE INDEX IF NOT EXISTS entry_detail_meeting ON entry_detail (meeting) WHERE meeting <> '';

-- Which postings are of a fund's money.
CREATE TABLE IF NOT EXISTS posting_fund (
  entry_number BIGINT NOT NULL,
  line         BIGINT NOT NULL,
  fund         TEXT   NOT NULL REFERENCES fund (id),
  PRIMARY KEY (entry_number, line)
);

CREATE INDEX IF NOT EXISTS posting_fund_fund ON posting_fund (fund);

-- Whether the end of a chain of reversals takes away or restores is asked by its root.
CREATE INDEX IF NOT EXISTS entry_chain ON entry (root, depth) WHERE depth > 0;

-- Files that were handed in, in pieces; what is finished never changes.
CREATE TABLE IF NOT EXISTS file (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  purpose    TEXT   NOT NULL CHECK (purpose IN ('evidence', 'statement')),
  name       TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  media_type TEXT   NOT NULL CHECK (length(media_type) <= 100),
  size       BIGINT NOT NULL CHECK (size >= 0),
  taken      BIGINT NOT NULL CHECK (taken >= 0),
  sha256     BYTEA,
  started    BIGINT NOT NULL,
  started_by TEXT   NOT NULL
);

CREATE TABLE IF NOT EXISTS file_piece (
  file    TEXT   NOT NULL REFERENCES file (id),
  begins  BIGINT NOT NULL CHECK (begins >= 0),
  data    BYTEA  NOT NULL,
  PRIMARY KEY (file, begins)
);

-- Evidence of an entry: a file, or the reason why there is none.
CREATE TABLE IF NOT EXISTS evidence (
  entry_number BIGINT NOT NULL REFERENCES entry (number),
  n            BIGINT NOT NULL CHECK (n > 0),
  file         TEXT   REFERENCES file (id),
  waived       TEXT   NOT NULL CHECK (length(waived) <= 500),
  linked       BIGINT NOT NULL,
  linked_by    TEXT   NOT NULL,
  PRIMARY KEY (entry_number, n)
);

-- Spending that two officers agree to. What is proposed is in content, as the store writes it.
CREATE TABLE IF NOT EXISTS spending (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state       TEXT   NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
  occurred    TEXT   NOT NULL CHECK (length(occurred) = 10),
  content     TEXT   NOT NULL,
  proposed    BIGINT NOT NULL,
  proposed_by TEXT   NOT NULL,
  decided     BIGINT NOT NULL,
  decided_by  TEXT   NOT NULL,
  reason      TEXT   NOT NULL CHECK (length(reason) <= 500),
  entry       TEXT   NOT NULL CHECK (length(entry) <= 36)
);

CREATE INDEX IF NOT EXISTS spending_pending ON spending (occurred) WHERE state = 'proposed';

-- Periods of the books. Only one is proposed at a time; what is closed stays.
CREATE TABLE IF NOT EXISTS period (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state       TEXT    NOT NULL CHECK (state IN ('proposed', 'closed', 'withdrawn')),
  after       TEXT    NOT NULL CHECK (length(after) IN (0, 10)),
  through     TEXT    NOT NULL CHECK (length(through) = 10),
  year_end    BOOLEAN NOT NULL,
  -- The bank's balances that were typed, and the ledger's of every account when it closed, as the store writes them.
  statements  TEXT    NOT NULL,
  closing     TEXT    NOT NULL,
  proposed    BIGINT  NOT NULL,
  proposed_by TEXT    NOT NULL,
  decided     BIGINT  NOT NULL,
  decided_by  TEXT    NOT NULL,
  -- The journal's length when it closed: later entries about it are corrections.
  entries     BIGINT  NOT NULL CHECK (entries >= 0)
);

CREATE UNIQUE INDEX IF NOT EXISTS period_proposed ON period (state) WHERE state = 'proposed';

CREATE UNIQUE INDEX IF NOT EXISTS period_closed ON period (through) WHERE state = 'closed';

CREATE INDEX IF NOT EXISTS entry_occurred ON entry (occurred, number);
