-- Principals: the users, service accounts and applications of organizations. A token may belong to one, and is revoked
-- with it.

-- Other rows refer to `number`. `role` and `email` are a user's. A removed principal keeps its row, so that the tokens that
-- it had still name it.
CREATE TABLE principal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT NOT NULL REFERENCES organization (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    role TEXT,
    created_at INTEGER NOT NULL,
    -- The id of the token or of the user that created it.
    created_by TEXT,
    removed_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (organization, id)
) STRICT;

CREATE UNIQUE INDEX principal_by_email ON principal (organization, email) WHERE removed_at IS NULL;
-- Lists of principals are read oldest first.
CREATE INDEX principal_listed ON principal (organization, number) WHERE removed_at IS NULL;
CREATE INDEX principal_by_kind ON principal (organization, kind, number) WHERE removed_at IS NULL;
CREATE INDEX principal_owning ON principal (organization) WHERE role = 'owner' AND removed_at IS NULL;

ALTER TABLE token ADD COLUMN owner INTEGER REFERENCES principal (number);
-- Lists of an owner's tokens, newest first.
CREATE INDEX token_by_owner ON token (owner, number) WHERE owner IS NOT NULL;
CREATE INDEX token_by_owner_kind ON token (owner, kind, number) WHERE owner IS NOT NULL;

DROP VIEW record;
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.created_by, token.expires_at, token.last_used_at, token.version,
       bundle.parent, organization.suspended_at, token.owner AS owner_number, principal.id AS owner,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                iif(token.created_at < organization.issued_before, organization.issued_before, NULL)) AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN principal ON principal.number = token.owner
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
