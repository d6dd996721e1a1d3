-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

CREATE TABLE account (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 3 AND 60),
  name     TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  kind     TEXT   NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
  added    BIGINT NOT NULL,
  added_by TEXT   NOT NULL
);

CREATE TABLE balance_day (
  account  TEXT   NOT NULL,
  occurred TEXT   NOT NULL CHECK (length(occurred) = 10),
  pence    BIGINT NOT NULL,
  received BIGINT NOT NULL,
  paid     BIGINT NOT NULL,
  PRIMARY KEY (account, occurred)
);

CREATE TABLE balance_head (
  id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  number BIGINT NOT NULL CHECK (number >= 0)
);

CREATE TABLE bank_import (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state       TEXT    NOT NULL CHECK (state IN ('checking', 'ready', 'importing', 'imported', 'failed', 'discarded')),
  account     TEXT    NOT NULL CHECK (length(account) BETWEEN 3 AND 60),
  file        TEXT    NOT NULL REFERENCES file (id),
  column_map  TEXT    NOT NULL CHECK (length(column_map) <= 40),
  checked     BIGINT  NOT NULL,
  checked_by  TEXT    NOT NULL,
  read_bytes  BIGINT  NOT NULL,
  read_lines  BIGINT  NOT NULL,
  kept        BIGINT  NOT NULL,
  leave_out   BOOLEAN NOT NULL,
  found       TEXT    NOT NULL,
  version     BIGINT  NOT NULL CHECK (version > 0)
);

CREATE INDEX bank_import_due ON bank_import (id) WHERE state IN ('checking', 'importing');

CREATE TABLE bank_line (
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

CREATE INDEX bank_line_open ON bank_line (id) WHERE in_books <> pence AND aside = '';

CREATE TABLE cash (
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

CREATE TABLE cash_count (
  cash    TEXT   NOT NULL REFERENCES cash (id),
  n       BIGINT NOT NULL CHECK (n > 0),
  counter TEXT   NOT NULL,
  pence   BIGINT NOT NULL CHECK (pence >= 0),
  counted BIGINT NOT NULL,
  PRIMARY KEY (cash, n)
);

CREATE TABLE checkout (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member   TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  request  TEXT   NOT NULL CHECK (length(request) BETWEEN 1 AND 64),
  provider TEXT   NOT NULL CHECK (length(provider) BETWEEN 1 AND 20),
  pence    BIGINT NOT NULL CHECK (pence > 0),
  begun    BIGINT NOT NULL,
  UNIQUE (member, request)
);

CREATE TABLE checkout_page (
  checkout TEXT NOT NULL PRIMARY KEY REFERENCES checkout (id),
  session  TEXT NOT NULL CHECK (length(session) BETWEEN 1 AND 255),
  url      TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 4000)
);

CREATE TABLE checkout_payment (
  checkout TEXT NOT NULL REFERENCES checkout (id),
  provider TEXT NOT NULL,
  payment  TEXT NOT NULL,
  PRIMARY KEY (checkout, provider, payment)
);

CREATE TABLE column_map (
  name    TEXT   NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 2 AND 40),
  content TEXT   NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0)
);

CREATE TABLE entry (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  number      BIGINT NOT NULL UNIQUE CHECK (number > 0),
  kind        TEXT   NOT NULL CHECK (kind IN ('donation', 'reversal', 'general')),
  occurred    TEXT   NOT NULL CHECK (length(occurred) = 10),
  entered     BIGINT NOT NULL,
  description TEXT   NOT NULL CHECK (length(description) BETWEEN 1 AND 200),
  entered_by  TEXT   NOT NULL,
  member      TEXT   NOT NULL,
  method      TEXT   NOT NULL CHECK (method IN ('', 'cash', 'bank')),
  reverses    TEXT   REFERENCES entry (id),
  reason      TEXT   NOT NULL CHECK (length(reason) <= 500),
  reference   TEXT   NOT NULL CHECK (length(reference) <= 100),
  repeated    BOOLEAN NOT NULL,
  root        TEXT   NOT NULL,
  depth       BIGINT NOT NULL CHECK (depth >= 0),
  counts      BIGINT NOT NULL CHECK (counts >= 0)
);

CREATE INDEX entry_chain ON entry (root, depth) WHERE depth > 0;

CREATE INDEX entry_member ON entry (member, number) WHERE member <> '';

CREATE INDEX entry_occurred ON entry (occurred, number);

CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE entry_detail (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  meeting      TEXT   NOT NULL CHECK (length(meeting) <= 64),
  approved_by  TEXT   NOT NULL CHECK (length(approved_by) <= 64)
);

CREATE INDEX entry_detail_meeting ON entry_detail (meeting) WHERE meeting <> '';

CREATE TABLE entry_leaf (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  private_salt BYTEA
);

CREATE TABLE evidence (
  entry_number BIGINT NOT NULL REFERENCES entry (number),
  n            BIGINT NOT NULL CHECK (n > 0),
  file         TEXT   REFERENCES file (id),
  waived       TEXT   NOT NULL CHECK (length(waived) <= 500),
  linked       BIGINT NOT NULL,
  linked_by    TEXT   NOT NULL,
  PRIMARY KEY (entry_number, n)
);

CREATE TABLE evidence_leaf (
  entry_number BIGINT NOT NULL,
  n            BIGINT NOT NULL,
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  private_salt BYTEA,
  PRIMARY KEY (entry_number, n)
);

