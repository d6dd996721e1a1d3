-- Its rows stand in cast_vote.
DROP TABLE IF EXISTS vote;
