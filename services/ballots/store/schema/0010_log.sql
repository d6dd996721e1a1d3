-- One vote per elector and revision is this primary key. There is no other index and no foreign key: each would cost a page or a
-- look-up per vote, and on CockroachDB a range. epoch is the lease under which it was stored; an INSERT finds it in the lease, so
-- that one made under a lapsed lease finds NULL and fails. leaf is the vote's index in the public log, which with salt and choice
-- is all that the log needs of it; -1 until a vote from before the log has one.
CREATE TABLE IF NOT EXISTS cast_vote (
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

INSERT INTO cast_vote (ballot_no, elector_no, revision, choice, receipt, request, salt, cast_at, epoch, leaf)
SELECT ballot_no, elector_no, revision, choice, receipt, request, salt, cast_at, epoch, -1 FROM vote WHERE TRUE ON CONFLICT DO NOTHING;

-- The leaf of each event of a ballot; what it commits to stands in the log's own row.
CREATE TABLE IF NOT EXISTS ballot_leaf (
  leaf      BIGINT NOT NULL PRIMARY KEY CHECK (leaf >= 0),
  ballot_no BIGINT NOT NULL REFERENCES ballot (ballot_no),
  event     TEXT   NOT NULL CHECK (length(event) BETWEEN 1 AND 20)
);

CREATE INDEX IF NOT EXISTS ballot_leaf_ballot ON ballot_leaf (ballot_no, leaf);
