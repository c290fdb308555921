-- The audit trail. A row is written in the transaction of the change that it tells of, and is never changed.

-- The time is the clock of the database, one for all nodes. `organization` is NULL for what concerns the service itself.
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp()))::bigint,
    -- The newest mark of the feed when it was written: clocks change no marks.
    mark BIGINT NOT NULL,
    organization TEXT,
    -- Who did it: the kind, and what of the others that kind has.
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT,
    -- The principal that a token belongs to.
    actor_owner TEXT,
    action TEXT NOT NULL,
    target_kind TEXT,
    target_id TEXT,
    -- Where the request came from, and its id.
    address TEXT,
    request_id TEXT,
    -- 'ok', 'refused' or 'failed', and the code of the error.
    outcome TEXT NOT NULL,
    code TEXT,
    -- An object, as JSON: what changed.
    facts TEXT NOT NULL
);

CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_organization ON audit (organization, at, id);
