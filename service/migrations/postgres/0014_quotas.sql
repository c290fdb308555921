-- What organizations make the store keep for some time, counted by the mark of the feed that was the newest then. Rows
-- are deleted by their mark, as what they count is.
CREATE TABLE usage (
    organization TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    -- 'bundle': references, with what is stored for each.
    kind TEXT COLLATE "C" NOT NULL,
    mark BIGINT NOT NULL,
    number BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (organization, kind, mark)
);

INSERT INTO usage (organization, kind, mark, number, bytes)
SELECT token.organization, 'bundle', bundle.mark, count(*), sum(1024 + length(parameters) + coalesce(length(sealed), 0))
FROM bundle JOIN token ON token.number = bundle.token
GROUP BY token.organization, bundle.mark;
