-- How tokens were used, as verifiers report it: a row for each token and day, and one for each organization and
-- day, whose token is 0. `counts` is an object, as JSON. `mark` is the newest mark of the feed when it was written
-- last: clocks change no marks.
CREATE TABLE token_use (
    organization TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    token BIGINT NOT NULL,
    -- Days since 1970, in UTC.
    day BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (organization, token, day)
);

-- Old days whose mark is young are passed by without their counts.
CREATE INDEX token_use_by_day ON token_use (day, mark);

-- The number of the last report of each verifier, so that none is counted twice.
CREATE TABLE use_verifier (
    organization TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    verifier TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    PRIMARY KEY (organization, verifier)
);

CREATE INDEX use_verifier_by_mark ON use_verifier (mark);
