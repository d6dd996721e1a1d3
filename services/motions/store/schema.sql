-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

CREATE TABLE amendment (
  motion          TEXT   NOT NULL PRIMARY KEY REFERENCES motion (id),
  amends          TEXT   NOT NULL REFERENCES motion (id),
  parent          TEXT   NOT NULL,
  number          BIGINT NOT NULL CHECK (number > 0),
  mover_agreed    BIGINT NOT NULL,
  seconder_agreed BIGINT NOT NULL,
  CHECK (parent <> motion AND amends <> motion),
  UNIQUE (amends, number)
);

CREATE TABLE amendment_edit (
  motion     TEXT   NOT NULL REFERENCES amendment (motion),
  line       BIGINT NOT NULL CHECK (line > 0),
  kind       TEXT   NOT NULL CHECK (kind IN ('words', 'replace', 'delete', 'insert')),
  clause     TEXT   NOT NULL CHECK (length(clause) <= 60),
  old_words  TEXT   NOT NULL,
  occurrence BIGINT NOT NULL CHECK (occurrence >= 0),
  new_words  TEXT   NOT NULL,
  PRIMARY KEY (motion, line)
);

CREATE TABLE attendance (
  meeting     TEXT   NOT NULL REFERENCES meeting (id),
  member      TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 40),
  step        BIGINT NOT NULL CHECK (step > 0),
  happened    BIGINT NOT NULL,
  recorded_by TEXT   NOT NULL,
  PRIMARY KEY (meeting, member, step)
);

CREATE INDEX attendance_member ON attendance (member, meeting);

CREATE TABLE meeting (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  kind       TEXT   NOT NULL CHECK (kind IN ('agm', 'special', 'regional')),
  region     TEXT   NOT NULL CHECK (length(region) <= 40),
  title      TEXT   NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
  place      TEXT   NOT NULL CHECK (length(place) BETWEEN 1 AND 200),
  starts     BIGINT NOT NULL,
  state      TEXT   NOT NULL CHECK (state IN ('draft', 'noticed', 'open', 'closed')),
  rule_book  BIGINT NOT NULL CHECK (rule_book >= 0),
  noticed    BIGINT NOT NULL,
  clear_days BIGINT NOT NULL CHECK (clear_days >= 0),
  electors   BIGINT NOT NULL CHECK (electors >= 0),
  quorum     BIGINT NOT NULL CHECK (quorum >= 0),
  opened     BIGINT NOT NULL,
  closed     BIGINT NOT NULL,
  created    BIGINT NOT NULL,
  created_by TEXT   NOT NULL,
  noticed_by TEXT   NOT NULL,
  opened_by  TEXT   NOT NULL,
  closed_by  TEXT   NOT NULL,
  version    BIGINT NOT NULL CHECK (version > 0),
  CHECK ((kind = 'regional') = (region <> '')),
  CHECK ((state = 'draft') = (rule_book = 0))
);

CREATE INDEX meeting_region ON meeting (region, starts, id);

CREATE INDEX meeting_starts ON meeting (starts, id);

CREATE TABLE meeting_secret (
  meeting TEXT  NOT NULL PRIMARY KEY REFERENCES meeting (id),
  secret  BYTEA NOT NULL CHECK (length(secret) = 32)
);

CREATE TABLE motion (
  id            TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  meeting       TEXT   NOT NULL REFERENCES meeting (id),
  region        TEXT   NOT NULL CHECK (length(region) <= 40),
  position      BIGINT NOT NULL CHECK (position >= 0),
  kind          TEXT   NOT NULL CHECK (kind IN ('resolution', 'election')),
  majority      TEXT   NOT NULL CHECK (majority IN ('ordinary', 'extraordinary')),
  title         TEXT   NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
  text          TEXT   NOT NULL CHECK (length(text) BETWEEN 1 AND 40000),
  seats         BIGINT NOT NULL CHECK (seats BETWEEN 0 AND 100),
  state         TEXT   NOT NULL CHECK (state IN ('moved', 'seconded', 'accepted', 'opening', 'voting', 'closing', 'closed', 'carried', 'lost', 'withdrawn')),
  mover         TEXT   NOT NULL CHECK (length(mover) BETWEEN 1 AND 40),
  mover_name    TEXT   NOT NULL,
  seconder      TEXT   NOT NULL CHECK (seconder <> mover),
  seconder_name TEXT   NOT NULL,
  moved         BIGINT NOT NULL,
  seconded      BIGINT NOT NULL,
  accepted      BIGINT NOT NULL,
  accepted_by   TEXT   NOT NULL,
  withdrawn     BIGINT NOT NULL,
  tabled_from   TEXT   NOT NULL,
  version       BIGINT NOT NULL CHECK (version > 0), amends TEXT NOT NULL DEFAULT '' CHECK (length(amends) <= 36), fate TEXT NOT NULL DEFAULT ''
  CHECK (fate IN ('', 'agreed', 'fallen', 'refused', 'appealed', 'remitted', 'next_business', 'composited')),
  CHECK ((kind = 'election') = (seats > 0)),
  CHECK ((position > 0) = (accepted > 0))
);

CREATE INDEX motion_amends ON motion (amends, id) WHERE amends <> '';

