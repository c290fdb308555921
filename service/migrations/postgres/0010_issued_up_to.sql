-- What was issued before a time is revoked by its order: up to the last token that may be from before it.

ALTER TABLE organization
    -- The last token that is revoked, and when that was entered. `issued_before` is the time that was given.
    ADD COLUMN revoked_up_to BIGINT,
    ADD COLUMN revoked_up_to_at BIGINT;

-- Earlier versions compared the times of tokens, and marked each that they found. What was created later, while a clock
-- was behind the time, stays revoked.
UPDATE token SET revoked_at = organization.issued_before FROM organization
WHERE organization.id = token.organization AND token.created_at < organization.issued_before
    AND token.revoked_at IS NULL;

DROP INDEX token_by_expiry;
CREATE INDEX token_by_expiry ON token (organization, kind, expires_at, number)
    WHERE revoked_at IS NULL AND kind <> 'bundle';
-- The last token from before a time is found from the newest on, and all that is read is in the index.
DROP INDEX token_listed;
CREATE INDEX token_listed ON token (organization, number, created_at, revoked_at) WHERE kind <> 'bundle';

DROP VIEW record;
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.created_by, token.expires_at, token.last_used_at, token.version,
       bundle.parent, organization.suspended_at, token.owner AS owner_number, principal.id AS owner,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                CASE WHEN coalesce(bundle.parent, token.number) <= organization.revoked_up_to
                     THEN organization.revoked_up_to_at END) AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN principal ON principal.number = token.owner
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
