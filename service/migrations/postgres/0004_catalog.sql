-- The product's scopes, as JSON, in one row; without a row none were set yet. `version` grows with each change.

CREATE TABLE catalog (
    is_only BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_only),
    version BIGINT NOT NULL,
    json TEXT COLLATE "C" NOT NULL
);
