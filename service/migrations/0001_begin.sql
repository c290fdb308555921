-- Times are Unix seconds. The token itself is not stored: `hash` is its SHA-256.

CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Other rows refer to `number`: an application's id may be used again after a revocation, a number
-- never is.
CREATE TABLE token (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    organization TEXT NOT NULL REFERENCES organization (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    grants TEXT NOT NULL,
    origins TEXT NOT NULL,
    last_chars TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE INDEX token_by_id ON token (organization, id);

-- What a bundle reference stands for. `parameters` is encrypted with a key that is derived from the
-- reference.
CREATE TABLE bundle (
    token INTEGER PRIMARY KEY REFERENCES token (number) ON DELETE CASCADE,
    parent INTEGER NOT NULL REFERENCES token (number),
    parameters BLOB NOT NULL
) STRICT;

CREATE INDEX bundle_by_parent ON bundle (parent);
CREATE INDEX bundle_by_end ON token (expires_at) WHERE kind = 'bundle';