CREATE INDEX motion_meeting ON motion (meeting, moved, id);

CREATE INDEX motion_moved ON motion (moved, id);

CREATE UNIQUE INDEX motion_position ON motion (meeting, position) WHERE position > 0;

CREATE UNIQUE INDEX motion_tabled ON motion (tabled_from) WHERE tabled_from <> '';

CREATE INDEX motion_underway ON motion (id) WHERE state IN ('opening', 'closing');

CREATE TABLE motion_fate (
  motion   TEXT   NOT NULL PRIMARY KEY REFERENCES motion (id),
  why      TEXT   NOT NULL CHECK (length(why) BETWEEN 1 AND 40),
  other    TEXT   NOT NULL,
  happened BIGINT NOT NULL
);

CREATE TABLE motion_text (
  motion    TEXT   NOT NULL REFERENCES motion (id),
  version   BIGINT NOT NULL CHECK (version > 0),
  text      TEXT   NOT NULL CHECK (length(text) BETWEEN 1 AND 40000),
  amendment TEXT   NOT NULL,
  happened  BIGINT NOT NULL,
  PRIMARY KEY (motion, version)
);

CREATE TABLE presence (
  id       TEXT   NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 90),
  meeting  TEXT   NOT NULL REFERENCES meeting (id),
  member   TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 40),
  seq      BIGINT NOT NULL CHECK (seq > 0),
  kind     TEXT   NOT NULL CHECK (kind IN ('arrived', 'left', 'asked', 'apologies', 'struck')),
  means    TEXT   NOT NULL CHECK (means IN ('desk', 'self', 'online')),
  happened BIGINT NOT NULL CHECK (happened > 0),
  recorded BIGINT NOT NULL CHECK (recorded >= happened),
  by_whom  TEXT   NOT NULL,
  strikes  TEXT   NOT NULL,
  reason   TEXT   NOT NULL CHECK (length(reason) <= 200),
  PRIMARY KEY (meeting, member, seq),
  CHECK ((kind = 'struck') = (strikes <> ''))
);

CREATE INDEX presence_recorded ON presence (meeting, recorded, id);

CREATE UNIQUE INDEX presence_strikes ON presence (strikes) WHERE strikes <> '';

CREATE TABLE present_at_vote (
  vote   TEXT NOT NULL CHECK (length(vote) = 36),
  member TEXT NOT NULL CHECK (length(member) BETWEEN 1 AND 40),
  PRIMARY KEY (vote, member)
);

CREATE TABLE rule (
  version BIGINT NOT NULL REFERENCES rule_book (version),
  line    BIGINT NOT NULL CHECK (line >= 0),
  key     TEXT   NOT NULL CHECK (length(key) BETWEEN 1 AND 60),
  value   TEXT   NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
  clause  TEXT   NOT NULL CHECK (length(clause) BETWEEN 1 AND 40),
  source  TEXT   NOT NULL CHECK (length(source) BETWEEN 1 AND 300),
  meaning TEXT   NOT NULL CHECK (length(meaning) <= 500),
  PRIMARY KEY (version, line),
  UNIQUE (version, key)
);

CREATE TABLE rule_book (
  version    BIGINT NOT NULL PRIMARY KEY CHECK (version > 0),
  effective  BIGINT NOT NULL,
  adopted_by TEXT   NOT NULL CHECK (length(adopted_by) BETWEEN 1 AND 40),
  recorded   BIGINT NOT NULL
);

CREATE UNIQUE INDEX rule_book_adopted ON rule_book (adopted_by);

CREATE TABLE rule_change (
  motion TEXT   NOT NULL REFERENCES motion (id),
  line   BIGINT NOT NULL CHECK (line >= 0),
  key    TEXT   NOT NULL CHECK (length(key) BETWEEN 1 AND 60),
  value  TEXT   NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
  PRIMARY KEY (motion, line),
  UNIQUE (motion, key)
);

CREATE TABLE vote (
  motion         TEXT   NOT NULL PRIMARY KEY REFERENCES motion (id),
  ballot         TEXT   NOT NULL UNIQUE CHECK (length(ballot) = 36),
  roll           TEXT   NOT NULL,
  rule_book      BIGINT NOT NULL CHECK (rule_book > 0),
  rule           TEXT   NOT NULL,
  present        BIGINT NOT NULL CHECK (present >= 0),
  quorum         BIGINT NOT NULL CHECK (quorum > 0),
  put            BIGINT NOT NULL,
  put_by         TEXT   NOT NULL,
  opened         BIGINT NOT NULL,
  close_asked    BIGINT NOT NULL,
  close_asked_by TEXT   NOT NULL,
  closed         BIGINT NOT NULL,
  votes_for      BIGINT NOT NULL CHECK (votes_for >= 0),
  votes_against  BIGINT NOT NULL CHECK (votes_against >= 0),
  abstentions    BIGINT NOT NULL CHECK (abstentions >= 0),
  electors       BIGINT NOT NULL CHECK (electors >= 0),
  base           BIGINT NOT NULL CHECK (base >= 0),
  base_name      TEXT   NOT NULL,
  carried        BOOLEAN NOT NULL,
  declared       BIGINT NOT NULL,
  declared_by    TEXT   NOT NULL
);
