-- Which replica stores a room's grouped writes. Each change of hands, and each doubt about a commit, raises the epoch.
CREATE TABLE IF NOT EXISTS group_lease (
  name   TEXT   NOT NULL PRIMARY KEY,
  holder TEXT   NOT NULL,
  epoch  BIGINT NOT NULL,
  until  BIGINT NOT NULL
);
