-- Which ballots a member was on the roll of, newest first.
CREATE INDEX IF NOT EXISTS elector_mine ON elector (member, ballot_no);
