-- The audit trail. A row is written in the transaction of the change that it tells of, and is never changed.

-- The time is the clock of this machine. `organization` is NULL for what concerns the service itself. No number is used again.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL DEFAULT (unixepoch()),
    -- The newest mark of the feed when it was written: clocks change no marks.
    mark INTEGER NOT NULL,
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
) STRICT;

CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_organization ON audit (organization, at, id);
