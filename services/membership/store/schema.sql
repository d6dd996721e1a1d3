-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

CREATE TABLE access_need (
  meeting TEXT   NOT NULL CHECK (length(meeting) BETWEEN 1 AND 64),
  member  TEXT   NOT NULL REFERENCES member (id),
  region  TEXT   NOT NULL CHECK (length(region) <= 40),
  needs   TEXT   NOT NULL CHECK (length(needs) BETWEEN 1 AND 500),
  until   BIGINT NOT NULL,
  PRIMARY KEY (meeting, member)
);

CREATE INDEX access_need_member ON access_need (member);

CREATE INDEX access_need_until ON access_need (until);

CREATE TABLE applicant (
  number BIGINT NOT NULL PRIMARY KEY REFERENCES event (number),
  member TEXT   NOT NULL UNIQUE REFERENCES member (id)
);

CREATE TABLE appointment (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member      TEXT   NOT NULL REFERENCES member (id),
  role        TEXT   NOT NULL CHECK (role IN ('chair', 'secretary', 'treasurer', 'organiser', 'teller', 'board', 'registrar')),
  region      TEXT   NOT NULL,
  reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  granted_by  TEXT   NOT NULL,
  granted     BIGINT NOT NULL,
  approved_by TEXT   NOT NULL,
  started     BIGINT,
  ended       BIGINT,
  ended_by    TEXT   NOT NULL,
  end_reason  TEXT   NOT NULL CHECK (length(end_reason) <= 500)
);

CREATE UNIQUE INDEX appointment_held ON appointment (member, role, region) WHERE ended IS NULL;

CREATE TABLE attempt (
  hash       BYTEA  NOT NULL PRIMARY KEY,
  kind       TEXT   NOT NULL CHECK (kind IN ('join', 'sign_in')),
  name       TEXT   NOT NULL,
  email      TEXT   NOT NULL,
  email_fold BYTEA  NOT NULL,
  region     TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  made       BIGINT NOT NULL,
  expires    BIGINT NOT NULL,
  code_hash  BYTEA,
  link_hash  BYTEA,
  wrong      BIGINT NOT NULL CHECK (wrong >= 0),
  used       BIGINT,
  request    BYTEA,
  session    TEXT
);

CREATE INDEX attempt_email ON attempt (email_fold, made);

CREATE INDEX attempt_expires ON attempt (expires);

CREATE TABLE deletion (
  day   TEXT   NOT NULL CHECK (length(day) = 10),
  kind  TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  count BIGINT NOT NULL CHECK (count > 0),
  PRIMARY KEY (day, kind)
);

CREATE TABLE desk_card (
  id        TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member    TEXT   NOT NULL REFERENCES member (id),
  asked_by  TEXT   NOT NULL CHECK (length(asked_by) = 36),
  reason    TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  asked     BIGINT NOT NULL,
  made_by   TEXT   NOT NULL,
  made      BIGINT,
  code_hash BYTEA  UNIQUE,
  cancelled BIGINT,
  used      BIGINT,
  request   BYTEA,
  session   TEXT
);

CREATE INDEX desk_card_asked ON desk_card (asked);

CREATE INDEX desk_card_member ON desk_card (member);

CREATE TABLE donation (
  position BIGINT NOT NULL PRIMARY KEY CHECK (position > 0),
  member   TEXT   NOT NULL CHECK (length(member) <= 64),
  entry    TEXT   NOT NULL CHECK (length(entry) BETWEEN 1 AND 64),
  reverses TEXT   NOT NULL CHECK (length(reverses) <= 64),
  pence    BIGINT NOT NULL,
  at       BIGINT NOT NULL
);

CREATE INDEX donation_member ON donation (member, position);

CREATE TABLE elector (
  member  TEXT    NOT NULL PRIMARY KEY,
  region  TEXT    NOT NULL,
  admitted BOOLEAN NOT NULL,
  donated  BOOLEAN NOT NULL,
  since    BIGINT  NOT NULL
);

CREATE INDEX elector_good ON elector (admitted, donated, region, since);

CREATE INDEX elector_since ON elector (since);

CREATE TABLE email_change (
  hash      BYTEA  NOT NULL PRIMARY KEY,
  member    TEXT   NOT NULL REFERENCES member (id),
  email     TEXT   NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  made      BIGINT NOT NULL,
  expires   BIGINT NOT NULL,
  code_hash BYTEA,
  link_hash BYTEA,
  wrong     BIGINT NOT NULL CHECK (wrong >= 0),
  used      BIGINT,
  request   BYTEA
);

CREATE INDEX email_change_expires ON email_change (expires);