CREATE TABLE file (
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

CREATE TABLE file_piece (
  file    TEXT   NOT NULL REFERENCES file (id),
  begins  BIGINT NOT NULL CHECK (begins >= 0),
  data    BYTEA  NOT NULL,
  PRIMARY KEY (file, begins)
);

CREATE TABLE fund (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 2 AND 40),
  name     TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  purpose  TEXT   NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
  added    BIGINT NOT NULL,
  added_by TEXT   NOT NULL
);

CREATE TABLE line_entry (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  line         TEXT   NOT NULL REFERENCES bank_line (id),
  pence        BIGINT NOT NULL
);

CREATE INDEX line_entry_line ON line_entry (line);

CREATE TABLE match_rule (
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

CREATE TABLE payment (
  number   BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  provider TEXT   NOT NULL,
  id       TEXT   NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
  heard    BIGINT NOT NULL,
  UNIQUE (provider, id)
);

CREATE TABLE payment_amount (
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor > 0),
  currency TEXT   NOT NULL CHECK (length(currency) = 3),
  PRIMARY KEY (provider, payment)
);

CREATE TABLE payment_assigned (
  number      BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  provider    TEXT   NOT NULL,
  payment     TEXT   NOT NULL,
  member      TEXT   NOT NULL CHECK (length(member) <= 64),
  reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  assigned_by TEXT   NOT NULL CHECK (length(assigned_by) BETWEEN 1 AND 64),
  assigned    BIGINT NOT NULL
);

CREATE INDEX payment_assigned_payment ON payment_assigned (provider, payment, number);

CREATE TABLE payment_entry (
  entry    TEXT   NOT NULL PRIMARY KEY REFERENCES entry (id),
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  what     TEXT   NOT NULL CHECK (what IN ('gift', 'undo', 'fee', 'payout')),
  pence    BIGINT NOT NULL
);

CREATE INDEX payment_entry_payment ON payment_entry (provider, payment);

CREATE TABLE payment_fee (
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor >= 0),
  PRIMARY KEY (provider, payment)
);

CREATE TABLE payment_owner (
  provider TEXT NOT NULL,
  payment  TEXT NOT NULL,
  member   TEXT NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  PRIMARY KEY (provider, payment)
);

CREATE TABLE payout_amount (
  provider TEXT   NOT NULL,
  payout   TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor > 0),
  fee      BIGINT NOT NULL CHECK (fee >= 0),
  currency TEXT   NOT NULL CHECK (length(currency) = 3),
  PRIMARY KEY (provider, payout)
);

CREATE TABLE period (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  state       TEXT    NOT NULL CHECK (state IN ('proposed', 'closed', 'withdrawn')),
  after       TEXT    NOT NULL CHECK (length(after) IN (0, 10)),
  through     TEXT    NOT NULL CHECK (length(through) = 10),
  year_end    BOOLEAN NOT NULL,
  statements  TEXT    NOT NULL,
  closing     TEXT    NOT NULL,
  proposed    BIGINT  NOT NULL,
  proposed_by TEXT    NOT NULL,
  decided     BIGINT  NOT NULL,
  decided_by  TEXT    NOT NULL,
  entries     BIGINT  NOT NULL CHECK (entries >= 0)
);

CREATE UNIQUE INDEX period_closed ON period (through) WHERE state = 'closed';

CREATE UNIQUE INDEX period_proposed ON period (state) WHERE state = 'proposed';

CREATE TABLE posting (
  entry_number BIGINT NOT NULL REFERENCES entry (number),
  line         BIGINT NOT NULL CHECK (line >= 0),
  account      TEXT   NOT NULL CHECK (length(account) BETWEEN 1 AND 60),
  currency     TEXT   NOT NULL CHECK (length(currency) = 3),
  pence        BIGINT NOT NULL CHECK (pence <> 0),
  PRIMARY KEY (entry_number, line)
);

CREATE TABLE posting_fund (
  entry_number BIGINT NOT NULL,
  line         BIGINT NOT NULL,
  fund         TEXT   NOT NULL REFERENCES fund (id),
  PRIMARY KEY (entry_number, line)
);

CREATE INDEX posting_fund_fund ON posting_fund (fund);

CREATE TABLE provider_event (
  provider TEXT   NOT NULL CHECK (length(provider) BETWEEN 1 AND 20),
  id       TEXT   NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
  type     TEXT   NOT NULL CHECK (length(type) <= 255),
  payment  TEXT   NOT NULL CHECK (length(payment) <= 255),
  object   TEXT   NOT NULL CHECK (length(object) <= 255),
  payout   TEXT   NOT NULL CHECK (length(payout) <= 255),
  received BIGINT NOT NULL,
  raw      BYTEA  NOT NULL,
  PRIMARY KEY (provider, id)
);

CREATE INDEX provider_event_object ON provider_event (provider, object) WHERE object <> '';

CREATE INDEX provider_event_payment ON provider_event (provider, payment) WHERE payment <> '';

CREATE INDEX provider_event_payout ON provider_event (provider, payout) WHERE payout <> '';

CREATE TABLE rule (
  position       BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book           BIGINT  NOT NULL CHECK (book > 0),
  effective      BIGINT  NOT NULL,
  pound_is_share BOOLEAN NOT NULL,
  spending_alone BIGINT  NOT NULL CHECK (spending_alone >= 0)
);

CREATE TABLE spending (
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

CREATE INDEX spending_pending ON spending (occurred) WHERE state = 'proposed';
