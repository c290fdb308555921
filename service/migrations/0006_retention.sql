-- Marks of the feed: the number that it had reached, once an hour of running time. The entries of stored
-- tokens and JWTs up to the oldest mark's number are deleted. Times are not compared.

CREATE TABLE feed_mark (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

INSERT INTO feed_mark (number, seq) VALUES (0, 0);

DROP INDEX revocation_by_time;
