-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

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

CREATE INDEX entry_member ON entry (member, number) WHERE member <> '';

CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE entry_leaf (
  entry_number BIGINT NOT NULL PRIMARY KEY REFERENCES entry (number),
  leaf         BIGINT NOT NULL UNIQUE CHECK (leaf >= 0),
  private      BYTEA  NOT NULL,
  private_salt BYTEA
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

CREATE TABLE posting (
  entry_number BIGINT NOT NULL REFERENCES entry (number),
  line         BIGINT NOT NULL CHECK (line >= 0),
  account      TEXT   NOT NULL CHECK (length(account) BETWEEN 1 AND 60),
  currency     TEXT   NOT NULL CHECK (length(currency) = 3),
  pence        BIGINT NOT NULL CHECK (pence <> 0),
  PRIMARY KEY (entry_number, line)
);

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

CREATE TABLE rule (
  position       BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book           BIGINT  NOT NULL CHECK (book > 0),
  effective      BIGINT  NOT NULL,
  pound_is_share BOOLEAN NOT NULL,
  spending_alone BIGINT  NOT NULL CHECK (spending_alone >= 0)
);
