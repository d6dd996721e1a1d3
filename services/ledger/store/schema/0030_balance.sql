-- What the postings of each account come to, by the day they happened, over the entries up to the one whose number stands in
-- balance_head: a balance at a date is a sum over days and not over a million entries. Derived from the journal in batches
-- (store/balance.go); a balance adds to it what was entered since, so it is exact at any moment.
CREATE TABLE balance_day (
  account  TEXT   NOT NULL,
  occurred TEXT   NOT NULL CHECK (length(occurred) = 10),
  pence    BIGINT NOT NULL,
  received BIGINT NOT NULL,
  paid     BIGINT NOT NULL,
  PRIMARY KEY (account, occurred)
);

CREATE TABLE balance_head (
  id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  number BIGINT NOT NULL CHECK (number >= 0)
);

INSERT INTO balance_head (id, number) VALUES (1, 0);