CREATE INDEX email_change_member ON email_change (member, made);

CREATE TABLE erasure (
  member TEXT   NOT NULL REFERENCES member (id),
  stage  TEXT   NOT NULL CHECK (stage IN ('contact', 'entry')),
  at     BIGINT NOT NULL,
  asked  BOOLEAN NOT NULL,
  PRIMARY KEY (member, stage)
);

CREATE TABLE event (
  number   BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  member   TEXT   NOT NULL REFERENCES member (id),
  kind     TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  at       BIGINT NOT NULL,
  recorded BIGINT NOT NULL,
  region   TEXT   NOT NULL,
  reason   TEXT   NOT NULL CHECK (length(reason) <= 500),
  decider  TEXT   NOT NULL
);

CREATE INDEX event_kind ON event (kind, number);

CREATE INDEX event_member ON event (member, number);

CREATE TABLE event_about (
  number BIGINT NOT NULL PRIMARY KEY REFERENCES event (number),
  about  TEXT   NOT NULL CHECK (length(about) BETWEEN 1 AND 100)
);

CREATE TABLE intake (
  id       TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  file     TEXT   NOT NULL CHECK (length(file) BETWEEN 1 AND 200),
  by_whom  TEXT   NOT NULL,
  made     BIGINT NOT NULL,
  state    TEXT   NOT NULL CHECK (state IN ('receiving', 'checking', 'refused', 'clean', 'applying', 'done')),
  received BIGINT NOT NULL CHECK (received >= 0),
  line     BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  known    BIGINT NOT NULL,
  mistakes BIGINT NOT NULL,
  applied  BIGINT NOT NULL,
  done     BIGINT NOT NULL,
  added    BIGINT NOT NULL
);

CREATE INDEX intake_made ON intake (made);

CREATE TABLE intake_mistake (
  intake  TEXT   NOT NULL REFERENCES intake (id),
  number  BIGINT NOT NULL,
  line    BIGINT NOT NULL,
  col     BIGINT NOT NULL,
  field   TEXT   NOT NULL,
  message TEXT   NOT NULL,
  PRIMARY KEY (intake, number)
);

CREATE TABLE intake_part (
  intake TEXT   NOT NULL REFERENCES intake (id),
  start  BIGINT NOT NULL CHECK (start >= 0),
  data   BYTEA  NOT NULL,
  PRIMARY KEY (intake, start)
);

CREATE TABLE intake_row (
  intake     TEXT   NOT NULL REFERENCES intake (id),
  line       BIGINT NOT NULL,
  name       TEXT   NOT NULL,
  email      TEXT   NOT NULL,
  email_fold BYTEA  NOT NULL,
  region     TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  admitted   BIGINT,
  PRIMARY KEY (intake, line)
);

CREATE UNIQUE INDEX intake_row_email ON intake_row (intake, email_fold);

CREATE TABLE invitation (
  role     TEXT   NOT NULL PRIMARY KEY CHECK (role IN ('secretary', 'treasurer', 'chair')),
  hash     BYTEA  NOT NULL UNIQUE,
  member   TEXT   UNIQUE REFERENCES member (id),
  accepted BIGINT,
  request  BYTEA,
  session  TEXT
);

CREATE TABLE joining_postal (
  attempt BYTEA NOT NULL PRIMARY KEY REFERENCES attempt (hash),
  address TEXT  NOT NULL CHECK (length(address) BETWEEN 1 AND 400)
);

CREATE TABLE letter (
  id      TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  kind    TEXT   NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  attempt BYTEA,
  member  TEXT   NOT NULL,
  notice  TEXT   NOT NULL,
  facts   BYTEA,
  lane    BIGINT NOT NULL CHECK (lane IN (0, 1)),
  state   TEXT   NOT NULL CHECK (state IN ('waiting', 'sent', 'needless', 'failed', 'post')),
  due     BIGINT NOT NULL,
  tries   BIGINT NOT NULL CHECK (tries >= 0),
  made    BIGINT NOT NULL,
  done    BIGINT,
  error   TEXT   NOT NULL CHECK (length(error) <= 300)
);

CREATE INDEX letter_attempt ON letter (attempt);

CREATE INDEX letter_due ON letter (state, lane, due);

CREATE INDEX letter_made ON letter (made, id);

CREATE INDEX letter_notice ON letter (notice, id);

CREATE TABLE letter_detail (
  mail   TEXT NOT NULL PRIMARY KEY,
  kind   TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
  email  TEXT NOT NULL CHECK (length(email) <= 254),
  reason TEXT NOT NULL CHECK (length(reason) <= 500)
);

