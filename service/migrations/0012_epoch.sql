-- The name of the feed's history, in one row. What a restored store does not share with the one before is in a file beside
-- the store.

CREATE TABLE feed (
    is_only INTEGER PRIMARY KEY CHECK (is_only = 1),
    epoch TEXT NOT NULL
) STRICT;

INSERT INTO feed (is_only, epoch) VALUES (1, lower(hex(randomblob(16))));
