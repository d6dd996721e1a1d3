-- Offices in a table that knows the registrar too: a CHECK cannot be changed in place on every engine. The old one stays empty.
CREATE TABLE IF NOT EXISTS appointment (
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

INSERT INTO appointment (id, member, role, region, reason, granted_by, granted, approved_by, started, ended, ended_by, end_reason)
  SELECT id, member, role, region, reason, granted_by, granted, approved_by, started, ended, ended_by, end_reason FROM office WHERE TRUE
  ON CONFLICT (id) DO NOTHING;

CREATE UNIQUE INDEX IF NOT EXISTS appointment_held ON appointment (member, role, region) WHERE ended IS NULL;

DELETE FROM office WHERE TRUE;
