-- The postal address of somebody who joins a registered society, until they confirm their e-mail address.
CREATE TABLE IF NOT EXISTS joining_postal (
  attempt BYTEA NOT NULL PRIMARY KEY REFERENCES attempt (hash),
  address TEXT  NOT NULL CHECK (length(address) BETWEEN 1 AND 400)
);
