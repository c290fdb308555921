-- Revocation on every level, and the feed of it.

ALTER TABLE organization ADD COLUMN revoked_at INTEGER;
-- What was issued before this time is revoked.
ALTER TABLE organization ADD COLUMN issued_before INTEGER;

-- A key is published from `created_at` on and signs from `signs_from` on, until the next one does.
ALTER TABLE signing_key ADD COLUMN signs_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_key ADD COLUMN revoked_at INTEGER;
UPDATE signing_key SET signs_from = created_at;

-- The feed: what was revoked, in the order in which it was. `name` is what the level names: a token's number, a `jti`, an
-- organization, a time or a `kid`. A key is of no organization: everybody's tokens are signed with it.
CREATE TABLE revocation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    organization TEXT REFERENCES organization (id),
    level TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE INDEX revocation_by_name ON revocation (level, name);
CREATE INDEX revocation_by_time ON revocation (at);

INSERT INTO revocation (at, organization, level, name)
SELECT revoked_at, organization, 'token', number FROM token WHERE revoked_at IS NOT NULL ORDER BY revoked_at, number;

-- A token as a record: any one revocation is enough, and what was made from a revoked token is revoked.
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.expires_at, bundle.parent,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                iif(token.created_at < organization.issued_before, organization.issued_before, NULL)) AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
