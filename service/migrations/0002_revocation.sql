-- Revocation at every level, and the feed of revocations.

ALTER TABLE organization ADD COLUMN revoked_at INTEGER;
-- Tokens that were issued before this time are revoked.
ALTER TABLE organization ADD COLUMN issued_before INTEGER;

-- A key is published from `created_at` on, and signs from `signs_from` on until the next key does.
ALTER TABLE signing_key ADD COLUMN signs_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_key ADD COLUMN revoked_at INTEGER;
UPDATE signing_key SET signs_from = created_at;

-- The feed: the revocations in their order. `name` is what the level names: a token's number, a `jti`,
-- an organization, a time or a `kid`. The entry of a key has no organization, because the key signs
-- tokens of all organizations.
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

-- A token as a record: a revocation at any level counts, and what was minted from a revoked token is
-- revoked.
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.expires_at, bundle.parent,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                iif(token.created_at < organization.issued_before, organization.issued_before, NULL)) AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
