-- What payment providers sent, as it came. Rows are inserted once and never changed: what a payment is follows from all of its events
-- (package webhook), in whichever order they came.
CREATE TABLE IF NOT EXISTS provider_event (
  provider TEXT   NOT NULL CHECK (length(provider) BETWEEN 1 AND 20),
  id       TEXT   NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
  type     TEXT   NOT NULL CHECK (length(type) <= 255),
  -- The payment, and the refund or dispute, that it is about; empty for none. An event about a refund may name no payment.
  payment  TEXT   NOT NULL CHECK (length(payment) <= 255),
  object   TEXT   NOT NULL CHECK (length(object) <= 255),
  payout   TEXT   NOT NULL CHECK (length(payout) <= 255),
  received BIGINT NOT NULL,
  raw      BYTEA  NOT NULL,
  PRIMARY KEY (provider, id)
);

CREATE INDEX IF NOT EXISTS provider_event_payment ON provider_event (provider, payment) WHERE payment <> '';

CREATE INDEX IF NOT EXISTS provider_event_object ON provider_event (provider, object) WHERE object <> '';

-- A gift that a member began here. Its id is what the provider is given as our reference.
CREATE TABLE IF NOT EXISTS checkout (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member   TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  request  TEXT   NOT NULL CHECK (length(request) BETWEEN 1 AND 64),
  provider TEXT   NOT NULL CHECK (length(provider) BETWEEN 1 AND 20),
  pence    BIGINT NOT NULL CHECK (pence > 0),
  begun    BIGINT NOT NULL,
  UNIQUE (member, request)
);

-- Where the provider said that it is paid.
CREATE TABLE IF NOT EXISTS checkout_page (
  checkout TEXT NOT NULL PRIMARY KEY REFERENCES checkout (id),
  session  TEXT NOT NULL CHECK (length(session) BETWEEN 1 AND 255),
  url      TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 4000)
);

-- A payment that providers told of, in the order in which it was first heard of.
CREATE TABLE IF NOT EXISTS payment (
  number   BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  provider TEXT   NOT NULL,
  id       TEXT   NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
  heard    BIGINT NOT NULL,
  UNIQUE (provider, id)
);

-- What was posted for a payment, or for a payout to the bank: a gift, its undoing, a fee, a payout. pence is what it adds to the
-- provider's position of that kind.
CREATE TABLE IF NOT EXISTS payment_entry (
  entry    TEXT   NOT NULL PRIMARY KEY REFERENCES entry (id),
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  what     TEXT   NOT NULL CHECK (what IN ('gift', 'undo', 'fee', 'payout')),
  pence    BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS payment_entry_payment ON payment_entry (provider, payment);

-- Which payments a gift that was begun here became: one, unless the payer paid twice.
CREATE TABLE IF NOT EXISTS checkout_payment (
  checkout TEXT NOT NULL REFERENCES checkout (id),
  provider TEXT NOT NULL,
  payment  TEXT NOT NULL,
  PRIMARY KEY (checkout, provider, payment)
);

-- What our reference with a payment says: whose gift it is.
CREATE TABLE IF NOT EXISTS payment_owner (
  provider TEXT NOT NULL,
  payment  TEXT NOT NULL,
  member   TEXT NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  PRIMARY KEY (provider, payment)
);

-- What the provider answered when it was asked for the amount of a payment whose events do not say it.
CREATE TABLE IF NOT EXISTS payment_amount (
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor > 0),
  currency TEXT   NOT NULL CHECK (length(currency) = 3),
  PRIMARY KEY (provider, payment)
);

-- What the provider answered when it was asked for the fee of a payment whose events do not say it.
CREATE TABLE IF NOT EXISTS payment_fee (
  provider TEXT   NOT NULL,
  payment  TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor >= 0),
  PRIMARY KEY (provider, payment)
);
