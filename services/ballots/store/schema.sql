-- The schema after all migrations, for readers. Made by a test (-update-schema); the migrations are in schema/.

CREATE TABLE ballot (
  ballot_no   BIGINT NOT NULL PRIMARY KEY CHECK (ballot_no > 0),
  id          TEXT   NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 64),
  motion      TEXT   NOT NULL CHECK (length(motion) <= 64),
  meeting     TEXT   NOT NULL CHECK (length(meeting) <= 64),
  region      TEXT   NOT NULL CHECK (length(region) <= 64),
  question    TEXT   NOT NULL CHECK (length(question) BETWEEN 1 AND 500),
  rule        TEXT   NOT NULL CHECK (length(rule) BETWEEN 1 AND 1000),
  privacy     TEXT   NOT NULL CHECK (length(privacy) BETWEEN 1 AND 1000),
  roll        TEXT   NOT NULL CHECK (length(roll) <= 64),
  electors    BIGINT NOT NULL CHECK (electors >= 0),
  fingerprint BYTEA  NOT NULL CHECK (length(fingerprint) = 32),
  opened      BIGINT NOT NULL
);

CREATE INDEX ballot_meeting ON ballot (meeting, ballot_no);

CREATE TABLE ballot_leaf (
  leaf      BIGINT NOT NULL PRIMARY KEY CHECK (leaf >= 0),
  ballot_no BIGINT NOT NULL REFERENCES ballot (ballot_no),
  event     TEXT   NOT NULL CHECK (length(event) BETWEEN 1 AND 20)
);

CREATE INDEX ballot_leaf_ballot ON ballot_leaf (ballot_no, leaf);

CREATE TABLE cast_vote (
  ballot_no  BIGINT NOT NULL,
  elector_no BIGINT NOT NULL,
  revision   BIGINT NOT NULL,
  choice     TEXT   NOT NULL CHECK (choice IN ('for', 'against', 'abstain')),
  receipt    TEXT   NOT NULL CHECK (length(receipt) = 16),
  request    BYTEA  NOT NULL CHECK (length(request) = 16),
  salt       BYTEA  NOT NULL CHECK (length(salt) = 16),
  cast_at    BIGINT NOT NULL,
  epoch      BIGINT NOT NULL,
  leaf       BIGINT NOT NULL CHECK (leaf >= -1),
  PRIMARY KEY (ballot_no, elector_no, revision)
);

CREATE TABLE closing (
  ballot_no     BIGINT NOT NULL PRIMARY KEY REFERENCES ballot (ballot_no),
  closed        BIGINT NOT NULL,
  votes_for     BIGINT NOT NULL CHECK (votes_for >= 0),
  votes_against BIGINT NOT NULL CHECK (votes_against >= 0),
  abstentions   BIGINT NOT NULL CHECK (abstentions >= 0),
  epoch         BIGINT NOT NULL
);

CREATE TABLE elector (
  ballot_no  BIGINT NOT NULL REFERENCES ballot (ballot_no),
  elector_no BIGINT NOT NULL CHECK (elector_no > 0),
  member     TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 64),
  region     TEXT   NOT NULL CHECK (length(region) <= 64),
  PRIMARY KEY (ballot_no, elector_no)
);

CREATE UNIQUE INDEX elector_member ON elector (ballot_no, member);

CREATE INDEX elector_mine ON elector (member, ballot_no);

CREATE TABLE lease (
  name   TEXT   NOT NULL PRIMARY KEY,
  holder TEXT   NOT NULL,
  epoch  BIGINT NOT NULL,
  until  BIGINT NOT NULL
);

CREATE TABLE publication (
  ballot_no BIGINT NOT NULL PRIMARY KEY REFERENCES ballot (ballot_no),
  published BIGINT NOT NULL
);
