-- Which leaf of the public log (package translog) stands for what: event by number, office by grant, roll by id. An office
-- has one for each change. member is whom it is about, empty for a roll.
CREATE TABLE IF NOT EXISTS register_leaf (
  leaf    BIGINT NOT NULL PRIMARY KEY CHECK (leaf >= 0),
  kind    TEXT   NOT NULL CHECK (kind IN ('event', 'office', 'roll')),
  subject TEXT   NOT NULL,
  member  TEXT   NOT NULL
);

CREATE INDEX IF NOT EXISTS register_leaf_subject ON register_leaf (kind, subject);

CREATE INDEX IF NOT EXISTS register_leaf_member ON register_leaf (member, leaf);
