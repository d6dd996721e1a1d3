-- An amendment is a motion that amends another: its row says which.
ALTER TABLE motion ADD COLUMN amends TEXT NOT NULL DEFAULT '' CHECK (length(amends) <= 36);

-- A state that came after the column state was made: an amendment is agreed or fallen, a motion set aside. The column
-- state then says 'withdrawn', of what is refused 'seconded'.
ALTER TABLE motion ADD COLUMN fate TEXT NOT NULL DEFAULT ''
  CHECK (fate IN ('', 'agreed', 'fallen', 'refused', 'appealed', 'remitted', 'next_business', 'composited'));

CREATE INDEX IF NOT EXISTS motion_amends ON motion (amends, id) WHERE amends <> '';

CREATE TABLE IF NOT EXISTS amendment (
  motion          TEXT   NOT NULL PRIMARY KEY REFERENCES motion (id),
  amends          TEXT   NOT NULL REFERENCES motion (id),
  -- The amendment that it amends, or empty.
  parent          TEXT   NOT NULL,
  number          BIGINT NOT NULL CHECK (number > 0),
  -- When mover and seconder of what it amends consented, or 0.
  mover_agreed    BIGINT NOT NULL,
  seconder_agreed BIGINT NOT NULL,
  CHECK (parent <> motion AND amends <> motion),
  UNIQUE (amends, number)
);

CREATE TABLE IF NOT EXISTS amendment_edit (
  motion     TEXT   NOT NULL REFERENCES amendment (motion),
  line       BIGINT NOT NULL CHECK (line > 0),
  kind       TEXT   NOT NULL CHECK (kind IN ('words', 'replace', 'delete', 'insert')),
  clause     TEXT   NOT NULL CHECK (length(clause) <= 60),
  old_words  TEXT   NOT NULL,
  occurrence BIGINT NOT NULL CHECK (occurrence >= 0),
  new_words  TEXT   NOT NULL,
  PRIMARY KEY (motion, line)
);

-- Why something left the order paper without a vote.
CREATE TABLE IF NOT EXISTS motion_fate (
  motion   TEXT   NOT NULL PRIMARY KEY REFERENCES motion (id),
  why      TEXT   NOT NULL CHECK (length(why) BETWEEN 1 AND 40),
  -- The motion or amendment that was decided instead, or empty.
  other    TEXT   NOT NULL,
  happened BIGINT NOT NULL
);

-- The versions of a motion's text. Version 1 is the text that amendments edit; one without a row has had no other.
CREATE TABLE IF NOT EXISTS motion_text (
  motion    TEXT   NOT NULL REFERENCES motion (id),
  version   BIGINT NOT NULL CHECK (version > 0),
  text      TEXT   NOT NULL CHECK (length(text) BETWEEN 1 AND 40000),
  -- The amendment that made it, or empty for the first.
  amendment TEXT   NOT NULL,
  happened  BIGINT NOT NULL,
  PRIMARY KEY (motion, version)
);