CREATE TABLE mail (
  id      TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  attempt BYTEA,
  member  TEXT   NOT NULL,
  state   TEXT   NOT NULL CHECK (state IN ('waiting', 'sent', 'needless', 'failed')),
  due     BIGINT NOT NULL,
  tries   BIGINT NOT NULL CHECK (tries >= 0)
);

CREATE INDEX mail_due ON mail (state, due);

CREATE TABLE member (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  number     BIGINT UNIQUE CHECK (number > 0),
  name       TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  email      TEXT   NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  name_fold  BYTEA  NOT NULL,
  email_fold BYTEA  NOT NULL UNIQUE,
  region     TEXT   NOT NULL,
  language   TEXT   NOT NULL CHECK (language IN ('en', 'cy'))
);

CREATE INDEX member_name ON member (name_fold);

CREATE INDEX member_region ON member (region, number);

CREATE TABLE notice (
  id       TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 8 AND 64),
  hash     BYTEA   NOT NULL,
  facts    BYTEA   NOT NULL,
  roll     TEXT    NOT NULL,
  region   TEXT    NOT NULL,
  made     BIGINT  NOT NULL,
  reached  BIGINT  NOT NULL,
  complete BOOLEAN NOT NULL
);

CREATE INDEX notice_complete ON notice (complete);

CREATE TABLE office (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member      TEXT   NOT NULL REFERENCES member (id),
  role        TEXT   NOT NULL CHECK (role IN ('chair', 'secretary', 'treasurer', 'organiser', 'teller', 'board')),
  region      TEXT   NOT NULL,
  reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  granted_by  TEXT   NOT NULL,
  granted     BIGINT NOT NULL,
  approved_by TEXT   NOT NULL,
  started     BIGINT,
  ended       BIGINT,
  ended_by    TEXT   NOT NULL,
  end_reason  TEXT   NOT NULL CHECK (length(end_reason) <= 500)
);

CREATE UNIQUE INDEX office_held ON office (member, role, region) WHERE ended IS NULL;

CREATE TABLE particulars (
  member  TEXT NOT NULL PRIMARY KEY REFERENCES member (id),
  sector  TEXT NOT NULL CHECK (sector IN ('', 'council', 'central_government', 'private', 'self_employed', 'other'))
);

CREATE INDEX particulars_sector ON particulars (sector);

CREATE TABLE passkey (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  member     TEXT    NOT NULL REFERENCES member (id),
  key_id     BYTEA   NOT NULL UNIQUE,
  name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  credential BYTEA   NOT NULL,
  synced     BOOLEAN NOT NULL,
  added      BIGINT  NOT NULL,
  used       BIGINT
);

CREATE INDEX passkey_member ON passkey (member, added);

CREATE TABLE passkey_challenge (
  hash    BYTEA  NOT NULL PRIMARY KEY,
  member  TEXT   NOT NULL,
  terms   BYTEA  NOT NULL,
  expires BIGINT NOT NULL,
  used    BIGINT,
  request BYTEA,
  made    TEXT
);

CREATE INDEX passkey_challenge_expires ON passkey_challenge (expires);

CREATE TABLE passkey_handle (
  member TEXT  NOT NULL PRIMARY KEY REFERENCES member (id),
  handle BYTEA NOT NULL UNIQUE
);

CREATE TABLE postal (
  member  TEXT NOT NULL PRIMARY KEY REFERENCES member (id),
  address TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 400)
);

CREATE TABLE region (
  id    TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 2 AND 40),
  name  TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  state TEXT   NOT NULL CHECK (state IN ('forming', 'meeting')),
  made  BIGINT NOT NULL
);

CREATE TABLE register_leaf (
  leaf    BIGINT NOT NULL PRIMARY KEY CHECK (leaf >= 0),
  kind    TEXT   NOT NULL CHECK (kind IN ('event', 'office', 'roll')),
  subject TEXT   NOT NULL,
  member  TEXT   NOT NULL
);

CREATE INDEX register_leaf_member ON register_leaf (member, leaf);

CREATE INDEX register_leaf_subject ON register_leaf (kind, subject);

CREATE TABLE retention_run (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  at  BIGINT NOT NULL
);

CREATE TABLE revocation (
  sid TEXT   NOT NULL PRIMARY KEY,
  at  BIGINT NOT NULL
);

CREATE INDEX revocation_at ON revocation (at);

