-- What the provider answered when it was asked for a payout whose events do not say its amount: what it sent to the bank, and what it had kept
-- of it before as its fee.
CREATE TABLE IF NOT EXISTS payout_amount (
  provider TEXT   NOT NULL,
  payout   TEXT   NOT NULL,
  minor    BIGINT NOT NULL CHECK (minor > 0),
  fee      BIGINT NOT NULL CHECK (fee >= 0),
  currency TEXT   NOT NULL CHECK (length(currency) = 3),
  PRIMARY KEY (provider, payout)
);

CREATE INDEX IF NOT EXISTS provider_event_payout ON provider_event (provider, payout) WHERE payout <> '';

-- Whose a payment is as the treasurer says it, where no reference does. Rows are inserted once and never changed; the last one counts, and an
-- empty member takes back what was said before.
CREATE TABLE IF NOT EXISTS payment_assigned (
  number      BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  provider    TEXT   NOT NULL,
  payment     TEXT   NOT NULL,
  member      TEXT   NOT NULL CHECK (length(member) <= 64),
  reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  assigned_by TEXT   NOT NULL CHECK (length(assigned_by) BETWEEN 1 AND 64),
  assigned    BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS payment_assigned_payment ON payment_assigned (provider, payment, number);
