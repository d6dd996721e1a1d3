-- Postal addresses, kept only while the rule in force says that the society is registered (section 30 of the Co-operative and
-- Community Benefit Societies Act 2014 asks for them then).
CREATE TABLE IF NOT EXISTS postal (
  member  TEXT NOT NULL PRIMARY KEY REFERENCES member (id),
  address TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 400)
);
