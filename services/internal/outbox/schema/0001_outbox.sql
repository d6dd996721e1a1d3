-- Events that another room must hear of. A topic is the room that hears; positions are 1, 2, 3, … in each topic. The
-- epoch is this sender's when the event was appended.
CREATE TABLE IF NOT EXISTS outbox (
  topic    TEXT   NOT NULL CHECK (length(topic) BETWEEN 1 AND 40),
  position BIGINT NOT NULL CHECK (position > 0),
  epoch    BIGINT NOT NULL CHECK (epoch > 0),
  payload  BYTEA  NOT NULL,
  PRIMARY KEY (topic, position)
);

-- How far each topic was delivered, who delivers it, and until when they may.
CREATE TABLE IF NOT EXISTS outbox_progress (
  topic     TEXT   NOT NULL PRIMARY KEY,
  delivered BIGINT NOT NULL CHECK (delivered >= 0),
  holder    TEXT   NOT NULL,
  until     BIGINT NOT NULL
);

-- The epoch of this sender: a restore from a backup bumps it.
CREATE TABLE IF NOT EXISTS outbox_epoch (
  one   BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  epoch BIGINT NOT NULL CHECK (epoch > 0)
);

-- How far this room has heard each other room.
CREATE TABLE IF NOT EXISTS inbox (
  sender   TEXT   NOT NULL PRIMARY KEY,
  epoch    BIGINT NOT NULL,
  position BIGINT NOT NULL CHECK (position >= 0)
);
