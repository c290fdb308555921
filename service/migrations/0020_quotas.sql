-- What organizations make the store keep for some time, counted by the mark of the feed that was the newest then. Rows
-- are deleted by their mark, as what they count is.
CREATE TABLE usage (
    organization TEXT NOT NULL REFERENCES organization (id),
    -- 'bundle': references, with what is stored for each.
    kind TEXT NOT NULL,
    mark INTEGER NOT NULL,
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (organization, kind, mark)
) WITHOUT ROWID;

INSERT INTO usage (organization, kind, mark, number, bytes)
SELECT token.organization, 'bundle', bundle.mark, count(*), sum(1024 + length(parameters) + coalesce(length(sealed), 0))
FROM bundle JOIN token ON token.number = bundle.token
GROUP BY token.organization, bundle.mark;

-- A running service counts on here every few seconds, to learn whether revocations could be written.
CREATE TABLE write_probe (number INTEGER NOT NULL);
INSERT INTO write_probe (number) VALUES (0);