CREATE TABLE roll (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  purpose     TEXT    NOT NULL UNIQUE CHECK (length(purpose) BETWEEN 1 AND 200),
  region      TEXT    NOT NULL,
  notice      BIGINT  NOT NULL,
  required    BOOLEAN NOT NULL,
  book        BIGINT  NOT NULL,
  contact     TEXT    NOT NULL CHECK (length(contact) <= 500),
  frozen      BIGINT  NOT NULL,
  count       BIGINT  NOT NULL CHECK (count >= 0),
  fingerprint BYTEA   NOT NULL,
  events      BIGINT  NOT NULL,
  donations   BIGINT  NOT NULL
);

CREATE INDEX roll_frozen ON roll (frozen, id);

CREATE TABLE roll_challenge (
  id              TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  roll            TEXT   NOT NULL REFERENCES roll (id),
  meeting         TEXT   NOT NULL,
  kind            TEXT   NOT NULL CHECK (kind IN ('entry', 'omission')),
  challenger      TEXT   NOT NULL REFERENCES member (id),
  member          TEXT   NOT NULL,
  about           TEXT   NOT NULL CHECK (length(about) <= 100),
  reason          TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  made            BIGINT NOT NULL,
  outcome         TEXT   NOT NULL CHECK (outcome IN ('', 'upheld', 'dismissed')),
  decider         TEXT   NOT NULL,
  decided         BIGINT,
  event           BIGINT,
  decision_reason TEXT   NOT NULL CHECK (length(decision_reason) <= 500),
  superseding     TEXT   NOT NULL
);

CREATE INDEX roll_challenge_meeting ON roll_challenge (meeting, outcome);

CREATE INDEX roll_challenge_roll ON roll_challenge (roll, made);

CREATE TABLE roll_detail (
  roll       TEXT    NOT NULL PRIMARY KEY REFERENCES roll (id),
  prepared   BOOLEAN NOT NULL,
  meeting    TEXT    NOT NULL CHECK (length(meeting) <= 64),
  title      TEXT    NOT NULL CHECK (length(title) <= 200),
  secret     BYTEA   NOT NULL,
  root       BYTEA   NOT NULL,
  supersedes TEXT    NOT NULL,
  admitted   BIGINT  NOT NULL CHECK (admitted >= 0),
  doubles    BIGINT  CHECK (doubles >= 0),
  rulings    BIGINT  NOT NULL CHECK (rulings >= 0)
);

CREATE INDEX roll_detail_meeting ON roll_detail (meeting);

CREATE INDEX roll_detail_supersedes ON roll_detail (supersedes);

CREATE TABLE roll_entry (
  roll   TEXT   NOT NULL REFERENCES roll (id),
  number BIGINT NOT NULL CHECK (number > 0),
  member TEXT   NOT NULL,
  region TEXT   NOT NULL,
  PRIMARY KEY (roll, number)
);

CREATE UNIQUE INDEX roll_entry_member ON roll_entry (roll, member);

CREATE TABLE roll_node (
  roll  TEXT   NOT NULL REFERENCES roll (id),
  chunk BIGINT NOT NULL CHECK (chunk >= 0),
  hash  BYTEA  NOT NULL,
  PRIMARY KEY (roll, chunk)
);

CREATE TABLE rule (
  position  BIGINT  NOT NULL PRIMARY KEY CHECK (position > 0),
  book      BIGINT  NOT NULL,
  required  BOOLEAN NOT NULL,
  effective BIGINT  NOT NULL
);

CREATE TABLE rule_society (
  position        BIGINT  NOT NULL PRIMARY KEY REFERENCES rule (position),
  admission       TEXT    NOT NULL CHECK (admission IN ('automatic', 'secretary', 'board')),
  registered      BOOLEAN NOT NULL,
  pound_is_share  BOOLEAN NOT NULL,
  retention_years BIGINT  NOT NULL CHECK (retention_years BETWEEN 1 AND 100)
);

CREATE TABLE session (
  id       TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  sid      TEXT    NOT NULL UNIQUE CHECK (length(sid) = 36),
  member   TEXT    NOT NULL REFERENCES member (id),
  hash     BYTEA   UNIQUE,
  made     BIGINT  NOT NULL,
  used     BIGINT  NOT NULL,
  ended    BIGINT,
  operator BOOLEAN NOT NULL
);

CREATE INDEX session_member ON session (member);

CREATE TABLE session_detail (
  session TEXT NOT NULL PRIMARY KEY REFERENCES session (id),
  method  TEXT NOT NULL CHECK (length(method) BETWEEN 1 AND 20),
  device  TEXT NOT NULL CHECK (length(device) <= 60)
);

CREATE TABLE society (
  one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  name TEXT   NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  made BIGINT NOT NULL,
  act  BIGINT
);
