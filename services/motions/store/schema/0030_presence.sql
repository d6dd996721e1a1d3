-- What is known of who was at a meeting: records are only added, a mistake is struck by another. The table attendance is
-- what followed for the count when it was recorded.
CREATE TABLE IF NOT EXISTS presence (
  id       TEXT   NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 90),
  meeting  TEXT   NOT NULL REFERENCES meeting (id),
  member   TEXT   NOT NULL CHECK (length(member) BETWEEN 1 AND 40),
  -- Counts a member's records at a meeting.
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

CREATE INDEX IF NOT EXISTS presence_recorded ON presence (meeting, recorded, id);

-- A record is struck once.
CREATE UNIQUE INDEX IF NOT EXISTS presence_strikes ON presence (strikes) WHERE strikes <> '';

-- What was recorded before there were records.
INSERT INTO presence (id, meeting, member, seq, kind, means, happened, recorded, by_whom, strikes, reason)
SELECT 'before-' || a.meeting || '-' || a.member || '-' || CAST(a.step AS TEXT), a.meeting, a.member, a.step, CASE WHEN a.step % 2 = 1 THEN 'arrived' ELSE 'left' END, 'desk',
  a.happened, a.happened, a.recorded_by, '', ''
FROM attendance a
WHERE TRUE
ON CONFLICT (id) DO NOTHING;

-- The secret that a meeting's codes and badges follow from.
CREATE TABLE IF NOT EXISTS meeting_secret (
  meeting TEXT  NOT NULL PRIMARY KEY REFERENCES meeting (id),
  secret  BYTEA NOT NULL CHECK (length(secret) = 32)
);

-- Who was counted as present when a vote was put: pinned with the vote.
CREATE TABLE IF NOT EXISTS present_at_vote (
  vote   TEXT NOT NULL CHECK (length(vote) = 36),
  member TEXT NOT NULL CHECK (length(member) BETWEEN 1 AND 40),
  PRIMARY KEY (vote, member)
);
