-- What members give beside name and e-mail address. A row is changed and may be deleted: the history holds only that an address was
-- given.
CREATE TABLE IF NOT EXISTS particulars (
  member  TEXT NOT NULL PRIMARY KEY REFERENCES member (id),
  sector  TEXT NOT NULL CHECK (sector IN ('', 'council', 'central_government', 'private', 'self_employed', 'other'))
);

CREATE INDEX IF NOT EXISTS particulars_sector ON particulars (sector);
