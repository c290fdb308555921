-- The product's scopes, as JSON, in one row; without a row none were set yet. `version` grows with each change.

CREATE TABLE catalog (
    is_only INTEGER PRIMARY KEY CHECK (is_only = 1),
    version INTEGER NOT NULL,
    json TEXT NOT NULL
) STRICT;
